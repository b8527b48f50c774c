"""Diversity: what each step did to the variety of languages, domains and lengths."""

from winnow.tasks.report.insight import diversity
from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section


@section
class DiversityLeft(Section):
    """Shannon entropy before anything was decided and after each step that dropped documents."""

    name, title, chapter, place = "diversity", "Diversity", CONTENT, 50
    about = (
        "What each step that dropped documents did to their variety: Shannon entropy in bits, and beside it the number of equally frequent kinds "
        "that would be as varied. Domains are compared within a shard, lengths by half octaves of characters."
    )

    def content(self, evidence: Evidence) -> Content | None:
        found = diversity(evidence.summary.tallies)
        kinds = ("language", "domain", "length")
        rows = [{"after": d.step, "documents": d.documents} | {k: round(getattr(d, k), 2) for k in kinds} for d in found]
        return Content({"found": found}, rows=rows) if found else None

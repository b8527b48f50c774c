"""Copies: clusters by their size, the largest of them, and where copies come from."""

from winnow.tasks.report.section import OUTCOME, Content, Evidence, Section, section

KINDS = {"url": "The same URL", "text": "The same text", "minhash": "Nearly the same text"}
LANGUAGES_SHOWN, DOMAINS_SHOWN = 12, 15


@section
class Copies(Section):
    """One table of cluster sizes per kind of deduplication."""

    name, title, chapter, place = "copies", "Copies", OUTCOME, 40
    about = "A cluster is a set of documents of which one stays. Clusters are counted by their size, in powers of two."

    def content(self, evidence: Evidence) -> Content | None:
        tallies = evidence.summary.tallies
        if not tallies.clusters:
            return None
        domains = sorted(tallies.copies.get("domain", ()), key=lambda g: (g.kept - g.documents, g.name))
        values = {
            "clusters": sorted(tallies.clusters, key=lambda c: list(KINDS).index(c.by) if c.by in KINDS else len(KINDS)),
            "kinds": KINDS,
            "languages": tallies.copies.get("language", ()),
            "domains": domains,
            "shown": (LANGUAGES_SHOWN, DOMAINS_SHOWN),
        }
        rows = [{"kind": KINDS.get(c.by, c.by), "clusters": c.clusters, "documents in them": c.members} for c in tallies.clusters]
        return Content(values, rows=rows)

"""Refine: the second pass over the kept pages, and the texts that stayed those of the first."""

from winnow.tasks.corpus.refine import Refine
from winnow.tasks.report.section import CHANGES, Content, Evidence, Section, section
from winnow.tasks.report.sections.edits import ranked

MEANINGS = {
    "not_at_its_offset": "no record begins at the offset: a member of gzip holds several records, or a record runs over several members",
    "changed": "another record is there than in the first pass",
    "segmented": "the record came in several segments",
    "plain_text": "the page is plain text, which no extractor reads",
    "file:missing": "the file is not there any more",
    "correct:empty": "the line rules left nothing of the second text",
    "extract:empty": "the second extractor found no text",
}


@section
class Refined(Section):
    """How many texts the second pass made, how long they are, and why the others are those of the first."""

    name, title, chapter, place = "refine", "Second pass", CHANGES, 5
    about = "Kept pages were read again from their archives and written anew. What was measured and decided is that of the first texts."
    needs = (f"step:{Refine.name}",)

    def content(self, evidence: Evidence) -> Content:
        notes = evidence.summary.notes(Refine.name)
        reasons = [
            (reason, n, MEANINGS.get(reason, "the second extractor made nothing of the page")) for reason, n in ranked(notes["not_refined"])
        ]
        rows = [{"text": "of the second pass", "documents": notes["refined"]}]
        rows += [{"text": f"of the first: {reason}", "documents": n} for reason, n, _ in reasons]
        return Content({"notes": notes, "reasons": reasons}, rows=rows)

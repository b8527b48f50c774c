"""Perplexity: its spread by language, under the recipe's language models."""

from winnow.tasks.report.insight import perplexity
from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section

SHOWN = 24


@section
class Perplexity(Section):
    """The middle half of the documents of each language."""

    name, title, chapter, place = "perplexity", "Perplexity", CONTENT, 70
    about = "By language: the middle half of the documents as a bar and the median as a line, on a logarithmic axis."

    def content(self, evidence: Evidence) -> Content | None:
        spreads = perplexity(evidence.summary.tallies)
        rows = [{"language": s.language, "documents": s.documents, "median": round(s.median)} for s in spreads]
        return Content({"spreads": spreads[:SHOWN]}, rows=rows) if spreads else None

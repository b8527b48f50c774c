"""Judgements: what annotators and people said of documents, how many answers could not be read, how far annotators agree, and what asking took."""

from collections.abc import Mapping
from typing import Any

from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section

JUDGED, TABLES = "judged", "judgement-tables"
SHOWN = 30


def without_documents(notes: Mapping[str, Any]) -> list[str]:
    """Heads of which no document of the run has a judgement that can be used, from the notes of the step ``judged``: their signals are empty."""
    return sorted(head for head, counts in notes.items() if isinstance(counts, dict) and not any(counts.values()))


@section
class Judgements(Section):
    """Per head the annotators with their counts, and the documents of this run by label or score."""

    name, title, chapter, place = "judgements", "Judgements", CONTENT, 75
    about = (
        "What annotators said of a sample of the documents. Answers that could not be read are counted and not used. Cohen's kappa is agreement beyond chance, with the "
        "annotator whose judgements are the column; of scores with quadratic weights."
    )
    needs = (f"step:{TABLES}",)

    def content(self, evidence: Evidence) -> Content | None:
        tables: list[dict[str, Any]] = [row for table in evidence.read(TABLES) for row in table.to_pylist()]
        heads = evidence.summary.notes(JUDGED)
        labels = {
            head: sorted(counts.items(), key=lambda kv: (-kv[1], kv[0]))[:SHOWN]
            for head, counts in sorted(heads.items())
            if isinstance(counts, dict)
        }
        if not tables and not labels:
            return None
        rows = [
            {"head": t["head"], "annotator": t["annotator"], "judgements": t["rows"], "invalid": t["rows"] - t["valid"]} for t in tables
        ]
        return Content({"tables": tables, "labels": labels, "empty": without_documents(heads)}, rows=rows)

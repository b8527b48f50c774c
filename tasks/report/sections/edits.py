"""Edits: personal data that was replaced and lines that were taken out."""

from collections.abc import Mapping
from typing import Any

from winnow.tasks.report.section import CHANGES, Content, Evidence, Section, section


@section
class Edits(Section):
    """What was changed in the texts themselves."""

    name, title, chapter, place = "edits", "Edits", CHANGES, 10

    def content(self, evidence: Evidence) -> Content:
        redacted, corrected = evidence.summary.notes("redact"), evidence.summary.notes("correct")
        lines = dict(corrected.get("lines", {}))
        lines_in = lines.pop("lines_in", 0)
        personal = ranked(redacted.get("personal_data", {}))
        rows = [{"edit": f"{kind} replaced", "count": n} for kind, n in personal]
        rows += [{"edit": f"lines taken out: {rule}", "count": n} for rule, n in ranked(lines)]
        tagged = ranked(redacted.get("personal_data_tagged", {}))
        rows += [{"edit": f"{kind} marked", "count": n} for kind, n in tagged]
        looked_for = replaced(evidence.summary.recipe)
        return Content(
            {"personal": personal, "tagged": tagged, "looked_for": looked_for, "lines": ranked(lines), "lines_in": lines_in}, rows=rows
        )


def replaced(recipe: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds of personal data that a recipe replaces."""
    given = recipe.get("redact") or ()
    return tuple(given.get("replace", ())) if isinstance(given, Mapping) else tuple(given)  # manifests of version 0.1 have a list


def ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """What occurs at all, the most frequent first."""
    return sorted(((name, n) for name, n in counts.items() if n), key=lambda kv: (-kv[1], kv[0]))

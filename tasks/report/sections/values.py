"""Signals and limits: a histogram of every signal, with its limit drawn in and what another bound would keep."""

from collections.abc import Mapping
from typing import Any

from winnow.tasks.corpus.profile.histograms import TEXT_LENGTH
from winnow.tasks.report.charts import Chart, chart
from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section
from winnow.tasks.report.summary import Summary

SHOWN = 24
SMALLEST_FAMILY = 4


@section
class Values(Section):
    """Signals with a limit in sight, the first few of them at least; all others behind a line, by family, so that 200 stay readable."""

    name, title, chapter, place = "values", "Signals and limits", CONTENT, 60

    def content(self, evidence: Evidence) -> Content:
        limited, others = _drawn(evidence.summary)
        families: dict[str, list[Chart]] = {}
        if rest := limited[SHOWN:]:
            families["with a limit"] = rest
        for each in others:
            families.setdefault(each.name.split("_")[0], []).append(each)
        small = [name for name, charts in families.items() if len(charts) < SMALLEST_FAMILY and name != "with a limit"]
        mixed = [each for name in small for each in families.pop(name)]
        if mixed:
            families["other" if families else ""] = sorted(mixed, key=lambda c: c.name)
        return Content({"limited": limited[:SHOWN], "families": families})


def _drawn(summary: Summary) -> tuple[list[Chart], list[Chart]]:
    """The histograms of signals with a numeric limit, in the order of the recipe, and those of all other signals, by name."""
    limits: dict[str, Mapping[str, Any]] = {
        limit["signal"]: limit
        for limit in summary.recipe.get("limits") or ()
        if limit.get("low") is not None or limit.get("high") is not None
    }
    reasons = {d.reason: d.pages for d in summary.drops()}
    signals = {name: bins for name, bins in summary.tallies.signals.items() if name != TEXT_LENGTH or name in limits}
    first = list(dict.fromkeys(["language_score", *limits]))
    rest = sorted(name for name in signals if name not in first)
    found = [chart(name, signals[name], limits.get(name), reasons) for name in first if name in signals]
    return [c for c in found if c], [c for name in rest if (c := chart(name, signals[name], None, reasons))]

"""Samples: a few documents per reason, so that a reader sees what a rule does. Those that may be adult content are hidden until asked for."""

from winnow.tasks.report.facts import funnel
from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section
from winnow.tasks.report.tallies import Sample

PER_REASON = 3


@section
class Samples(Section):
    """Kept documents first, then the reasons of each step, the most frequent first."""

    name, title, chapter, place = "samples", "Samples", CONTENT, 40

    def content(self, evidence: Evidence) -> Content:
        drawn: dict[str, list[Sample]] = {}
        for sample in evidence.summary.tallies.samples:
            drawn.setdefault(sample.reason, []).append(sample)
        reasons = {r.name: r.meaning for stage in funnel(evidence.summary) for r in stage.reasons if r.name in drawn}
        groups = [("", "", drawn.get("", [])), *((name, said, drawn[name]) for name, said in reasons.items())]
        shown = [(name, said, sorted(found, key=lambda s: s.draw)[:PER_REASON]) for name, said, found in groups if found]
        return Content({"groups": shown, "hidden": sum(s.adult for *_, found in shown for s in found)})

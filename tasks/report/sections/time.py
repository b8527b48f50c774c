"""Time and cost: what each step took, and which one to make faster next."""

from collections.abc import Sequence

from winnow.tasks.report.section import RUN, Content, Evidence, Section, section
from winnow.tasks.report.summary import StepTotal
from winnow.tasks.report.words import duration, percent, size

BUSY_SHARE = 0.7  # below this a step mostly waits


@section
class Time(Section):
    """Steps by their time on the clock, the slowest first."""

    name, title, chapter, place = "time", "Time and cost", RUN, 30

    def content(self, evidence: Evidence) -> Content:
        steps = sorted((s for s in evidence.summary.steps if s.seconds or s.stored_bytes), key=lambda s: (-s.seconds, s.name))
        rows = [
            {
                "step": s.name,
                "time": duration(s.seconds),
                "CPU": duration(s.cpu_s),
                "memory": size(s.peak_rss_bytes),
                "stored": size(s.stored_bytes),
            }
            for s in steps
        ]
        return Content({"steps": [(s, s.about) for s in steps], "bottleneck": bottleneck(steps)}, rows=rows)


def bottleneck(steps: Sequence[StepTotal]) -> str:
    """Which step to make faster next, and what that could bring at most (Amdahl's law). ``steps`` are sorted, the slowest first."""
    total = sum(s.seconds for s in steps)
    if not total:
        return "No time was measured."
    worst = steps[0]
    said = f"The next bottleneck is {worst.name}, with {percent(worst.seconds, total)} of the time of all steps. "
    if worst.busy_share >= BUSY_SHARE:
        said += "It computes for nearly all of that time: faster code or more cores would help; a faster disk or network would not."
    else:
        busy = percent(worst.cpu_s, worst.seconds)
        said += f"It computes for only {busy} of that and waits for the rest: for the source, the store, or a core that others use."
    rest = total - worst.seconds
    if rest > 0:
        said += f" If it cost nothing, all steps together would be {total / rest:.1f} times as fast; no more can be won there."
    return said

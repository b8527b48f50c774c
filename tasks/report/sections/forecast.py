"""Forecast: what ``winnow plan`` expected of this run, beside what happened."""

from winnow.tasks.report.section import RUN, Content, Evidence, Section, section
from winnow.tasks.report.words import measured


@section
class Forecast(Section):
    """Each figure with its interval as a line, and what happened as a mark on it."""

    name, title, chapter, place = "forecast", "Forecast", RUN, 20

    def content(self, evidence: Evidence) -> Content | None:
        check = evidence.summary.forecast
        if check is None:
            return None
        places, rows = [], []
        for f in check.figures:
            top = 1.05 * max(f.high, f.actual or 0.0) or 1.0
            places.append((f, *(100 * v / top for v in (f.low, f.value, f.high, f.actual or 0.0))))
            interval = f"{measured(f.low, f.kind)} to {measured(f.high, f.kind)}"
            rows.append(
                {"figure": f.label, "forecast": measured(f.value, f.kind), "interval": interval, "happened": measured(f.actual, f.kind)}
            )
        return Content({"check": check, "places": places}, rows=rows)

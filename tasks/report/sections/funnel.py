"""The funnel: how many pages each step left, as bars that narrow."""

from winnow.tasks.report.charts import funnel_rows
from winnow.tasks.report.facts import funnel
from winnow.tasks.report.section import OUTCOME, Content, Evidence, Section, section


@section
class Funnel(Section):
    """Every step that dropped something, in order; the others are listed below it."""

    name, title, chapter, place = "funnel", "Funnel", OUTCOME, 10
    about = "What comes into a step is what goes out plus what it drops, always, and each drop has a reason."

    def content(self, evidence: Evidence) -> Content:
        summary = evidence.summary
        stages = funnel(summary)
        rows = [
            {"step": s.name, f"{summary.page_noun} in": s.pages_in, "dropped": s.dropped, "out": s.pages_out} for s in stages if s.dropped
        ]
        return Content({"rows": funnel_rows(stages, summary.pages), "quiet": [s for s in stages if not s.dropped]}, rows=rows)

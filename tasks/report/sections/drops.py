"""Why pages were dropped: the reasons of each step, with the limit behind them."""

from winnow.tasks.report.facts import funnel
from winnow.tasks.report.section import OUTCOME, Content, Evidence, Section, section

SHOWN, LISTED, TOLD = 10, 1000, 100


@section
class Drops(Section):
    """Reasons by step, the most frequent first."""

    name, title, chapter, place = "drops", "Why pages were dropped", OUTCOME, 20
    about = (
        "A document may cross several limits. It counts here for the first one, in the order of the recipe; the table of decisions holds them "
        "all, each with its value and margin."
    )

    def content(self, evidence: Evidence) -> Content:
        losing = [stage for stage in funnel(evidence.summary) if stage.reasons]
        rows = [{"step": d.step, "reason": d.reason, evidence.summary.page_noun: d.pages} for d in evidence.summary.drops()[:TOLD]]
        return Content({"losing": losing, "shown": SHOWN, "listed": LISTED}, rows=rows)

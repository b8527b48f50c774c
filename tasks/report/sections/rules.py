"""Rules together: which limits fire, alone and on the same documents."""

from winnow.tasks.report.insight import rules
from winnow.tasks.report.section import OUTCOME, Content, Evidence, Section, section

SHOWN, LISTED = 20, 1000


@section
class RulesTogether(Section):
    """Every rule with its unique effect, and the overlaps of the most frequent ones as a matrix."""

    name, title, chapter, place = "rules", "Rules together", OUTCOME, 30
    about = (
        "Every limit is held against every document, so one document may cross several. What a rule alone drops would stay without it; the rest "
        "would be dropped for another reason all the same."
    )

    def content(self, evidence: Evidence) -> Content:
        found = rules(evidence.summary.tallies)
        rows = [{"rule": r.reason, "crossed by": r.documents, "alone": r.alone} for r in found.rules]
        return Content({"rules": found, "shown": SHOWN, "listed": LISTED}, rows=rows)

"""Lengths: how long documents are, before and after."""

from winnow.tasks.corpus.profile.histograms import TEXT_LENGTH
from winnow.tasks.report.charts import chart
from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section


@section
class Lengths(Section):
    """A histogram of the characters of documents."""

    name, title, chapter, place = "lengths", "Lengths", CONTENT, 20
    about = "Characters of the text as it was extracted. The axis is logarithmic; every bar is half an octave wide."
    needs = (f"signal:{TEXT_LENGTH}",)

    def content(self, evidence: Evidence) -> Content | None:
        summary = evidence.summary
        drawn = chart("characters", summary.tallies.signals[TEXT_LENGTH])
        return Content({"chart": drawn}) if drawn else None

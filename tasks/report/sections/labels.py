"""Labels: what students said of the documents, head by head, and how often they are right."""

from collections.abc import Iterator, Mapping
from typing import Any

from winnow.tasks.corpus.profile.groups import LABEL
from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section, share_figure
from winnow.tasks.report.summary import Figure

SHOWN = 24


@section
class Labels(Section):
    """Documents by the label of each head, those where its student abstained among them."""

    name, title, chapter, place = "labels", "Labels", CONTENT, 40
    about = "What small models, trained on a few labelled documents, say of every document. How often they are right was measured on hosts that they had not seen."

    def content(self, evidence: Evidence) -> Content | None:
        dimensions = {name: d for name, d in evidence.summary.tallies.dimensions.items() if name.endswith(LABEL) and d.groups}
        if not dimensions:
            return None
        heads = {name.removesuffix(LABEL): d.groups for name, d in sorted(dimensions.items())}
        rows = [{"head": head, "label": g.name, "documents": g.documents, "kept": g.kept} for head, groups in heads.items() for g in groups]
        figures = [f for model in students(evidence.summary.recipe.get("measure")) for f in _figures(model)]
        return Content({"heads": heads, "shown": SHOWN}, figures=tuple(figures), rows=rows)


def students(value: Any) -> Iterator[Mapping[str, Any]]:
    """The students that a recipe names, wherever they stand in it."""
    if isinstance(value, Mapping):
        if value.get("type") == "model/student":
            yield value
        for each in value.values():
            yield from students(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from students(each)


def _figures(model: Mapping[str, Any]) -> Iterator[Figure]:
    held = dict(model.get("held_out") or ())
    n = int(held.get("documents", 0))
    if not n:
        return
    source = f"the card of {model['file']['name']}"
    right = share_figure(f"{model['head']}: right label", round(held["accuracy"] * n), n, measured_on="documents held out", source=source)
    yield right
    yield Figure(
        f"{model['head']}: calibration error",
        held["calibration_error"],
        kind="number",
        sample_size=n,
        measured_on="documents held out",
        source=source,
    )

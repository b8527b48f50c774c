"""What a head asks, answered for every document by a student (``winnow train classifier --head``): a label, its probability and the second label.

The columns are called after the head: ``topic.label``, ``topic.score``, ``topic.second``. How a student is made, and its answer, is in
``tasks/models/classify/``.
"""

from dataclasses import dataclass, field
from functools import cache

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language_codes import which
from winnow.tasks.models.classify.cuts import HALF
from winnow.tasks.models.classify.student import DECIMALS, StudentModel, student_model
from winnow.tasks.models.classify.student import Student as Asked
from winnow.tasks.models.texts import Text
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "Essential AI 2025 (Essential-Web); Joulin et al. 2017; Hsieh et al. 2008"


@cache
def _asked(model: StudentModel) -> Asked:
    return Asked(model)


@stable("filter/student")
@dataclass(frozen=True)
class Student(Filter):
    """``label`` is null where the student abstains, that is where the second label is too near (of heads of several labels: where none is above its cut). All columns are
    null without a model, for a document of a language that the student was not trained on, and for one in which there is nothing to see. A head with a scale has
    ``grade`` too, the expected number; a head of several labels has the probability of each in a column of its own."""

    model: StudentModel | None = field(default=None, metadata={"recipe": student_model})

    @property
    def signals(self) -> tuple[Signal, ...]:  # type: ignore[override]
        model = self.model
        head = model.head if model else "student"
        found = dict(model.held_out) if model else {}
        of = f"by {model.file.name}" if model else "by a student"
        error = f"; calibration error {found['calibration_error']:.3f} on {found['documents']:.0f} held out" if found else ""
        signals = [
            Signal(f"{head}.label", "str", "label", f"the likeliest label of the head {head}, null where unsure, {of}", SOURCE),
            Signal(f"{head}.score", "float", "probability", f"how likely that label is{error}", SOURCE),
            Signal(f"{head}.second", "str", "label", "the second label", SOURCE),
        ]
        if model and model.kind == "scale":
            signals.append(Signal(f"{head}.grade", "float", "grade", f"the expected number on the scale of the head {head}", SOURCE))
        if model:
            for label, column, cut in zip(model.columns, model.columns.values(), model.cuts or (HALF,) * len(model.labels), strict=False):
                signals.append(Signal(column, "float", "probability", f"that {label} holds; it counts from {cut:.3f} on", SOURCE))
        return tuple(signals)

    def check(self) -> None:
        if self.model is None:
            raise BadInput("student.Student needs a model: {student.Student: {model: NAME}}.")
        _asked(self.model)

    def measure(self, doc: Document) -> dict[str, Value]:
        model = self.model
        if model is None or (model.languages and not which(doc.language, model.languages)):
            return {s.name: None for s in self.signals}
        found = _asked(model).answer(Text(doc.text, doc.url))
        if found is None:
            return {s.name: None for s in self.signals}
        values: dict[str, Value] = {
            f"{model.head}.label": found.label,
            f"{model.head}.score": round(found.score, DECIMALS),
            f"{model.head}.second": found.second,
        }
        if found.grade is not None:
            values[f"{model.head}.grade"] = round(found.grade, DECIMALS)
        for column, p in zip(model.columns.values(), found.each, strict=False):
            values[column] = round(p, DECIMALS)
        return values

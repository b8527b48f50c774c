"""How likely each line of a text is content and no boilerplate (FinerWeb: Henriksson et al. 2025), as a list beside the text. Nothing is cut by it: ``lines:`` of a recipe
chooses the threshold.

Train a model with ``winnow train lines``; what it looks at is in ``tasks/models/classify/line_model.py``.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.models.classify.line_model import LineModel, line_model, loaded, looked
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "Henriksson et al. 2025 (FinerWeb)"
DECIMALS = 4


@stable("filter/line-quality")
@dataclass(frozen=True)
class LineQuality(Filter):
    """Null without a model, and for a text without a line. The list has one number for each line that is not blank."""

    signals: ClassVar = (
        Signal("line_quality", "floats", "probability", "of each line that is not blank: that it is content", SOURCE),
        Signal("line_quality_mean", "float", "probability", "its mean, each line weighed by its characters", SOURCE),
    )

    text: Literal["extracted", "corrected"] = "corrected"
    model: LineModel | None = field(default=None, metadata={"recipe": line_model})

    def check(self) -> None:
        if self.model is None:
            raise BadInput("line_quality.LineQuality needs a model: {line_quality.LineQuality: {model: NAME}}.")
        loaded(self.model.file)

    def measure(self, doc: Document) -> dict[str, Value]:
        text = looked(doc.text)
        chances = loaded(self.model.file).chances(text, doc.language) if self.model is not None else np.empty(0)
        if not len(chances):
            return {"line_quality": None, "line_quality_mean": None}
        chars = text.chars
        mean = float((chances * chars).sum() / chars.sum())
        return {"line_quality": chances.round(DECIMALS).tolist(), "line_quality_mean": round(mean, DECIMALS)}

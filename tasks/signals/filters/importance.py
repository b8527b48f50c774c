"""DSIR importance as a signal (Xie et al. 2023): documents like a target text, against the raw text they come from.

Make the model with ``winnow train importance``. How it is computed is in ``tasks/models/importance.py``.
"""

from dataclasses import dataclass, field

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language_codes import which
from winnow.tasks.models.importance import ImportanceModel, importance_model, weights
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "Xie et al. 2023 (DSIR); Weber et al. 2024"


@stable("filter/importance")
@dataclass(frozen=True)
class Importance(Filter):
    """``signal`` names the column (rps_doc_books_importance, say); with ``_length_correction`` behind it the same with the length counted. Null
    without a model, for a document of another language, and for one without a word. Sums over words: divide by their number to compare lengths."""

    model: ImportanceModel | None = field(default=None, metadata={"recipe": importance_model})
    signal: str = "importance"

    @property
    def signals(self) -> tuple[Signal, ...]:  # type: ignore[override]
        name = self.model.file.name if self.model else "a model"
        return (
            Signal(self.signal, "float", "nats", f"log of the document's likelihood in the target by that in raw text, by {name}", SOURCE),
            Signal(f"{self.signal}_length_correction", "float", "nats", "the same, with that of its number of words (Poisson)", SOURCE),
        )

    def check(self) -> None:
        if self.model is None:
            raise BadInput("importance.Importance needs a model: {importance.Importance: {model: NAME}}.")
        weights(self.model.file)

    def measure(self, doc: Document) -> dict[str, Value]:
        model = self.model
        usable = model and (not model.languages or which(doc.language, model.languages))
        found = weights(model.file).score(doc.text) if model and usable else None
        return dict(zip([s.name for s in self.signals], found or (None, None), strict=True))

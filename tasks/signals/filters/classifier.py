"""The score of a fastText classifier: quality (DCLM: Li et al. 2024), pages like those that Wikipedia cites (RedPajama), education, harm, mathematics.

Train one with ``winnow train classifier``, or name a public one. What is a classifier in a recipe, and its score, is in ``tasks/models/classify/``.
"""

from dataclasses import dataclass, field

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language_codes import which
from winnow.tasks.models.classify.model import ClassifierModel, check, classifier_model, score
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "Joulin et al. 2017; Li et al. 2024 (DCLM), section 4"


@stable("filter/classifier")
@dataclass(frozen=True)
class Classifier(Filter):
    """``signal`` names the column (default: the model's own name). Null without a model, for a document of a language that the model was not
    trained on, and for one without a word."""

    model: ClassifierModel | None = field(default=None, metadata={"recipe": classifier_model})
    signal: str = ""

    def __post_init__(self) -> None:
        if not self.signal:
            object.__setattr__(self, "signal", self.model.signal if self.model else "classifier_score")

    @property
    def signals(self) -> tuple[Signal, ...]:  # type: ignore[override]
        name = self.model.file.name if self.model else "a model"
        counted = " + ".join(f"{c:g} x P({label})" for label, c in self.model.score) if self.model else "probability"
        return (Signal(self.signal, "float", "score", f"{counted} by {name}", SOURCE),)

    def check(self) -> None:
        if self.model is None:
            raise BadInput("classifier.Classifier needs a model: {classifier.Classifier: {model: NAME}}.")
        check(self.model)

    def measure(self, doc: Document) -> dict[str, Value]:
        model = self.model
        if model is None or (model.languages and not which(doc.language, model.languages)):
            return {self.signal: None}
        return {self.signal: score(model, doc.text)}

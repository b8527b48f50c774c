"""What a recipe may name as a classifier, and the score that it gives a document.

A score is the sum over the model's labels of probability times what the label counts: the probability of one label, or an expected grade.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.models.classify.prepare import PREPARATIONS
from winnow.tasks.models.fasttext import ALL_LABELS, FastText
from winnow.tasks.models.files import KNOWN, ModelFile, registered

POSITIVE, NEGATIVE = "positive", "negative"
KEYS = ("file", "score", "languages", "prepare")
DECIMALS = 6  # the last bits of fastText's sums depend on the processor

Find = Callable[[Any], ModelFile]


@stable("model/classifier")
@dataclass(frozen=True)
class ClassifierModel:
    """``score`` maps labels to what they count. ``languages`` are those it was trained on, any if empty; ``prepare`` names how text was
    prepared for it (tasks/models/classify/prepare.py)."""

    file: ModelFile
    score: tuple[tuple[str, float], ...] = ((POSITIVE, 1.0),)
    languages: tuple[str, ...] = ()
    prepare: str = "line"

    @property
    def signal(self) -> str:
        """Name of its score where the recipe gives none."""
        known = KNOWN.get(self.file.name)
        name = "".join(c if c.isalnum() else "_" for c in self.file.name.removesuffix(".fasttext")).strip("_").lower()
        return known.signal if known and known.signal else f"{name}_score"


def classifier_model(value: Any, find: Find) -> ClassifierModel:
    """The classifier that a recipe names: a known name, one trained here, or ``{file, score, languages, prepare}``.

    Raises:
        BadInput: no such model, one of another kind, or labels and languages in another form.
    """
    if isinstance(value, str):
        return _named(value, find)
    if not isinstance(value, Mapping) or "file" not in value or set(value) - set(KEYS):
        raise BadInput(
            f"A classifier is {value!r}; write a name, or a mapping of file to a model, with score, languages and prepare if needed."
        )
    file = value["file"]
    named = isinstance(file, str) and file in KNOWN and KNOWN[file].score
    base = _named(file, find) if named else ClassifierModel(find(file))
    score, languages = value.get("score", dict(base.score)), value.get("languages", list(base.languages))
    if (
        not isinstance(score, Mapping)
        or not score
        or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in score.values())
    ):
        raise BadInput(f"The score of a classifier is {score!r}; write what each label counts, such as {{hq: 1}}.")
    if not isinstance(languages, list) or not all(isinstance(x, str) for x in languages):
        raise BadInput(f"The languages of a classifier are {languages!r}; write a list such as [en].")
    prepare = value.get("prepare", base.prepare)
    if prepare not in PREPARATIONS:
        raise BadInput(f"The text for a classifier is prepared by {', '.join(PREPARATIONS)}, not {prepare!r}.")
    return ClassifierModel(base.file, _counted(score), tuple(languages), prepare)


def _named(name: str, find: Find) -> ClassifierModel:
    if known := KNOWN.get(name):
        if not known.score:
            offered = ", ".join(n for n, k in KNOWN.items() if k.score)
            raise BadInput(f"{name} is a model of the kind {known.kind} and not a classifier. Known classifiers: {offered}.")
        return ClassifierModel(find(name), _counted(known.score), tuple(known.languages))
    found = registered(name)
    if found.kind != "classifier":
        raise BadInput(f"The model {name} is of the kind {found.kind}; a score needs one made by `winnow train classifier`.")
    prepare = found.card["training"]["options"]["prepare"]
    return ClassifierModel(found.files["fasttext"], languages=tuple(found.card["languages"]), prepare=prepare)


def _counted(score: Mapping[Any, Any]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((str(label), float(counts)) for label, counts in score.items()))


def check(model: ClassifierModel) -> None:
    """Load it. Raises BadInput if the file is not usable, or none of the labels that count is one of the model's."""
    labels = FastText.of(model.file).labels
    if not {label for label, _ in model.score} & set(labels):
        shown = ", ".join(labels[:8]) + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")
        raise BadInput(
            f"{model.file.name} has the labels {shown}; none of them is one that counts ({', '.join(label for label, _ in model.score)}). "
            "Name another model, or say what its labels count: {file: ..., score: {LABEL: 1}}."
        )


def score(model: ClassifierModel, text: str) -> float | None:
    """The score of a text; None of one without a word. What the model does not know counts as nothing."""
    found = dict(FastText.of(model.file).predict(PREPARATIONS[model.prepare](text), ALL_LABELS))
    return round(sum(counts * found.get(label, 0.0) for label, counts in model.score), DECIMALS) if found else None

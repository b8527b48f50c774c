"""A student: a small model that answers for every document what a head asked somebody about a few. Its file, and its answer.

The file is a line of JSON (head, labels, kind, features, calibration, margin, cuts of a head of several labels, languages, figures) and, of a linear student, the compressed table of weights. A
fastText student has fastText's own file beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.models.classify.calibration import Calibration
from winnow.tasks.models.classify.cuts import HALF, least
from winnow.tasks.models.classify.features import Features, seen_of
from winnow.tasks.models.classify.headed import headed, read_headed
from winnow.tasks.models.classify.linear import Asked, Linear
from winnow.tasks.models.classify.prepare import words
from winnow.tasks.models.fasttext import ALL_LABELS, FastText
from winnow.tasks.models.files import ModelFile, registered
from winnow.tasks.models.texts import Text

KIND = "student"
MAGIC = "winnow student 1"
DECIMALS = 6
FLOOR = 1e-6  # a probability of fastText becomes a logit

Find = Callable[[Any], ModelFile]


class Answer(NamedTuple):
    """``label`` is None where the student abstains; ``score`` is the probability of ``label``, or of the likeliest where it abstains, ``second`` the next one,
    ``grade`` the expected number of a scale, ``each`` the probability of every label."""

    label: str | None
    score: float
    second: str | None
    grade: float | None
    each: list[float]


@stable("model/student")
@dataclass(frozen=True)
class StudentModel:
    """What a recipe names. ``margin`` is by how much the likeliest label must be ahead of the second; of a head of the kind ``multi`` by how much a label's
    probability must be above its cut (``cuts.py``). ``cuts`` are those of the labels; None of other kinds, and of students that were trained before there were cuts, whose
    labels are all cut at a half. ``held_out`` has the figures of its card, for people."""

    file: ModelFile
    head: str
    labels: tuple[str, ...]
    kind: str
    margin: float
    languages: tuple[str, ...] = ()
    fasttext: ModelFile | None = None
    held_out: tuple[tuple[str, float], ...] = ()
    cuts: tuple[float, ...] | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The column of each label's own probability, of a head of the kind ``multi``: the label in lower case, with _ for what is no letter or digit."""
        found: dict[str, str] = {}
        for label in self.labels if self.kind == "multi" else ():
            name = "".join(c if c.isalnum() else "_" for c in label.lower()).strip("_") or "label_"
            while f"{self.head}.{name}" in found.values() or name in ("label", "score", "second", "grade"):
                name += "_"
            found[label] = f"{self.head}.{name}"
        return found


def student_model(value: Any, find: Find) -> StudentModel:
    """The student that a recipe names: one trained here, or ``{file, fasttext, margin}``.

    Raises:
        BadInput: no such model, one of another kind, or another form.
    """
    margin = None
    if isinstance(value, Mapping) and "name" in value and set(value) <= {"name", "margin"}:
        margin, value = value.get("margin"), value["name"]
    if isinstance(value, str):
        card = registered(value)
        if card.kind != KIND:
            raise BadInput(f"The model {value} is of the kind {card.kind}; a student is made by `winnow train classifier --head`.")
        file, fasttext = card.files[KIND], card.files.get("fasttext")
    elif isinstance(value, Mapping) and "file" in value and set(value) <= {"file", "fasttext", "margin"}:
        file, fasttext = find(value["file"]), find(value["fasttext"]) if "fasttext" in value else None
        margin = value.get("margin")
    else:
        raise BadInput(f"A student is {value!r}; write the name of a registered one, or a mapping of name or file, with margin if needed.")
    header = loaded(file).header
    if margin is not None and (isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 <= margin < 1):
        raise BadInput(f"The margin of a student is {margin!r}; it must be a number from 0 to below 1.")
    return StudentModel(
        file,
        header["head"],
        tuple(header["labels"]),
        header["kind"],
        float(header["margin"] if margin is None else margin),
        tuple(header["languages"]),
        fasttext,
        tuple(sorted(header["held_out"].items())),
        tuple(header["cuts"]) if "cuts" in header else None,
    )


@dataclass(frozen=True)
class StudentFile:
    """What a file holds; ``linear`` is None of a fastText student."""

    header: Mapping[str, Any]
    features: Features
    calibration: Calibration
    linear: Linear | None

    def data(self) -> bytes:
        """The same bytes for the same model."""
        head = {
            **self.header,
            "features": vars(self.features),
            "calibration": {"method": self.calibration.method, "parameters": self.calibration.parameters, "power": self.calibration.power},
        }
        numbers = b"" if self.linear is None else self.linear.bias.astype("<f4").tobytes() + self.linear.table.astype("<f4").tobytes()
        return headed(MAGIC, head, numbers)


@cache
def loaded(file: ModelFile) -> StudentFile:
    """The student of a file, loaded once per process. Raises BadInput if it is missing, altered, truncated or no student."""
    with read_headed(file, MAGIC, "is not a student or is truncated. Make one with `winnow train classifier --head`.") as (header, rest):
        features = Features(**header.pop("features"))
        calibration = header.pop("calibration")
        parameters = tuple(tuple(tuple(x) if isinstance(x, list) else float(x) for x in p) for p in calibration["parameters"])
        labels = len(header["labels"])
        if "cuts" in header and not (len(header["cuts"]) == labels and all(0 < float(cut) < 1 for cut in header["cuts"])):
            raise ValueError("cuts of other labels")
        linear = None
        if header["learner"] == "linear":
            numbers = np.frombuffer(rest, "<f4")
            table = numbers[labels:].reshape(1 << features.bits, labels + 1)
            linear = Linear(features, np.ascontiguousarray(table, np.float32), np.array(numbers[:labels], np.float32))
        return StudentFile(
            header, features, Calibration(calibration["method"], parameters, header["kind"] != "multi", float(calibration["power"])), linear
        )


class Student:
    """A student that is asked about one document after the other."""

    def __init__(self, model: StudentModel) -> None:
        self._file, self._model = loaded(model.file), model
        if self._file.linear is None and model.fasttext is None:
            raise BadInput(f"The student {model.file.name} needs the file of its fastText model: {{file: ..., fasttext: ...}}.")
        self._asked = Asked(self._file.linear) if self._file.linear is not None else None
        self._fasttext = FastText.of(model.fasttext) if model.fasttext is not None and self._asked is None else None

    def probabilities(self, document: Text) -> list[float] | None:
        """Of each label; None of a document in which there is nothing to see."""
        found = (
            self._asked.decisions(document)
            if self._asked
            else fasttext_decisions(self._fasttext, document, self._file.features, self._model.labels)
        )
        return None if found is None else self._file.calibration.of(found)

    def answer(self, document: Text) -> Answer | None:
        """None of a document in which there is nothing to see."""
        each = self.probabilities(document)
        return None if each is None else answer(self._model, each)


def answer(model: StudentModel, each: list[float]) -> Answer:
    """From the probabilities of the labels to an answer. Of equals the label that stands first in the head comes first."""
    order = sorted(range(len(each)), key=lambda k: (-each[k], k))
    if model.kind == "multi":
        said = [k for k in order if each[k] >= least(model.cuts[k] if model.cuts else HALF, model.margin)]
        score = each[(said or order)[0]]
        label, next_ = (model.labels[said[n]] if len(said) > n else None for n in (0, 1))
    else:
        first, second = order[:2]
        score = each[first]
        label = model.labels[first] if score - each[second] >= model.margin else None
        next_ = model.labels[second]
    grade = sum(float(name) * p for name, p in zip(model.labels, each, strict=True)) if model.kind == "scale" else None
    return Answer(label, score, next_, grade, each)


def fasttext_decisions(model: FastText | None, document: Text, features: Features, labels: tuple[str, ...]) -> list[float] | None:
    """Logits per label; labels are numbered in fastText's file, since it knows no spaces in them."""
    assert model is not None
    found = dict(model.predict(words(seen_of(document, features.input)), ALL_LABELS))
    if not found:
        return None
    each = (min(1 - FLOOR, max(FLOOR, found.get(str(k), 0.0))) for k in range(len(labels)))
    return [float(np.log(p / (1 - p))) for p in each]

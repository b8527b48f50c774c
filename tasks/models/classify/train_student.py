"""Training a student from labelled documents: its calibration on folds that it has not seen, and its figures on hosts that were held out.

The same documents and options give the same bytes on the same kind of machine. A student of the learner ``linear`` is a support vector machine per label over
hashed n-grams (``linear.py``), one of the learner ``fasttext`` is Joulin et al. 2017 with a softmax, or with one sigmoid per label for heads of several labels.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from winnow.tasks.engine.arrays import Bools, Floats, Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.engine.options import check_ranges
from winnow.tasks.models.classify.calibration import METHODS, Calibration, calibrated, calibration_error
from winnow.tasks.models.classify.cuts import HALF, crossed_cuts, cuts_of
from winnow.tasks.models.classify.features import Features, rows_of, seen_of
from winnow.tasks.models.classify.fit import fit
from winnow.tasks.models.classify.labelled import Labelled, Question
from winnow.tasks.models.classify.linear import Linear, fit_linear
from winnow.tasks.models.classify.prepare import words
from winnow.tasks.models.classify.student import StudentFile, StudentModel, answer, fasttext_decisions
from winnow.tasks.models.fasttext import LABEL, load
from winnow.tasks.models.files import ModelFile, versions

LEARNERS = ("linear", "fasttext")
TRAINER = {"single": 1, "scale": 1, "multi": 2}
"""By kind of head; a kind whose students become others gets the next number."""
SHORT = ("documents", "accuracy", "macro_f1", "calibration_error", "answered_share")
OF_SEVERAL = ("micro_f1", "at_half")
FEWEST_OF_A_LANGUAGE = 5
MOST_REPEATED = 10


@dataclass(frozen=True)
class StudentOptions:
    """``balanced``: rare labels weigh more. ``margin`` is by how much the likeliest label must be ahead for an answer.

    Raises:
        BadInput: an option out of its range.
    """

    learner: str = "linear"
    input: str = "text"
    words: int = 2
    chars: int = 4
    bits: int = 18
    calibration: str = "platt"
    balanced: bool = True
    margin: float = 0.05
    per_label: int = 20_000
    dim: int = 16
    epochs: int = 25
    learning_rate: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        _ = self.features
        for name, known in (("learner", LEARNERS), ("calibration", METHODS)):
            if getattr(self, name) not in known:
                raise BadInput(f"{name} is {getattr(self, name)!r}; it is one of: {', '.join(known)}.")
        if not 0 <= self.margin < 1:
            raise BadInput(f"margin is {self.margin}; it must be from 0 to below 1.")
        check_ranges(self, {"per_label": (0, 1 << 24), "dim": (1, 1000), "epochs": (1, 1000), "seed": (0, 1 << 31)})
        if not 0 < self.learning_rate <= 10:
            raise BadInput(f"learning-rate is {self.learning_rate}; it must be above 0 and at most 10.")

    @property
    def features(self) -> Features:
        return Features(self.input, self.words, self.chars, self.bits)


def training_digest(sources: Mapping[str, Any], question: Question, options: StudentOptions) -> str:
    """Digest of everything the student depends on."""
    return digest(
        {
            "sources": dict(sources),
            "question": question,
            "options": asdict(options),
            "trainer": TRAINER[question.kind],
            **versions("fasttext-numpy2-wheel", "numpy"),
        }
    )


class Learner(Protocol):
    """What the two learners have in common. Numbers are those of the labelled documents."""

    def learn(self, numbers: Ints) -> None: ...
    def decisions(self, numbers: Ints) -> Floats: ...


class _Linear:
    def __init__(self, labelled: Labelled, options: StudentOptions) -> None:
        self._labelled, self._options = labelled, options
        self._rows = rows_of(labelled.documents, options.features)
        self.model: Linear | None = None

    def learn(self, numbers: Ints) -> None:
        o = self._options
        self.model = fit_linear(self._rows.take(numbers), self._labelled.wanted[numbers], o.features, balanced=o.balanced, seed=o.seed)

    def decisions(self, numbers: Ints) -> Floats:
        assert self.model is not None
        return self.model.decisions(self._rows.take(numbers))


class _FastText:
    def __init__(self, labelled: Labelled, options: StudentOptions, folder: Path) -> None:
        self._labelled, self._options, self._folder = labelled, options, folder
        self._lines = [words(seen_of(d, options.input)) for d in labelled.documents]
        self.model: Any = None
        self.data = b""

    def learn(self, numbers: Ints) -> None:
        o, wanted = self._options, self._labelled.wanted
        totals = np.maximum(1, wanted[numbers].sum(axis=0))
        often = np.minimum(MOST_REPEATED, np.round(totals.max() / totals)).astype(int) if o.balanced else np.ones(len(totals), int)
        with (self._folder / "train").open("w", encoding="utf-8") as out:
            for i in numbers.tolist():
                mine = np.flatnonzero(wanted[i]).tolist()
                for _ in range(max((int(often[k]) for k in mine), default=0)):
                    out.write(" ".join([*(f"{LABEL}{k}" for k in mine), self._lines[i]]) + "\n")
        path = self._folder / "model.bin"
        said = fit(
            {
                "input": str(self._folder / "train"),
                "model_path": str(path),
                "loss": "ova" if self._labelled.question.kind == "multi" else "softmax",
                "wordNgrams": o.words,
                "dim": o.dim,
                "epoch": o.epochs,
                "lr": o.learning_rate,
                "minCount": 1,
                "bucket": 1 << o.bits if o.words > 1 else 0,
                "seed": o.seed,
                "minn": 0,
                "maxn": 0,
                "verbose": 0,
                "thread": 1,
            }
        )
        if said:
            raise BadInput(f"fastText cannot learn from these examples: {said} Try a lower --learning-rate.")
        self.model, self.data = load(path), path.read_bytes()

    def decisions(self, numbers: Ints) -> Floats:
        labels = self._labelled.labels
        found = [fasttext_decisions(self.model, self._labelled.documents[i], self._options.features, labels) for i in numbers.tolist()]
        return np.array([row or [-20.0] * len(labels) for row in found]).reshape(len(numbers), len(labels))


@dataclass(frozen=True)
class TrainedStudent:
    """The bytes of its files by kind, and what its card says."""

    files: dict[str, bytes]
    figures: dict[str, Any]


def train_student(labelled: Labelled, options: StudentOptions, folder: Path, languages: tuple[str, ...] = ()) -> TrainedStudent:
    """Train in ``folder``, which fastText needs, and score what was held out.

    Raises:
        BadInput: too few documents, or fastText cannot learn from these with these options.
    """
    question = labelled.question
    learning, held, by = labelled.split()
    learner: Any = _Linear(labelled, options) if options.learner == "linear" else _FastText(labelled, options, folder)
    several = question.kind == "multi"
    wanted = labelled.wanted[learning]
    calibration, seen_by_others = cross_calibrated(labelled, learner, learning, options.calibration)
    cuts = cuts_of(seen_by_others, wanted) if several else None
    model = StudentModel(ModelFile("", ""), question.name, question.labels, question.kind, options.margin, languages, cuts=cuts)
    in_folds = crossed_cuts(seen_by_others, wanted, labelled.folds()[learning]) if several else None
    crossed = figures(model, seen_by_others, labelled.take(learning), in_folds)
    learner.learn(learning)
    measured = figures(model, calibration.of_all(learner.decisions(held)), labelled.take(held))
    counts = labelled.counts | {"learnt_from": len(learning), "held_out": len(held)}
    each = {name: int(n) for name, n in zip(question.labels, wanted.sum(axis=0), strict=True)}
    header = {
        "head": question.name,
        "head_digest": question.head,
        "labels": list(question.labels),
        "kind": question.kind,
        "learner": options.learner,
        "margin": options.margin,
        "languages": list(languages),
        "held_out": {name: measured[name] for name in SHORT},
    } | ({"cuts": list(cuts)} if cuts else {})
    file = StudentFile(header, options.features, calibration, learner.model if options.learner == "linear" else None)
    files = {"student": file.data()} | ({"fasttext": learner.data} if options.learner == "fasttext" else {})
    found = {"examples": counts, "labels": each, "labels_not_learnt": labelled.left_out, "held_out_by": by, "held_out": measured}
    found["folds"] = {name: crossed[name] for name in (*SHORT, *(OF_SEVERAL if several else ()))}
    if cuts:
        found["cuts"] = dict(zip(question.labels, cuts, strict=True))
    return TrainedStudent(files, found)


def cross_calibrated(labelled: Labelled, learner: Learner, numbers: Ints, method: str) -> tuple[Calibration, Floats]:
    """A calibration from decisions on folds, each made by a model that has not seen the fold, and the probabilities that it makes of them."""
    folds = labelled.folds()[numbers]
    wanted = labelled.wanted[numbers]
    found = np.zeros(wanted.shape)
    for fold in np.unique(folds).tolist():
        mine = folds == fold
        learner.learn(numbers[~mine])
        found[mine] = learner.decisions(numbers[mine])
    calibration = calibrated(found, wanted, method, single=labelled.question.kind != "multi")
    return calibration, calibration.of_all(found)


def figures(model: StudentModel, each: Floats, truth: Labelled, cuts: Floats | None = None) -> dict[str, Any]:
    """What a card says of probabilities ``each`` (documents, labels) against the labels that people or a large model gave.

    ``accuracy`` and F1 count the likeliest label whether or not the student abstains (of several labels: those from their cuts on; accuracy is then the share of documents
    with exactly the right ones, and ``at_half`` says what one cut for all would give). ``cuts`` are those of each document, if they are not the model's: where documents have
    taught the cuts, those of the other folds; ``answered_share`` and ``accuracy_where_answered`` say what abstaining does. ``calibration_error`` is that of the likeliest label, or of
    all labels of the kind ``multi``.
    """
    wanted = truth.wanted
    several = model.kind == "multi"
    if several and cuts is None:
        cuts = np.tile(model.cuts or (HALF,) * len(model.labels), (len(each), 1))
    said = each >= cuts if cuts is not None else np.eye(each.shape[1], dtype=bool)[each.argmax(axis=1)]
    right = (said == wanted).all(axis=1)
    asked = [model] * len(each) if cuts is None else [replace(model, cuts=tuple(mine)) for mine in cuts.tolist()]
    answered = np.array([answer(of, row).label is not None for of, row in zip(asked, each.tolist(), strict=True)])
    by_label = _by_label(model.labels, said, wanted)
    error = calibration_error(each.ravel(), wanted.ravel()) if several else calibration_error(each.max(axis=1), right)
    totals = wanted.sum(axis=0)
    found: dict[str, Any] = {
        "documents": len(right),
        "accuracy": round(float(right.mean()), 4),
        "majority_share": round(float(totals.max() / max(1, len(right))), 4),
        "macro_f1": _macro(by_label),
        "calibration_error": round(error, 4),
        "answered_share": round(float(answered.mean()), 4),
        "accuracy_where_answered": round(float(right[answered].mean()), 4) if answered.any() else None,
        "by_label": by_label,
        "by_language": {},
    }
    if several:
        half = each >= HALF
        found["micro_f1"] = _f1(said, wanted)
        found["at_half"] = {
            "accuracy": round(float((half == wanted).all(axis=1).mean()), 4),
            "macro_f1": _macro(_by_label(model.labels, half, wanted)),
            "micro_f1": _f1(half, wanted),
            "answered_share": round(float((each >= HALF + model.margin).any(axis=1).mean()), 4),
        }
    if model.kind == "scale":
        numbers = np.array([float(name) for name in model.labels])
        found["mean_distance"] = round(float(np.abs(each @ numbers - wanted @ numbers).mean()), 4)
    spoken = np.array(truth.languages, object)
    for language in sorted({x for x in truth.languages if x}):
        mine = spoken == language
        if int(mine.sum()) >= FEWEST_OF_A_LANGUAGE:
            part = {
                str(k): {
                    "documents": int(wanted[mine, k].sum()),
                    "f1": 2 * int((said[mine, k] & wanted[mine, k]).sum()) / max(1, int(said[mine, k].sum() + wanted[mine, k].sum())),
                }
                for k in range(wanted.shape[1])
            }
            found["by_language"][language] = {
                "documents": int(mine.sum()),
                "accuracy": round(float(right[mine].mean()), 4),
                "macro_f1": _macro(part),
            }
    return found


def _by_label(labels: tuple[str, ...], said: Bools, wanted: Bools) -> dict[str, dict[str, Any]]:
    by_label = {}
    for k, name in enumerate(labels):
        hit, of_said, of_wanted = int((said[:, k] & wanted[:, k]).sum()), int(said[:, k].sum()), int(wanted[:, k].sum())
        by_label[name] = {
            "documents": of_wanted,
            "precision": round(hit / of_said, 4) if of_said else 0.0,
            "recall": round(hit / of_wanted, 4) if of_wanted else 0.0,
            "f1": _f1(said[:, k], wanted[:, k]),
        }
    return by_label


def _f1(said: Bools, wanted: Bools) -> float:
    """Of all labels together (micro F1), or of one."""
    both = int(said.sum() + wanted.sum())
    return round(2 * int((said & wanted).sum()) / both, 4) if both else 0.0


def _macro(by_label: Mapping[str, Mapping[str, Any]]) -> float:
    """The mean F1 of the labels that occur."""
    found = [float(each["f1"]) for each in by_label.values() if each["documents"]]
    return round(sum(found) / max(1, len(found)), 4)

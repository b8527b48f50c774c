"""Documents with the labels that somebody gave them: which of them teach, which are held out, and what became of all that were given.

Nothing depends on the order in which they come. What is held out is whole hosts, as pages of one host resemble each other; where one host is most of the
documents, or no URL is known, it is single texts, and the card says so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from winnow.tasks.engine.arrays import Bools, Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.documents import host_of
from winnow.tasks.models.classify.features import seen_of
from winnow.tasks.models.texts import Text

HELD_OUT_SHARE = 0.1
FOLDS = 5
FEWEST = 5
"""Examples that a label needs to be learnt."""
LONGEST_LABEL = 200
"""Characters. What is longer is no label, but another column."""
SHOWN = 5


@stable("option/question")
@dataclass(frozen=True)
class Question:
    """What a student learns to answer: a head's ``name``, its ``labels`` (empty: those that the examples have) and ``kind``, which is ``single`` (one label of a
    document holds), ``multi`` (any number of them) or ``scale`` (labels are whole numbers). ``head`` is the digest of the head's file, if it has one: with
    another label or prompt it is another head."""

    name: str
    kind: str = "single"
    labels: tuple[str, ...] = ()
    head: str = ""


@dataclass(frozen=True)
class Row:
    """One document with labels: none if nobody could tell."""

    document: Text
    labels: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True)
class Labelled:
    """``wanted`` says of each document (rows) and label (columns) whether it holds. ``counts`` says what became of all that were given."""

    question: Question
    documents: list[Text]
    wanted: Bools
    languages: list[str]
    keys: npt.NDArray[np.uint64]
    sites: npt.NDArray[np.uint64]
    counts: dict[str, int]
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.question.labels

    def take(self, numbers: Ints) -> "Labelled":
        """Some of the documents, with the same labels."""
        return Labelled(
            self.question,
            [self.documents[i] for i in numbers.tolist()],
            self.wanted[numbers],
            [self.languages[i] for i in numbers.tolist()],
            self.keys[numbers],
            self.sites[numbers],
            self.counts,
            self.left_out,
        )

    def split(self) -> tuple[Ints, Ints, str]:
        """Numbers of those that teach and of those that are held out, and by what: ``host`` or ``text``.

        Raises:
            BadInput: there are not enough to hold any out.
        """
        for by, groups in (("host", self.sites), ("text", self.keys)):
            if by == "host" and not (self.sites != self.keys).any():
                continue
            held = _held_out(groups)
            if held.sum() >= min(10, 0.05 * len(held)) and self._teaches(~held):
                return np.flatnonzero(~held), np.flatnonzero(held), by
        raise BadInput(
            f"The head {self.question.name} has {len(self.documents)} labelled documents that can be used, too few to hold a tenth of them out and learn every label "
            f"from {FEWEST} of the rest. Label more."
        )

    def _teaches(self, side: Bools) -> bool:
        return bool((self.wanted[side].sum(axis=0) >= FEWEST - 1).all())

    def folds(self) -> Ints:
        """A fold of each document, by host; hosts that are larger than a fold are spread by text."""
        groups = self.sites.copy()
        distinct, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
        large = (counts > len(groups) / FOLDS)[inverse]
        groups[large] = self.keys[large]
        return (groups % np.uint64(FOLDS)).astype(np.int64) if len(distinct) else np.empty(0, np.int64)


def _held_out(groups: npt.NDArray[np.uint64]) -> Bools:
    """Whole groups, in the order of their hashes, until a tenth is reached; a group that would make it more than a fifth is passed over."""
    distinct, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    chosen = np.zeros(len(distinct), bool)
    total = 0
    for place, count in enumerate(counts.tolist()):
        if total >= HELD_OUT_SHARE * len(groups):
            break
        if total + count <= 2 * HELD_OUT_SHARE * len(groups):
            chosen[place] = True
            total += count
    return chosen[inverse]


def labelled(rows: Iterable[Row], question: Question, of: str, *, seed: int, per_label: int = 0) -> Labelled:
    """The documents of ``rows`` that a student with the input ``of`` can learn from.

    A text given twice counts once; one that is given with different labels is left out (with several labels at once as far as nothing is contradictory, so a head of
    the kind ``multi`` takes them all). A label with fewer than ``FEWEST`` examples is not learnt. Of each label at most ``per_label`` are taken (0: all).

    Raises:
        BadInput: labels that the head does not have, fewer than two labels to learn, or nothing that can be used.
    """
    known = {name.casefold().strip(): name for name in question.labels}
    unknown: Counter[str] = Counter()
    counts = Counter({"given": 0, "blank": 0, "unlabelled": 0, "repeated": 0, "contradictory": 0})
    found: dict[int, tuple[Text, set[str], str, int]] = {}
    contradictory: set[int] = set()
    for row in rows:
        counts["given"] += 1
        seen = seen_of(row.document, of)
        if not any(c.isalnum() for c in seen):
            counts["blank"] += 1
            continue
        names = list(dict.fromkeys(name.strip() for name in row.labels if name.strip()))
        if question.kind != "multi":
            names = names[:1]
        if not names:
            counts["unlabelled"] += 1
            continue
        if known:
            unknown.update(name for name in names if name.casefold() not in known)
            names = [known.get(name.casefold(), name) for name in names]
        key = xxhash.xxh3_64_intdigest(seen.encode("utf-8", "replace"), seed)
        if (other := found.get(key)) is not None:
            counts["repeated"] += 1
            if other[1] != set(names):
                contradictory.add(key)
            continue
        host = host_of(row.document.url)
        site = xxhash.xxh3_64_intdigest(host.encode("utf-8", "replace"), seed) if host else key
        found[key] = (Text(row.document.text, row.document.url), set(names), row.language, site)
    if unknown:
        shown = ", ".join(repr(name) for name, _ in unknown.most_common(SHOWN))
        raise BadInput(
            f"The head {question.name} has no label {shown}{' and others' if len(unknown) > SHOWN else ''}, which {unknown.total()} documents have; its labels are "
            f"{', '.join(question.labels[:20])}. If the head has changed, label the documents anew; else correct the file."
        )
    for key in contradictory:
        del found[key]
    counts["contradictory"] = len(contradictory)
    return _chosen(found, question, counts, per_label)


def _chosen(found: dict[int, tuple[Text, set[str], str, int]], question: Question, counts: Counter[str], per_label: int) -> Labelled:
    totals = Counter(name for _, names, _, _ in found.values() for name in names)
    order = list(question.labels) or sorted(totals)
    learnt = [name for name in order if totals[name] >= FEWEST]
    left_out = {name: totals[name] for name in order if name not in learnt}
    if len(learnt) < 2:
        usable = ", ".join(f"{name} ({totals[name]})" for name in sorted(totals, key=lambda n: (-totals[n], n))[:SHOWN]) or "none"
        raise BadInput(
            f"The head {question.name} needs two labels with at least {FEWEST} examples each to learn from. Of {counts['given']} documents given, {counts['blank']} "
            f"were blank, {counts['unlabelled']} without a label, {counts['repeated']} repeated and {counts['contradictory']} labelled in contradictory ways; the "
            f"labels of the rest: {usable}. Label more documents."
        )
    taken: Counter[str] = Counter()
    keys: list[int] = []
    for key in sorted(found):
        names = found[key][1] & set(learnt)
        if question.kind != "multi" and not names:
            counts["label_not_learnt"] += 1
        elif per_label and all(taken[name] >= per_label for name in names or {""}):
            counts["beyond_the_number_per_label"] += 1
        else:
            taken.update(names or {""})
            keys.append(key)
    place = {name: n for n, name in enumerate(learnt)}
    wanted = np.zeros((len(keys), len(learnt)), bool)
    for n, key in enumerate(keys):
        for name in found[key][1]:
            if name in place:
                wanted[n, place[name]] = True
    return Labelled(
        Question(question.name, question.kind, tuple(learnt), question.head),
        [found[key][0] for key in keys],
        wanted,
        [found[key][2] for key in keys],
        np.array(keys, np.uint64),
        np.array([found[key][3] for key in keys], np.uint64),
        dict(counts),
        left_out,
    )


def label_values(value: Any, *, several: bool) -> tuple[str, ...]:
    """The labels in a cell of a table: a text, a number, a list of them; in a text of ``several``, labels are parted by |.

    Raises:
        ValueError: a mapping, bytes, or a text that is too long for a label; the message says which.
    """
    if value is None or (isinstance(value, float) and value != value):
        return ()
    if isinstance(value, Mapping):
        raise ValueError("a mapping")
    if isinstance(value, bytes):
        raise ValueError("bytes")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(name for each in value for name in label_values(each, several=False))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    names = tuple(part.strip() for part in text.split("|") if part.strip()) if several else ((text,) if text else ())
    if (longest := max(map(len, names), default=0)) > LONGEST_LABEL:
        raise ValueError(f"a text of {longest:,} characters")
    return names

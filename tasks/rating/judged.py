"""What people (or a model) judged: documents with a score, or pairs with the better one named; and the weights of raters that are learned from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Floats
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.mixing import mixed
from winnow.tasks.rating.model import votes

SCORES = ("score", "label", "rating", "edu_score")
MOST_PAIRS = 200_000
LENGTHS_APART = 2.0  # how many times as long one of a pair may be as the other
RIDGE = 0.02
ITERATIONS = 50
MOST_WEIGHT = 6.0
LAGS = 8


@dataclass
class Judged:
    """``scores`` of documents, ``pairs`` as (better, worse), and what was left out: ties, and pairs that were judged one way and the other."""

    scores: dict[str, float] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    ties: int = 0
    contradicted: int = 0


def read_judged(rows: Iterable[Mapping[str, Any]], place: str) -> Judged:
    """What rows judge (``judged_of``). Raises BadInput, also if they judge nothing."""
    found = judged_of(rows, place)
    if not found.scores and not found.pairs:
        raise BadInput(f"{place} judges nothing: every pair is a tie, or the file is empty.")
    return found


def judged_of(rows: Iterable[Mapping[str, Any]], place: str) -> Judged:
    """Of documents, ``{"id", "score"}``, or of pairs, ``{"a", "b", "better": "a", "b" or "tie"}``. A pair may be judged in both orders; if the two disagree it counts as
    neither.

    Raises:
        BadInput: a row is neither; ``place`` says where they stand.
    """
    found = Judged()
    said: dict[tuple[str, str], set[int]] = {}
    for number, row in enumerate(rows, 1):
        key = next((k for k in SCORES if row.get(k) is not None), None)
        if row.get("a") is not None and row.get("b") is not None and row.get("better") in ("a", "b", "tie"):
            a, b = str(row["a"]), str(row["b"])
            side = {"a": 1, "b": -1, "tie": 0}[row["better"]]
            said.setdefault((min(a, b), max(a, b)), set()).add(side if a < b else -side)
        elif row.get("id") is not None and key:
            try:
                found.scores[str(row["id"])] = float(row[key])
            except (TypeError, ValueError):
                raise BadInput(f"{place}, line {number}: the {key} is {row[key]!r}, which is not a number.") from None
        else:
            raise BadInput(f'{place}, line {number} must hold "id" and "score", or "a", "b" and "better" (a, b or tie).')
    for (a, b), sides in said.items():
        if len(sides) > 1:
            found.contradicted += 1
        elif sides == {0}:
            found.ties += 1
        else:
            found.pairs.append((a, b) if 1 in sides else (b, a))
    return found


@dataclass(frozen=True)
class Pairs:
    """Places of the better and the worse document of each pair."""

    better: npt.NDArray[np.int64]
    worse: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.better)

    def inside(self, chosen: npt.NDArray[np.bool_]) -> "Pairs":
        """Those of which both are chosen."""
        mine = chosen[self.better] & chosen[self.worse]
        return Pairs(self.better[mine], self.worse[mine])


def pairs_of(judged: Judged, ids: Sequence[str], languages: Sequence[str], lengths: Floats) -> Pairs:
    """The pairs among these documents: those that were judged, and of documents with different scores those of one language in which neither is more
    than twice as long as the other, so that a rater of length learns nothing; at most ``MOST_PAIRS``, drawn by their places."""
    place = {i: n for n, i in enumerate(ids)}
    known = [(place[a], place[b]) for a, b in judged.pairs if a in place and b in place]
    better, worse = [np.array([p[n] for p in known], np.int64) for n in (0, 1)]
    scored = np.array([n for n, i in enumerate(ids) if i in judged.scores], np.int64)
    if len(scored):
        score, length = np.array([judged.scores[ids[n]] for n in scored.tolist()]), np.maximum(lengths[scored], 1)
        language = np.unique([languages[n] for n in scored.tolist()], return_inverse=True)[1]
        for at in range(0, len(scored), 512):
            part = slice(at, at + 512)
            apart = np.abs(np.log(length[part, None] / length[None, :])) > np.log(LENGTHS_APART)
            good = (score[part, None] > score[None, :]) & (language[part, None] == language[None, :]) & ~(np.isfinite(apart) & apart)
            a, b = np.nonzero(good)
            better, worse = np.concatenate([better, scored[a + at]]), np.concatenate([worse, scored[b]])
    if len(better) > MOST_PAIRS:
        drawn = np.argsort(mixed(better.astype(np.uint64) << np.uint64(32) | worse.astype(np.uint64)), kind="stable")[:MOST_PAIRS]
        better, worse = better[np.sort(drawn)], worse[np.sort(drawn)]
    return Pairs(better, worse)


def learned(ranks: Floats, pairs: Pairs) -> Floats:
    """Weights from judged pairs: logistic regression of the preference on the votes (Newton's method, ridge). There is no constant, so that a pair and the
    same pair the other way round say the same."""
    x = votes(ranks[pairs.better], ranks[pairs.worse])
    weights = np.zeros(ranks.shape[1])
    for _ in range(ITERATIONS if len(x) else 0):
        p = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (1 - p) / len(x) - RIDGE * weights
        curve = (x * (p * (1 - p))[:, None]).T @ x / len(x) + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    bounded: Floats = np.round(np.clip(weights, -MOST_WEIGHT, MOST_WEIGHT), 6).astype(np.float64)
    return bounded


def agreed(ranks: Floats, signs: Floats) -> Floats:
    """Weights without a judgement, from how raters agree with each other on pairs of near neighbours in the given order: if their errors are
    independent, the agreement of two is the product of what each has in common with the truth (Dawid and Skene 1979). ``signs`` are the directions that
    the user gave. With fewer than three raters nothing can be told, and they weigh the same."""
    if ranks.shape[1] < 3 or len(ranks) < 2:
        return np.array(signs, np.float64)
    x = np.concatenate([votes(ranks[:-lag], ranks[lag:]) for lag in range(1, min(LAGS, len(ranks) - 1) + 1)]) * signs
    both = np.maximum((x != 0).astype(np.float64).T @ (x != 0), 1)
    agreement = x.T @ x / both
    np.fill_diagonal(agreement, 0)
    common = np.full(len(signs), 0.5)
    for _ in range(ITERATIONS):
        for n in range(len(signs)):
            others = np.delete(common, n)
            common[n] = np.clip(agreement[n].sum() and np.delete(agreement[n], n) @ others / (others @ others), 0.02, 0.98)
    found: Floats = np.round(signs * np.log((1 + common) / (1 - common)), 6).astype(np.float64)
    return found


def accuracy(values: Floats, pairs: Pairs) -> float:
    """The share of pairs that a score puts right; equal scores are half right. NaN without pairs."""
    if not len(pairs):
        return float("nan")
    gap = values[pairs.better] - values[pairs.worse]
    return float(((gap > 0) + 0.5 * (gap == 0)).mean())


def parsed(raters: str) -> tuple[tuple[str, ...], Mapping[str, float]]:
    """Names and directions of ``a,b,-c``: with a minus less is better. Raises BadInput."""
    signs: dict[str, float] = {}
    for each in (part.strip() for part in raters.split(",")):
        name = each.removeprefix("-")
        if not name or name in signs:
            raise BadInput(
                f"--raters {raters}: write names of numeric columns with commas, each once, and a minus before one of which less is better."
            )
        signs[name] = -1.0 if each.startswith("-") else 1.0
    return tuple(signs), signs


def numbers(values: Sequence[Any]) -> Floats:
    """A column as numbers; NaN for what is none."""
    return np.array([float(v) if isinstance(v, int | float) else np.nan for v in values], np.float64)

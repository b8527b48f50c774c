"""Estimates of precision and recall from a judged sample, and the cut that they ask for.

The sample is drawn at random within strata of the score, before its answers teach anything, so what it says of the rest of each stratum is unbiased. Intervals of
shares are Wilson's (1927).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Bools, Floats

Z_95 = 1.959964
ROUNDS = 100


def wilson(hits: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if not n:
        return 0.0, 1.0
    p, z2 = hits / n, Z_95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def weighted_platt(scores: Floats, hits: Bools, weights: Floats) -> tuple[float, float]:
    """Slope (not below 0) and offset of the sigmoid that says how likely a score is a hit, each example counted by its weight. Ridge keeps it finite where the kinds are
    parted."""
    scale = float(np.std(scores)) or 1.0
    x, w = scores / scale, weights / weights.mean()
    n, m = float(w[hits].sum()), float(w[~hits].sum())
    target = np.where(hits, (n + 1) / (n + 2), 1 / (m + 2))
    a, b = 1.0, math.log((n + 1) / (m + 1))
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(a * x + b, -60, 60)))
        g = np.array([(w * (p - target) * x).sum() + 1e-2 * a, (w * (p - target)).sum()])
        v = w * p * (1 - p)
        h = np.array([[(v * x * x).sum() + 1e-2, (v * x).sum()], [(v * x).sum(), v.sum() + 1e-9]])
        step = np.linalg.solve(h, g)
        step /= max(1.0, float(np.abs(step).max()))
        a, b = a - float(step[0]), b - float(step[1])
        if float(np.abs(step).max()) < 1e-8:
            break
    return max(a, 0.0) / scale, b


def chances(scores: Floats, line: tuple[float, float]) -> Floats:
    """How likely each score is a hit."""
    return np.asarray(1 / (1 + np.exp(-np.clip(line[0] * scores + line[1], -60, 60))), np.float64)


BINS, FEWEST = 8, 5


def weights_of(judged: Floats, open_: Floats) -> Floats:
    """How many documents that nobody judged each judged one stands for: those of a bin of the score share it equally (post-stratification: Holt and Smith 1979). Bins have at
    least ``FEWEST`` judged documents, and are ``BINS`` at most."""
    if not len(judged):
        return np.zeros(0)
    bins = max(1, min(BINS, len(judged) // FEWEST))
    ordered = np.sort(judged)
    ends = np.arange(1, bins) * len(judged) // bins
    edges = np.unique(ordered[ends][ordered[ends] > ordered[ends - 1]])  # so each bin has a judged one
    mine, theirs = np.searchsorted(edges, judged, "right"), np.searchsorted(edges, open_, "right")
    sizes, counts = np.bincount(theirs, minlength=len(edges) + 1), np.bincount(mine, minlength=len(edges) + 1)
    return np.asarray(np.maximum(sizes / counts, 1e-3)[mine], np.float64)


@dataclass(frozen=True)
class Judged:
    """Judged documents of all rounds: their scores by a model that had not seen them, whether they are of the topic, and for how many others each stands."""

    scores: Floats
    hits: Bools
    weights: Floats

    def above(self, score: float) -> tuple[float, float, tuple[int, int]]:
        """Of those above a cut the weighted hits of their effective number (Kish 1965), that number, and how many hits and documents they are."""
        mine = self.scores >= score
        w, y = self.weights[mine], self.hits[mine]
        if not len(w):
            return 0.0, 0.0, (0, 0)
        n = float(w.sum() ** 2 / (w**2).sum())
        return n * float(w[y].sum() / w.sum()), n, (int(y.sum()), len(w))


@dataclass(frozen=True)
class Cut:
    """Documents with at least ``score`` are collected. ``precision`` and ``recall`` are expected ones; ``low`` and ``high`` bound the precision of what nobody judged, from
    ``hits`` of ``judged`` documents of this round's sample above the cut."""

    score: float
    precision: float
    recall: float
    hits: int
    judged: int
    low: float
    high: float

    def described(self) -> dict[str, Any]:
        return {name: round(v, 6) if isinstance(v, float) else v for name, v in vars(self).items()}


def cut_at(scores: Floats, chance: Floats, known: npt.NDArray[np.int8], judged: "Judged | None", precision: float) -> Cut:
    """The lowest cut at which the expected precision of what is collected is at least ``precision``; above every score if there is none.

    ``known`` is 1 or 0 for judged documents and -1 for others. What is known to be of the topic is collected below the cut too, and what is known not to be is never.
    """
    order = np.argsort(-scores, kind="stable")
    yes, open_ = known[order] == 1, known[order] == -1
    mass = np.where(open_, chance[order], 0.0)
    certain = float(yes.sum())
    hits = certain + np.cumsum(mass)
    collected = certain + np.cumsum(open_)
    fine = np.flatnonzero(hits >= precision * np.maximum(collected, 1e-9))
    ordered = scores[order]
    last = np.append(ordered[1:] != ordered[:-1], True)
    fine = fine[last[fine]]
    total = certain + float(mass.sum())
    if not len(fine):
        score, right, taken = math.inf, certain, certain
    else:
        at = int(fine[-1])
        score, right, taken = float(ordered[at]), float(hits[at]), float(collected[at])
    hits_, n, shown = judged.above(score) if judged else (0.0, 0.0, (0, 0))
    low, high = wilson(hits_, n)
    return Cut(score, right / max(taken, 1.0), right / max(total, 1.0), *shown, low, high)

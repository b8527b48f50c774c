"""From the sums of a model to probabilities, learnt on examples that the model has not seen, and how far they are from the truth.

Platt's sigmoid with the numerics of Lin, Lin and Weng 2007, or isotonic regression by pooling adjacent violators (Zadrozny and Elkan 2002). Of heads of which one
label holds, the probabilities of the labels are brought to a sum of one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from winnow.tasks.engine.arrays import Bools, Floats
from winnow.tasks.engine.errors import BadInput

METHODS = ("platt", "isotonic")
BINS = 10
KNOTS = 64
ROUNDS = 100


@dataclass(frozen=True)
class Calibration:
    """``method`` and, per label, the slope and offset of a sigmoid, or the knots (x, y) of a rising line. Where one label holds, the probabilities are raised to
    ``power`` before they are brought to a sum of one (temperature scaling: Guo et al. 2017): each sigmoid was learnt alone, and together they are too timid."""

    method: str
    parameters: tuple[tuple[Any, ...], ...]
    single: bool
    power: float = 1.0

    def of(self, decisions: Sequence[float]) -> list[float]:
        """Probabilities per label of one document."""
        if self.method == "platt":
            found = [_sigmoid(a * d + b) for d, (a, b) in zip(decisions, self.parameters, strict=True)]
        else:
            found = [float(np.interp(d, xs, ys)) for d, (xs, ys) in zip(decisions, self.parameters, strict=True)]
        if not self.single:
            return found
        raised = [p**self.power for p in found]
        total = sum(raised)
        return [p / total for p in raised] if total > 0 else [1 / len(found)] * len(found)

    def of_all(self, decisions: Floats) -> Floats:
        return np.array([self.of(row) for row in decisions.tolist()]).reshape(decisions.shape)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def calibrated(decisions: Floats, wanted: Bools, method: str, *, single: bool) -> Calibration:
    """From decisions on examples that their model has not seen. Raises BadInput: no such method."""
    if method not in METHODS:
        raise BadInput(f"calibration is {method!r}; it is one of: {', '.join(METHODS)}.")
    fit = platt if method == "platt" else isotonic
    alone = Calibration(method, tuple(fit(decisions[:, k], wanted[:, k]) for k in range(wanted.shape[1])), single)
    return replace(alone, power=_power(alone.of_all(decisions), wanted)) if single else alone


def _power(each: Floats, wanted: Bools) -> float:
    """The power that makes the right labels likeliest, of a grid of factors of 1.05 from 1/8 to 8."""
    logs = np.log(np.maximum(each, 1e-12))

    def loss(power: float) -> float:
        raised = power * logs
        top = raised.max(axis=1, keepdims=True)
        return float((np.log(np.exp(raised - top).sum(axis=1)) + top[:, 0] - raised[wanted]).mean())

    return min((round(1.05**n, 6) for n in range(-42, 43)), key=loss)


def platt(x: Floats, positive: Bools, weights: Floats | None = None) -> tuple[float, float]:
    """Slope and offset of the sigmoid: Newton's steps with a line search, on targets that are smoothed as Platt did. ``weights`` are of the examples, all alike without them."""
    weigh = np.ones(len(x)) if weights is None else weights * (len(x) / weights.sum())
    n, m = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (n + 1) / (n + 2), 1 / (m + 2))
    a, b = 0.0, math.log((n + 1) / (m + 1))

    def loss(a: float, b: float) -> float:
        z = a * x + b
        return float((weigh * (np.logaddexp(0, -np.abs(z)) + np.where(z >= 0, (1 - target) * z, -target * z))).sum())

    value = loss(a, b)
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(a * x + b, -500, 500)))
        off, weight = weigh * (p - target), weigh * p * (1 - p)
        ga, gb = float((off * x).sum()), float(off.sum())
        if abs(ga) < 1e-6 and abs(gb) < 1e-6:
            break
        haa, hbb, hab = float((weight * x * x).sum()) + 1e-9, float(weight.sum()) + 1e-9, float((weight * x).sum())
        det = haa * hbb - hab * hab
        da, db = -(hbb * ga - hab * gb) / det, -(haa * gb - hab * ga) / det
        slope, step = ga * da + gb * db, 1.0
        while step > 1e-10 and loss(a + step * da, b + step * db) > value + 1e-4 * step * slope:
            step /= 2
        a, b = a + step * da, b + step * db
        new = loss(a, b)
        if abs(new - value) < 1e-10:
            break
        value = new
    return float(a), float(b)


def isotonic(x: Floats, positive: Bools) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots of the rising line nearest to the examples, at most ``KNOTS``; its ends are kept away from 0 and 1 by a half of an example."""
    order = np.argsort(x, kind="stable")
    blocks: list[list[float]] = []  # sum of x, sum of positives, examples
    for at, hit in zip(x[order].tolist(), positive[order].tolist(), strict=True):
        blocks.append([at, float(hit), 1.0])
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
            last = blocks.pop()
            blocks[-1] = [one + other for one, other in zip(blocks[-1], last, strict=True)]
    chosen = np.unique(np.linspace(0, len(blocks) - 1, min(KNOTS, len(blocks))).round().astype(int)).tolist()
    knots = [(blocks[i][0] / blocks[i][2], min(max(blocks[i][1], 0.5), max(0.5, blocks[i][2] - 0.5)) / blocks[i][2]) for i in chosen]
    xs = tuple(x for x, _ in knots)
    ys = tuple(np.maximum.accumulate([y for _, y in knots]).tolist())
    return xs, ys


def calibration_error(scores: Floats, right: Bools) -> float:
    """Expected calibration error (Naeini et al. 2015): the mean distance of score and share of right answers over ten bins of the score."""
    places = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    total = 0.0
    for b in range(BINS):
        mine = places == b
        if mine.any():
            total += int(mine.sum()) * abs(float(scores[mine].mean()) - float(right[mine].mean()))
    return total / max(1, len(scores))

"""Learning boosted oblivious trees (``trees.py``) of two kinds: Newton's steps of the logistic loss (Friedman 2001; Chen and Guestrin 2016) on features in bins, each tree from
some of the groups of examples and some of the features (Friedman 2002).

Groups are what belongs together, as the lines of a page: an example whose neighbours say the same is no new evidence, so whole groups are drawn and left out.
NumPy and numba do all of it, so that training in the product needs no further package; memory is one byte per example and feature, beside the features themselves.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Floats
from winnow.tasks.models.trees import FORMAT


@dataclass(frozen=True)
class Settings:
    """``shrinkage`` is the part of each step that is taken, ``l2`` what is added to the curvature of each leaf, in examples of mean weight and a curvature of one;
    ``groups_share`` and ``features_share`` are what each tree is grown from."""

    trees: int = 200
    depth: int = 5
    shrinkage: float = 0.08
    l2: float = 20.0
    bins: int = 32
    groups_share: float = 0.6
    features_share: float = 0.3
    leaf_unit: int = 65536


def borders_of(values: npt.NDArray[np.float32], bins: int) -> npt.NDArray[np.float32]:
    """Ascending borders that part the values into at most ``bins`` bins of about the same size, halfway between values."""
    known = np.unique(values)
    if len(known) > bins:
        places = np.linspace(0, len(values) - 1, bins + 1)[1:-1].round().astype(np.int64)
        known = np.unique(np.concatenate([np.partition(values, places)[places], known[[0, -1]]]))
    return np.unique(((known[:-1].astype(np.float64) + known[1:]) / 2).astype(np.float32))[: bins - 1]


def binned(matrix: npt.NDArray[np.float32], borders: list[npt.NDArray[np.float32]]) -> npt.NDArray[np.uint8]:
    """The number of borders that each value is above."""
    return np.stack([np.searchsorted(b, row, side="left").astype(np.uint8) for row, b in zip(matrix, borders, strict=True)])


def boosted(
    matrix: npt.NDArray[np.float32],
    names: tuple[str, ...],
    positive: npt.NDArray[np.bool_],
    weights: Floats,
    groups: npt.NDArray[np.int64],
    settings: Settings,
    seed: int = 0,
) -> dict[str, Any]:
    """Trees as ``trees.from_json`` reads them, which give the log-odds that an example is positive. ``matrix`` is features x examples, ``names`` those of the features."""
    from winnow.tasks.models.boosting_kernels import grow, place_rows

    borders = [borders_of(row, settings.bins) for row in matrix]
    bins = binned(matrix, borders)
    usable = np.flatnonzero([len(b) > 0 for b in borders])
    weights = weights * (len(weights) / weights.sum())
    target = positive.astype(np.float64)
    share = float((weights * target).sum() / weights.sum())
    bias = float(np.log(share / (1 - share)))
    sums = np.full(len(target), bias)
    dice = np.random.default_rng(seed)
    known = np.unique(groups)
    place = np.searchsorted(known, groups)
    feature, border = np.zeros(settings.depth, np.int64), np.zeros(settings.depth, np.int64)
    leaf = np.empty(len(target), np.int64)
    trees: list[tuple[list[tuple[int, int]], Floats]] = []
    for _ in range(settings.trees):
        taken = dice.random(len(known)) < settings.groups_share
        rows = np.flatnonzero(taken[place])
        some = np.sort(dice.permutation(usable)[: max(1, round(settings.features_share * len(usable)))])
        chance = 1 / (1 + np.exp(-sums))
        gradient, curvature = weights * (target - chance), weights * chance * (1 - chance)
        levels = (
            grow(bins, some, rows, gradient, curvature, settings.depth, settings.bins, settings.l2, feature, border)
            if len(rows) and len(some)
            else 0
        )
        if not levels:
            continue
        place_rows(bins, feature, border, levels, leaf)
        g = np.bincount(leaf[rows], gradient[rows], 1 << levels)
        h = np.bincount(leaf[rows], curvature[rows], 1 << levels)
        steps = settings.shrinkage * g / (h + settings.l2)
        sums += steps[leaf]
        trees.append(([(int(f), int(b)) for f, b in zip(feature[:levels], border[:levels], strict=True)], steps))
    return _plain(trees, borders, names, bias, settings)


def _plain(
    trees: list[tuple[list[tuple[int, int]], Floats]],
    borders: list[npt.NDArray[np.float32]],
    names: tuple[str, ...],
    bias: float,
    settings: Settings,
) -> dict[str, Any]:
    """Only the borders that a tree asks about; a tree of fewer levels repeats its first question, so that half of its leaves are never reached."""
    used = sorted({question for questions, _ in trees for question in questions})
    place = {question: k for k, question in enumerate(used)}
    told: dict[str, list[float]] = {}
    for f, b in used:
        told.setdefault(names[f], []).append(float(borders[f][b]))
    questions, leaves = [], []
    for asked, steps in trees:
        missing = settings.depth - len(asked)
        questions.append([place[q] for q in asked] + [place[asked[0]]] * missing)
        numbers = np.arange(1 << settings.depth) & ((1 << len(asked)) - 1)
        leaves.append([round(float(x) * settings.leaf_unit) for x in steps[numbers]])
    return {
        "format": FORMAT,
        "depth": settings.depth,
        "leaf_unit": settings.leaf_unit,
        "bias": round(bias * settings.leaf_unit),
        "borders": told,
        "questions": questions,
        "leaves": leaves,
    }

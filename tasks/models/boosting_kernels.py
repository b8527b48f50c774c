"""The compiled part of ``boosting.py``."""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled


@compiled
def grow(
    bins: npt.NDArray[np.uint8],
    features: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    gradient: npt.NDArray[np.float64],
    curvature: npt.NDArray[np.float64],
    depth: int,
    most_bins: int,
    l2: float,
    feature: npt.NDArray[np.int64],
    border: npt.NDArray[np.int64],
) -> int:
    """One oblivious tree: at each level the question "is the bin of ``feature`` above ``border``?" that lowers the loss of ``rows`` most. How many levels
    had a question that lowers it. ``bins`` is features x rows."""
    leaf = np.zeros(len(rows), np.uint8)
    for level in range(depth):
        leaves = 1 << level
        g, h = np.zeros(leaves), np.zeros(leaves)
        for k in range(len(rows)):
            g[leaf[k]] += gradient[rows[k]]
            h[leaf[k]] += curvature[rows[k]]
        whole = 0.0
        for each in range(leaves):
            whole += g[each] * g[each] / (h[each] + l2)
        best, at, cut = whole * (1 + 1e-9) + 1e-12, -1, -1
        sums = np.zeros((most_bins, leaves, 2))
        for f in features:
            of_feature = bins[f]
            sums[:] = 0.0
            for k in range(len(rows)):
                row = rows[k]
                place = sums[of_feature[row], leaf[k]]
                place[0] += gradient[row]
                place[1] += curvature[row]
            below = np.zeros((leaves, 2))
            for b in range(most_bins - 1):
                score = 0.0
                for each in range(leaves):
                    below[each, 0] += sums[b, each, 0]
                    below[each, 1] += sums[b, each, 1]
                    left, right = below[each, 0], g[each] - below[each, 0]
                    score += left * left / (below[each, 1] + l2) + right * right / (max(0.0, h[each] - below[each, 1]) + l2)
                if score > best:
                    best, at, cut = score, f, b
        if at < 0:
            return level
        feature[level], border[level] = at, cut
        for k in range(len(rows)):
            if bins[at, rows[k]] > cut:
                leaf[k] |= np.uint8(1 << level)
    return depth


@compiled
def place_rows(
    bins: npt.NDArray[np.uint8], feature: npt.NDArray[np.int64], border: npt.NDArray[np.int64], levels: int, leaf: npt.NDArray[np.int64]
) -> None:
    """The leaf of every row."""
    leaf[:] = 0
    for level in range(levels):
        of_feature, cut = bins[feature[level]], border[level]
        for row in range(len(leaf)):
            if of_feature[row] > cut:
                leaf[row] |= 1 << level

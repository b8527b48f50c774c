"""A linear model over hashed n-grams: one support vector machine per label against the others (Hsieh et al. 2008), over the weights of Jones 1972 (idf) and rows
of length one. What it gives are sums without a meaning of their own; ``calibration.py`` makes probabilities of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Bools, Floats
from winnow.tasks.models.classify.features import Features, Hasher, Rows
from winnow.tasks.models.texts import Text

COST = 4.0
PASSES = 30


@dataclass(frozen=True)
class Linear:
    """``table`` has a row per bucket: the square of its idf, then its weight times its idf for each label. ``bias`` has a number per label."""

    features: Features
    table: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    def decisions(self, rows: Rows) -> Floats:
        """A row per document, a column per label."""
        from winnow.tasks.models.classify.student_kernels import add_up

        found = np.zeros((len(rows), len(self.bias)))
        sums = np.zeros(self.table.shape[1])
        for i in range(len(rows)):
            mine = rows.features[rows.borders[i] : rows.borders[i + 1]]
            add_up(mine, len(mine), self.table, sums)
            found[i] = self._ended(sums)
        return found

    def _ended(self, sums: Floats) -> Floats:
        return np.asarray(sums[1:] / np.sqrt(max(sums[0], 1e-12)) + self.bias, np.float64)


class Asked:
    """A linear model that is asked about one document after the other, with the memory that it holds."""

    def __init__(self, model: Linear) -> None:
        from winnow.tasks.models.classify.student_kernels import add_up

        self._model, self._hasher, self._add_up = model, Hasher(model.features), add_up
        self._sums = np.zeros(model.table.shape[1])

    def decisions(self, document: Text) -> list[float] | None:
        """One number per label; None of a document without a feature."""
        found, count = self._hasher.of(document)
        if not count:
            return None
        self._add_up(found, count, self._model.table, self._sums)
        ended: list[float] = self._model._ended(self._sums).tolist()
        return ended


def fit_linear(rows: Rows, wanted: Bools, features: Features, *, balanced: bool, seed: int) -> Linear:
    """A model of the rows. ``wanted`` says of each row and label whether the row has the label; ``balanced``: the rows of a rare label weigh more, so that both sides
    weigh the same."""
    from winnow.tasks.models.classify.student_kernels import fit_svm

    buckets, (n, labels) = 1 << features.bits, wanted.shape
    counts = np.bincount(rows.features, minlength=buckets)
    idf = np.where(counts > 0, np.log((1 + n) / (1 + counts)) + 1, 0.0)
    squares = idf[rows.features] ** 2
    lengths = np.sqrt(np.maximum(np.add.reduceat(np.append(squares, 0.0), rows.borders[:-1]), 1e-12))
    values = idf[rows.features] / np.repeat(lengths, np.diff(rows.borders))
    table = np.zeros((buckets, labels + 1), np.float32)
    table[:, 0] = idf**2
    bias = np.zeros(labels, np.float32)
    for label in range(labels):
        mine = wanted[:, label]
        costs = np.full(n, COST)
        if balanced:
            costs[mine] *= n / (2 * max(1, mine.sum()))
            costs[~mine] *= n / (2 * max(1, (~mine).sum()))
        weights = np.zeros(buckets + 1)
        fit_svm(rows.borders, rows.features, values, np.where(mine, 1.0, -1.0), costs, PASSES, seed, weights)
        table[:, label + 1] = weights[:-1] * idf
        bias[label] = weights[-1]
    return Linear(features, table, bias)

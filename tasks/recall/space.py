"""Where the model of a recall sees documents: hashed n-grams as every student sees them, and beside them latent semantic coordinates (Deerwester et al. 1990), which are
learnt from the pool itself and need no label.

A few dozen answers say little of a hundred thousand words, and nothing of a language that is not among them. The coordinates say which words go together in this pool: a
document that shares none of its words with an example still lies near it if others have words of both. The subspace is that of the largest singular values, found by
subspace iteration (Halko, Martinsson and Tropp 2011) over a bounded sample.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from winnow.tasks.engine.arrays import I32, Bools, Floats, Ints, Singles
from winnow.tasks.models.classify.features import Features, Hasher, Rows, rows_of
from winnow.tasks.models.classify.linear import COST, PASSES
from winnow.tasks.models.texts import Text

SIZE = 100
"""Latent coordinates of a document."""
SAMPLE = 4000
"""Documents that the coordinates are learnt from, at most."""
TURNS = 4
"""Of subspace iteration."""
HALF = 0.5**0.5
"""Words and coordinates count the same, and both together have the length one, which the support vector machine counts on."""
FEWEST = 2
"""Documents of the sample that must have a feature for it to count."""


@dataclass(frozen=True)
class Placed:
    """Documents in the space: rows of length one as of ``Rows`` with ``values``, of which the last of each row are the latent coordinates."""

    rows: Rows
    values: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, numbers: Ints) -> "Placed":
        """Some of the rows, in this order."""
        places = Rows(self.rows.borders, np.arange(len(self.values), dtype=np.int32)).take(numbers)
        return Placed(Rows(places.borders, self.rows.features[places.features]), self.values[places.features])


@dataclass(frozen=True)
class Space:
    """``idf`` has a number per bucket, 0 for what counts nothing; ``column`` the row of ``basis`` for each bucket, or -1."""

    features: Features
    idf: Floats
    column: I32
    basis: Singles

    @property
    def width(self) -> int:
        return len(self.idf) + int(self.basis.shape[1])

    def place(self, documents: Iterable[Text]) -> Placed:
        """The documents in the space."""
        return self.placed(rows_of(documents, self.features))

    def placed(self, rows: Rows) -> Placed:
        from winnow.tasks.recall.latent_kernels import times

        values = _weighed(rows, self.idf)
        latent = np.zeros((len(rows), self.basis.shape[1]))
        times(rows.borders, self.column[rows.features], values, self.basis, latent)
        length = np.sqrt((latent * latent).sum(axis=1))
        latent /= np.where(length > 0, length, 1.0)[:, None]
        size, counts = latent.shape[1], np.diff(rows.borders)
        borders = np.concatenate([[0], np.cumsum(counts + size)]).astype(np.int64)
        features, found = np.empty(borders[-1], np.int32), np.empty(borders[-1])
        at = np.repeat(borders[:-1] - rows.borders[:-1], counts) + np.arange(len(rows.features))
        features[at], found[at] = rows.features, values * HALF
        at = (borders[1:, None] - size + np.arange(size)).ravel()
        features[at], found[at] = np.tile(len(self.idf) + np.arange(size), len(rows)), HALF * latent.ravel()
        return Placed(Rows(borders, features), found)

    def coordinates(self, documents: Iterable[Text]) -> Floats:
        """The latent ones, a row of length one per document."""
        placed, size = self.place(documents), self.basis.shape[1]
        at = (placed.rows.borders[1:, None] - size + np.arange(size)).ravel()
        return np.asarray(placed.values[at].reshape(-1, size) / HALF, np.float64)


def apart(coordinates: Floats, wanted: int) -> Ints:
    """Numbers of rows that lie far from each other: the first, then always the one whose nearest chosen one is farthest."""
    chosen = [0]
    nearest = coordinates @ coordinates[0]
    while len(chosen) < wanted:
        nearest[chosen[-1]] = np.inf
        chosen.append(int(np.argmin(np.round(nearest, 9))))
        nearest = np.maximum(nearest, coordinates @ coordinates[chosen[-1]])
    return np.array(chosen, np.int64)


@dataclass(frozen=True)
class Model:
    """Weights of what counts in a space; the last one is the bias."""

    space: Space
    weights: Floats

    def decisions(self, placed: Placed) -> Floats:
        """A number per document: how far it lies on the topic's side."""
        from winnow.tasks.recall.latent_kernels import times

        found = np.zeros((len(placed), 1))
        times(placed.rows.borders, placed.rows.features, placed.values, self.weights[:, None], found)
        return np.asarray(found[:, 0] + self.weights[-1], np.float64)


class Asked:
    """A model that is asked about one document after the other, with the memory that it holds."""

    def __init__(self, model: Model) -> None:
        self._model, self._hasher = model, Hasher(model.space.features)

    def decision(self, document: Text) -> float | None:
        """None of a document without a feature."""
        found, count = self._hasher.of(document)
        if not count:
            return None
        rows = Rows(np.array([0, count], np.int64), np.sort(found[:count]).astype(np.int32))
        return float(self._model.decisions(self._model.space.placed(rows))[0])


def learn_space(documents: Iterable[Text], features: Features, seed: int) -> Space:
    """The space of a sample of documents."""
    from winnow.tasks.recall.latent_kernels import orthonormal, times, transposed_times

    rows = rows_of(documents, features)
    counts = np.bincount(rows.features, minlength=1 << features.bits)
    idf = np.where(counts >= FEWEST, np.log((1 + len(rows)) / (1 + counts)) + 1, 0.0)
    column = np.where(idf > 0, np.cumsum(idf > 0) - 1, -1).astype(np.int32)
    columns, values = column[rows.features], _weighed(rows, idf)
    size = min(SIZE, len(rows))
    across = np.random.default_rng(seed).integers(0, 2, (len(rows), size)).astype(np.float32) * 2 - 1
    basis = np.zeros((int((idf > 0).sum()), size), np.float32)
    for _ in range(TURNS):
        orthonormal(across)
        transposed_times(rows.borders, columns, values, across, basis)
        times(rows.borders, columns, values, basis, across)
    orthonormal(across)
    transposed_times(rows.borders, columns, values, across, basis)
    orthonormal(basis)
    return Space(features, idf, column, basis)


def fit(space: Space, placed: Placed, wanted: Bools, *, seed: int) -> Model:
    """A support vector machine that parts the wanted from the others; both sides weigh the same."""
    from winnow.tasks.models.classify.student_kernels import fit_svm

    n, hits = len(placed), int(wanted.sum())
    costs = COST * np.where(wanted, n / (2 * max(1, hits)), n / (2 * max(1, n - hits)))
    weights = np.zeros(space.width + 1)
    fit_svm(placed.rows.borders, placed.rows.features, placed.values, np.where(wanted, 1.0, -1.0), costs, PASSES, seed, weights)
    return Model(space, weights)


def _weighed(rows: Rows, idf: Floats) -> Floats:
    """The value of each feature of the rows, so that each row has the length one."""
    weights = idf[rows.features]
    lengths = np.sqrt(np.maximum(np.add.reduceat(np.append(weights**2, 0.0), rows.borders[:-1]), 1e-12))
    return np.asarray(weights / np.repeat(lengths, np.diff(rows.borders)), np.float64)

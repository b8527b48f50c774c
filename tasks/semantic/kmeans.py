"""Spherical k-means (Dhillon and Modha 2001): centroids of a sample of vectors, in whole numbers, so that they are the same on every machine."""

import numpy as np

from winnow.tasks.engine.arrays import Floats, Ints
from winnow.tasks.engine.mixing import mixed
from winnow.tasks.semantic.vectors import I8, dots, norms, quantised

ITERATIONS = 12
POINT = 1 << 20
DRAWN_FROM = 8  # vectors per cluster that the first centroids are drawn from


def centroids(vectors: I8, clusters: int) -> I8:
    """At most so many centroids of vectors that all have a direction. The beginning is drawn from the first of them, so their order is a part of the seed."""
    found = _beginning(vectors[: DRAWN_FROM * clusters], clusters)
    unit = np.rint(vectors / norms(vectors)[:, None] * POINT).astype(np.int64)
    before: Ints | None = None
    for _ in range(ITERATIONS):
        own, similarity = nearest(vectors, found, 1)
        own, similarity = own[:, 0], similarity[:, 0]
        if before is not None and (own == before).all():
            break
        before = own
        order = np.argsort(own, kind="stable")
        members = np.bincount(own, minlength=len(found))
        filled = np.flatnonzero(members)
        sums = np.zeros(found.shape, np.int64)
        sums[filled] = np.add.reduceat(unit[order], (np.cumsum(members) - members)[filled], axis=0)
        # An empty cluster begins again at the vectors that are farthest from their centroids.
        empty = np.flatnonzero(members == 0)
        sums[empty] = unit[np.argsort(similarity, kind="stable")[: len(empty)]]
        found = quantised(sums)
        found = found[found.any(axis=1)]
    return found


def _beginning(vectors: I8, clusters: int) -> I8:
    """Vectors that lie apart: each is drawn with a probability that grows with the distance to those before it (k-means++, Arthur and Vassilvitskii
    2007)."""
    lengths = norms(vectors)
    distance = np.full(len(vectors), POINT, np.int64)  # to the nearest of those drawn, in whole numbers
    drawn: list[int] = []
    while len(drawn) < clusters and (total := int(distance.sum())):
        [number] = mixed(np.array([len(drawn) + 1], np.uint64))
        drawn.append(int(np.searchsorted(np.cumsum(distance), int(number) % total, side="right")))
        last = drawn[-1]
        cosine = dots(vectors, vectors[last : last + 1])[:, 0] / lengths / lengths[last]
        distance = np.minimum(distance, np.rint((1 - cosine) * POINT).astype(np.int64))
    return vectors[drawn]


def nearest(vectors: I8, found: I8, count: int) -> tuple[Ints, Floats]:
    """Of each vector the ``count`` most similar centroids (fewer if there are fewer), the nearest first, and their similarities."""
    count = min(count, len(found))
    places, values = np.zeros((len(vectors), count), np.int64), np.zeros((len(vectors), count))
    lengths = norms(found)[None, :]
    for at in range(0, len(vectors), 4096):
        block = dots(vectors[at : at + 4096], found) / lengths
        own = norms(vectors[at : at + 4096])
        rows = np.arange(len(block))
        for n in range(count):
            best = block.argmax(axis=1)
            places[at : at + 4096, n], values[at : at + 4096, n] = best, block[rows, best] / own
            block[rows, best] = -np.inf
    return places, values

"""Vectors: what is stored comes back, and similarities do not depend on how they are computed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.semantic.kmeans import centroids, nearest
from winnow.tasks.semantic.vectors import dots, loaded, quantised, similarities, stored

MATRICES = st.tuples(st.integers(0, 9), st.integers(1, 40), st.integers(0, 99))


def matrix(rows, size, seed, zero=True):
    found = np.random.default_rng(seed).integers(-127, 128, (rows, size)).astype(np.int8)
    if zero and rows > 2:
        found[1] = 0
    return found


@given(MATRICES)
def test_what_is_stored_is_loaded(shape):
    vectors = matrix(*shape)
    column = stored(vectors)
    assert column.null_count == sum(not v.any() for v in vectors)
    back = loaded(column)
    assert back.shape[0] == len(vectors)
    assert not back.shape[1] or (back == vectors).all()


@settings(max_examples=20)
@given(st.integers(1, 3000), st.integers(0, 99))
def test_products_are_exact(size, seed):
    a, b = matrix(3, size, seed), np.full((2, size), 127, np.int8)
    exact = a.astype(np.int64) @ b.astype(np.int64).T
    assert (dots(a, b) == exact).all()


def test_quantised_keeps_directions():
    vectors = np.array([[0.5, -1.0], [0.0, 0.0], [1e-9, 0]])
    assert quantised(vectors).tolist() == [[64, -127], [0, 0], [127, 0]]
    assert similarities(quantised(vectors), quantised(vectors)).diagonal() == pytest.approx([1, 0, 1])


def test_centroids_find_what_lies_together():
    rng = np.random.default_rng(1)
    centers = quantised(rng.normal(size=(5, 64)))
    vectors = quantised(np.concatenate([centers + rng.normal(scale=8, size=centers.shape) for _ in range(40)]))
    found = centroids(vectors[rng.permutation(len(vectors))], 5)
    own, _ = nearest(vectors, found, 1)
    groups = [set(own[n::5, 0].tolist()) for n in range(5)]
    assert all(len(g) == 1 for g in groups)


def test_centroids_of_few_or_equal_vectors():
    same = np.tile(quantised(np.array([[1.0, 2.0]])), (7, 1))
    assert len(centroids(same, 3)) == 1
    assert nearest(same, centroids(same, 3), 2)[0].shape == (7, 1)

"""Boosted trees learnt in the product: what they can learn, the same trees twice, and plain data that scores as the trees did."""

import json
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.models.boosting import Settings, binned, boosted, borders_of
from winnow.tasks.models.trees import from_json

SETTINGS = Settings(trees=60, depth=3, l2=1.0, features_share=1.0)
NAMES = ("a", "b", "noise")


def both(n=600, seed=1):
    """Of one kind where exactly one of two features is large, which no sum of single questions can say."""
    dice = np.random.default_rng(seed)
    matrix = dice.random((3, n)).astype(np.float32)
    return matrix, (matrix[0] > 0.5) ^ (matrix[1] > 0.5), np.arange(n) // 10


def learnt(settings=SETTINGS, seed=0):
    matrix, positive, groups = both()
    return boosted(matrix, NAMES, positive, np.ones(len(positive)), groups, settings, seed)


def test_two_features_are_learnt_together_and_on_rows_not_seen():
    matrix, positive, _ = both(seed=2)
    sums = from_json(learnt()).sums(NAMES, matrix)
    assert ((sums > 0) == positive).mean() > 0.95


def test_the_same_examples_give_the_same_trees_and_plain_data():
    assert learnt() == learnt()
    assert learnt() != learnt(seed=1)
    told = json.loads(json.dumps(learnt()))
    matrix, _, _ = both(seed=3)
    assert from_json(told).sums(NAMES, matrix).tolist() == from_json(learnt()).sums(NAMES, matrix).tolist()


def test_names_may_stand_in_another_order():
    matrix, _, _ = both(seed=3)
    trees = from_json(learnt())
    assert trees.sums(NAMES[::-1], np.ascontiguousarray(matrix[::-1])).tolist() == trees.sums(NAMES, matrix).tolist()


def test_weights_move_the_share_of_the_kinds():
    matrix, positive, groups = both()
    heavy = boosted(matrix, NAMES, positive, np.where(positive, 9.0, 1.0), groups, replace(SETTINGS, trees=1))
    even = boosted(matrix, NAMES, positive, np.ones(len(positive)), groups, replace(SETTINGS, trees=1))
    assert heavy["bias"] > 1.5 * SETTINGS.leaf_unit > even["bias"]


def test_features_that_say_nothing_give_no_tree():
    found = boosted(np.zeros((3, 40), np.float32), NAMES, np.arange(40) < 10, np.ones(40), np.arange(40), SETTINGS)
    assert found["leaves"] == []
    sums = from_json(found).sums(NAMES, np.zeros((3, 2), np.float32)) / SETTINGS.leaf_unit
    assert np.allclose(sums, np.log(1 / 3), atol=1e-3)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=200), st.integers(2, 32))
def test_borders_part_values(values, bins):
    row = np.asarray(values, np.float32)
    borders = borders_of(row, bins)
    assert len(borders) < bins
    assert (np.diff(borders) > 0).all()
    found = binned(row[None], [borders])[0]
    assert found.tolist() == [int((v > borders).sum()) for v in row]

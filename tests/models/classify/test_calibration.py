"""Probabilities from sums: they rise with the sum, and mean what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.calibration import METHODS, calibrated, calibration_error, isotonic, platt


def drawn(seed, n=4000):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, rng.random(n) < 1 / (1 + np.exp(-(2 * x - 1)))


def test_the_sigmoid_is_found_again():
    a, b = platt(*drawn(1))
    assert a == pytest.approx(2, abs=0.2)
    assert b == pytest.approx(-1, abs=0.2)


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_mean_what_they_say(method):
    x, positive = drawn(2)
    found = calibrated(x[:, None], positive[:, None], method, single=False)
    fresh, truth = drawn(3)
    assert calibration_error(found.of_all(fresh[:, None]).ravel(), truth) < 0.03
    assert calibration_error(np.clip(0.5 + fresh / 6, 0, 1), truth) > 0.05


@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=2, max_size=40))
def test_isotonic_rises_and_stays_between_nought_and_one(pairs):
    x, hits = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    xs, ys = isotonic(x, hits)
    assert list(ys) == sorted(ys)
    assert list(xs) == sorted(xs)
    assert all(0 <= y <= 1 for y in ys)


@given(st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=4, max_size=12), st.sampled_from(METHODS), st.booleans())
def test_of_one_label_the_probabilities_sum_to_one(decisions, method, single):
    x = np.array(decisions)
    wanted = np.eye(3, dtype=bool)[np.arange(len(x)) % 3]
    found = calibrated(x, wanted, method, single=single).of_all(x)
    assert ((found >= 0) & (found <= 1)).all()
    if single:
        assert found.sum(axis=1) == pytest.approx(1)


def test_the_error_is_what_counting_gives():
    assert calibration_error(np.array([0.95, 0.95, 0.05, 0.05]), np.array([True, True, False, False])) == pytest.approx(0.05)
    assert calibration_error(np.array([0.9, 0.9]), np.array([True, False])) == pytest.approx(0.4)


def test_an_unknown_method():
    with pytest.raises(BadInput, match="calibration is 'sigmoid'; it is one of: platt, isotonic"):
        calibrated(np.zeros((2, 1)), np.zeros((2, 1), bool), "sigmoid", single=False)

"""The probability from which each of several labels counts: learnt, the same every time, and never from too few."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.models.classify.cuts import FEWEST_FOR_A_CUT, HALF, crossed_cuts, cuts_of, least


def f1(said, wanted):
    return 2 * (said & wanted).sum() / (said.sum() + wanted.sum())


def rare(positives, high=0.2):
    """A label that holds of ``positives`` of 200 documents, never with a probability above ``high``, and one that is told apart at a half."""
    wanted = np.zeros((200, 2), bool)
    wanted[:positives, 0] = True
    wanted[100:, 1] = True
    each = np.where(wanted, [high, 0.9], [0.02, 0.1]).astype(float)
    return each, wanted


def test_a_rare_label_whose_best_cut_is_far_below_a_half_is_found():
    each, wanted = rare(FEWEST_FOR_A_CUT)
    cuts = cuts_of(each, wanted)
    assert 0.02 < cuts[0] < 0.2
    assert 0.1 < cuts[1] < 0.9
    assert ((each >= cuts) == wanted).all()


def test_no_label_gets_a_cut_from_fewer_than_the_floor():
    assert cuts_of(*rare(FEWEST_FOR_A_CUT - 1))[0] == HALF


def test_of_cuts_that_are_equally_good_the_highest_is_taken():
    each = np.array([[0.9]] * 5 + [[0.6]] * 4 + [[0.3]] * 2)
    wanted = np.array([[True]] * 5 + [[True]] * 1 + [[False]] * 3 + [[True]] * 2)
    # of the first five 5 of 8 are found, F1 10/13; of all eleven 8 of 8, F1 16/19
    assert cuts_of(each, wanted)[0] < 0.3
    tied = np.array([[True]] * 6 + [[False]] * 3), np.array([[0.9]] * 4 + [[0.6]] * 5)
    assert f1(tied[1] >= 0.75, tied[0]) == f1(tied[1] >= 0.3, tied[0]) == 0.8
    assert cuts_of(tied[1], tied[0])[0] == pytest.approx(0.75)


columns = st.lists(st.tuples(st.integers(1, 19).map(lambda n: n / 20), st.booleans()), min_size=12, max_size=60)


@given(columns, st.randoms(use_true_random=False))
def test_no_other_cut_is_better_and_the_order_of_documents_does_not_matter(column, rng):
    def of(rows):
        return np.array([[p] for p, _ in rows]), np.array([[w] for _, w in rows])

    each, wanted = of(column)
    (cut,) = cuts_of(each, wanted)
    assert 0 < cut < 1
    shuffled = list(column)
    rng.shuffle(shuffled)
    assert cuts_of(*of(shuffled)) == (cut,)
    if wanted.sum() >= FEWEST_FOR_A_CUT:
        best = max(f1(each >= other, wanted) for other in (np.arange(1, 41) - 0.5) / 40)
        assert f1(each >= cut, wanted) == pytest.approx(best)
    else:
        assert cut == HALF


def test_the_cuts_of_a_fold_do_not_see_it():
    each, wanted = rare(20)
    folds = np.arange(200) % 5
    before = crossed_cuts(each, wanted, folds)
    each[folds == 3] = np.where(wanted[folds == 3], [0.15, 0.8], each[folds == 3])
    after = crossed_cuts(each, wanted, folds)
    assert (before[folds == 3] == after[folds == 3]).all()
    assert (before[folds == 2] != after[folds == 2]).any()


def test_the_margin_of_a_half_is_added_to_it_and_that_of_a_low_cut_is_as_many_odds():
    assert least(HALF, 0.05) == pytest.approx(0.55)
    assert least(0.1, 0) == pytest.approx(0.1)
    odds = least(0.1, 0.05) / (1 - least(0.1, 0.05))
    assert odds == pytest.approx((0.1 / 0.9) * (0.55 / 0.45))
    assert least(0.1, 0.5) >= 1
    assert least(0.1, 0.9) >= 1

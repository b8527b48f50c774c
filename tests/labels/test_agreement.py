"""Agreement of two annotators, against figures worked out by hand and against scikit-learn's definitions."""

import math

import pytest

from winnow.tasks.labels.agreement import agreements, cohens_kappa, mutual_information, weighted_kappa
from winnow.tasks.labels.judged import Judgement, table


def judged(annotator, values, head="topic", digest="d"):
    made = []
    for n, value in enumerate(values):
        labels, score = (
            ((), float(value)) if isinstance(value, int) else ((value if isinstance(value, tuple) else (value,)) if value else (), None)
        )
        made.append(
            Judgement(f"doc{n}", head, digest, annotator, labels=labels, score=score, problem=None if value is not None else "refused")
        )
    return table(made)


def test_kappa_by_hand():
    """Cohen's own form: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no gives .7, .5 and .4."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    observed, expected, kappa, error = cohens_kappa(pairs)
    assert (observed, expected, kappa) == pytest.approx((0.7, 0.5, 0.4))
    assert error == pytest.approx(math.sqrt(0.7 * 0.3 / 50) / 0.5)


def test_neighbours_nearly_agree():
    far, near = [(0, 5), (5, 0), (3, 3)], [(0, 1), (5, 4), (3, 3)]
    assert weighted_kappa(near)[2] > 0.85
    assert weighted_kappa(far)[2] < 0
    # quadratic weights on the ends of the scale alone are no weights
    ends = [(0, 5), (5, 0), (0, 0), (5, 5), (5, 5)]
    assert weighted_kappa(ends) == pytest.approx(cohens_kappa(ends))


def test_pairs_of_annotators_of_one_head():
    a, b, c = judged("a", ["x", "y", "x", None, "x"]), judged("b", ["x", "y", "y", "y", None]), judged("c", ["x"] * 5, digest="other")
    [found] = agreements([a, b, c])
    assert (found.head, found.first, found.second, found.items) == ("topic", "a", "b", 3)
    assert found.observed == pytest.approx(2 / 3)
    assert not found.weighted


def test_second_choices_overlap():
    a, b = judged("a", [("x", "y"), ("x",)]), judged("b", [("y",), ("z", "x")])
    [found] = agreements([a, b])
    assert (found.observed, found.overlap) == (0, 1)


def test_scores_are_weighed():
    [found] = agreements([judged("a", [0, 3, 5]), judged("b", [1, 3, 5])])
    assert found.weighted
    assert found.kappa > 0.9


def test_one_value_only_is_no_agreement_beyond_chance():
    [found] = agreements([judged("a", ["x"] * 4), judged("b", ["x"] * 4)])
    assert math.isnan(found.kappa)
    assert found.described()["kappa"] is None
    assert agreements([judged("a", ["x"])]) == []


def test_mutual_information():
    one = judged("a", ["x", "x", "y", "y"], "first")
    same = judged("a", ["p", "p", "q", "q"], "renamed")
    other = judged("a", ["u", "v", "u", "v"], "independent")
    part = judged("a", [1, 1, 2, 3], "scores")
    found = mutual_information([one, same, other, part, judged("b", ["x"])])
    assert set(found) == {"a"}
    matrix = found["a"]
    assert matrix["first"]["first"] == matrix["first"]["renamed"] == 1
    assert matrix["first"]["independent"] == 0
    assert matrix["first"]["scores"] == matrix["scores"]["first"] == pytest.approx(2 * 1 / (1 + 1.5))

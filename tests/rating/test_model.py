"""The rating: Bradley-Terry recovers strengths, raters recover a true order, languages are apart, missing values abstain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.rating import judged_in
from winnow.tasks.rating.bradley_terry import placed, strengths
from winnow.tasks.rating.judged import Judged, agreed, learned, pairs_of, parsed
from winnow.tasks.rating.learn import Sample, learn
from winnow.tasks.rating.model import fitted, percentiles, quantiles, ranked, votes


def agreement(a, b):
    """Kendall's tau. Imported here, as it takes longer than the rest of this folder."""
    from scipy.stats import kendalltau

    return kendalltau(a, b)[0]


def simulated(noise, documents=1500, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=documents)
    return truth, np.stack([np.exp(truth + s * rng.normal(size=documents)) for s in noise], axis=1)


def test_strengths_of_a_known_model():
    truth = np.linspace(-2, 2, 9)
    pairs = 50 * (1 - np.eye(9))
    wins = pairs / (1 + np.exp(truth[None, :] - truth[:, None]))
    found = strengths(wins, pairs)
    assert found == pytest.approx(truth, abs=0.1)
    assert placed(1 / (1 + np.exp(found[None, :] - truth[:, None])), found) == pytest.approx(truth, abs=0.4)


def test_strengths_are_finite_where_nothing_or_everything_is_won():
    assert np.isfinite(strengths(np.zeros((3, 3)), np.zeros((3, 3)))).all()
    found = strengths(np.array([[0, 5.0], [0, 0]]), np.array([[0, 5.0], [5, 0]]))
    assert found[0] > 1 > -1 > found[1]


@pytest.mark.slow
@pytest.mark.parametrize("noise", [(0.3, 0.6, 1.2), (1, 1, 1), (0.5, 2, 3, 3)])
def test_simulated_raters_recover_the_order(noise):
    truth, values = simulated(noise)
    weights = 1 / np.array(noise) ** 2
    best = agreement(np.log(values) @ weights, truth)
    ids, languages = [f"d{n}" for n in range(len(truth))], ["en"] * len(truth)
    sample = Sample(ids, languages, np.full(len(ids), 100.0), values)
    judged = Judged(scores={i: float(t > 0) for i, t in zip(ids[:120], truth[:120], strict=True)})
    for given_set in (judged, None):
        model, _ = learn(sample, given_set, [str(s) for s in noise], np.ones(len(noise)))
        assert agreement(model.ratings(values, languages), truth) >= 0.9 * best


def test_a_rater_of_noise_weighs_little_and_one_turned_round_is_turned_back():
    truth, values = simulated((0.3, 50, 0.5))
    values[:, 2] = -values[:, 2]
    languages = ["en"] * len(truth)
    sample = Sample([str(n) for n in range(len(truth))], languages, np.ones(len(truth)), values)
    judged = Judged(scores={str(n): float(truth[n] > 0) for n in range(100)})
    weights = learned(sample.ranks(), pairs_of(judged, sample.ids, languages, sample.lengths))
    assert weights[0] > 1
    assert abs(weights[1]) < 0.3
    assert weights[2] < -0.5


def test_languages_are_apart():
    _, values = simulated((0.2, 0.2), 600)
    languages = ["en" if n % 3 else "de" for n in range(600)]
    values[np.array(languages) == "de"] *= 1000  # raters that like German
    model = fitted(values, languages, np.ones(2))
    ratings, names = model.ratings(values, languages), np.array(languages)
    for name in ("en", "de"):
        mine = ratings[names == name]
        place = percentiles(mine, quantiles(mine[:, None])[0])
        for bound in (0.2, 0.5, 0.9):
            assert (place >= bound).mean() == pytest.approx(1 - bound, abs=0.02)


def test_what_is_missing_abstains():
    assert votes(np.array([0.9, np.nan, 0.52]), np.array([0.1, 0.3, 0.5])).tolist() == [1, 0, 0]
    truth, values = simulated((0.2, 0.2), 300)
    values[:100, 1] = np.nan
    model = fitted(values, ["en"] * 300, np.ones(2))
    assert agreement(model.ratings(values, ["en"] * 300), truth) > 0.75


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(allow_nan=True), st.sampled_from(["", "en", "de"])), max_size=70))
def test_ratings_are_finite_and_follow_the_row(rows):
    values, languages = np.array([[v, 1.0] for v, _ in rows]).reshape(-1, 2), [name for _, name in rows]
    values[~np.isfinite(values)] = np.nan
    model = fitted(values, languages, np.array([1.0, 0.5]))
    found = model.ratings(values, languages)
    assert np.isfinite(found).all()
    assert (model.ratings(values[::-1], languages[::-1])[::-1] == found).all()


def test_ranks_of_equals_are_in_the_middle():
    assert ranked(np.array([[1.0], [2.0]]), quantiles(np.array([[1.0], [1.0], [1.0], [2.0]])))[:, 0] == pytest.approx(
        [0.375, 0.875], abs=0.01
    )


def test_pairs_are_of_one_language_and_length():
    judged = Judged(scores={"a": 1, "b": 0, "c": 0, "d": 0})
    pairs = pairs_of(judged, ["a", "b", "c", "d"], ["en", "en", "de", "en"], np.array([100.0, 150, 100, 500]))
    assert list(zip(pairs.better.tolist(), pairs.worse.tolist(), strict=True)) == [(0, 1)]


def test_both_orders_and_ties(tmp_path):
    path = tmp_path / "pairs.jsonl"
    lines = ['{"a":"x","b":"y","better":"a"}', '{"a":"y","b":"x","better":"b"}', '{"a":"x","b":"z","better":"a"}']
    lines += ['{"a":"z","b":"x","better":"a"}', '{"a":"p","b":"q","better":"tie"}']
    path.write_text("\n".join(lines))
    found = judged_in(str(path))
    assert (found.pairs, found.ties, found.contradicted) == ([("x", "y")], 1, 1)
    for bad in ('{"a":"x","b":"y","better":"tie"}', '{"id":"x"}', '{"id":"x","score":"good"}'):
        path.write_text(bad)
        with pytest.raises(BadInput):
            judged_in(str(path))


def test_raters_as_they_are_written():
    assert parsed("a, -b") == (("a", "b"), {"a": 1.0, "b": -1.0})
    for wrong in ("", "a,,b", "a,-a"):
        with pytest.raises(BadInput):
            parsed(wrong)


def test_without_a_judgement_directions_count():
    _, values = simulated((0.5, 0.5, 0.5))
    values[:, 1] = -values[:, 1]
    ranks = ranked(values, quantiles(values))
    weights = agreed(ranks, np.array([1.0, -1, 1]))
    assert (np.sign(weights) == [1, -1, 1]).all()
    assert agreed(ranks[:, :2], np.array([1.0, -1])).tolist() == [1, -1]

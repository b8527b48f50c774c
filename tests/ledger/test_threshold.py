"""Thresholds: two groups are parted between them, one group is refused, and the command tells and draws both."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.pipelines import curated, rows
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.cut_points import split
from winnow.tasks.ledger.threshold import signal_values, threshold
from winnow.tasks.runs.housekeeping import record


def mixture(seed, small=2000, large=8000, apart=3.0):
    """Log-normal perplexities: a small harmful group below, the rest above."""
    rng = np.random.default_rng(seed)
    return np.exp(np.concatenate([rng.normal(4, 0.5, small), rng.normal(4 + apart, 0.6, large)]))


@pytest.mark.parametrize("small", [300, 2000, 8000])
def test_two_groups_are_parted_between_them(small):
    values = mixture(1, small)
    found = split(values)
    assert found.bimodal
    assert found.logarithmic
    assert np.exp(4.6) < found.valley < np.exp(6)
    assert found.ashman_d > 2
    wrong = np.sum(values[:small] >= found.valley) + np.sum(values[small:] < found.valley)
    assert wrong < 0.02 * len(values)
    assert np.exp(4) < found.otsu < np.exp(7)


def test_the_order_of_values_does_not_matter():
    values = mixture(2)
    a, b = split(values), split(np.random.default_rng(0).permutation(values))
    assert (a.valley, a.otsu, a.z) == (b.valley, b.otsu, b.z)


ONE_GROUP = {
    "log-normal": lambda rng, n: np.exp(rng.normal(6, 1, n)),
    "normal": lambda rng, n: rng.normal(0, 1, n),
    "uniform": lambda rng, n: rng.uniform(0, 1, n),
    "exponential": lambda rng, n: rng.exponential(1, n),
    "whole numbers": lambda rng, n: rng.poisson(3, n).astype(float),
}


@pytest.mark.parametrize("n", [150, 2000, 20000])
@pytest.mark.parametrize("shape", ONE_GROUP)
def test_one_group_is_never_two(shape, n):
    assert [seed for seed in range(20) if split(ONE_GROUP[shape](np.random.default_rng(seed), n)).bimodal] == []


def test_missing_values_do_not_count_and_too_few_are_refused():
    values = mixture(3)
    assert split(np.concatenate([values, [np.nan, np.inf]])).valley == split(values).valley
    for few in ([], [1.0] * 99, [np.nan] * 1000):
        with pytest.raises(BadInput, match="at least 100"):
            split(few)
    with pytest.raises(BadInput, match="All 200 values are 3"):
        split([3.0] * 200)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run over long articles and short pages: their word counts form two groups."""
    root = tmp_path_factory.mktemp("threshold")
    source = mirror(root / "mirror", warcs=2, pages=100)
    run = curated(source, "gopher", root / "store")
    record(run)
    return run, str(root / "store")


def test_the_values_of_a_run_in_crawl_order(finished):
    run, store = finished
    expected = [r["word_count"] for r in rows(run, run.pipeline.signals)]
    assert signal_values(store, run.id, "word_count").tolist() == expected
    assert len(signal_values(store, run.id, "word_count", "de")) == sum(r["language"] == "de" for r in rows(run, run.pipeline.signals))


def test_two_groups_are_told_and_drawn(finished, tmp_path, monkeypatch):
    run, store = finished
    monkeypatch.setattr("winnow.tasks.ledger.threshold.signal_values", lambda *_: mixture(4))
    lines = threshold(store, run.id, "harmful_perplexity", svg=str(tmp_path / "plot.svg")).said()
    assert "two groups: valley depth" in lines[0]
    assert re.search(r"limits: \{harmful_perplexity: \{low: \d+\.?\d*\}\}", lines[-1])
    assert any(line.startswith("valley") and "below" in line for line in lines)
    drawn = ElementTree.parse(tmp_path / "plot.svg")
    texts = [t.text for t in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert any(t.startswith("valley") for t in texts)
    assert any(t.startswith("Otsu") for t in texts)


def test_one_group_gets_a_plot_and_no_threshold(finished, tmp_path):
    run, store = finished
    with pytest.raises(BadInput, match=r"no two groups: valley depth"):
        threshold(store, run.id, "mean_word_chars", svg=str(tmp_path / "plot.svg"))
    assert (tmp_path / "plot.svg").is_file()


@pytest.mark.parametrize(
    ("run_id", "signal", "says"),
    [("nothing", "word_count", "There is no run nothing"), ("", "word_size", "no signal word_size"), ("", "language", "not a number")],
)
def test_bad_names_are_told(finished, run_id, signal, says):
    run, store = finished
    with pytest.raises(BadInput, match=says):
        threshold(store, run_id or run.id, signal)

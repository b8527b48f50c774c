"""Histograms: where bars, limits and labels lie."""

import math

import pytest
from hypothesis import example as example_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.examples import edge_of
from winnow.tasks.report.histogram import HEIGHT, MAX_OCTAVE_CELLS, WIDTH, histogram
from winnow.tasks.report.tallies import Bin


def bins(*counted):
    return [Bin(edge, documents, kept, kept) for edge, documents, kept in counted]


def test_at_most_zero_leaves_the_bar_of_zero_on_the_good_side() -> None:
    made = histogram(bins((0, 90, 90), (1, 10, 0)), [0])
    assert [(c.documents, c.x < made.bound_x(0, "high")) for c in made.cells] == [(90, True), (10, False)]
    assert made.x(1) == WIDTH / 2
    assert [value for _, value in made.ticks()] == [0, 1]


def test_a_limit_lies_between_the_bars_it_parts() -> None:
    made = histogram(bins((0.28, 5, 5), (0.3, 7, 0), (0, 100, 90)), [0.3])
    beyond = [c for c in made.cells if c.x >= made.x(0.3)]
    assert sum(c.documents for c in beyond) == 7
    assert made.documents == 112


def test_values_and_limits_beyond_one_share_an_axis() -> None:
    made = histogram(bins(*((edge_of(v), 1, 1) for v in (0, 1, 3, 40, 60, 5000))), [50, 100_000])
    assert [c.low for c in made.cells][:4] == [0.0, 1.0, 2.0, pytest.approx(2**1.5)]
    assert made.x(40) < made.x(50) < made.x(60) < made.x(100_000) <= WIDTH
    assert sum(c.documents for c in made.cells) == 6


def test_a_bar_that_towers_over_the_rest_is_cut() -> None:
    made = histogram(bins((0, 10_000, 9_000), (0.1, 10, 5)))
    assert [c.cut for c in made.cells if c.documents] == [True, False]
    assert made.top == 14


def test_no_number_is_no_histogram() -> None:
    assert histogram([]) is None
    assert histogram(bins((None, 3, 0), (math.inf, 1, 0), (math.nan, 1, 0))) is None
    assert histogram(bins((0.5, 0, 0))) is None


@given(
    values=st.lists(st.one_of(st.floats(-1, 1), st.floats(-1e300, 1e300), st.integers(0, 10**6).map(float)), min_size=1, max_size=20),
    bounds=st.lists(st.floats(-1e12, 1e12), max_size=2),
    kept=st.integers(0, 3),
)
@example_of(values=[0.0] * 7 + [1.0] * 5, bounds=[], kept=3)  # rounding put a bar outside of itself
@settings(max_examples=150)
def test_every_document_is_in_one_bar_and_every_bar_in_the_picture(values: list[float], bounds: list[float], kept: int) -> None:
    made = histogram(bins(*((edge_of(v), 3, kept) for v in values)), bounds)
    assert made.documents == sum(c.documents for c in made.cells) == 3 * len(values)
    assert made.kept == kept * len(values)
    assert len(made.cells) <= 2 * MAX_OCTAVE_CELLS + 40
    for left, right in zip(made.cells, made.cells[1:], strict=False):
        assert left.low < left.high == right.low
    for cell in made.cells:
        assert 0 <= cell.y_documents <= cell.y_kept <= HEIGHT
    assert all(0 <= made.x(b) <= WIDTH for b in bounds)
    assert all(math.isfinite(x) and made.cells[0].low <= v <= made.cells[-1].high for x, v in made.ticks())

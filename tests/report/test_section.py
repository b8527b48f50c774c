"""Sections: their registry and order, what they need, and figures with their intervals."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.examples import empty, example
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.report import section as seam
from winnow.tasks.report.charts import figure_range
from winnow.tasks.report.page import report_html
from winnow.tasks.report.section import (
    CHAPTERS,
    OUTCOME,
    RUN,
    Content,
    Evidence,
    Section,
    contents,
    section,
    sections,
    share_figure,
    stratified_figure,
)
from winnow.tasks.report.summary import Figure


@pytest.fixture
def registry(monkeypatch):
    sections()
    monkeypatch.setattr(seam, "_REGISTERED", dict(seam._REGISTERED))


def made(name, chapter=RUN, place=50, needs=(), template="<p>here</p>", **content):
    body = {"name": name, "title": name.title(), "chapter": chapter, "place": place, "needs": needs, "template": template}
    return type(name.title(), (Section,), {**body, "__module__": f"elsewhere.{name}", "content": lambda self, evidence: Content(**content)})


def test_sections_stand_in_the_order_of_chapters_and_places(registry):
    section(made("last", OUTCOME, 99))
    section(made("first", OUTCOME, 1))
    order = [(CHAPTERS.index(s.chapter), s.place, s.name) for s in sections()]
    assert order == sorted(order)
    html = report_html(example())
    assert html.index('id="first"') < html.index('id="funnel"') < html.index('id="last"') < html.index('id="languages"')
    assert '<a href="#first">First</a>' in html


def test_a_section_without_what_it_needs_is_left_out(registry):
    for need in ("step:nothing", "signal:nothing", "dimension:nothing"):
        section(made("gone", needs=(need,)))
        assert "gone" not in {s.name for s in contents(Evidence(example()))}
    for need in ("step:redact", "signal:word_count", "dimension:language"):
        section(made("there", needs=(need,)))
        assert "there" in {s.name for s in contents(Evidence(example()))}
        assert ("there" in {s.name for s in contents(Evidence(empty()))}) == (need == "step:redact")
    section(made("odd", needs=("table:x",)))
    with pytest.raises(BadInput, match="step:LABEL"):
        contents(Evidence(example()))


def test_names_and_chapters_are_checked(registry):
    with pytest.raises(BadInput, match="Chapters are"):
        section(made("wrong", "Nowhere"))
    with pytest.raises(BadInput, match="anchor"):
        section(made("two words"))
    other = made("funnel")
    with pytest.raises(BadInput, match="Rename one"):
        section(other)


def test_what_a_section_shows_is_escaped(registry):
    section(made("sly", template="<p>{{ text }}</p>", values={"text": "<script>alert(1)</script>"}))
    assert "<script>" not in report_html(example())


def test_figures_are_drawn_with_their_intervals(registry):
    figures = (share_figure("precision", 93, 100, measured_on="labels"), Figure("pages", 1200.0, kind="count"))
    section(made("measured", figures=figures))
    html = report_html(example())
    assert "93.0 %" in html
    assert "86.3 % to 96.6 %" in html
    assert "1,200" in html


@given(st.integers(0, 1000), st.integers(1, 1000))
@settings(deadline=None)
def test_wilson_intervals_hold_the_share_and_stay_between_0_and_1(part, whole):
    figure = share_figure("x", min(part, whole), whole)
    assert 0 <= figure.low <= figure.value <= figure.high <= 1
    assert figure.high > figure.low
    wider = share_figure("x", min(part, whole) * 10, whole * 10)
    assert wider.high - wider.low < figure.high - figure.low


def test_a_share_of_nothing_is_no_number():
    assert math.isnan(share_figure("x", 0, 0).value)
    assert figure_range(share_figure("x", 0, 0), [share_figure("x", 0, 0)]).value == 0


@pytest.mark.parametrize(("part", "whole", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)])
def test_wilson_against_published_values(part, whole, low, high):
    """Newcombe 1998, method 3."""
    figure = share_figure("x", part, whole)
    assert (round(figure.low, 4), round(figure.high, 4)) == (low, high)


def test_a_stratified_share_weighs_strata_by_their_members():
    figure = stratified_figure("false", [(900, 10, 0), (100, 10, 5), (7, 0, 0)])
    assert figure.value == pytest.approx(0.05)
    assert figure.sample_size == 20
    # Kish: 1 / (0.9^2 / 10 + 0.1^2 / 10) = 12.2 pairs of a simple sample
    assert (figure.low, figure.high) == (pytest.approx(0.0061, abs=1e-4), pytest.approx(0.3094, abs=1e-4))
    none_seen = stratified_figure("false", [(900, 50, 0), (100, 50, 0)])
    assert none_seen.value == none_seen.low == 0.0
    assert 0.03 < none_seen.high < 0.1
    every = stratified_figure("false", [(10, 10, 1), (10, 10, 0)])
    assert (every.value, every.low, every.high) == (0.05, None, None)
    assert math.isnan(stratified_figure("false", []).value)


@given(st.lists(st.integers(1, 50).flatmap(lambda n: st.tuples(st.just(4 * n), st.just(n), st.integers(0, n))), min_size=1, max_size=6))
def test_a_proportional_sample_of_strata_is_a_simple_one(strata):
    figure = stratified_figure("x", strata)
    plain = share_figure("x", sum(s[2] for s in strata), sum(s[1] for s in strata))
    assert figure.value == pytest.approx(plain.value)
    assert (figure.low, figure.high) == (pytest.approx(plain.low), pytest.approx(plain.high))

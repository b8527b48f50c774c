"""Limits: every one is evaluated, the reason is computed from the limit crossed, and nothing that is missing passes."""

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.signals.limit import Limit, apply_limits


def judged(limits, **columns):
    table = {name: pa.chunked_array([pa.array(values)]) for name, values in columns.items()}
    rows = len(next(iter(columns.values()))) if columns else 0
    crossed, reason = apply_limits(table, limits, rows, "select")
    return crossed.to_pylist(), reason.to_pylist()


def test_both_bounds_are_inclusive_and_all_crossed_limits_are_told():
    crossed, reason = judged([Limit("a", low=1, high=3), Limit("b", high=0.5)], a=[0, 1, 3, 4], b=[0.75, 0.5, 0.0, 1.0])
    assert reason == ["a:low", None, None, "a:high"]
    assert crossed[0] == [
        {"reason": "a:low", "value": 0.0, "limit": 1.0, "margin": 1.0, "detail": None, "step": "select"},
        {"reason": "b:high", "value": 0.75, "limit": 0.5, "margin": 0.25, "detail": None, "step": "select"},
    ]
    assert crossed[1] == crossed[2] == []
    assert [c["reason"] for c in crossed[3]] == ["a:high", "b:high"]


def test_words_and_verdicts():
    crossed, reason = judged(
        [Limit("language", one_of=("en", "de")), Limit("block", empty=True)], language=["en", "fr", None], block=[None, "bad", None]
    )
    assert reason == [None, "language:other", "language:other"]
    assert [c["reason"] for c in crossed[1]] == ["language:other", "block:bad"]
    assert crossed[1][0]["detail"] == "fr"


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_missing_does_not_pass(value):
    crossed, reason = judged([Limit("a", low=-1e9)], a=pa.array([value], pa.float64()).to_pylist())
    assert reason == ["a:missing"]
    assert crossed[0][0]["value"] is None


def test_no_limits_keep_everything():
    assert judged([], a=[1.0])[1] == [None]
    assert apply_limits({}, [], 0)[1].to_pylist() == []


@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), max_size=30), st.floats(-5, 5), st.floats(0, 5))
def test_against_the_rule_written_plainly(rows, low, width):
    values = [v for v, _ in rows]
    flags = [f for _, f in rows]
    crossed, reason = judged(
        [Limit("v", low=low, high=low + width), Limit("f", high=0)],
        v=pa.array(values, pa.float64()).to_pylist() or [0.0],
        f=flags or [False],
    )
    for value, flag, why, hits in zip(values, flags, reason, crossed, strict=False):
        plain = (["v:low"] if value < low else []) + (["v:high"] if value > low + width else []) + (["f:high"] if flag else [])
        assert [h["reason"] for h in hits] == plain
        assert why == (plain[0] if plain else None)
        assert all(h["margin"] > 0 for h in hits)


@pytest.mark.parametrize(
    "bounds",
    [{}, {"low": 2, "high": 1}, {"low": math.nan}, {"high": "much"}, {"low": True}, {"one_of": ()}],
    ids=str,
)
def test_impossible_limits_are_refused(bounds):
    with pytest.raises(BadInput, match="limit on a"):
        Limit("a", **bounds)


def test_a_language_has_bounds_of_its_own():
    limit = Limit("a", low=1, by_language=(("de", None, 5.0), ("fr", 3.0, None), ("ja", None, None)))
    language = ["en", "en", "de", "de", "fr", "fr", "ja", "ja", None]
    crossed, reason = judged([limit], a=[0.0, 1.0, 0.0, 6.0, 2.0, 3.0, -9.0, None, 0.0], language=language)
    assert reason == ["a:low", None, None, "a:high", "a:low", None, None, None, "a:low"]
    assert [c[0]["limit"] for c in crossed if c] == [1, 5, 3, 1]
    assert [c[0]["margin"] for c in crossed if c] == [1, 1, 1, 1]
    assert limit.of("fr") == Limit("a", low=3.0, by_language=limit.by_language)
    assert limit.of("it") is limit
    only = Limit("a", by_language=(("de", 1.0, None),))
    assert judged([only], a=[None, None, 0.0], language=["en", "de", "de"])[1] == [None, "a:missing", "a:low"]


def test_a_language_is_the_same_in_every_code():
    english = ["en", "EN", "eng", "eng_Latn", "en-US", "fr", None]
    assert judged([Limit("language", one_of=("en",))], language=english)[1] == [None] * 5 + ["language:other"] * 2
    serbian = ["sr", "srp_Cyrl", "srp_Latn"]
    assert judged([Limit("language", one_of=("srp_Latn",))], language=serbian)[1] == [None, "language:other", None]
    limit = Limit("a", low=1, by_language=(("eng_Latn", 5.0, None), ("en", 3.0, None)))
    assert judged([limit], a=[4.0, 4.0, 4.0], language=["en", "eng_Latn", "EN"])[1] == [None, "a:low", "a:low"]
    # Words of other signals are words.
    assert judged([Limit("kind", one_of=("en",))], kind=["eng"])[1] == ["kind:other"]


@pytest.mark.parametrize("bounds", [("de", 3.0, 1.0), ("de", math.nan, None), ("de", True, None)])
def test_impossible_bounds_of_a_language_are_refused(bounds):
    with pytest.raises(BadInput, match=r"impossible|no finite|not a finite"):
        Limit("a", low=1, by_language=(bounds,))

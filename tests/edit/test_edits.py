"""Cutting passages out of texts: nothing else is lost, and no white space is doubled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.edit.edits import cut


@pytest.mark.parametrize(
    ("text", "spans", "after"),
    [
        ("keep this", [], "keep this"),
        ("one two three", [(4, 7)], "one three"),
        ("one two\n\nthree four", [(4, 7)], "one\n\nthree four"),
        ("one two\n\nthree four", [(9, 14)], "one two\n\nfour"),
        ("one two three", [(0, 3)], "two three"),
        ("one two three", [(8, 13)], "one two"),
        ("one two", [(0, 7)], ""),
        ("a.b.c", [(2, 3)], "a..c"),
        ("a b c d e", [(2, 3), (6, 7)], "a c e"),
        ("  lead", [], "  lead"),
    ],
)
def test_cases(text, spans, after):
    assert cut(text, spans) == after


@given(st.text(st.sampled_from("ab \n.")), st.lists(st.integers(0, 40), max_size=6, unique=True))
def test_what_is_not_white_space_goes_if_and_only_if_a_span_holds_it(text, places):
    edges = sorted(min(p, len(text)) for p in places)
    spans = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if a < b]
    stays = "".join(c for i, c in enumerate(text) if not any(a <= i < b for a, b in spans))
    assert "".join(cut(text, spans).split()) == "".join(stays.split())

"""Words are found in bytes and in text of any script."""

from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.extract.search import holds


@given(st.text("ab\u0142\U0001f33e", max_size=60), st.lists(st.text("ab\u0142", min_size=2, max_size=4), max_size=3))
def test_words_are_found(page, words):
    there = any(word in page for word in words)
    assert holds(page, *(word.encode() for word in words)) == holds(page.encode(), *(word.encode() for word in words)) == there

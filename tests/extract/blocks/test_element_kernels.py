"""Kernels that look at all elements of a page against plain words for what they tell."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.extract.blocks import element_kernels as kernels


@st.composite
def trees(draw):
    """First and behind of elements, and words and choice of blocks."""
    blocks = draw(st.integers(0, 12))
    pairs = draw(st.lists(st.tuples(st.integers(0, blocks), st.integers(0, blocks)).map(sorted), max_size=8))
    words = draw(st.lists(st.integers(0, 9), min_size=blocks, max_size=blocks))
    chosen = draw(st.lists(st.booleans(), min_size=blocks, max_size=blocks))
    tags = draw(st.lists(st.integers(0, 2), min_size=len(pairs), max_size=len(pairs)))
    return pairs, words, chosen, tags


def arrays(pairs, words, chosen, tags):
    first, behind = (np.array([pair[k] for pair in pairs], np.int32) for k in (0, 1))
    return first, behind, np.array(words, np.int64), np.array(chosen, np.bool_), np.array(tags, np.int32), np.empty(len(pairs), np.int32)


@given(trees())
def test_elements_with_a_chosen_block(tree):
    pairs, _, chosen, tags = tree
    first, behind, _, choice, tag, found = arrays(*tree)
    count = kernels.holding((tag * 2).astype(np.uint8), 2, first, behind, choice, found)
    assert found[:count].tolist() == [e for e, (a, b) in enumerate(pairs) if tags[e] == 1 and any(chosen[a:b])]


@given(trees())
def test_elements_of_which_half_the_words_are_chosen(tree):
    pairs, words, chosen, tags = tree
    first, behind, counts, choice, tag, found = arrays(*tree)
    count = kernels.half_chosen(tag, np.array([False, True, True]), first, behind, counts, choice, found)
    expected = []
    for e, (a, b) in enumerate(pairs):
        own = sum(n for n, taken in zip(words[a:b], chosen[a:b], strict=True) if taken)
        if tags[e] and own < sum(words[a:b]) <= 2 * own:
            expected.append(e)
    assert found[:count].tolist() == expected

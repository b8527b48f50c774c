"""Kernels that look at a whole page against plain words for what they tell."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.extract.blocks import element_kernels as kernels
from winnow.tasks.extract.blocks.choosing import PARTNERS
from winnow.tasks.extract.blocks.formulas import DELIMITER

PARTS = st.sampled_from(
    [
        *("\\", "(", "[", "$", "`", "^", "=", "x", "h", "]", "[tex]", "[/math]", "a", " ", "é"),
        *(
            "We and our 12 partners store and access",
            "Store AND/OR access information on a device",
            "nous et nos partenaires ",
            "nosotros y nuestros socios",
        ),
        "sixteen letters.",
    ]
)
texts = st.lists(PARTS, max_size=30).map("".join)


@given(texts)
def test_signs_of_formulas(text):
    signs = kernels.signs_of_formulas(np.frombuffer(text.encode(), np.uint8))
    expected = {
        kernels.BACKSLASH: "\\" in text,
        kernels.DOLLAR: "$" in text,
        kernels.BACKTICK: "`" in text,
        kernels.BRACKET: "x]" in text or "h]" in text,
        kernels.RELATION: "^" in text or "=" in text,
        kernels.DELIMITER: "$$" in text or "\\(" in text or "\\[" in text,
    }
    assert signs == sum(sign for sign, there in expected.items() if there)
    if DELIMITER.search(text):
        assert signs & (kernels.BACKSLASH | kernels.BACKTICK | kernels.BRACKET | kernels.DOLLAR)


@given(texts)
def test_where_a_banner_speaks_of_partners_a_word_of_it_is_found(text):
    raw = text.encode()
    places = np.empty(1000, np.int32)
    found = set(places[: kernels.places_of_partners(np.frombuffer(raw, np.uint8), places)].tolist())
    lowered = raw.lower()
    expected = {at for at in range(len(raw)) if lowered[at : at + 5] in (b"artne", b"arten", b"and/o", b"socio")}
    assert expected <= found
    assert found == expected or len(raw) < 20
    for match in PARTNERS.finditer(text):
        begin, end = (len(text[:at].encode()) for at in match.span())
        assert any(begin <= at < end for at in found)


def test_no_more_places_than_there_is_room_for():
    places = np.zeros(4, np.int32)
    assert kernels.places_of_partners(np.frombuffer(b"partners and " * 30, np.uint8), places[:3]) == 3
    assert places[3] == 0


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

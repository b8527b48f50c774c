"""Kernels that look at the whole text of a page against plain words for what they tell."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.extract.blocks import text_kernels as kernels
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

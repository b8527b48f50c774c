"""Characters that nobody sees leave the text, but not where a script needs them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.extract.invisible import without_invisible

CASES = {
    "soft hyphens": ("Reise\u00adkosten\u00adrück\u00aderstattung", "Reisekostenrückerstattung"),
    "marks": ("\ufeffMill\ufeff stones", "Mill stones"),
    "a zero-width space in Latin": ("super\u200bmarket", "supermarket"),
    "and in CJK": ("水\u200b車", "水車"),
    "in Khmer it parts words": ("ភាសា\u200bខ្មែរ", "ភាសា\u200bខ្មែរ"),
    "in Thai and Burmese too": ("ไทย\u200bแลนด์ မြန်\u200bမာ", "ไทย\u200bแลนด์ မြန်\u200bမာ"),
    "not at the end of a Thai word": ("ไทย\u200b and", "ไทย and"),
    "several become one": ("ไทย\u200b\u00ad\u200bแลนด์", "ไทย\u200bแลนด์"),
    "joiners stay": ("می\u200cخواهم \U0001f468\u200d\U0001f469 क्\u200dष", "می\u200cخواهم \U0001f468\u200d\U0001f469 क्\u200dष"),
    "word joiners": ("a\u2060b", "ab"),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case):
    text, expected = CASES[case]
    assert without_invisible(text) == expected


@settings(deadline=None)
@given(st.text(alphabet="a \u00ad\u200b\u200c\ufeffไ水\n"))
def test_once(text):
    once = without_invisible(text)
    assert without_invisible(once) == once
    assert not set(once) & set("\u00ad\ufeff\u2060")

"""Words for numbers and foreign text."""

from typing import Any

import pytest

from winnow.tasks.report.card import iso_code, size_category
from winnow.tasks.report.facts import bound
from winnow.tasks.report.words import code, compact, duration, number, percent, prose, size

WORDS = [
    (number, (1234567,), "1,234,567"),
    (number, (0.3,), "0.3"),
    (compact, (99_999_999,), "99,999,999"),
    (compact, (1_149_200_000_000,), "1.15T"),
    (number, (1234.56,), "1,234.6"),
    (number, (-5.5,), "-5.5"),
    (percent, (0, 10), "0 %"),
    (percent, (10, 10), "100 %"),
    (percent, (1, 10**6), "< 0.1 %"),
    (percent, (10**6 - 1, 10**6), "> 99.9 %"),
    (percent, (1, 0), "–"),
    (percent, (1, 3), "33.3 %"),
    (size, (0,), "0 B"),
    (size, (31_415_926,), "31.4 MB"),
    (size, (10**18,), "1,000 PB"),
    (duration, (0.01,), "< 0.1 s"),
    (duration, (59.94,), "59.9 s"),
    (duration, (245,), "4 min 5 s"),
    (duration, (11520,), "3 h 12 min"),
    (bound, ({"low": 0.65},), "at least 0.65"),
    (bound, ({"low": 50, "high": 100000},), "50 to 100,000"),
    (bound, ({"one_of": list("abcdefghij")},), "one of a, b, c, d, e, f, g, h and 2 more"),
    (bound, ({"empty": True},), "no verdict"),
    (iso_code, ("de",), "de"),
    (iso_code, ("deu_Latn",), "deu"),
    (iso_code, ("und",), ""),
    (iso_code, ("../x",), ""),
    (size_category, (0,), "n<1K"),
    (size_category, (999,), "n<1K"),
    (size_category, (1000,), "1K<n<10K"),
    (size_category, (10**9,), "1B<n<10B"),
    (size_category, (10**12,), "n>1T"),
    (code, ("a|b`c`\nd",), r"`a\|b'c' d`"),
    (prose, ("a|b <i>*c*\nd",), r"a\|b &lt;i>\*c\* d"),
]


@pytest.mark.parametrize(("words", "given_", "said"), WORDS)
def test_words_for_numbers(words: Any, given_: tuple[Any, ...], said: str) -> None:
    assert words(*given_) == said

"""How text is cut into words: cases as data, and what holds for any text."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.memo import Memo
from tasks.core.text import Coded, Document, repeated_ngrams
from tasks.core.words import words

CASES = {
    "The cat sat.": "The|cat|sat|.",
    "(Hello, world!)": "(|Hello|,|world|!|)",
    "don't we'll it's": "do|n't|we|'ll|it|'s",
    "Don’t they’re": "Do|n’t|they|’re",
    "Mr. Smith of the U.S. met J. Doe, Ph.D.": "Mr.|Smith|of|the|U.S.|met|J.|Doe|,|Ph.D.",
    "It was 5 p.m. today...": "It|was|5|p.m.|today|...",
    "$1,000.50 and 20% of 10km": "$|1,000.50|and|20|%|of|10|km",
    "a well-known 3-year F-35": "a|well|-|known|3|-|year|F-35",
    "see https://a.example/b?c=d, or me@b.example!": "see|https://a.example/b?c=d|,|or|me@b.example|!",
    "end.Start now,then": "end|.|Start|now|,|then",
    "“quoted” – text…": "“|quoted|”|–|text|…",
    "漢字とkana": "漢|字|と|kana",
    "เมือง": "เ|ม|ื|อ|ง",
    "한국어 단어": "한국어|단어",
    "हिन्दी में": "हिन्दी|में",
    "": "",
    " \n\t\u3000": "",
    "☂☂ ok": "☂|☂|ok",
    "1. one\n- two": "1|.|one|-|two",
}


@pytest.mark.parametrize("text", CASES)
def test_words(text):
    assert "|".join(words(text)) == CASES[text]


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_but_white_space_is_lost(text):
    found = words(text)
    assert "".join(found) == "".join(text.split())
    assert all(found)
    assert words(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10**6,
        "_" * 10**6,
        "a." * 500_000,
        "a-" * 500_000,
        "'s" * 500_000,
        "http://" + "a." * 300_000,
        "a@" * 300_000,
        "word " * 10**6,
        "漢" * 10**6,
        "1:" * 500_000,
    ],
    ids=lambda t: t[:8],
)
def test_long_lines_stay_cheap(text):
    begin = time.process_time()
    words(text)
    assert time.process_time() - begin < 10  # a quadratic rule takes hours


def test_a_memo_forgets_but_never_errs(monkeypatch):
    monkeypatch.setattr("tasks.core.memo.MOST", 8)
    memo = Memo(len)
    keys = ["k" * (i % 60) for i in range(1000)]
    assert [memo[k] for k in keys] == [len(k) for k in keys]
    assert len(memo) + len(memo.older) <= 9


def test_coded_words_are_the_words():
    coded = Coded(["b", "a", "b"])
    assert (coded.vocabulary, coded.ids.tolist(), coded.counts.tolist(), coded.starts.tolist()) == (
        ["b", "a"],
        [0, 1, 0],
        [2, 1],
        [0, 1, 2, 3],
    )


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_repeated_ngrams_are_those_that_occur_again(some):
    coded = Coded(some)
    for n, places, codes in repeated_ngrams(coded, 6):
        grams = [tuple(some[i : i + n]) for i in range(len(some) - n + 1)]
        assert places.tolist() == [i for i, gram in enumerate(grams) if grams.count(gram) > 1]
        assert (
            len({(c, grams[p]) for p, c in zip(places.tolist(), codes.tolist(), strict=True)})
            == len(set(codes.tolist()))
            == len({grams[p] for p in places.tolist()})
        )


def test_lines_are_cut_two_ways():
    doc = Document("a\u2028b\n\n \nc\r\nd")
    assert doc.lines == ["a", "b", "", " ", "c", "d"]
    assert doc.newline_lines == ["a\u2028b", "c\r", "d"]
    assert re.sub(r"\s", "", doc.text) == "".join(doc.words)


LINES = st.lists(st.sampled_from(["a b.", " a b.", "don't", "", "x\u2028y", "漢字"]), max_size=8)


@given(LINES, LINES)
def test_the_words_of_an_edited_text_are_counted_from_its_original(before, after):
    original, edited = Document("\n".join(before)), "\n".join(after)
    assert Document(edited, shares_lines_with=original).word_total == Document(edited).word_total == len(words(edited))

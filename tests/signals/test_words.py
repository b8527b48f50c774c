"""How text is cut into words: cases as data, and what holds for any text."""

import re
import time
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.memo import Memo
from winnow.tasks.signals.text import Batch, Coded, Document, batches, repeated_ngrams
from winnow.tasks.signals.words import pieces, pieces_of_all, words

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


@pytest.mark.slow
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
    monkeypatch.setattr("winnow.tasks.engine.memo.MOST", 8)
    memo = Memo(len)
    keys = ["k" * (i % 60) for i in range(1000)]
    assert [memo[k] for k in keys] == [len(k) for k in keys]
    assert len(memo) + len(memo.older) <= 9


def test_coded_words_are_the_words():
    coded = Coded(["b", "a", "b"])
    assert (coded.lexicon.words, coded.ids.tolist(), coded.counts.tolist(), coded.starts.tolist()) == (
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


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(["a b.", " a b.", "don't", "a b. don't", "", "x\u2028y", "漢字", "\x1c", "\ud800", "3.5kg"]), max_size=12
        ).map(" ".join),
    ),
    max_size=5,
)


@given(TEXTS)
def test_a_document_gives_the_same_in_any_batch(texts):
    batch = Batch(texts)
    for place, text in enumerate(texts):
        here, alone = Document(text, batch=batch, place=place), Document(text)
        expected = [w.replace("\ud800", "\ufffd") for w in words(text)]
        assert here.word_total == alone.word_total == len(expected)
        for doc in (here, alone):
            assert [doc.coded.lexicon.words[doc.coded.entries[i]] for i in doc.coded.ids] == expected
        assert here.coded.counts.tolist() == np.unique(here.coded.ids, return_counts=True)[1].tolist()
        own = list(repeated_ngrams(Coded(words(text)), 5))
        for (n, places, codes), (_, same_places, same_codes) in zip(here.repeated_ngrams(5), own, strict=True):
            assert (n, places.tolist()) == (n, same_places.tolist())
            assert (
                len(set(zip(codes.tolist(), same_codes.tolist(), strict=True))) == len(set(codes.tolist())) == len(set(same_codes.tolist()))
            )


@given(TEXTS)
def test_pieces_of_many_texts_are_those_of_each(texts):
    found, ends = pieces_of_all(texts)
    assert [found[a:b].to_pylist() for a, b in pairwise(ends.tolist())] == [pieces(t.replace("\ud800", "\ufffd")) for t in texts]


def test_nothing_behind_the_last_text_is_read():
    texts = ["00", "01", "a b. don't x\u2028y 漢字 漢字 \ud800 3.5kg 3.5kg 3.5kg 3.5kg", "0 "]
    # What lies behind the texts in memory is anything: without a text behind the last, Arrow gave "0 " in two of five calls.
    assert {str(pieces_of_all(texts)[0][-1]) for _ in range(300)} == {"0"}


def test_every_white_space_cuts_in_a_batch_as_in_a_text():
    text = "".join(f"a{chr(code)}" for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    assert pieces_of_all([text])[0].to_pylist() == pieces(text)


@given(TEXTS, TEXTS)
def test_the_words_of_edited_texts_are_counted_from_their_originals(before, after):
    size = min(len(before), len(after))
    assert Batch(after[:size], originals=Batch(before[:size])).word_totals == [len(words(t)) for t in after[:size]]


@given(TEXTS, st.integers(1, 60))
def test_batches_are_all_texts_in_order(texts, size):
    with patch("winnow.tasks.signals.text.BATCH_CHARS", size):
        found = [texts[part] for part in batches(texts)]
    assert [t for part in found for t in part] == texts
    assert all(sum(map(len, part)) >= size for part in found[:-1])

"""Shingles: against the rule written plainly, one text at a time."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.dedup import shingles as module
from winnow.tasks.dedup.shingles import UNSPACED, shingles
from winnow.tasks.dedup.verified import jaccard


def tokens(text):
    found, word = [], ""
    for c in text:
        category = unicodedata.category(c)
        if category in ("Mn", "Cf"):
            continue
        single = any(low <= ord(c) <= high for low, high in UNSPACED)
        stem = "".join(d for d in unicodedata.normalize("NFKD", c.casefold()) if unicodedata.category(d) not in ("Mn", "Cf")) or c
        if word and (category[0] not in "LNM" or single):
            found.append(word)
            word = ""
        if single and category[0] in "LNM":
            found.append(stem)
        elif category[0] in "LNM":
            word += f"{stem}|"
    return found + [word] * bool(word)


def plainly(text, size):
    words = tokens(text)
    return {tuple(words[i : i + size]) for i in range(max(1, len(words) - size + 1))} if words else set()


def plainly_as_words(text, size):
    """As ``plainly``, where an n-gram grows until it has ``size`` words: two Han or Kana characters make one, four Thai ones."""
    words = tokens(text)
    shares = [1 if len(w) > 1 or not any(a <= ord(w) <= b for a, b in UNSPACED) else 0.5 if ord(w) >= 0x2E80 else 0.25 for w in words]
    found = set()
    for i in range(len(words)):
        reach = next((j for j in range(i, len(words) + 1) if sum(shares[i:j]) >= size), None)
        if reach or not i:
            found.add(tuple(words[i:reach]))
    return found


def sets(texts, size, **options):
    found = shingles(texts, size, **options)
    return [np.unique(found.hashes[a:b]) for a, b in zip(found.starts[:-1], found.starts[1:], strict=True)]


TEXTS = st.lists(
    st.text(st.sampled_from("aAbé中文ก 1２.-\n\u0301\u200d\ud800ﬁ"), max_size=30) | st.text(max_size=30), min_size=1, max_size=5
)


@given(TEXTS, st.sampled_from([1, 2, 5]))
def test_as_many_as_there_are_distinct_ngrams_and_as_similar(texts, size):
    found, expected = sets(texts, size), [plainly(t, size) for t in texts]
    assert [len(f) for f in found] == [len(e) for e in expected]
    for a, ea in zip(found, expected, strict=True):
        for b, eb in zip(found, expected, strict=True):
            assert jaccard(a, b) == (len(ea & eb) / len(ea | eb) if ea | eb else 1.0)


@given(TEXTS, st.sampled_from([1, 2, 5]))
def test_ngrams_as_long_as_words_in_scripts_without_spaces(texts, size):
    found, expected = sets(texts, size, unspaced_as_words=True), [plainly_as_words(t, size) for t in texts]
    assert [len(f) for f in found] == [len(e) for e in expected]
    for a, ea in zip(found, expected, strict=True):
        for b, eb in zip(found, expected, strict=True):
            assert jaccard(a, b) == (len(ea & eb) / len(ea | eb) if ea | eb else 1.0)


@given(TEXTS)
def test_a_text_has_the_same_shingles_in_any_company(texts):
    alone = [shingles([t], 3).hashes.tolist() for t in texts]
    found = shingles(texts, 3)
    assert [found.hashes[a:b].tolist() for a, b in zip(found.starts[:-1], found.starts[1:], strict=True)] == alone


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("The Café, 1990!", "the cafe 1990", True),
        ("ab c", "a bc", False),
        ("one two", "two one", False),
        ("东京大学", "东京 大学", True),
        ("ΟΔΟΣ ΜΟΥ", "οδος μου", True),
        ("don't", "don t", True),
        ("a1", "a2", False),
    ],
)
def test_what_counts_as_the_same(a, b, same):
    assert (shingles([a], 2).hashes.tolist() == shingles([b], 2).hashes.tolist()) == same


def test_folded_digits():
    assert shingles(["in 1990 x"], 2, fold_digits=True).hashes.tolist() == shingles(["in ١٨٤٨ x"], 2, fold_digits=True).hashes.tolist()


def test_a_long_text_is_cut_and_stays_one_text(monkeypatch):
    texts = ["one two three four five six seven " * 20, "", "x"]
    whole = sets(texts, 2)
    monkeypatch.setattr(module, "BATCH_CHARS", 50)
    cut = sets(texts, 2)
    assert [len(c) for c in cut][1:] == [0, 1]
    assert jaccard(whole[0], cut[0]) > 0.2


def test_golden():
    assert shingles(["a b c", "", "東京"], 2).hashes.tolist() == [1144274597, 1851791193, 1895673811]
    assert shingles(["a b c", "", "東京"], 2).starts.tolist() == [0, 2, 2, 3]

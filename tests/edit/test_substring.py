"""Exact substrings: against brute force, no window lost, cuts at tokens only, and nothing that depends on shards or ranges."""

import random
import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided
from winnow.tasks.dedup import shingles
from winnow.tasks.edit.edits import RequireTextLeft
from winnow.tasks.edit.substring import CutRepeatedSubstrings, RepeatedWindows, Windows, borders, windows
from winnow.tasks.engine.text_column import TextColumn


def edited(root, texts, size=3, *, ranges=1, files_per_shard=1, memory_bytes=1 << 30, keep="first", kept=None):
    DOCS.clear()
    DOCS.update({f"f{i}": [{"url": "", "text": t, "kept": not kept or kept[i]}] for i, t in enumerate(texts)})
    documents, judged = Documents(), Decided()
    step = CutRepeatedSubstrings(
        TextColumn(documents), judged, RepeatedWindows("crawl", Windows(TextColumn(documents), size), judged, ranges, keep)
    )
    context = context_of(root, files_per_shard, memory_bytes)
    rows = decided(RequireTextLeft(judged, step), context)
    after = [r["corrected_text"] for r in decided(step, context)]
    return [t if a is None else a for t, a in zip(texts, after, strict=True)], rows


def words(text):
    [(begin, end)] = borders([text])
    return [text[b:e] for b, e in zip(begin, end, strict=True)]


def runs(text, size):
    tokens = words(text)
    return [tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)]


def plainly(texts, size, keep):
    """Tokens left of each text, by brute force."""
    first, count = {}, {}
    for t, text in enumerate(texts):
        for i, run in enumerate(runs(text, size)):
            first.setdefault(run, (t, i))
            count[run] = count.get(run, 0) + 1
    left = []
    for t, text in enumerate(texts):
        tokens, goes, stays = words(text), set(), set()
        for i, run in enumerate(runs(text, size)):
            if count[run] > 1:
                (stays if keep == "first" and first[run] == (t, i) else goes).update(range(i, i + size))
        left.append([w for i, w in enumerate(tokens) if i not in goes - stays])
    return left


TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "cé", "中", "文", "e\u0301"]), max_size=14).map(" ".join), min_size=1, max_size=5)


@pytest.mark.slow
@settings(max_examples=15)
@given(TEXTS, st.sampled_from([2, 3]), st.sampled_from(["first", "none"]), st.sampled_from([1, 3]), st.sampled_from([1, 2]))
def test_against_brute_force(tmp_path_factory, texts, size, keep, ranges, files_per_shard):
    root = tmp_path_factory.mktemp("store")
    after, rows = edited(root, texts, size, keep=keep, ranges=ranges, files_per_shard=files_per_shard, memory_bytes=500)
    assert [words(a) for a in after] == plainly(texts, size, keep)
    if keep == "first":
        # No window that repeats is lost.
        count = Counter(r for t in texts for r in runs(t, size))
        assert {r for r, n in count.items() if n > 1} <= {r for t in after for r in runs(t, size)}
    assert [r["substring_chars_left"] for r in rows] == [len(a) for a in after]


def test_a_long_passage_goes_as_one_and_the_rest_stays(tmp_path):
    passage = " ".join(f"p{i}" for i in range(60))
    texts = [f"Before one. {passage}, then one.", f"Before two!\n{passage}\n\nAfter two."]
    after, _ = edited(tmp_path, texts, 50)
    assert after == [texts[0], "Before two!\n\nAfter two."]


def test_a_passage_below_the_bar_stays(tmp_path):
    passage = " ".join(f"p{i}" for i in range(49))
    texts = [f"{passage} one", f"{passage} two"]
    assert edited(tmp_path, texts, 50)[0] == texts


def test_a_document_that_repeats_itself_keeps_the_first(tmp_path):
    assert edited(tmp_path, ["a b c x a b c y"], 3)[0] == ["a b c x y"]
    assert edited(tmp_path / "n", ["a b c x a b c y"], 3, keep="none")[0] == ["x y"]


def test_dropped_documents_neither_lose_nor_take(tmp_path):
    after, _ = edited(tmp_path, ["a b c d", "a b c e"], 3, kept=[False, True])
    assert after == ["a b c d", "a b c e"]


def test_an_emptied_document_is_dropped_with_its_reason(tmp_path):
    _, rows = edited(tmp_path, ["a b c", "a b c"], 3)
    assert [r["reason"] for r in rows] == [None, "substring_chars_left:low"]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_borders_never_split_a_character_from_its_marks(texts):
    for text, (begin, end) in zip(texts, borders(texts), strict=True):
        assert all(b < e for b, e in zip(begin, end, strict=True))
        assert all(e <= b for e, b in zip(end[:-1], begin[1:], strict=True))
        for place in end:
            assert place == len(text) or unicodedata.category(text[place]) not in ("Mn", "Cf")


def test_windows_of_a_text_that_is_cut(monkeypatch):
    rng = random.Random(1)
    texts = [" ".join(rng.choice("abcdef") * 3 for _ in range(40)), "x y z"]
    monkeypatch.setattr(shingles, "BATCH_CHARS", 64)
    keys, rows, tokens = windows(texts, 2)
    assert len(keys) == len(rows) == len(tokens)
    assert rows.tolist() == sorted(rows.tolist())
    assert len(borders(texts)[0][0]) >= 40
    assert tokens[rows == 1].tolist() == [0, 1]
    assert tokens.max() < len(borders(texts)[0][0])


@pytest.mark.parametrize("size", [1, 50])
def test_empty_texts(size):
    assert [len(x) for x in windows(["", " .,", "a"], size)] == [1 if size == 1 else 0] * 3

"""Spans of sentences: against brute force, at the borders of sentences only, and what is left is counted."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided
from winnow.tasks.edit.sentences import CutRepeatedSentences, RequireSentencesLeft, SentenceWindows
from winnow.tasks.edit.substring import RepeatedWindows
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.recipes.load import load
from winnow.tasks.signals.filters.c4 import sentence_count, sentences


def edited(root, texts, size=3, *, keep="first", files_per_shard=1, ranges=1, least=0, kept=None):
    DOCS.clear()
    DOCS.update({f"f{i}": [{"url": "", "text": t, "kept": not kept or kept[i]}] for i, t in enumerate(texts)})
    documents, judged = Documents(), Decided()
    found = SentenceWindows(TextColumn(documents), size)
    step = CutRepeatedSentences(TextColumn(documents), judged, RepeatedWindows("crawl", found, judged, ranges, keep))
    context = context_of(root, files_per_shard)
    rows = decided(RequireSentencesLeft(judged, step, least), context)
    after = [r["corrected_text"] for r in decided(step, context)]
    return [t if a is None else a for t, a in zip(texts, after, strict=True)], rows


def folded(text):
    return [" ".join(text[b:e].lower().split()) for b, e in sentences(text)]


def plainly(texts, size, keep):
    """Sentences left of each text, by brute force."""
    first, count = {}, {}
    spans = [[tuple(folded(t)[i : i + size]) for i in range(len(folded(t)) - size + 1)] for t in texts]
    for t, mine in enumerate(spans):
        for i, span in enumerate(mine):
            first.setdefault(span, (t, i))
            count[span] = count.get(span, 0) + 1
    left = []
    for t, text in enumerate(texts):
        goes, stays = set(), set()
        for i, span in enumerate(spans[t]):
            if count[span] > 1:
                (stays if keep == "first" and first[span] == (t, i) else goes).update(range(i, i + size))
        left.append([s for i, s in enumerate(folded(text)) if i not in goes - stays])
    return left


LINES = st.lists(st.sampled_from(["A b c.", "d E f!", "G h?", "i"]), min_size=1, max_size=4).map(" ".join)
TEXTS = st.lists(st.lists(LINES, max_size=4).map("\n".join), min_size=1, max_size=4)


@pytest.mark.slow
@settings(max_examples=15)
@given(TEXTS, st.sampled_from([1, 2, 3]), st.sampled_from(["first", "none"]), st.sampled_from([1, 3]), st.sampled_from([1, 2]))
def test_against_brute_force(tmp_path_factory, texts, size, keep, ranges, files_per_shard):
    after, rows = edited(tmp_path_factory.mktemp("store"), texts, size, keep=keep, ranges=ranges, files_per_shard=files_per_shard)
    assert [r["sentence_count_left"] for r in rows] == [len(folded(a)) for a in after]
    assert [" ".join(folded(a)) for a in after] == [" ".join(left) for left in plainly(texts, size, keep)]


@given(
    st.one_of(
        st.text(max_size=80), TEXTS.map("\n".join), st.sampled_from(["Mr. A. B. came. He left.", "一。二！三", " . x", "A. b\n\n C."])
    )
)
def test_sentences_are_those_that_are_counted(text):
    found = sentences(text)
    assert len(found) == sentence_count(text)
    assert all(begin < end and text[begin:end].strip() == text[begin:end] for begin, end in found)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(found))
    assert "".join("".join(text[b:e].split()) for b, e in found) == "".join(text.split())


def test_a_notice_on_two_pages_goes_from_the_second_with_its_case_and_white_space(tmp_path):
    notice = "All rights are reserved. Nothing may be copied. Ask us first."
    texts = [f"The first page. {notice} It ends.", f"The second page.\n{notice.upper().replace('. ', '.  ')}\nIt ends too."]
    after, rows = edited(tmp_path, texts)
    assert after == [texts[0], "The second page.\nIt ends too."]
    assert [r["sentence_chars_removed"] for r in rows] == [0, len(notice) + 2]


def test_two_sentences_in_common_are_no_span(tmp_path):
    texts = ["One more time. Ask us first. Go home. Eat now.", "Ask us first. Go home. Sleep."]
    assert edited(tmp_path, texts)[0] == texts


def test_of_pages_that_lost_sentences_those_with_too_few_go(tmp_path):
    notice = "All rights are reserved. Nothing may be copied. Ask us first."
    _, rows = edited(tmp_path, [notice, f"Hello. {notice} Bye.", "Short."], least=3)
    assert [r["reason"] for r in rows] == [None, "sentence_count_left:low", None]


def test_a_page_that_was_dropped_before_neither_loses_nor_takes(tmp_path):
    texts = ["A b. C d. E f. G.", "A b. C d. E f. H."]
    assert edited(tmp_path, texts, kept=[False, True], least=4)[0] == texts


@pytest.fixture
def recipe(tmp_path):
    def written(text):
        (tmp_path / "mine.yaml").write_text(text)
        return tmp_path / "mine.yaml"

    return written


def test_c4_has_it(recipe):
    assert [e.name for e in load("c4").decide] == ["limits", "url", "text", "sentence"]
    with pytest.raises(BadInput, match="first or none"):
        load(recipe("extends: c4\ndeduplicate: [{by: sentence, keep: longest}]\n"))

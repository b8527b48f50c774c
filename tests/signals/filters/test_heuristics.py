"""Gopher, repetition, C4 and FineWeb signals: hand-computed values, and against the definitions written out naively."""

import re
import time

import pytest
from datatrove.pipeline.filters.gopher_repetition_filter import find_all_duplicate, find_duplicates, find_top_duplicate, get_n_grams
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.signals.filters.c4 import C4
from winnow.tasks.signals.filters.fineweb import FineWeb
from winnow.tasks.signals.filters.gopher import Gopher
from winnow.tasks.signals.filters.repetition import DUPLICATE, TOP, Repetition, lines_of, paragraphs_of, repeated
from winnow.tasks.signals.text import Document

TEXT = "The end of # it...\n- be 12 !\n• that…"  # The end of # it ... - be 12 ! • that …: 13 words


def test_gopher_by_hand():
    assert Gopher().measure(Document(TEXT)) == pytest.approx(
        {
            "word_count": 8,  # # and - are punctuation to datatrove, the bullet is a word
            "mean_word_chars": 19 / 8,
            "hash_per_word": 1 / 13,
            "ellipsis_per_word": 2 / 13,
            "bullet_line_share": 2 / 3,
            "ellipsis_line_share": 2 / 3,
            "alpha_word_share": 6 / 13,
            "stop_word_count": 3,
        }
    )


def test_fineweb_by_hand():
    text = "A line that is longer than thirty characters.\nshort\nshort\n \nEnds here!"
    assert FineWeb().measure(Document(text)) == pytest.approx(
        {"punctuated_line_share": 2 / 4, "short_line_share": 3 / 4, "duplicate_char_share": 5 / (len(text) - 4), "newline_per_word": 4 / 14}
    )


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", 0),
        ("One.", 1),
        ("One. Two! Three?", 3),
        ("Mr. J. Doe came.", 2),
        ("no end", 1),
        ("a\nb\n\nc.", 3),
        ("Wait... what?! Yes.", 3),
        ("It is 3.5 now. OK.", 2),
        ("他来了。他走了。", 2),
    ],
)
def test_sentences(text, sentences):
    assert C4().measure(Document(text))["sentence_count"] == sentences


def test_c4_words():
    assert C4().measure(Document("Lorem IPSUM {")) == {"sentence_count": 1, "has_curly_bracket": True, "has_lorem_ipsum": True}
    assert C4().measure(Document("lorem, ipsum }")) == {"sentence_count": 1, "has_curly_bracket": False, "has_lorem_ipsum": False}


WORDS = st.lists(st.sampled_from(["aa", "b", "ccc", "d.", "\n", "\n\n", "\n\n\n"]), max_size=80)


@given(WORDS)
def test_repetition_is_what_the_definitions_say(parts):
    """The naive loops of datatrove on our words give the same figures."""
    text = " ".join(parts)
    values, doc = Repetition().measure(Document(text)), Document(text)
    chars = max(1, len(text))
    for n in TOP:
        grams = get_n_grams(doc.words, n)
        assert values[f"top_{n}gram_char_share"] == (find_top_duplicate(grams) / chars if grams else 0)
    for n in DUPLICATE:
        assert values[f"duplicate_{n}gram_char_share"] == find_all_duplicate(doc.words, n) / chars
    lines, paragraphs = find_duplicates(re.split(r"\n+", text)), find_duplicates(re.split(r"\n{2,}", text.strip()))
    assert values["duplicate_line_share"] == lines[0] / len(re.split(r"\n+", text))
    assert values["duplicate_line_char_share"] == lines[1] / chars
    assert values["duplicate_paragraph_share"] == paragraphs[0] / len(re.split(r"\n{2,}", text.strip()))
    assert values["duplicate_paragraph_char_share"] == paragraphs[1] / chars


@given(st.text("a \n\r\x0b", max_size=12))
def test_lines_and_paragraphs_are_cut_as_the_published_expressions_do(text):
    assert lines_of(text) == re.split(r"\n+", text)
    assert paragraphs_of(text) == re.split(r"\n{2,}", text.strip())
    assert repeated(lines_of(text)) == find_duplicates(lines_of(text))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["spam " * 300_000, "line\n" * 200_000, " ".join(map(str, range(200_000))), "a b c d e f g h i j k " * 40_000],
    ids=lambda t: t[:6],
)
def test_long_texts_stay_cheap(text):
    begin = time.process_time()
    doc = Document(text)
    for f in (Gopher(), Repetition(), C4(), FineWeb()):
        f.measure(doc)
    assert time.process_time() - begin < 20

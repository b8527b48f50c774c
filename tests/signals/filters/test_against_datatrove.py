"""Verdicts of our signals with datatrove's limits against datatrove's own blocks, on real English pages (skipped without them or without spaCy).

What still differs, and why:
- blank texts: datatrove drops them as ``empty`` before it measures; recipes drop them by ``word_count``. They are left out here.
- Gopher near its limits: spaCy cuts some tokens in ways we do not follow (emoticons ``):``, ``cannot`` as two words, ``Wed`` as ``We d``, clock times);
  Chinese, Japanese, Thai and Khmer runs inside English pages are one word to spaCy's English rules and one per character to us.
- C4 near five sentences: full stops after abbreviations and before brackets or lower-case letters.
"""

from importlib import import_module

import pyarrow.parquet as pq
import pytest
from datatrove.data import Document as Trove

from tests.shared import DATA
from winnow.tasks.edit.corrections import LineRules
from winnow.tasks.signals.filters.c4 import C4
from winnow.tasks.signals.filters.fineweb import FineWeb
from winnow.tasks.signals.filters.gopher import Gopher
from winnow.tasks.signals.filters.repetition import Repetition
from winnow.tasks.signals.text import Document

PAGES = DATA / "dedup" / "documents.parquet"
pytestmark = [pytest.mark.data, pytest.mark.skipif(not PAGES.exists(), reason="no ../shared/data")]
EVERY = 24  # about 240 pages: datatrove takes half a minute

GOPHER = {
    "word_count": (50, 1e5),
    "mean_word_chars": (3, 10),
    "hash_per_word": (0, 0.1),
    "ellipsis_per_word": (0, 0.1),
    "bullet_line_share": (0, 0.9),
}
GOPHER |= {"ellipsis_line_share": (0, 0.3), "alpha_word_share": (0.8, 1), "stop_word_count": (2, 8)}
REPETITION = {
    "duplicate_line_share": 0.3,
    "duplicate_paragraph_share": 0.3,
    "duplicate_line_char_share": 0.2,
    "duplicate_paragraph_char_share": 0.2,
}
REPETITION |= {"top_2gram_char_share": 0.2, "top_3gram_char_share": 0.18, "top_4gram_char_share": 0.16}
REPETITION |= {f"duplicate_{n}gram_char_share": (20 - n) / 100 for n in range(5, 11)}
FINEWEB = {
    "punctuated_line_share": (0.12, 1),
    "short_line_share": (0, 0.67),
    "duplicate_char_share": (0, 0.01),
    "newline_per_word": (0, 0.3),
}
LINES = LineRules(max_word_chars=1000, citations=True, min_words=3, javascript=True, policy=True)


@pytest.fixture(scope="module")
def pages():
    table = pq.read_table(PAGES, columns=["lang", "text"]).to_pylist()
    return [text for text in [row["text"] for row in table if row["lang"] == "en"][::EVERY] if text.strip()]


def within(values, limits):
    return all(low <= values[name] <= high for name, (low, high) in limits.items())


def c4(text, rules):
    v = C4().measure(Document(rules.apply(text).text))
    return v["sentence_count"] >= 5 and not v["has_curly_bracket"] and not v["has_lorem_ipsum"]


def block(name, **options):
    """One of their filters. Imported by the test that uses it: spaCy, which they need, takes long, and every worker that runs tests imports this file."""
    pytest.importorskip("spacy")
    module, _, cls = name.rpartition(".")
    return getattr(import_module(f"datatrove.pipeline.filters.{module}"), cls)(**options)


def kept(block, text):
    """Their verdict; a block that fails on a text (no words) did not keep it."""
    try:
        return block.filter(Trove(text=text, id="0")) is True
    except ZeroDivisionError:
        return False


@pytest.mark.parametrize(
    ("theirs", "options", "ours", "floor"),
    [
        ("gopher_quality_filter.GopherQualityFilter", {}, lambda t: within(Gopher().measure(Document(t)), GOPHER), 0.985),
        (
            "gopher_repetition_filter.GopherRepetitionFilter",
            {},
            lambda t: within(Repetition().measure(Document(t)), {k: (0, v) for k, v in REPETITION.items()}),
            0.995,
        ),
        (
            "c4_filters.C4QualityFilter",
            {},
            lambda t: c4(
                t,
                LineRules(
                    terminal_punctuation=True,
                    **{k: getattr(LINES, k) for k in ("max_word_chars", "citations", "min_words", "javascript", "policy")},
                ),
            ),
            0.985,
        ),
        ("c4_filters.C4QualityFilter", {"filter_no_terminal_punct": False}, lambda t: c4(t, LINES), 0.985),
        ("fineweb_quality_filter.FineWebQualityFilter", {}, lambda t: within(FineWeb().measure(Document(t)), FINEWEB), 0.995),
    ],
    ids=["gopher", "repetition", "c4", "c4-of-fineweb", "fineweb"],
)
def test_verdicts_agree(pages, theirs, options, ours, floor):
    reference = block(theirs, **options)
    differ = [i for i, text in enumerate(pages) if kept(reference, text) != ours(text)]
    assert len(differ) <= (1 - floor) * len(pages), f"{1 - len(differ) / len(pages):.4f} agree; pages {differ}"

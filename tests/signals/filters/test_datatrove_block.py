"""datatrove's blocks as filters: verdict as a signal, options checked, nothing edited."""

import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.signals.filters import datatrove_block
from winnow.tasks.signals.filters.datatrove_block import DatatroveBlock
from winnow.tasks.signals.text import Document

PARAGRAPHS = "filters.c4_filters.C4ParagraphFilter"


def test_the_verdict_is_a_signal():
    block = DatatroveBlock(block=PARAGRAPHS)
    assert [s.name for s in block.signals] == ["c4paragraph_filter"] or block.signals[0].name == block.signal
    assert block.measure(Document("x"))[block.signal] == "< 3 paragraphs"
    assert block.measure(Document("\n".join(["x" * 200] * 3)))[block.signal] is None


def test_options_and_library_version_count(monkeypatch):
    assert digest(DatatroveBlock(block=PARAGRAPHS)) != digest(DatatroveBlock(block=PARAGRAPHS, options=(("a", 1),)))
    assert digest(DatatroveBlock(block=PARAGRAPHS)) != digest(DatatroveBlock(block=PARAGRAPHS, library="0"))


@pytest.mark.parametrize(
    ("block", "options", "says"),
    [
        ("filters.nothing.Here", (), "There is no datatrove block"),
        ("filters.c4_filters.Nothing", (), "There is no datatrove block"),
        ("nodots", (), "There is no datatrove block"),
        (PARAGRAPHS, (("min_words", 3),), "refuses its options"),
    ],
)
def test_what_cannot_be_built_says_so(block, options, says):
    with pytest.raises(BadInput, match=says):
        DatatroveBlock(block=block, options=options).measure(Document("x"))


class Needy:
    def filter(self, _):
        raise ImportError("Please install spacy: pip install spacy")


class Failing:
    def filter(self, doc):
        doc.text = "edited"
        return 1 / 0


def test_a_package_missed_at_the_first_document_says_so(monkeypatch):
    monkeypatch.setattr(datatrove_block, "_built", lambda *_: Needy())
    with pytest.raises(BadInput, match="pip install spacy"):
        DatatroveBlock(block=PARAGRAPHS).measure(Document("x"))


def test_a_block_that_fails_is_a_reason_and_cannot_edit(monkeypatch):
    monkeypatch.setattr(datatrove_block, "_built", lambda *_: Failing())
    doc = Document("x")
    assert DatatroveBlock(block=PARAGRAPHS).measure(doc) == {DatatroveBlock(block=PARAGRAPHS).signal: "block_failed_ZeroDivisionError"}
    assert doc.text == "x"

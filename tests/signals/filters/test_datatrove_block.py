"""datatrove's blocks as filters: verdict as a signal, options checked, nothing edited."""

import random

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


SAMPLER = "filters.sampler_filter.SamplerFilter"


@pytest.mark.parametrize(
    ("block", "options", "says"),
    [
        ("extractors.trafilatura.Trafilatura", (), "is not a filter block"),
        ("filters.base_filter.get_filter_result", (), "is not a filter block"),
        (PARAGRAPHS, (("min_words", 3),), "refuses its options: .* It takes: "),
        (SAMPLER, (), "has no seed"),
        (SAMPLER, (("rate", 0.5), ("seed", None)), "has no seed"),
        (
            "filters.gopher_quality_filter.GopherQualityFilter",
            (("min_doc_words", "many"),),
            "GopherQualityFilter fails on a plain English sentence",
        ),
    ],
)
def test_everything_that_can_fail_fails_at_check_in_one_sentence_that_names_the_block(block, options, says):
    with pytest.raises(BadInput, match=says) as e:
        DatatroveBlock(block=block, options=options).check()
    assert "\n" not in str(e.value)
    assert block.rsplit(".", 1)[-1] in str(e.value)


@pytest.mark.parametrize(
    "error", [OSError("Name or service not known"), AttributeError("'NoneType' has no attribute 'x'"), KeyError("score")]
)
def test_a_block_that_fails_on_a_document_is_found_by_check(monkeypatch, error):
    class Offline:
        def filter(self, _):
            raise error

    monkeypatch.setattr(datatrove_block, "_built", lambda *_: Offline())
    with pytest.raises(BadInput, match=f"C4ParagraphFilter fails on a plain English sentence .*{type(error).__name__}"):
        DatatroveBlock(block=PARAGRAPHS).check()


def test_a_block_that_decides_at_random_is_refused(monkeypatch):
    class Coin:
        def filter(self, _):
            return random.random() < 0.5

    monkeypatch.setattr(datatrove_block, "_built", lambda *_: Coin())
    with pytest.raises(BadInput, match="decides at random"):
        DatatroveBlock(block=PARAGRAPHS).check()


def test_a_seeded_sampler_is_a_function_of_the_document():
    documents = [Document(f"text number {n}") for n in range(400)]

    def verdicts(seed, order):
        datatrove_block._built.cache_clear()
        block = DatatroveBlock(block=SAMPLER, options=(("rate", 0.5), ("seed", seed)))
        block.check()
        found = {documents[i].text: block.measure(documents[i])[block.signal] for i in order}
        return [found[d.text] for d in documents]

    first = verdicts(1, range(400))
    assert first == verdicts(1, reversed(range(400)))
    assert first != verdicts(2, range(400))
    assert 150 < first.count(None) < 250


def test_the_options_of_a_block_are_checked_without_building_it(monkeypatch):
    monkeypatch.setattr(datatrove_block, "_built", None)
    with pytest.raises(BadInput, match="refuses its options"):
        DatatroveBlock(block=PARAGRAPHS, options=(("min_words", 3),)).check_options()
    DatatroveBlock(block=PARAGRAPHS).check_options()


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

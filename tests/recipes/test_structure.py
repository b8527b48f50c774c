"""The key ``structure``: which writer makes the text, whatever the recipe below said."""

import pytest

from winnow.tasks.engine.crawl import Crawl, SourceFile
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recipes.build import build
from winnow.tasks.recipes.load import load
from winnow.tasks.recipes.write import as_yaml

CRAWL = Crawl("CC-MAIN-2026-43", "warc", (SourceFile(0, "crawl-data/a.warc.gz"),))


def recipe(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return load(str(path))


def address(tmp_path, text):
    return build(recipe(tmp_path, text), CRAWL).documents.address


def test_plain_is_what_silence_means(tmp_path):
    assert address(tmp_path, "extends: raw\nstructure: plain\n") == address(tmp_path, "extends: raw\n")


def test_markdown_is_another_text_at_another_address(tmp_path):
    said = address(tmp_path, "extends: raw\nstructure: markdown\n")
    assert said != address(tmp_path, "extends: raw\n")
    assert said == address(tmp_path, "extends: raw\nextractor: {learned_blocks.LearnedBlocks: {structure: markdown}}\n")


def test_the_last_word_counts(tmp_path):
    assert recipe(tmp_path, "extends: openwebmath\nstructure: plain\n").extractor.structure == "plain"


def test_it_stays_when_the_recipe_is_written_out(tmp_path):
    made = recipe(tmp_path, "extends: raw\nstructure: markdown\ntables: [spans, links]\n")
    again = recipe(tmp_path, as_yaml(made))
    assert again.extractor.structure == "markdown"
    assert again.options["tables"] == ("spans", "links")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("structure: html", "must be plain or markdown"),
        ("structure: markdown\nextractor: resiliparse_text.ResiliparseText", "ResiliparseText writes plain text only"),
        ("structure: plain\nextractor: {learned_blocks.LearnedBlocks: {structure: markdown}}", "Leave one of them out"),
        ("extractor: {learned_blocks.LearnedBlocks: {spans: both}}", "`spans: repeat` or `spans: html`"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, said, message):
    with pytest.raises(BadInput, match=message):
        recipe(tmp_path, f"extends: raw\n{said}\n")


def test_tables_as_html_want_markdown(tmp_path):
    html = "extends: raw\nextractor: {learned_blocks.LearnedBlocks: {spans: html}}\n"
    with pytest.raises(BadInput, match="structure: markdown"):
        build(recipe(tmp_path, html), CRAWL).documents.check()
    build(recipe(tmp_path, html + "structure: markdown\n"), CRAWL).documents.check()


def test_repeating_is_what_silence_means(tmp_path):
    assert address(tmp_path, "extends: raw\nextractor: {learned_blocks.LearnedBlocks: {spans: repeat}}\n") == address(
        tmp_path, "extends: raw\n"
    )

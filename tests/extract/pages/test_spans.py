"""The table ``spans``: every place in it is exact in the text that the documents table holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.extract.blocks.pages import article
from tests.pipelines import curated, rows
from tests.tiny import capture, html
from winnow.tasks.archives.media_type import HTML
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.blocks import markdown, plain
from winnow.tasks.extract.blocks.block import Span
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.page import moved, page_text, visible

UNSEEN = "\u00ad\u200b\u2060\ufeff\0"
MIDDLE = (
    "<h2>Patterns</h2><ul><li>Herringbone<ul><li>narrow</li></ul></li><li>Twill</li></ul>"
    '<pre><code class="language-python">for row in cloth:\n\n    weave(row)</code></pre>'
    "<table><tr><th>Cloth</th><th>Price</th></tr><tr><td>Linen</td><td>9</td></tr></table><blockquote><p>It takes time.</p></blockquote>"
)


@pytest.mark.parametrize("structure", ["plain", "markdown"])
@given(words=st.lists(st.text(alphabet=st.sampled_from("loom ก ข é\U0001f9f5" + UNSEEN), min_size=1, max_size=8), max_size=4))
def test_a_place_holds_the_text_of_its_block(structure, words):
    page = article(MIDDLE + "".join(f"<p>{word} and a sentence behind it.</p><h3>{word}</h3>" for word in words))
    extractor = LearnedBlocks(structure=structure)
    blocks = extractor.blocks(page)
    made = page_text(page.encode(), HTML, "text/html; charset=utf-8", extractor)
    write = markdown.write if structure == "markdown" else plain.write
    alone = [text for block in blocks if (text := visible(write([block])[0]))]
    assert [made.text[span.start : span.end] for span in made.spans] == alone
    ends = [0, *(span.end for span in made.spans)]
    gaps = [made.text[end : span.start] for end, span in zip(ends, made.spans, strict=False)]
    assert gaps[0] == ""
    assert set(gaps[1:]) <= {"\n", "\n\n"}
    assert ends[-1] == len(made.text)


@given(
    st.lists(st.text(alphabet=st.sampled_from("aก \n\ud83e\uddf5\ud800" + UNSEEN), min_size=1, max_size=6), min_size=1, max_size=6),
    st.sampled_from(["\n", "\n\n"]),
)
def test_what_nobody_sees_leaves_and_every_place_follows(texts, gap):
    text, spans = "", []
    for piece in texts:
        text += gap if spans else ""
        spans.append(Span(len(text), len(text) + len(piece), "paragraph", 0, None))
        text += piece
    found = [visible(text)[span.start : span.end] for span in moved(text, spans)]
    assert found == [seen for piece in texts if (seen := visible(piece))]


def test_a_recipe_that_asks_for_it_has_the_table(tmp_path):
    (tmp_path / "pages.warc.gz").write_bytes(
        capture(1, "http://loom.example/", html(MIDDLE + "<p>Soft\u00adness of cloth.</p>" * 3))
        + capture(2, "http://text.example/", b"No page.", mime="text/plain")
    )
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("extends: raw\nstructure: markdown\ntables: [spans]\n")
    run = curated(tmp_path / "pages.warc.gz", recipe, tmp_path / "store")
    step = run.pipeline.documents
    texts = {row["id"]: row["text"] for row in rows(run, step)}
    table = [row for shard in step.shards(run.context) for row in run.context.read(step, shard, table="spans").to_pylist()]
    assert len({row["id"] for row in table}) == 1
    assert [row["block"] for row in table] == list(range(len(table)))
    found = {(row["kind"], row["level"], row["language"]): texts[row["id"]][row["start"] : row["end"]] for row in table}
    assert found["heading", 2, None] == "## Patterns"
    assert found["item", 2, None] == "  - narrow"
    assert found["code", None, "python"] == "```python\nfor row in cloth:\n\n    weave(row)\n```"
    assert found["table", None, None].startswith("| Cloth | Price |\n| --- |")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("tables: [span]", "there is no table 'span'.* Did you mean spans"),
        ("tables: [spans]\nextractor: resiliparse_text.ResiliparseText", "does not report blocks"),
    ],
)
def test_a_table_that_cannot_be_made_is_refused(tmp_path, said, message):
    (tmp_path / "pages.warc.gz").write_bytes(capture(1, "http://loom.example/", html(MIDDLE)))
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(f"extends: raw\n{said}\n")
    with pytest.raises(BadInput, match=message):
        curated(tmp_path / "pages.warc.gz", recipe, tmp_path / "store")

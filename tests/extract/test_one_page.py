"""One page's bytes in, and what becomes of it: formats, batches, and pages that are none."""

import gzip
import json

import pytest

from tests.extract.blocks.pages import AFTER, BEFORE, article
from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract import one_page

PAGE = article("<h2>Looms</h2><pre><code class=language-sh>warp 3</code></pre>")


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(PAGE.encode())
    return str(path)


def test_text_and_markdown(page, capfd):
    assert main(["extract", page]) == 0
    text = capfd.readouterr().out
    assert BEFORE[0] in text
    assert "##" not in text
    assert main(["extract", page, "--format", "markdown"]) == 0
    marked = capfd.readouterr().out
    assert "## Looms" in marked
    assert "```sh\nwarp 3\n```" in marked


def test_blocks_and_json(page, capfd):
    assert main(["extract", page, "--format", "json", "--url", "https://museum.example/"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["title"] == "The loom by the window"
    assert found["meta"]["language"] == "en"
    assert {"kind": "code", "text": "warp 3", "language": "sh"} in found["blocks"]
    assert main(["extract", page, "--format", "blocks"]) == 0
    assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == found["blocks"]


@pytest.mark.parametrize("name", ["pages.jsonl", "pages.jsonl.gz"])
def test_a_batch_may_be_packed_and_begin_with_a_mark(name, tmp_path, capfd):
    written = b'\xef\xbb\xbf{"id": 1, "html": "<p>The loom by the window."}\r\n\r\n{"id": 2, "html": ""}\r\n'
    (tmp_path / name).write_bytes(gzip.compress(written) if name.endswith("gz") else written)
    assert main(["extract", "--batch", str(tmp_path / name)]) == 0
    assert [json.loads(line)["text"] for line in capfd.readouterr().out.splitlines()] == ["The loom by the window.", ""]


def test_a_batch_keeps_its_order(tmp_path, capfd):
    path = tmp_path / "pages.jsonl"
    path.write_text("".join(json.dumps({"id": n, "html": html}) + "\n" for n, html in enumerate([PAGE, "", "<div>" * 5000, PAGE])))
    assert main(["extract", "--batch", str(path)]) == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(row["id"], bool(row["text"]), row.get("problem")) for row in rows] == [
        (0, True, None),
        (1, False, None),
        (2, False, "too_deep"),
        (3, True, None),
    ]


def test_other_extractors(page, capfd):
    assert main(["extract", page, "--extractor", "ResiliparseText"]) == 0
    assert AFTER[1] in capfd.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["nowhere.html"],
        ["{page}", "--format", "pdf"],
        ["{page}", "--extractor", "nobody"],
        ["{page}", "--extractor", "ResiliparseText", "--format", "markdown"],
        [],
        ["{page}", "--batch", "x"],
    ],
)
def test_bad_input_is_said(page, words, capfd):
    assert main(["extract", *(w.format(page=page) for w in words)]) == 2
    assert capfd.readouterr().err.startswith("winnow: ")


def test_bytes_that_are_no_page_are_refused():
    with pytest.raises(BadInput, match="not a page"):
        one_page.text_of(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "text/html", one_page.extractor("learned_blocks", "plain"))

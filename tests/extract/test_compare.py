"""Extractors side by side: the sample is the same every time, every difference is marked, and nothing of a page gets out of its place."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import article, capture, html, mirror
from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.compare import Candidate, PageResult, candidates, compare, compared, drawn_pages, had_by
from winnow.tasks.extract.extractors.base import ExtractionFailed
from winnow.tasks.extract.one_page import several
from winnow.tasks.report.comparison import comparison_html
from winnow.tasks.transport.politeness import POLITE


class Fixed:
    """An extractor that says what it is told."""

    def __init__(self, text):
        self.text = text

    def extract_with_spans(self, html):
        if not self.text:
            raise ExtractionFailed("too_deep")
        return self.text, ()


PAGE = Candidate("a.warc.gz at 0", "http://a.example/", b"<p>page", "text/html", "text/html")
WORDS = st.lists(st.sampled_from(["loom", "cloth", "the", "水", "weaver,", "<b>", "\n\n", "—"]), max_size=25)


@given(WORDS, WORDS, WORDS)
def test_the_pieces_of_a_text_are_the_text_and_each_word_is_marked_by_who_has_it(one, two, three):
    texts = {name: " ".join(words) for name, words in (("one", one), ("two", two), ("three", three))}
    found = compared(PAGE, {name: Fixed(text) for name, text in texts.items()})
    for name, made in found.made.items():
        pieces = list(made.pieces(2))
        assert "".join(text for text, _ in pieces) == made.text == texts[name]
        assert all(text == text.strip() for text, kind in pieces if kind)
        marks = [kind for text, kind in pieces for _ in re.findall(r"水|[a-z]+", text)]
        assert marks == [{0: "none", 1: "some", 2: ""}[n] for n in made.others]


def test_a_word_is_had_where_three_in_a_row_are():
    own = "the grain is carried to the mill".split()
    assert had_by(own, "so the grain is dry, carried to the mill".replace(",", "").split()) == [True] * 3 + [True] * 4
    assert had_by(own, "mill the to carried is grain the".split()) == [False] * 7
    assert had_by(["mill"], own) == [True]
    assert had_by([], own) == []
    assert had_by(own, []) == [False] * 7


def test_the_sample_is_drawn_by_the_seed_alone(tmp_path):
    source = str(mirror(tmp_path / "mirror", warcs=2, pages=6))
    pages = list(candidates(source, 0, POLITE))
    assert len(pages) > 12
    sample = [p.place for p in drawn_pages(pages, 5, 3)]
    assert sample == [p.place for p in drawn_pages(reversed(pages), 5, 3)]
    assert sample != [p.place for p in drawn_pages(pages, 5, 4)]
    assert sample == [p.place for p in drawn_pages(pages, 9, 3)][:5]


def test_a_page_shows_what_it_says_and_no_more(tmp_path):
    nasty = "</pre><script>alert(1)</script><img src=x onerror=alert(2)> & words that differ"
    found = compared(PAGE, {"A": Fixed(nasty), "B": Fixed("other words that differ"), "C": Fixed("")})
    page = comparison_html([found], ["A", "B", "C"], "<source>", 0)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;/pre&gt;&lt;" in page.replace('<mark class="none">', "")
    assert "too_deep" in page
    assert "&lt;source&gt;" in page
    assert page == comparison_html([found], ["A", "B", "C"], "<source>", 0)


def test_the_command_writes_a_page_and_json(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pages.warc.gz").write_bytes(
        b"".join(capture(n, f"http://a.example/{n}", html(article(n) + "<ul><li>Linen</li></ul>", f"Article {n}")) for n in range(4))
        + capture(9, "http://a.example/9", b"plain text", mime="text/plain")
    )
    words = ["extractors", "compare", "pages.warc.gz", "--sample", "3"]
    assert main([*words, "--out", "a.html"]) == 0
    assert main([*words, "--out", "b.html", "--json"]) == 0
    said = capsys.readouterr().out.strip().splitlines()
    answer = json.loads(said[-1])
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert len(answer["pages"]) == 3
    assert {"LearnedBlocks", "ResiliparseText"} <= set(answer["extractors"])
    one = answer["pages"][0]["extractors"]
    assert "Linen" in one["LearnedBlocks"]["text"]
    assert 0.5 < one["LearnedBlocks"]["shared_with"]["ResiliparseText"] <= 1
    assert one["LearnedBlocks"]["problem"] is None
    assert main([*words, "--extractor", "LearnedBlocks", "--extractor", "ResiliparseText", "--structure", "markdown", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["extractors"] == ["LearnedBlocks (Markdown)", "ResiliparseText"]


def test_pages_in_a_folder_are_a_source(tmp_path):
    for n in range(3):
        (tmp_path / f"{n}.html").write_bytes(html(article(n), f"Article {n}"))
    found = compare(str(tmp_path), several([], "plain"), 2, 0, POLITE)
    assert len(found) == 2
    assert all(made.text.startswith("Article") for page in found for made in page.made.values())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pages.jsonl"], "already are text"),
        (["nothing.warc.gz"], "nothing.warc.gz"),
        (["plain.warc.gz"], "no page of HTML"),
        (["plain.warc.gz", "--extractor", "LearnedBlocks"], "at least two different extractors"),
        (["plain.warc.gz", "--extractor", "LearnedBlocks", "--extractor", "LearnedBlocks"], "at least two different extractors"),
        (["plain.warc.gz", "--extractor", "Lerned"], "no extractor Lerned"),
        (["plain.warc.gz", "--sample", "0"], "at least 1"),
        (["plain.warc.gz", "--structure", "html"], "no structure"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pages.jsonl").write_text('{"text": "A text."}\n')
    (tmp_path / "plain.warc.gz").write_bytes(capture(1, "http://a.example/", b"plain text", mime="text/plain"))
    assert main(["extractors", "compare", *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "extractors.html").exists()


def test_a_text_without_words_is_one_piece():
    assert list(PageResult("— —", "").pieces(1)) == [("— —", "")]


def test_bad_structure_is_refused():
    with pytest.raises(BadInput, match="plain or markdown"):
        several([], "html")

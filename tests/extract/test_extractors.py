"""Extractors: the article and not its frame, bounded by size and depth, the same twice, total."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.extract.extractors.base import ExtractionFailed, nesting, tidy
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.extractors.nesting import LONGEST_NAME, MOST_CHARS, VOID
from winnow.tasks.extract.extractors.resiliparse_text import ResiliparseText
from winnow.tasks.extract.extractors.trafilatura_text import TrafilaturaText

TAG = re.compile(rf"<(/?)([a-zA-Z][a-zA-Z0-9]{{0,{LONGEST_NAME - 1}}})[^>]{{0,{MOST_CHARS}}}?(/?)>")
EXTRACTORS = [ResiliparseText(), TrafilaturaText(), LearnedBlocks(), LearnedBlocks(markup=True)]
PROSE = " ".join(f"This is sentence number {n} of an article about mills and the grain that they grind." for n in range(12))
PAGE = f"""<html><head><title>Mills</title><script>var tracking = 1;</script></head><body>
<nav><ul><li><a href=/>Home page link</a></li><li><a href=/shop>Shop link</a></li></ul></nav>
<article><h1>On mills</h1><p>{PROSE}</p><p>{PROSE[:400]} A second paragraph, with a list:</p><ul><li>Wheat</li><li>Rye</li></ul></article>
<footer><p>Copyright notice</p></footer></body></html>"""
THREAD = (
    "<html><body><div id=comments>"
    + "".join(f"<div class=comment><p>Post {n}: {PROSE}</p></div>" for n in range(5))
    + "</div></body></html>"
)
each = pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda e: type(e).__name__ + "-markup" * getattr(e, "markup", False))


@each
def test_the_article_and_not_its_frame(extractor):
    text = extractor.extract(PAGE)
    assert "sentence number 7" in text
    assert "A second paragraph" in text
    for frame in ("tracking", "Shop link", "Copyright"):
        assert frame not in text


@pytest.mark.parametrize("extractor", [ResiliparseText(), LearnedBlocks()], ids=lambda e: type(e).__name__)
def test_a_thread_is_its_posts(extractor):
    assert "Post 4" in extractor.extract(THREAD)


def test_a_page_without_an_article_is_taken_whole():
    assert "Home page link" in ResiliparseText().extract("<html><body><nav><a href=/>Home page link</a></nav></body></html>")


@each
@settings(max_examples=40)
@given(
    st.text(max_size=300)
    | st.lists(
        st.sampled_from(["<p>", "</p>", "<div", ">", "text ", "\0", "\ud800", "&#xD800;", "<!--", "<table>", "<td>", "<script>", "é"]),
        max_size=40,
    ).map("".join)
)
def test_total_and_the_same_twice(extractor, html):
    try:
        text = extractor.extract(html)
    except ExtractionFailed as e:
        assert e.reason  # noqa: PT017
        return
    assert text == extractor.extract(html)
    text.encode()


@each
@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<div>" * 5000 + "text", "too_deep"),
        ("<ul><li>x" * 20_000, "too_deep"),
        ("<p><b><i>x" * 20_000, "too_deep"),
        ("<p>word " * 1_100_000, "too_large"),
    ],
    ids=["divs", "lists", "inline", "large"],
)
def test_bounds(extractor, html, reason):
    with pytest.raises(ExtractionFailed) as failed:
        extractor.extract(html)
    assert failed.value.reason == reason


@pytest.mark.parametrize(
    "html",
    [
        "<table>" + "<tr><td>some cell" * 100_000,
        "<" * 10**6,
        "<!--" * 10**5,
        "<a " + "x=1 " * 10**6 + ">text",
        "<div title='" + "a>" * 10**6 + "'>x",
    ],
    ids=["rows", "lt", "comments", "attributes", "quoted"],
)
@pytest.mark.parametrize("extractor", [ResiliparseText(), LearnedBlocks()], ids=lambda e: type(e).__name__)
def test_hostile_pages_take_seconds(html, extractor):
    begin = time.process_time()
    extractor.extract(html)
    assert time.process_time() - begin < 10


def test_nesting_counts_what_stays_open():
    assert nesting(b"<div><p>a<p>b<br><img><span>c</span></div>" * 100, 50) <= 2
    assert nesting(b"<div>" * 40 + b"</div>" * 40, 50) == 40
    assert nesting(b"", 50) == nesting(b"</", 50) == nesting(b"<", 50) == 0


TAG_PARTS = [
    *("<", ">", "</", "/>", "<div", "<DIV>", "</div>", "<p>", "</p >", "<br", "<track1>", "<tr>", "<trx>", "<optionx>", "<option>", "<Source>", "<sourced>", "<sources7>", "<colgroup>", "<li\x80>", "<é>", " a<b ", "'"),
    *("x" * n for n in (30, 31, 3967, 3968, 3969, 3999, 4000, 4001)),
    *("é" * n for n in (1000, 1001, 2001, 4000, 4001)),
]  # fmt: skip


def counted(html, enough):
    """The rule tag by tag."""
    depth = deepest = 0
    for match in TAG.finditer(html):
        closing, name, empty = match.groups()
        if empty or name.lower() in VOID:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
        if deepest > enough:
            break
    return deepest


@settings(max_examples=300)
@given(st.lists(st.sampled_from(TAG_PARTS), max_size=30).map("".join), st.sampled_from([0, 1, 3, 400]))
def test_nesting_compiled_is_nesting_by_its_expression(html, enough):
    assert nesting(html.encode(), enough) == counted(html, enough)


@pytest.mark.parametrize("filler", ["x", " ", "é", "\U00010000"])
def test_the_longest_tag_is_the_same_compiled(filler):
    for n in range(3960, 4040):
        for html in (f"<div {filler * n}>", f"<div{filler * n}/>", f"<div {filler * n}/>" * 2):
            assert nesting(html.encode(), 50) == counted(html, 50)


def test_tidy():
    assert tidy("a \r\n\r\n\n\n\nb\xa0\n") == "a\n\nb"


def test_version_and_options_are_identity():
    assert digest(ResiliparseText()) != digest(ResiliparseText(links=True)) != digest(ResiliparseText(library="9"))


def test_a_model_that_is_not_here_is_an_error():
    assert LearnedBlocks(model=LearnedBlocks().model) == LearnedBlocks()
    with pytest.raises(BadInput, match="not in this version"):
        LearnedBlocks(model="0123456789abcdef")


def test_a_page_of_too_many_blocks_is_refused():
    with pytest.raises(ExtractionFailed, match="too_many_blocks"):
        LearnedBlocks(max_blocks=5).extract(PAGE)


@pytest.mark.parametrize(
    "html", ["", " ", "<html></html>", "<body><img src=x></body>", "<p>...</p>", "<script>var a = '<p>words</p>';</script>"]
)
def test_a_page_without_words_gives_no_text(html):
    assert LearnedBlocks().extract(html) == ""

"""Extractors: the article and not its frame, bounded by size and depth, the same twice, total."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.extract.extractors.base import ExtractionFailed, tidy
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.extractors.resiliparse_text import ResiliparseText
from winnow.tasks.extract.extractors.trafilatura_text import TrafilaturaText

EXTRACTORS = [ResiliparseText(), TrafilaturaText(), LearnedBlocks(), LearnedBlocks(structure="markdown")]
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
each = pytest.mark.parametrize(
    "extractor", EXTRACTORS, ids=lambda e: type(e).__name__ + "-markdown" * (getattr(e, "structure", "") == "markdown")
)


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
        ("".join(f"<p><font color=c{n}>x" for n in range(5000)), "too_deep"),
        ("<p>word " * 1_100_000, "too_large"),
    ],
    ids=["divs", "lists", "fonts", "large"],
)
def test_bounds(extractor, html, reason):
    with pytest.raises(ExtractionFailed) as failed:
        extractor.extract(html)
    assert failed.value.reason == reason


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

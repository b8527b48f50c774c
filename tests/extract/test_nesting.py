"""How deep a page is, told before it is parsed: never less than the tree that the parser makes, and the same where the page is plain."""

import contextlib
import time

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLTree, NodeType

from winnow.tasks.extract.extractors.base import ExtractionFailed
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.extractors.nesting import MOST_ATTRIBUTES, nesting
from winnow.tasks.extract.extractors.resiliparse_text import ResiliparseText

ENOUGH = 400
# What the tree may have above the estimate: the body, and what the standard makes up at few places (an empty <p> at a stray </p>).
MADE_UP = 3


def tree_depth(html):
    body = HTMLTree.parse(html).body
    deepest, stack = 0, [(body, 1)] if body is not None else []
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        child = node.first_child
        while child is not None:
            if child.type == NodeType.ELEMENT:
                stack.append((child, depth + 1))
            child = child.next
    return deepest


def depth(html):
    return nesting(html.encode(), ENOUGH)[0]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", 0),
        ("</", 0),
        ("<", 0),
        ("<div>" * 40 + "</div>" * 40, 40),
        ("<div><p>a<p>b<br><img><span>c</span></div>" * 100, 3),
        ("<li>x" * 300, 1),
        ("<ul><li>x" * 30, 60),
        ("<table><tr><td>x" * 20, 80),
        ("<table>" + "<tr><td>x" * 300, 4),
        ("<dl>" + "<dt>a<dd>b" * 300, 2),
        ("<h2>x" * 300, 1),
        ("<ruby>" + "a<rt>b" * 300, 2),
        ("<p>x</b></i></span></div>" * 300, 1),
        ("<div title='a>b<div><div>'>x</div>" * 300, 1),
        ("<script>document.write('<div>')</script><textarea><div></textarea><title><i></title><!-- <div> --><style><b></style>" * 300, 0),
        ("<script>a = '<\\/div><div>'</script>" * 300, 0),
        ("<svg><g/><path d=''/></svg>" * 300, 1),
        ("<div/>" * 30, 30),
        ("</b></i>" + "<div></x>" * 30, 30),
        ("<select>" + "<option>x" * 300, 2),
        ("<svg><font color=red><button><g/><div><div><div>", 6),
        ("<svg><g><font x='color=red'><g><g>", 5),
        ("<p><span><select><div><div><div>", 6),
    ],
)
def test_depth(html, expected):
    assert depth(html) == expected


def test_a_flat_page_of_unclosed_fonts_is_not_deep():
    html = "".join(f"<p><font color=red>On day {n} the loom stood still.</p>" for n in range(500))
    assert depth(html) < 10
    assert "On day 411" in ResiliparseText().extract(html)


@pytest.mark.parametrize(
    ("html", "copied"),
    [
        ("<p>" + "word <b>word</b> " * 1000, 0),
        ("<p>word</p>" * 1000 + "word<br>" * 1000, 0),
        ("<table>" + "<tr><td>word<td>word" * 1000, 0),
        ("<p>" + "word </b>" * 100, 5 * 99 * 100 // 2),
        ("word <td>" * 100, 5 * 99 * 100 // 2),
        ("<table>" + "word <tr>" * 100, 5 * 99 * 100 // 2),
        ("a < b < c", 0),
    ],
)
def test_texts_that_come_together_are_weighed(html, copied):
    assert nesting(html.encode(), ENOUGH)[3] == copied


def test_a_page_whose_text_would_be_copied_for_seconds_is_refused():
    with pytest.raises(ExtractionFailed, match="text_in_pieces"):
        ResiliparseText().extract("<p>" + "some words </b>" * 20_000)
    assert "some words" in ResiliparseText().extract("<p>" + "some words </b>" * 2_000)


PARTS = [
    "<div>", "</div>", "<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<font color=red>", "</font>", "<a href=x>", "</a>", "<span>", "</span>", "<ul>", "</ul>", "<li>", "</li>",
    "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th>", "<tbody>", "</tbody>", "<caption>", "</caption>", "<dl>", "<dt>", "<dd>", "</dl>", "<h1>", "</h1>", "<h2>",
    "<button>", "</button>", "<select>", "<option>", "</select>", "<svg>", "</svg>", "<g>", "<g/>", "<math>", "</math>", "<mi>", "<desc>", "<annotation-xml>", "<annotation-xml encoding=text/html>", "<form>", "</form>", "<template>", "</template>", "<nobr>", "<ruby>", "<rt>", "<rtc>",
    "<section>", "</section>", "<br>", "<script>", "</script>", "<!-- ", "-->", "text ", "<x-y>", "</x-y>", "<div title='>'>", "<div\n>", "<", "</", "<textarea>", "</textarea>",
]  # fmt: skip
# What holds code, formulas and tables, or is left out: where an extractor looks for more than the tree has.
HOLDERS = [
    "<pre>", "</pre>", "<pre class=line>", "<td class=blob-code>", "<td rowspan=3>", "<div class=highlight>", "<code class=language-py>", "<div class=CodeMirror-code>",
    "<span class=katex>", "<annotation encoding='application/x-tex'>", "<script type='math/tex'>", "<img alt='$x^2$'>", "<div hidden>", "<div class=cookie-banner>",
    "<noscript>", "<iframe>", "<details>", "<template shadowrootmode=open>", "<ol start=3>", "$x$ ", "\\(x\\) ", "\\[ ", "\\begin{align} ", "&amp;", "<div itemprop=articleBody>",
]  # fmt: skip


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PARTS), max_size=60).map("".join))
def test_the_tree_is_never_much_deeper_than_the_estimate(html):
    assert tree_depth(html) <= depth(html) + MADE_UP


@settings(max_examples=60)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).map("".join))
def test_no_repeated_soup_is_deep_and_let_through(soup):
    html = soup * 150
    found = depth(html)
    if found <= ENOUGH:
        assert tree_depth(html) <= found * 1.2 + 10


@pytest.mark.parametrize(
    "soup",
    [
        "<rt><ruby><dt>",
        "<rp><ruby><option>",
        "<rb><p></p><svg><rp></p>",
        "<rb><svg></br>",
        "<td><p><b><rt><table>",
        "<form><div></form>",
        "<ul></li><li>",
        "<form><math></form><textarea><div>",
        "<div><math><mi><math></div>",
        "<b><math><mi></b><div>",
        "<h2><math></h1><select><div>",
        "<math><td><mi></td><div>",
        "<svg><mi><script><g>",
        "<math><svg><mi><div>",
        "<math><annotation-xml><script><g>",
        "<math><annotation-xml encoding=x encoding=text/html><script><g>",
        "<<p><i><div>",
        "<form><p><rtc><form><table>",
        "<i><section><span></i><x-y></span>",
    ],
)
def test_a_repeated_soup_that_once_was_deeper_than_the_estimate(soup):
    assert tree_depth(soup * 40) <= depth(soup * 40) + MADE_UP


@pytest.mark.slow
@settings(max_examples=8, phases=[Phase.generate])
@given(*(st.lists(st.sampled_from([*PARTS, *HOLDERS]), min_size=least, max_size=most).map("".join) for least, most in ((0, 3), (1, 6))))
def test_no_soup_takes_time_that_grows_with_its_square(growth, before, unit):
    assert growth(lambda n: before + unit * n, 9) <= 0.1, (before, unit)


@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_attributes_are_counted(quote):
    html = "<p " + " ".join(f"a{n}={quote}>{quote if quote else ''}" if quote else f"a{n}=x" for n in range(50)) + ">text"
    assert nesting(html.encode(), ENOUGH)[1] == 50


def soups(n):
    """Pages whose time once grew with the square of n, and their kin."""
    return {
        "options": "<p>Text of the page.</p><select>" + "<option value=1>a town</option>" * n + "</select>",
        "attributes": "<p " + " ".join(f"a{k}=1" for k in range(n)) + ">Text of the page.",
        "fonts": "<p><font color=red>some words " * n,
        "rows": "<table>" + "<tr><td>some cell<td>another" * n,
        "code lines": "<pre>" + "<span class=line>x</span>\n" * n,
        "code in cells": "<table>" + "<tr><td><pre>x = 1</pre><td>what it does" * n,
        "code in one cell": "<table><tr><td>" + "some words " * n + "<td>" + "<pre>x = 1</pre>" * n,
        "cells of code": "<table>" + "<tr><td class=line-number>1<td class=blob-code>x = 1" * n,
        "lines of code": "<div>" + "<pre class=line>x = 1</pre>" * n,
        "code breaks": "<p>" + "<code>x</code><br>" * n,
        "sup": "<p>" + "x<sup>2</sup> " * n,
        "open sup": "<p>" + "x<sup>2 " * min(n, 300) + "word " * n,
        "formulas": "<p>" + "<math><mi>x</mi></math> " * n,
        "items": "<ol>" + "<li>some words" * n,
        "hidden": "<div hidden><p>word</p></div>" * n,
        "banners": "<div class=cookie-notice>we use cookies</div>" * n,
        "dollars": "<p>" + "$x$ and $ " * n,
        "comments": "<!-- " * n,
        "quotes": "<a title='" * n,
        "spans": "<table>" + "<tr><td rowspan=1000 colspan=1000>x" * n,
        "templates": "<template shadowrootmode=open><p>x</template>" * n,
        "forms in a template": "<template>" + "<form>" * n,
        "text in pieces": "<p>" + "some words </b>" * n,
        "cells without a table": "some words <td>" * n,
        "text between rows": "<table>" + "some words <tr>" * n,
        "open scripts": "<iframe>" + "<script type=application/json>{" * n,
        "open metas": "<iframe>" + '<meta itemprop="text" ' * n,
        "json": '<script type="application/ld+json">{"articleBody": "word"}</script>' * n,
    }


@pytest.fixture(scope="module")
def growth():
    """By how much more than ``grows`` times the time of a page does one of four times its length take, in seconds; the least of three looks."""
    extractor = LearnedBlocks()
    extractor.load()

    def seconds(html):
        begin = time.process_time()
        with contextlib.suppress(ExtractionFailed):
            extractor.extract(html)
        return time.process_time() - begin

    def beyond(page, grows):
        n = 1000
        while (once := min(seconds(page(n)) for _ in range(3))) < 0.02 and n < 32_000:
            n *= 2
        least = float("inf")
        for _ in range(3):
            least = min(least, seconds(page(4 * n)) - grows * once)
            if least <= 0.02:
                break
            once = max(once, seconds(page(n)))
        return least

    return beyond


@pytest.mark.slow
@pytest.mark.parametrize("kind", soups(1))
def test_time_grows_with_the_page_and_not_with_its_square(kind, growth):
    # 4 if it is linear, 16 if it is quadratic.
    assert growth(lambda n: soups(n)[kind], 9) <= 0.02


def test_the_text_behind_a_tag_of_many_attributes_is_read():
    html = "<p>Before it.</p><p " + " ".join(f"a{n}=1" for n in range(3 * MOST_ATTRIBUTES)) + ">Behind it, in the same page.</p>"
    assert "Behind it" in ResiliparseText().extract(html)

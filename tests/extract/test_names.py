"""Which tags of a page tell something: the kernel overlooks none of those that plain expressions find."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.extract.blocks import formulas
from winnow.tasks.extract.blocks.formulas import ALWAYS, NAMES, RAW, SPEAKING, SPEAKING_VALUE
from winnow.tasks.extract.blocks.markup import NO_TAG, is_hidden
from winnow.tasks.extract.blocks.prepare import INLINE_OR_CELLS
from winnow.tasks.extract.blocks.units import LISTINGS
from winnow.tasks.extract.extractors import page_blocks as page_blocks_module
from winnow.tasks.extract.extractors import page_kernels
from winnow.tasks.extract.extractors.names import telling_tags, words_of
from winnow.tasks.extract.extractors.page_blocks import TAG_ID, page_blocks
from winnow.tasks.extract.extractors.resiliparse_text import parsed

TAG = re.compile(rf"<([a-zA-Z][^\s/>]*+)([^>]*+)>|{NO_TAG}".encode(), re.DOTALL)
PARTS = [
    *(b"<span", b"<td", b"<b", b"<div", b"<math", b"<x:math", b"<mjx-assistive-mml", b"<script>", b"</script>", b"<pre>", b"</pre>", b"<!--", b"-->"),
    *(b"<!-- a -->", b"<?", b"<", b">", b"</span>", b"</td>", b'"', b" ", b"a", b"\xc3\xa9", b"12345678"),
    *(f' class="{word.decode()}"'.encode() for word in SPEAKING),
    *(b' class="texts"', b' alt="\\frac"', b' alt="$x$"', b' data-x="\\("', b' class="KaTeX"'),
    *(b' hidden=""', b' HIDDEN="x"', b' hidden="until-found"', b' style="display : NONE"', b' style="a;visibility:hidden"', b' style="display:block"'),
    *(b' style="content-visibility: hidden"', b' style="visibility:collapse"'),
]  # fmt: skip
markup = st.lists(st.sampled_from(PARTS), max_size=25).map(b"".join)


def tags_of_formulas(html):
    """Tags outside of raw elements that are of formulas by their name or their attributes, one expression after another."""
    at = 0
    while match := TAG.search(html, at):
        at = match.end()
        if match[1] is None:
            continue
        name, written = match[1].decode(errors="replace"), match[2].lower()
        if name in RAW:
            end = html.find(f"</{name}>".encode(), at)
            at = len(html) if end < 0 else end + len(name) + 3
        if name in NAMES or ":" in name or any(word in written for word in SPEAKING) or SPEAKING_VALUE.search(written):
            yield match.start()


def places(html):
    found = telling_tags(html, formulas._names())
    assert all(html[end - 1 : end] == b">" and html[behind : behind + 1] in (b" ", b"/", b">") for _, behind, end in found)
    return {at for at, _, _ in found}


@given(markup)
def test_no_tag_that_may_be_of_formulas_is_overlooked(html):
    assert set(tags_of_formulas(html)) <= places(html)


WRITTEN = [part.decode() for part in PARTS if part[:1] == b" " and b"=" in part]
start_tag = st.builds(
    "<{}{}>".format, st.sampled_from(["span", "td", "b", "div", "span<span"]), st.lists(st.sampled_from(WRITTEN), max_size=3).map("".join)
)


@given(
    st.lists(
        start_tag | st.sampled_from(["</span>", "</td>", "</b>", "text", '<!-- <span hidden=""> -->', '<script><b hidden=""></script>']),
        max_size=12,
    )
)
def test_no_tag_that_may_hide_is_overlooked(parts):
    """Whoever cuts a page is asked about each that is hidden, once and in order."""
    html = "".join(["<body>", *parts]).encode()
    asked = []

    def hidden_element(_, begin, behind_name, behind):
        assert html[behind_name : behind_name + 1] == b" "
        assert html[behind - 1 : behind] == b">"
        asked.append(begin)
        return 0, False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_blocks_module, "hidden_element", hidden_element)
        page_blocks_module._cut(html, formulas=False)
    at, expected = len("<body>"), set()
    for part in parts:
        name, _, written = part[1:-1].partition(" ")
        if part[0] == "<" and name in INLINE_OR_CELLS and is_hidden(" " + written):
            expected.add(at)
        at += len(part.encode())
    assert expected <= set(asked)
    assert asked == sorted(set(asked))


@given(markup, st.data())
def test_letters_are_looked_for_sixteen_at_a_time_as_one_by_one(html, data):
    html = b"<span" + html + b" " * 40
    end = data.draw(st.integers(5, len(html) - 1))
    letters = np.frombuffer(html, np.uint8)
    said = 0
    for at in range(5, end):
        if page_kernels.PIVOT[html[at]]:
            said |= page_kernels.says(letters, at)
    assert page_kernels.all_said(letters, 5, end) == said


def test_other_tags_are_passed_over():
    html = b'<p class="a"><a href="/x">text</a></p><span style="display:block">b</span>'
    assert telling_tags(html, formulas._names()) == []


def test_words_have_their_bits():
    table = words_of({"one": 1, "two": 2})
    assert sorted(table.bits[table.low != 0].tolist()) == [1, 2]


def test_a_name_that_is_too_long_for_the_kernel_tells():
    assert any(len(name) > 16 for name in ALWAYS)
    assert telling_tags(b"<p><mjx-assistive-mml>", formulas._names()) == [(3, 21, 22)]


@pytest.mark.parametrize(
    ("written", "listing"),
    [
        ('class="fragment"', True),
        ('class="fragments"', False),
        ('class="a fragment"', False),
        ('style="color:red;white-space: pre"', True),
        ('style="WHITE-SPACE:pre"', False),
        ('style="white-space:normal"', False),
        ('data-style="white-space:pre"', False),
    ],
)
def test_listings_are_told_by_their_attributes(written, listing):
    page = page_blocks(parsed(f"<p>a</p><div {written}>b</div>"))
    of = [page.html[page.element_attributes[e] : page.element_content[e]] for e in page.listings.tolist()]
    assert any(word in a and pattern.search(a) for a in of for word, pattern in LISTINGS) == listing


@given(
    st.lists(
        st.sampled_from(["white-space", "WHITE-SPACE", ":", " ", ";", "pre", "pre-wrap", "x", "-", "display:none", "fragment", "\u2003"]),
        max_size=8,
    ).map("".join),
    st.sampled_from(["style", "class"]),
)
def test_no_listing_is_overlooked(value, name):
    page = page_blocks(parsed(f'<p>a</p><div {name}="{value}">b</div>'))
    written = page.html[page.element_attributes[2] : page.element_content[2]]
    if any(pattern.search(written) for _, pattern in LISTINGS):
        assert page.listings.tolist() == [2]


@given(
    st.lists(
        st.sampled_from([*WRITTEN, ' class="nav menu"', ' class="nav menus"', ' id="nav"', ' style="display:none"']),
        min_size=1,
        max_size=12,
    )
)
def test_elements_of_the_same_attributes_say_the_same_as_each_alone(written):
    def said(html):
        page = page_blocks(parsed(html))
        of = page.element_tag == TAG_ID["section"]
        return list(zip(page.element_bits[of].tolist(), page.element_checksum[of].tolist(), strict=True)), [
            page.html[page.element_attributes[e] : page.element_content[e]] for e in page.listings
        ]

    sections = [f"<section{each}>text</section>" for each in written]
    alone = [said(section) for section in sections]
    assert said("".join(sections)) == (
        [pair for pairs, _ in alone for pair in pairs],
        [listing for _, listings in alone for listing in listings],
    )

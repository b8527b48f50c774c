"""Typed blocks: headings, items with depth and number, quotations, definitions; and the two writers say the same words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.extract.blocks.pages import all_blocks, as_markdown, as_plain
from winnow.tasks.extract.blocks import markdown, plain


def kinds(html):
    return [(b.kind, b.level, b.number, plain.body_of(b)) for b in all_blocks(html)]


def test_items_have_depth_and_number():
    html = '<ol start="3"><li>Warp<ul><li>Linen</li></ul></li><li value="7">Weft</li><li>Beat</li></ol>'
    assert kinds(html) == [("item", 1, 3, "Warp"), ("item", 2, None, "Linen"), ("item", 1, 7, "Weft"), ("item", 1, 8, "Beat")]
    assert as_markdown(html) == "3. Warp\n  - Linen\n7. Weft\n8. Beat"


def test_a_reversed_list_counts_down():
    assert [n for _, _, n, _ in kinds("<ol reversed><li>a</li><li>b</li></ol>")] == [2, 1]


def test_kinds():
    html = (
        "<h2>Looms</h2><dl><dt>Warp</dt><dd>Threads along.</dd></dl><blockquote><p>Weave.</p></blockquote>"
        "<figure><img src=a.png><figcaption>A loom</figcaption></figure><p>Text</p>"
    )
    assert kinds(html) == [
        ("heading", 2, None, "Looms"),
        ("term", 0, None, "Warp"),
        ("definition", 0, None, "Threads along."),
        ("quotation", 0, None, "Weave."),
        ("caption", 0, None, "A loom"),
        ("paragraph", 0, None, "Text"),
    ]


@pytest.mark.parametrize(
    "html",
    [
        '<h2 id="w">The loom<a class="headerlink" href="#w" title="Permalink">¶</a></h2>',
        '<h2><a class="anchor" href="#w" aria-hidden="true">#</a>The loom</h2>',
        '<h2>The loom <a class="header-anchor" href="#w"><span>🔗</span></a></h2>',
        '<h2><a href="#w">The loom</a> <a href="#w">§</a></h2>',
        '<h2><span class="mw-headline" id="W">The loom</span><span class="mw-editsection"><span>[</span><a href="/e">edit</a><span>]</span></span></h2>',
        '<h2>The loom<span class="sr-only">Link to this heading</span></h2>',
        "<h2>The <em>loom</em></h2>",
    ],
)
def test_a_heading_is_its_words(html):
    assert as_markdown(html + "<p>It stands there.</p>") == "## The loom\n\nIt stands there."


def test_a_link_to_edit_beside_a_heading_is_left_out():
    edit = '<span class="mw-editsection"><span class="mw-editsection-bracket">[</span><a href="/e"><span>edit</span></a><span class="mw-editsection-bracket">]</span></span>'
    assert as_markdown(f'<div class="mw-heading mw-heading2"><h2 id="W">The loom</h2>{edit}</div><p>[sic] It stands.</p><p>[edit]</p>') == (
        "## The loom\n\n[sic] It stands.\n\n[edit]"
    )


@pytest.mark.parametrize(
    "words", ["Weaving in C#", '<a href="/c">C#</a>', '<a class="permalink" href="/t">On #</a>', "[Draft] edit", '<a href="#x">#</a>']
)
def test_a_sign_that_is_a_word_of_a_heading_stays(words):
    (block,) = all_blocks(f"<h2>{words}</h2>")
    assert block.runs[0].text == re.sub("<.*?>", "", words)


@pytest.mark.parametrize("sign", "¶#")
def test_the_sign_that_links_to_a_term_or_a_caption_is_left_out(sign):
    link = f'<a class="headerlink" href="#loom" title="Link to this definition">{sign}</a>'
    read = as_plain(
        f"<dl><dt>loom(shafts)<em>C#</em>{link}</dt><dd>Weaves.</dd></dl><figure><figcaption>The loom{link}</figcaption></figure><p>In C#</p>"
    )
    assert read == "loom(shafts)C#\nWeaves.\n\nThe loom\n\nIn C#"


def test_the_sign_that_links_back_from_a_note_is_left_out():
    assert (
        as_plain('<ol><li><p>As the book says.<a href="#fnref1" class="footnote-back" role="doc-backlink">↩︎</a></p></li></ol>')
        == "• As the book says."
    )


def test_an_empty_line_or_a_rule_ends_a_paragraph():
    assert as_markdown("<div>one<br><br>two<br>three<hr>four<br>\n<br/>five<p>six</div>") == "one\n\ntwo\nthree\n\nfour\n\nfive\n\nsix"
    assert as_markdown("<ul><li>one<br><br>two</li><li>three</li></ul>") == "- one\n\n  two\n- three"


def test_an_item_outside_of_a_list_is_an_item():
    assert as_markdown("<menu><li>one</li><li>two</li></menu>") == "- one\n- two"


def test_lines_of_verse_are_one_block():
    assert kinds("<p>The shuttle flies<br>The shuttle flies<br>and nobody tries</p>") == [
        ("paragraph", 0, None, "The shuttle flies\nThe shuttle flies\nand nobody tries")
    ]


PARTS = [
    "<p>", "</p>", "<h2>", "</h2>", "<ul>", "<ol>", "<li>", "</ul>", "</ol>", "<pre>", "</pre>", "<code>", "</code>", "<table>", "<tr>", "<td>", "</table>", "<sup>2</sup>",
    "<br>", "<blockquote>", "</blockquote>", "word ", "two words ", "`", "$x$ ", "<math><mi>x</mi></math>", "<span class=line>", "</span>", "<template shadowrootmode=open>",
    "</template>", "<textarea readonly>", "<ruby>a<rt>b</ruby>", "\u00ad", "\ufdd0", "7\ufdd1",
]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
def test_spans_are_the_blocks_texts(html):
    blocks = all_blocks(html)
    for writer in (plain, markdown):
        text, spans = writer.write(blocks)
        assert len(spans) == len(blocks)
        at = 0
        for span in spans:
            assert text[at : span.start].strip("\n") == ""
            at = span.end
        assert at == len(text)


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
def test_both_writers_say_the_same_words(html):
    blocks = all_blocks(html)
    plainly, marked = ("".join(filter(str.isalpha, writer.write(blocks)[0])) for writer in (plain, markdown))
    assert plainly == marked


@pytest.mark.parametrize("depth", [1, 3, 12])
def test_items_are_indented_by_their_depth(depth):
    html = "<ul><li>x" * depth
    assert as_markdown(html).split("\n")[-1] == "  " * (min(depth, 8) - 1) + "- x"

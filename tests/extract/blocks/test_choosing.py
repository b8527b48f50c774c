"""What is content beside the model's choice: no hidden text, no banners of consent, headings, no copies but refrains."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.extract.blocks.pages import AFTER, BEFORE, article, extracted
from winnow.tasks.extract.blocks import choosing
from winnow.tasks.extract.blocks.units import Tree, units
from winnow.tasks.extract.extractors.block_features import features
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.extractors.page_blocks import page_blocks
from winnow.tasks.extract.extractors.resiliparse_text import parsed

NAMES = (
    "onetrust ot-sdk cybot cookiebot didomi usercentrics qc-cmp iubenda-cs borlabs klaro osano cmplz complianz cky- termly evidon truste trustarc cookielaw cookie-consent"
    " cookie-banner consent-manager cmpbox cookiefirst sp_message fc-consent gdpr cc-window cc-banner eu-cookie cookies-wrapper"
).split()
UNSEEN = "This offer of the museum shop has ended, and nobody but a program reads that you should buy three scarves before the end of it."
BANNER = (
    "<h2>Your choice</h2><p>We and our 517 partners store information on a device, such as cookies, and process personal data for measured and personalised advertising.</p>"
    "<p>You can agree to the processing as described here or say no to all of it at any time.</p><button>Agree to all</button>"
)


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none"><p>{}</p></div>',
        "<div hidden><p>{}</p></div>",
        '<p style="color:red; DISPLAY: none">{}</p>',
        '<section hidden=""><div><p>{}</p></div></section>',
        '<div style="visibility:hidden"><p>{}</p></div>',
        '<p style="margin:0;VISIBILITY: Hidden">{}</p>',
        '<p style="DISPLAY :  NONE ; color:red">{}</p>',
        '<div style="color:red;display:none!important"><p>{}</p></div>',
        '<div style="visibility:collapse"><p>{}</p></div>',
        '<p style="content-visibility: hidden">{}</p>',
        "<dialog><p>{}</p></dialog>",
    ],
)
def test_hidden_text_is_left_out(hidden):
    text = extracted(hidden.format(UNSEEN))
    assert "scarves" not in text
    assert AFTER[1] in text


@pytest.mark.parametrize(
    "style",
    ["backface-visibility: hidden", "--display: none", "display:nonesuch", "-webkit-backface-visibility:hidden", "overflow: hidden"],
)
def test_styles_that_only_sound_so_hide_nothing(style):
    assert "scarves" in extracted(f'<p style="{style}">{UNSEEN}</p>')


def test_an_open_dialog_is_read():
    assert "scarves" in extracted(f"<dialog open><p>{UNSEEN}</p></dialog>")


@pytest.mark.parametrize(
    "hidden",
    [
        "<span hidden>{}</span>",
        '<span style="display: none">{}</span>',
        '<b style="display:none">{} <span>and</span></b>',
        '<a href="/x" style="visibility:hidden"><span>{}</span></a>',
        '<span hidden="HIDDEN" class="sortkey">{}</span>',
        '<code style="display:none">{}</code>',
    ],
)
def test_hidden_words_of_a_paragraph_or_a_cell_are_left_out(hidden):
    words = hidden.format("zzz sort key")
    text = extracted(
        f"<p>The loom of the valley {words}has four shafts made of beech from the hills.</p>"
        f"<table><tr><th>Year</th><th>Ells</th></tr><tr><td>1861</td><td>40{words}</td></tr><tr style='display:none'><td>zzz</td><td>1</td></tr></table>"
    )
    assert "zzz" not in text
    assert "The loom of the valley has four shafts" in text
    assert "1861\t40" in text


def test_what_a_reader_opens_in_a_paragraph_and_hidden_sources_of_formulas_are_read():
    text = extracted(
        '<p>The loom of the valley <span class="more" style="display:none">has four shafts</span> '
        '<span style="display:none"><math><mi>a</mi><mo>=</mo><mi>b</mi></math></span> of beech from the hills.</p>'
    )
    assert r"has four shafts \(a=b\) of beech" in text


def test_a_page_of_which_most_is_hidden_inline_stays_as_it_is():
    html = "<p>It is.</p>" + '<span hidden="">A whole page that a script shows when it is loaded, word for word.</span>' * 3
    assert page_blocks(parsed(html)).html.decode() == f"<body>{html}</body>"
    other = page_blocks(parsed('<p>It is <i hidden="">not</i>here, in front of a long paragraph that stays.</p>'))
    assert other.html == b"<body><p>It is here, in front of a long paragraph that stays.</p></body>"
    assert other.text == b"It is here, in front of a long paragraph that stays."
    assert (other.block_begin.tolist(), other.block_end.tolist(), other.run_end.tolist()) == ([9], [61], [52])


def test_a_page_that_is_hidden_as_a_whole_is_read():
    text = LearnedBlocks().extract('<body><div style="display:none">' + "".join(f"<p>{p}</p>" for p in BEFORE + AFTER) + "</div></body>")
    assert BEFORE[0] in text


def test_the_panels_of_tabs_are_read():
    assert "scarves" in extracted(f'<div role="tabpanel" hidden><p>{UNSEEN}</p></div>')


@pytest.mark.parametrize(
    "frame",
    [
        '<div id="onetrust-banner-sdk">{}</div>',
        '<div id="CybotCookiebotDialog">{}</div>',
        '<div class="cookie-notice" role="dialog">{}</div>',
        '<div class="cmplz-cookiebanner">{}</div>',
    ],
)
@pytest.mark.parametrize("place", ["before", "inside"])
def test_banners_of_consent_are_left_out(frame, place):
    banner = frame.format(BANNER)
    text = extracted(banner) if place == "inside" else extracted("", before_main=banner)
    assert "517 partners" not in text
    assert AFTER[1] in text


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_a_manager_has_a_stem(name):
    assert choosing.MANAGERS.search(name)
    assert any(stem in name for stem in choosing.STEMS_OF_MANAGERS)


def test_a_banner_without_a_name_is_left_out():
    banner = '<div class="x9f"><p>We and our 904 partners store and access information on your device to show you adverts that fit what you read.</p></div>'
    assert "904 partners" not in extracted(banner)
    assert "weave and our partners" in extracted(
        "<p>In the valley we weave and our partners in the town sell what we have woven on the loom by the window.</p>"
    )


def test_an_article_on_cookies_is_read():
    middle = "<p>The museum sells cookies in the shape of a loom, and each visitor may accept all cookies that are offered at the door of the house.</p>"
    assert "in the shape of a loom" in extracted(middle)


def test_notices_that_scripts_are_off_are_left_out():
    assert "enable" not in extracted(
        "<noscript><p>You need to enable JavaScript to see the looms on this page of the museum.</p></noscript>"
    )


def test_questions_and_answers_in_details_are_read():
    text = extracted(
        "<details><summary>How long is a length of cloth?</summary><p>Forty ells, says the book, or a little more in the years without a war.</p></details>"
    )
    assert "How long is a length" in text
    assert "Forty ells" in text


def test_the_heading_of_a_page_is_read():
    assert extracted("").startswith("The loom by the window")


def test_text_twice_in_a_page_is_written_once():
    twice = "".join(f"<p>{p}</p>" for p in BEFORE)
    text = LearnedBlocks().extract(article("").replace("</main>", f'<div class="narrow"><div>{twice}</div></div></main>'))
    assert text.count(BEFORE[0]) == 1


def test_a_refrain_stays():
    refrain = "and the shuttle flies from left to right and never comes to rest"
    verses = [f"In verse number {n} the weaver sings of the river and of the hills behind it." for n in range(3)]
    text = extracted("".join(f"<p>{verse}</p><p>{refrain}</p>" for verse in verses))
    assert text.count(refrain) == 3


def listed(html, mine):
    """The blocks of a page that are chosen with ``mine``, as lists hang together."""
    page = page_blocks(parsed(html))
    _, _, texts = features(page)
    words = np.asarray([len(text.split()) for text in texts])
    chosen = np.asarray([text.strip() in mine for text in texts])
    choosing.with_lists(page, chosen, np.zeros(len(texts), np.bool_), words, [])
    return [text.strip() for text, is_in in zip(texts, chosen, strict=True) if is_in]


LONG = "Each of them was carved from the wood of the pear trees."


@pytest.mark.parametrize("frame", ["<ul><li>Reed</li><li>{}</li><li>Beam</li></ul>", "<dl><dt>Reed</dt><dd>{}</dd><dt>Beam</dt></dl>"])
def test_short_entries_of_a_list_of_which_most_is_chosen_are_in(frame):
    assert listed(frame.format(LONG), [LONG]) == ["Reed", LONG, "Beam"]
    assert listed(frame.format(LONG), ["Reed"]) == ["Reed"]


@pytest.mark.parametrize("entry", ['<a href="/shop">To the shop</a>', LONG + " " + LONG])
def test_links_and_long_entries_are_not_chosen_for_their_neighbours(entry):
    assert listed(f"<ul><li>{LONG} {LONG} {LONG}</li><li>{entry}</li></ul>", [f"{LONG} {LONG} {LONG}"]) == [f"{LONG} {LONG} {LONG}"]


def tied(html, mine):
    """The blocks of a page that are chosen with ``mine``, as they are tied to them."""
    page = page_blocks(parsed(html))
    _, _, texts = features(page)
    words = np.asarray([len(text.split()) for text in texts])
    chosen = np.asarray([text.strip() in mine for text in texts])
    choosing.with_tied(page, Tree(page), chosen, texts, words, [])
    return [text.strip() for text, is_in in zip(texts, chosen, strict=True) if is_in]


OTHER = "The weft is thrown from one side to the other by hand."
BOXES = {
    "Sphinx": '<div class="admonition note"><p class="admonition-title">Note</p><p>Wax it.</p></div>',
    "GitHub": '<div class="markdown-alert markdown-alert-note"><p class="markdown-alert-title"><svg></svg>Note</p><p>Wax it.</p></div>',
    "Docusaurus": '<div class="theme-admonition theme-admonition-note admonition_xJq3"><div class="admonitionHeading_a">Note</div><div><p>Wax it.</p></div></div>',
    "VitePress": '<div class="tip custom-block"><p class="custom-block-title">Note</p><p>Wax it.</p></div>',
    "Asciidoctor": '<div class="admonitionblock note"><table><tr><td class="icon"><div class="title">Note</div></td><td class="content"><p>Wax it.</p></td></tr></table></div>',
    "Quarto": '<div class="callout callout-style-default callout-note"><div class="callout-header">Note</div><div class="callout-body"><p>Wax it.</p></div></div>',
    "LibreOffice": '<div class="embedded"><div class="note"><table><tr><th>Note</th></tr><tr><td><p>Wax it.</p></td></tr></table></div></div>',
}


@pytest.mark.parametrize("system", BOXES)
def test_a_note_between_chosen_paragraphs_is_in(system):
    html = f"<div><p>{LONG}</p>{BOXES[system]}<p>{OTHER}</p></div><p>Further pages</p>"
    assert tied(html, [LONG, OTHER]) == [LONG, "Note", "Wax it.", OTHER]
    assert tied(html, [LONG]) == [LONG]
    assert tied(html, ["Wax it."]) == ["Note", "Wax it."]


@pytest.mark.parametrize(
    "middle",
    [
        "<dl><dt>Warp</dt><dd>Along</dd></dl>",
        '<div class="dlist"><dl><dt>Warp</dt><dd>Along</dd></dl></div>',
        "<blockquote><p>Warp</p><p>Along</p></blockquote>",
        '<aside class="quote no-group"><div class="title">Warp</div><blockquote><p>Along</p></blockquote></aside>',
        '<details class="details_x alert"><summary>Warp</summary><div><p>Along</p></div></details>',
    ],
)
def test_facts_and_quotations_between_chosen_paragraphs_are_in(middle):
    html = f"<div><p>{LONG}</p>{middle}<p>{OTHER}</p></div>"
    assert tied(html, [LONG, OTHER]) == [LONG, "Warp", "Along", OTHER]
    assert tied(html, [OTHER]) == [OTHER]
    assert tied(f"<div><div><p>{LONG}</p></div>{middle}<p>{OTHER}</p></div>", [LONG, OTHER]) == [LONG, "Warp", "Along", OTHER]
    assert tied(f"<div><p>{LONG}</p><div>{middle}<p>More</p></div><p>{OTHER}</p></div>", [LONG, OTHER]) == [LONG, OTHER]


def test_the_rest_of_facts_between_chosen_paragraphs_is_in():
    html = f"<div><p>{LONG}</p><dl><dt>Warp</dt><dd>The threads along</dd><dt>Weft</dt><dd>The threads across</dd></dl><p>{OTHER}</p></div>"
    assert tied(html, [LONG, "Warp", OTHER]) == [LONG, "Warp", "The threads along", "Weft", "The threads across", OTHER]
    assert tied(html, [LONG, "Warp"]) == [LONG, "Warp"]
    assert tied(html.replace("dl>", "details>"), [LONG, "Warp", OTHER]) == [LONG, "Warp", OTHER]


@pytest.mark.parametrize(
    "middle",
    [
        "<p>Warp</p>",
        '<div class="tip_button">Warp</div>',
        '<div class="note"><a href="/warp">Warp</a></div>',
        "<dl><dt>Ann Weaver, 9:00</dt><dt>Print</dt></dl>",
        '<blockquote class="twitter-tweet"><p>Warp</p>— Ann</blockquote>',
        '<blockquote><p>Read more: <a href="/warp">Warp</a></p></blockquote>',
        '<noscript><div class="warning"><p>Please turn on JavaScript.</p></div></noscript>',
        "<figure><figcaption>A loom in the sun</figcaption></figure>",
        f'<div class="note"><p>{" ".join([LONG] * 6)}</p></div>',
    ],
)
def test_what_else_is_between_chosen_paragraphs_is_left_to_the_model(middle):
    assert tied(f"<div><p>{LONG}</p>{middle}<p>{OTHER}</p></div>", [LONG, OTHER]) == [LONG, OTHER]


def test_a_numbered_caption_between_chosen_paragraphs_is_in():
    html = f"<div><p>{LONG}</p><figure><img src=a.png><figcaption>Figure 2: A loom</figcaption></figure><p>{OTHER}</p></div>"
    assert tied(html, [LONG, OTHER]) == [LONG, "Figure 2: A loom", OTHER]


@pytest.mark.parametrize("caption", ["Figure 2: Widths", "Table 2.1 Widths of cloth from the valley in all the years of the war and after"])
@pytest.mark.parametrize(
    "figure", ["<figure><figcaption>{}</figcaption><p>{}</p></figure>", "<figure><p>{}</p><figcaption>{}</figcaption></figure>"]
)
def test_a_numbered_caption_is_in_with_its_figure(figure, caption):
    is_first = figure.index("<p>") > figure.index("<figcaption>")
    assert set(tied(figure.format(*((caption, LONG) if is_first else (LONG, caption))), [LONG])) == {caption, LONG}
    assert tied(figure.format(*(("A loom", LONG) if is_first else (LONG, "A loom"))), [LONG]) == [LONG]


def test_a_table_between_code_is_in():
    table = "<table><tr><th>n</th><th>width</th></tr><tr><td>3</td><td>12</td></tr></table>"
    page = page_blocks(
        parsed(f"<p>{LONG}</p>{'<pre>warp(3)</pre>' * 3}{table}{'<pre>weft(4)</pre>' * 3}<p>{OTHER}</p>{table}<p>Further</p>")
    )
    _, _, texts = features(page)
    words = np.asarray([len(text.split()) for text in texts])
    chosen = np.asarray([text in (LONG, OTHER) for text in texts])
    tree = Tree(page)
    kept, _ = choosing.with_units(tree, chosen, units(page, tree, texts, words), words, np.zeros(len(texts), np.int64))
    assert [text for text, is_in in zip(texts, kept, strict=True) if is_in] == [
        LONG,
        *["warp(3)"] * 3,
        *("n", "width", "3", "12"),
        *["weft(4)"] * 3,
        OTHER,
    ]


@pytest.mark.parametrize(
    "quotation",
    [
        "<blockquote><p>{}</p><cite>Ann Weaver</cite></blockquote>",
        "<blockquote><p>{}</p><footer>Ann Weaver</footer></blockquote>",
        "<blockquote><p>{}</p><p>— Ann Weaver</p></blockquote>",
        '<figure class="wp-block-pullquote"><blockquote><p>{}</p><cite>Ann Weaver</cite></blockquote></figure>',
        "<figure><blockquote><p>{}</p></blockquote><figcaption>Ann Weaver, <cite>Songs</cite></figcaption></figure>",
    ],
)
def test_who_is_quoted_is_in_with_the_quotation(quotation):
    html = quotation.format(LONG) + "<p>Further pages</p>"
    found = tied(html, [LONG])
    assert len(found) == 2
    assert "Ann Weaver" in found[1]
    assert tied(html, []) == []


def test_what_ends_a_quotation_otherwise_is_left_to_the_model():
    assert tied(f"<blockquote><p>{LONG}</p><p>Click to expand</p></blockquote>", [LONG]) == [LONG]
    assert tied(f'<blockquote class="twitter-tweet"><p>{LONG}</p>— Ann (@ann)</blockquote>', [LONG]) == [LONG]
    assert tied(f"<figure><p>{LONG}</p><figcaption>The loom</figcaption></figure>", [LONG]) == [LONG]


FOOTNOTES = (
    '<div class="footnotes" role="doc-endnotes"><ol><li><p>In ells.</p></li></ol></div>',
    '<div class="footnotes"><hr><div class="footnote"><p>In ells.</p></div></div>',
    '<ol class="wp-block-footnotes"><li>In ells.</li></ol>',
)


@pytest.mark.parametrize("notes", FOOTNOTES)
def test_short_notes_behind_the_text_are_in(notes):
    html = f"<main><article><p>{LONG}</p>{notes}</article><div>Further pages</div></main>"
    assert tied(html, [LONG]) == [LONG, "In ells."]
    assert tied(html, ["Further pages"]) == ["Further pages"]
    assert tied(html.replace('class="', 'class="x'), [LONG]) == [LONG]


@pytest.mark.parametrize(
    "heading", ["<h2>Details</h2>", "<h3><span>Details</span></h3>", '<div class="head"><h2><div>Details</div></h2></div>']
)
def test_facts_below_a_chosen_heading_are_in(heading):
    html = f"<div><p>{LONG}</p>{heading}<dl><dt>Wood</dt><dd>Beech</dd></dl><p>To the cart</p></div>"
    assert tied(html, [LONG, "Details"]) == [LONG, "Details", "Wood", "Beech"]
    assert tied(html, [LONG]) == [LONG]
    assert tied(html.replace("h2>", "p>").replace("h3>", "p>"), [LONG, "Details"]) == [LONG, "Details"]


VERSE = [f"The shuttle flies the {n} time" for n in ("first", "second", "third")] + ["and nobody tries"]


@pytest.mark.parametrize("line", ['<div style="text-indent: -1em">{}<br></div>', '<p class="line">{}</p>'])
def test_lines_of_verse_of_which_most_are_chosen_are_in(line):
    html = "<div>" + "".join(line.format(text) for text in VERSE) + "</div>"
    assert tied(html, VERSE[:3]) == VERSE
    assert tied(html, VERSE[:1]) == VERSE[:1]
    assert tied(html.replace(line.format(VERSE[3]), f"<h4>{VERSE[3]}</h4>"), VERSE[:3]) == VERSE[:3]
    assert tied(html.replace(VERSE[3], " ".join(VERSE)), VERSE[:3]) == VERSE[:3]


@pytest.mark.parametrize(
    ("middle", "text"),
    [
        (BOXES["Asciidoctor"], "Note\n\nWax it."),
        (BOXES["Docusaurus"], "Note\n\nWax it."),
        ('<div class="dlist"><dl><dt>Warp</dt><dd><p>Along</p></dd></dl></div>', "Warp\n\nAlong"),
        ("<figure><img src=a.png><figcaption>Figure 2: A loom</figcaption></figure>", "Figure 2: A loom"),
    ],
)
def test_short_parts_of_an_article_are_read(middle, text):
    assert f"{BEFORE[1]}\n\n{text}\n\n{AFTER[0]}" in extracted(middle)


HIDDEN_PARTS = (
    '<span hidden="">{}</span>',
    '<b style="display:none">{}<i>more</i></b>',
    '<a href="#" style="visibility: hidden">{}<span hidden="">x</span></a>',
)
SEEN_PARTS = (
    "The loom ",
    "has <b>four</b> shafts",
    " and&nbsp;",
    "a\u200bb",
    "<br>",
    '<span style="color:red">red</span>',
    "<!-- c -->",
    "<sup>2</sup>",
    " ",
    "<i></i>",
)


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(SEEN_PARTS), st.sampled_from(HIDDEN_PARTS), st.sampled_from(SEEN_PARTS)), max_size=8),
    st.integers(0, 3),
)
def test_a_page_is_cut_as_if_what_is_hidden_in_its_paragraphs_were_not_there(parts, paragraphs):
    def written(with_hidden):
        inside = "".join(seen + (frame.format(hidden) if is_hidden and with_hidden else "") for is_hidden, seen, frame, hidden in parts)
        return (
            f"<body><p>{inside}</p>"
            + "<p>A long paragraph that nobody has hidden stays, so that most of the page is seen by readers. </p>" * 9
        )

    def cut(html):
        page = asdict(page_blocks(parsed(html * (1 + paragraphs))))
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in page.items()}

    assert cut(written(True)) == cut(written(False))

"""What is content beside the model's choice: no hidden text, no banners of consent, headings, no copies but refrains."""

import numpy as np
import pytest

from tests.extract.blocks.pages import AFTER, BEFORE, article, extracted
from winnow.tasks.extract.blocks import choosing
from winnow.tasks.extract.blocks.prepare import without_hidden
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
    assert without_hidden(html.encode()) == html.encode()
    assert without_hidden(b'<p>It is <i hidden="">not</i>here, in front of a long paragraph that stays.</p>') == (
        b"<p>It is here, in front of a long paragraph that stays.</p>"
    )


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

"""cc_net's published rules, as golden cases: what its text_normalizer, perplexity and process_wet_file make of a text."""

import unicodedata

import pytest

from winnow.tasks.models.ngram.cc_net import content, cutoffs, normalise
from winnow.tasks.signals.filters.cc_net import CCNet
from winnow.tasks.signals.text import Document

NORMALISED = {
    "": "",
    "  \n\t ": "",
    "Hello World": "hello world",
    "Crème brûlée": "creme brulee",
    "In 1984 and ٣٤ and １２": "in 0000 and 00 and 00",
    "„quoted” “quoted” «quoted» 「quoted」 《quoted》": '"quoted" "quoted" "quoted" "quoted" "quoted"',
    "one—two – three…": "one - two - three...",
    "，。、；：？！（）【】〈〉％～": ",.,;:?!()[]<>%~",
    "Line one\nLine two": "line oneline two",  # line breaks are control characters: deleted, so words fuse
    "tab\tand\x85next": "taband" + "next",
    "(ASCII, punctuation; stays!)": "(ascii, punctuation; stays!)",
    "Й й Ё": "и и е",  # an accent is any mark that does not advance
    "한국어": unicodedata.normalize("NFD", "한국어"),
    "．5": ". 0",
    "►item": "-item",
    "İ": "i",
    "ﬁne ½": "ﬁne ½",  # no compatibility forms
}


@pytest.mark.parametrize("text", NORMALISED, ids=ascii)
def test_normalisation(text):
    assert normalise(text) == NORMALISED[text]


def test_spaced_differs_in_white_space_only():
    text = "Line one\n\n  Line\ttwo — 3 "
    assert normalise(text, spaced=True) == "line one line two  -  0"
    assert normalise(text, spaced=True).replace(" ", "") == normalise(text).replace(" ", "")


def test_published_cutoffs():
    published = cutoffs()
    assert len(published) == 48
    assert published["en"] == (340, 520)
    assert published["de"] == (370, 590)
    assert all(head < tail for head, tail in published.values())


def test_a_documents_lines_as_cc_net_reads_them():
    text = "A title\n\n  first line \n \nsecond line\n"
    assert content(text) == "A title\nfirst line\nsecond line"
    assert content(text, title=True) == "first line\nsecond line"
    assert CCNet(title=True).measure(Document(text)) == {"ccnet_length": 22, "ccnet_nlines": 2}
    assert CCNet().measure(Document(" \n")) == {"ccnet_length": 0, "ccnet_nlines": 0}

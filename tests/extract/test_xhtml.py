"""XHTML becomes HTML: empty elements end, CDATA is text, scripts and comments stay as they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.extract.extractors.resiliparse_text import ResiliparseText
from winnow.tasks.extract.page import page_text
from winnow.tasks.extract.xhtml import as_html

CASES = {
    "empty elements": ("<title/><p>a</p><div class='x' />b", "<title></title><p>a</p><div class='x'></div>b"),
    "void ones": ("a<br/><img src='a>b'/><hr />", "a<br/><img src='a>b'/><hr />"),
    "scripts": ("<script src='a.js'/><p>a</p>", "<script src='a.js'></script><p>a</p>"),
    "a script is left alone": (
        "<script>if (a </b/) document.write('<p/>')</script><i/>",
        "<script>if (a </b/) document.write('<p/>')</script><i></i>",
    ),
    "a comment too": ("<!-- <p/> --><i/>", "<!-- <p/> --><i></i>"),
    "an open comment": ("a<!-- <p/>", "a<!-- <p/>"),
    "sections": ("<p><![CDATA[1 < 2 & <b/>]]></p>", "<p>1 &lt; 2 &amp; &lt;b/></p>"),
    "a path": ("<a href=/a/>a</a>", "<a href=/a></a>a</a>"),
    "no tag": ("1 <2 / 3> 4", "1 <2 / 3> 4"),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case):
    text, expected = CASES[case]
    assert as_html(text) == expected


@settings(deadline=None)
@given(st.text(alphabet="<>/\"'!-[] ab=CDAT", max_size=200))
def test_once_is_enough(text):
    assert as_html(as_html(text)).count("</") >= as_html(text).count("</")
    if "/>" not in text and "CDATA" not in text:
        assert as_html(text) == text


@pytest.mark.parametrize(
    ("mime", "begin", "kept"), [("application/xhtml+xml", "", True), ("text/html", "<?xml version='1.0'?>", True), ("text/html", "", False)]
)
def test_an_empty_title_swallows_no_page(mime, begin, kept):
    page = f"{begin}<html><head><title/></head><body><p>{'The mill grinds at night. ' * 20}</p></body></html>"
    assert ("grinds" in page_text(page.encode(), mime, mime, ResiliparseText()).text) is kept

"""What is a page, and what only says so."""

import io
import random
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.archives.media_type import HTML, PAGES, PLAIN, XHTML, declared_type, media_type

PAGE = b"<!DOCTYPE html>\n<html><body><p>The mill on the river</p></body></html>"
TEXT = b"The mill on the river grinds at night, too. " * 5
NOISE = random.Random(5).randbytes(4000)


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("word/document.xml", "<w:t>text</w:t>")
    return out.getvalue()


CASES = {
    "as declared": ("text/html; charset=utf-8", "", PAGE, HTML),
    "twice": ("text/html, text/html", "", PAGE, HTML),
    "two fields joined, with charsets": ("text/html; charset=utf-8, text/html;charset=UTF-8", "", PAGE, HTML),
    "no semicolon": ("text/html charset=utf-8", "", PAGE, HTML),
    "a comma for a semicolon": ("text/html,charset=utf-8", "", PAGE, HTML),
    "quoted": ('"text/html"; charset="a/b"', "", PAGE, HTML),
    "capitals": ("Text/HTML", "", PAGE, HTML),
    "the last of two": ("text/plain, text/html", "", PAGE, HTML),
    "nothing declared": ("", "", PAGE, HTML),
    "nothing declared, a fragment": ("", "", b"  <nav>a</nav>", HTML),
    "nothing declared, text": ("", "", TEXT, ""),
    "nothing declared, text identified": ("", "text/plain", TEXT, PLAIN),
    "octet stream": ("application/octet-stream", "", PAGE, HTML),
    "octet stream, identified": ("application/octet-stream", "text/html", b"The mill <p>on the river", HTML),
    "octet stream, a comment first": ("binary/octet-stream", "", b"\xef\xbb\xbf <!-- made by hand -->\n" + PAGE, HTML),
    "octet stream, text": ("application/octet-stream", "", TEXT, "application/octet-stream"),
    "an image that is a page": ("image/png", "text/html", PAGE, HTML),
    "JSON that begins like a page": ("application/json", "", PAGE, "application/json"),
    "XHTML": ("application/xhtml+xml", "", b"<?xml version='1.0'?>" + PAGE, XHTML),
    "XHTML as XML": ("text/xml", "", b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><p>a</p></html>", XHTML),
    "a feed": ("application/rss+xml", "", b"<?xml version='1.0'?><rss><channel/></rss>", "application/rss+xml"),
    "plain text": ("text/plain", "", TEXT, PLAIN),
    "a page served as plain text": ("text/plain", "", PAGE, HTML),
    "markup discussed in plain text": ("text/plain", "", b"<p> stands for a paragraph, <b> for bold.", PLAIN),
    "pdf as html": ("text/html", "", b"%PDF-1.4\n1 0 obj<>endobj", "application/pdf"),
    "pdf behind a line, identified": ("text/html", "application/pdf", b"\r\n%PDF-1.4 1 0 obj", "application/pdf"),
    "pdf behind lines": ("text/html", "", b"\n\r\n%PDF-1.7 1 0 obj", "application/pdf"),
    "a feed as html": (
        "text/html",
        "",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<?xml-stylesheet href='a.xsl'?><!-- x --><rss version='2.0'>",
        "application/rss+xml",
    ),
    "an Atom feed as plain text": (
        "text/plain",
        "",
        b"<feed xml:lang='en' xmlns='http://www.w3.org/2005/Atom'><title>a</title>",
        "application/atom+xml",
    ),
    "an RDF feed as XHTML": (
        "application/xhtml+xml",
        "",
        b"<?xml version='1.0'?><rdf:RDF xmlns='http://purl.org/rss/1.0/'>",
        "application/rdf+xml",
    ),
    "a feed in utf-16": ("text/html", "", "<?xml version='1.0'?><rss><channel/></rss>".encode("utf-16"), "application/rss+xml"),
    "a map of the site as html": ("text/html", "", b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>", "application/xml"),
    "a page about feeds": ("text/html", "", b"<!-- <rss> --><html><p><rss version='2.0'> begins a feed.", HTML),
    "an unknown element": ("text/html", "", b"<feed-list><p>What is new.</p></feed-list>", HTML),
    "zip as plain text": ("text/plain", "", archive(), "application/zip"),
    "png as html": ("text/html", "", b"\x89PNG\r\n\x1a\n" + NOISE, "image/png"),
    "mp4 as html": ("text/html", "", b"\0\0\0\x18ftypmp42" + NOISE, "video/mp4"),
    "an old document of Word as html": ("text/html", "", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE, "application/x-ole-storage"),
    "an executable": ("text/plain", "", b"MZ" + struct.pack("<10H", *range(10)) + NOISE, "application/x-msdownload"),
    "noise as html": ("text/html", "", NOISE, "binary"),
    "noise as plain text": ("text/plain; charset=iso-8859-1", "", NOISE, "binary"),
    "letters that are a magic number": ("text/plain", "", b"MZ is what programs for DOS begin with, and BZh and ID3 ...", PLAIN),
    "utf-16": ("text/plain", "", "The mill on the river\r\n".encode("utf-16-le") * 3, PLAIN),
    "a page in utf-16": ("application/octet-stream", "", PAGE.decode().encode("utf-16"), HTML),
    "a form feed in text": ("text/plain", "", b"page one\n\x0cpage two\n", PLAIN),
    "some control characters in a page": ("text/html", "", PAGE.replace(b"river", b"ri\x02ver\x13"), HTML),
    "nonsense": ("html", "", TEXT, "malformed"),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case):
    content_type, identified, payload, expected = CASES[case]
    assert media_type(content_type, identified, payload) == expected


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=30), st.binary(max_size=300))
def test_total_and_lower_case(content_type, identified, payload):
    found = media_type(content_type, identified, payload)
    assert found == found.lower()
    assert found in PAGES or found in ("", "binary", "malformed") or "/" in found
    assert len(declared_type(content_type)) <= 121

"""One payload -> one text: decode it, take the text out of its HTML, and free it of what nobody sees.

What a payload *is* was decided before (tasks/archives/media_type.py); charsets are in ``tasks/archives/charset.py``, HTML to text in
``tasks/extract/extractors/``. Everything that turns a single page into text goes through here: the step, the command and the Python API.
"""

from collections.abc import Sequence
from typing import NamedTuple

from winnow.tasks.archives.charset import decode
from winnow.tasks.archives.media_type import HTML, PLAIN, XHTML
from winnow.tasks.extract.blocks.block import Span
from winnow.tasks.extract.documents import clean
from winnow.tasks.extract.extractors.base import Extractor
from winnow.tasks.extract.invisible import without_invisible
from winnow.tasks.extract.xhtml import as_html


class PageText(NamedTuple):
    """``charset`` is the encoding that the payload was read in; ``spans`` are the places of the page's blocks in the text, where the extractor tells them."""

    text: str
    charset: str
    spans: Sequence[Span] = ()


def page_text(payload: bytes, mime: str, content_type: str, extractor: Extractor) -> PageText:
    """The text of a payload of this media type; ``content_type`` is the header field, whose charset counts.

    Raises:
        ExtractionFailed: the extractor gives up on the page, with a reason.
    """
    decoded = decode(payload, content_type)
    if mime == PLAIN:
        return PageText(visible(decoded.text), decoded.encoding)
    text, spans = extractor.extract_with_spans(html_of(decoded.text, mime))
    kept = visible(text)
    return PageText(kept, decoded.encoding, spans if len(kept) == len(text) else moved(text, spans))


def moved(text: str, spans: Sequence[Span]) -> list[Span]:
    """The places of blocks of an extracted text in what ``visible`` leaves of it; blocks of which nothing is left are left out.

    Between two blocks is a line feed, which ends whatever ``visible`` looks at, so each piece of the text can be asked by itself.
    """
    found = []
    at = end = 0
    for span in spans:
        at += len(visible(text[end : span.start]))
        end = span.end
        chars = len(visible(text[span.start : end]))
        if chars:
            found.append(span._replace(start=at, end=at + chars))
        at += chars
    return found


def html_of(markup: str, mime: str = HTML) -> str:
    """A decoded page as a parser of HTML takes it: XHTML is rewritten, if it is served as such or begins as XML does."""
    is_xhtml = mime == XHTML or markup[:100].lstrip("\ufeff \t\r\n").startswith("<?xml")
    return as_html(markup) if is_xhtml else markup


def visible(text: str) -> str:
    """What a document keeps of an extracted text: what UTF-8 can hold and somebody can see."""
    return without_invisible(clean(text))

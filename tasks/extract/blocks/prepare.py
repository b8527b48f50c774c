"""What is done to a page that is written out again, before it is cut into blocks: declarative shadow roots open, text areas to read or to run and what HTML once
had for listings are code, notes of LaTeXML stand in brackets, and dialogs that are not open are hidden; and what of a paragraph or a table is hidden.
Only pages in which ``page_kernels.cut`` saw something of the kind come here."""

import re
from functools import lru_cache

from winnow.tasks.extract.blocks.formulas import BEGIN
from winnow.tasks.extract.blocks.markup import NO_TAG, is_hidden
from winnow.tasks.extract.search import holds

TEMPLATE = re.compile(rb"<(/?)template((?:\s[^>]*)?)>")
TEXT_AREA = re.compile(rb"<textarea((?:\s[^>]*)?)>([^<]*)</textarea>")
# A text area to read, or an example to run: several lines in one that is named for code.
READ_ONLY = b' readonly="'
OF_CODE = re.compile(
    rb'\s(?:class|id|name)="[^"]*?(?:(?<![A-Za-z])code(?![a-z])|(?<=[a-z])Code(?![a-z])|(?<![A-Za-z])(?:language|lang|codemirror)-)'
)
SEVERAL_LINES = re.compile(rb"\S\s*\n\s*\S")
# A text area to copy from: the page's address or text in markup, for other pages. Who says so by a handler alone may also mean a listing.
TO_COPY = re.compile(rb"(?i)share|sharing|embed|republi")
SELECTS = re.compile(rb"(?i)select\(\)")
MARKUP = re.compile(rb"\s*(?:&lt;(?!\?|!)|\[(?:url|img))", re.IGNORECASE)
# xmp and plaintext hold raw text, listing is pre by another name (HTML standard, 15.3.3 and 16.2).
LISTING = re.compile(rb"<(xmp|listing|plaintext)((?:\s[^>]*)?)>(.*?)(?:</\1>|\Z)", re.DOTALL)
DIALOG = re.compile(rb"<dialog((?:\s[^>]*)?)>")
# A note of LaTeXML, which shows it where a reader points at its mark, with the mark again and its number.
NOTE = re.compile(
    rb'<span class="ltx_note_outer">\s*<span class="ltx_note_content">\s*(?:<sup class="ltx_note_mark">[^<]*</sup>\s*)?(?:<span class="ltx_tag ltx_tag_note">[^<]*</span>)?'
)
CELLS = frozenset("tr td th".split())
INLINE_OR_CELLS = CELLS | frozenset(
    "span a b i u em strong small big font label abbr sup sub code cite time data bdi bdo ins del mark".split()
)
# What begins a block: in no inline element that only hides a few words.
BLOCK = re.compile(rb"<(?:p|div|ul|ol|table|pre|h[1-6]|section|article|blockquote|dl)\b")


def prepared(html: bytes, *, templates: bool, text_areas: bool, old: bool, formulas: bool) -> bytes:
    """A page as it is to be cut, in UTF-8. Linear."""
    if templates and holds(html, b" shadowroot"):
        html = _opened(html)
    if text_areas and holds(html, b" readonly", b"code", b"Code"):
        html = TEXT_AREA.sub(_as_shown, html)
    if formulas and holds(html, b"ltx_note_outer"):
        html = _with_notes(html)
    if old:
        html = LISTING.sub(_as_code, html)
        html = DIALOG.sub(lambda match: match[0] if b" open=" in match[1] else b'<dialog hidden=""' + match[1] + b">", html)
    return html


def hidden_element(html: bytes, begin: int, behind_name: int, behind: int) -> tuple[int, bool]:
    """Of the element of a start tag, in UTF-8: the place behind it if it is hidden, else 0, -1 if it has no end; and whether it is left out: the hidden words of a
    paragraph, a row or a cell. A formula that is hidden is the source of a rendering, and stays, as does what a reader opens. Hidden blocks are told by ``choosing.py``."""
    name = html[begin + 1 : behind_name].decode()
    if name not in INLINE_OR_CELLS or not is_hidden(html[behind_name : behind - 1].decode()):
        return 0, False
    end = _end(html, name, behind)
    inside = html[begin:end]
    return end, end > 0 and BEGIN.encode() not in inside and (name in CELLS or not BLOCK.search(inside))


@lru_cache(maxsize=64)
def _tags(name: str) -> re.Pattern[bytes]:
    return re.compile(rf"<(/?){name}(?=[\s/>])[^>]*+>|{NO_TAG}".encode(), re.DOTALL)


def _end(html: bytes, name: str, at: int) -> int:
    """The place behind the end tag of an element whose content begins here, -1 if it has none."""
    depth = 1
    for match in _tags(name).finditer(html, at):
        if match[1] is not None:
            depth += -1 if match[1] else 1
            if depth == 0:
                return match.end()
    return -1


def _with_notes(html: bytes) -> bytes:
    """A page with its notes in brackets behind their marks."""
    parts: list[bytes] = []
    at = 0
    for match in NOTE.finditer(html):
        if match.start() >= at:
            end = _end(html, "span", html.find(b">", match.start()) + 1)
            if end < 0:
                break
            parts += (html[at : match.start()], b"<span><span> (", html[match.end() : end], b")")
            at = end
    return b"".join([*parts, html[at:]])


def _as_shown(match: re.Match[bytes]) -> bytes:
    """A text area as code, unless what is in it is for a reader to write over or to copy."""
    written, text = match.groups()
    to_read = READ_ONLY in written or (OF_CODE.search(written) and SEVERAL_LINES.search(text))
    if not to_read or TO_COPY.search(written) or (SELECTS.search(written) and MARKUP.match(text)):
        return match[0]
    return b"<pre" + written + b">" + text + b"</pre>"


def _as_code(match: re.Match[bytes]) -> bytes:
    name, written, text = match.groups()
    if name != b"listing":
        text = text.replace(b"&", b"&amp;").replace(b"<", b"&lt;")
    return b"<pre" + written + b">" + text + b"</pre>"


def _opened(html: bytes) -> bytes:
    """Templates that are shadow roots as plain elements: browsers show what is in them."""
    roots: list[bool] = []

    def tag(match: re.Match[bytes]) -> bytes:
        if not match[1]:
            root = b" shadowroot" in match[2]
            roots.append(root)
            return b"<div>" if root else match[0]
        return b"</div>" if roots and roots.pop() else match[0]

    return TEMPLATE.sub(tag, html)

"""The written-out form of a page, as ``page_blocks.py`` has it: its tags and attributes. Every attribute is quoted there, every element closed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from winnow.tasks.extract.invisible import without_invisible

# Possessive, so that no page takes more than linear time. In values of attributes ">" is written out as an entity.
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)([^>]*+)>|<!--.*?(?:-->|\Z)|<\?[^>]*+>?", re.DOTALL)
ATTRIBUTE = re.compile(r'\s([^\s=>/"]++)="([^"]*+)"')
RAW = frozenset("script style iframe noembed noframes xmp plaintext".split())
VOID = frozenset("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split())


class Token(NamedTuple):
    """A tag, or text between two: ``name`` is empty for text, which is in ``text``. ``begin`` and ``end`` are places in the markup."""

    name: str
    closes: bool
    attributes: str
    text: str
    begin: int
    end: int


def tokens(markup: str) -> Iterator[Token]:
    """Tags and unescaped texts, in order. What is in scripts, styles and other raw elements is left out."""
    at, size = 0, len(markup)
    while at < size:
        for match in TAG.finditer(markup, at):
            begin, behind = match.span()
            if begin > at:
                yield Token("", False, "", unescaped(markup[at:begin]), at, begin)
            at = behind
            closes, name, written = match.groups()
            if name is None:
                continue
            name = name.lower()
            if name in RAW and not closes:
                end = markup.find(f"</{name}>", at)
                at = size if end < 0 else end + len(name) + 3
                break
            yield Token(name, bool(closes), written or "", "", begin, at)
        else:
            break
    if at < size:
        yield Token("", False, "", unescaped(markup[at:]), at, size)


def unescaped(text: str) -> str:
    """Text without the five entities that are ever written out, and without characters that nobody sees."""
    if not text.isascii():
        text = without_invisible(text)
    if "&" not in text:
        return text
    return text.replace("&nbsp;", "\xa0").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def attributes(written: str) -> dict[str, str]:
    """Attributes by name, in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for name, value in ATTRIBUTE.findall(written):
        found.setdefault(name.lower(), unescaped(value))
    return found

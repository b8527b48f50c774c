"""The written-out form of a page, as ``page_blocks.py`` has it: its tags and attributes. Every attribute is quoted there, every element closed."""

import re
from functools import lru_cache

from winnow.tasks.extract.invisible import without_invisible

RAW = frozenset("script style iframe noembed noframes xmp plaintext".split())
VOID = frozenset("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split())
# Possessive, so that no page takes more than linear time. In values of attributes "<" and ">" are written out as entities.
# A comment, a processing instruction, or a raw element with all in it.
NO_MARKUP = "|".join((r"<!--.*?(?:-->|\Z)", r"<\?[^>]*+>?", *(rf"<{n}(?=[\s/>])[^>]*+>.*?(?:</{n}>|\Z)" for n in sorted(RAW))))
PIECE = re.compile(rf"({NO_MARKUP}|</?[a-zA-Z][^>]*+>)", re.DOTALL)
NAME = re.compile(r"<(/?[a-zA-Z][^\s/>]*+)")
MOST_KNOWN_CHARS = 40
ATTRIBUTE = re.compile(r'\s([^\s=>/"]++)="([^"]*+)"')


def pieces(markup: str) -> list[str]:
    """Unescaped texts, the first and the last of all, and between each two what is no text: a tag, a comment, or a raw element with all in it."""
    found = PIECE.split(markup)
    if "&" in markup or not markup.isascii():
        found[::2] = map(unescaped, found[::2])
    return found


def name_of(piece: str) -> str:
    """The name of a tag in lower case, that of an end tag behind "/"; empty for what is no tag."""
    begin = piece.partition(" ")[0]
    return _name(begin) if len(begin) <= MOST_KNOWN_CHARS else _name.__wrapped__(begin)


@lru_cache(maxsize=1024)
def _name(begin: str) -> str:
    # Pages have thousands of tags and few names.
    match = NAME.match(begin)
    name = match[1].lower() if match else ""
    return "" if name in RAW else name


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

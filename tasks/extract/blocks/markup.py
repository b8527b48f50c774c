"""The written-out form of a page, as ``page_blocks.py`` has it: its tags and attributes. Every attribute is quoted there, every element closed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from winnow.tasks.extract.invisible import without_invisible

# Possessive, so that no page takes more than linear time. In values of attributes ">" is written out as an entity.
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)([^>]*+)>|<!--.*?(?:-->|\Z)|<\?[^>]*+>?", re.DOTALL)
ATTRIBUTE = re.compile(r'\s([^\s=>/"]++)="([^"]*+)"')
STYLE_THAT_HIDES = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|(?:content-)?visibility\s*:\s*(?:hidden|collapse))(?![\w-])", re.IGNORECASE
)
# Attributes of a hidden element. ``hidden="until-found"`` shows when a reader looks for it.
HIDDEN = re.compile(
    r'\shidden="(?!until-found)|\sstyle="(?:[^"]*[;\s])?(?:display\s*:\s*none|(?:content-)?visibility\s*:\s*(?:hidden|collapse))(?![\w-])',
    re.IGNORECASE,
)
# Hidden until somebody asks for it: the panels of tabs and accordions are content, and the rest of a text behind "read more".
OPENED_LATER = re.compile(
    r'\brole="tabpanel"|\bhidden="until-found"|\b(?:tab-?(?:pane|panel|content)|accordion|collapse|collapsible|panel-collapse|(?:read-?)?more(?:-?(?:text|content))?)',
    re.IGNORECASE,
)
STYLE = re.compile(r'\sstyle="[^"]*"')
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


def is_hidden(written: str) -> bool:
    """Whether attributes hide their element from all readers: not those of a panel that a reader opens."""
    return HIDDEN.search(written) is not None and OPENED_LATER.search(STYLE.sub("", written)) is None

"""The written-out form of a page, as ``page_blocks.py`` has it: its tags and attributes. Every attribute is quoted there, every element closed."""

import re
from functools import lru_cache

from winnow.tasks.extract.invisible import without_invisible

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
# Possessive, so that no page takes more than linear time. In values of attributes "<" and ">" are written out as entities.
# A comment or a processing instruction; these, or a raw element with all in it; and these, or a tag.
NO_TAG = r"<!--.*?(?:-->|\Z)|<\?[^>]*+>?"
NO_MARKUP = "|".join((NO_TAG, *(rf"<{n}(?=[\s/>])[^>]*+>.*?(?:</{n}>|\Z)" for n in sorted(RAW))))
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


def is_hidden(written: str) -> bool:
    """Whether attributes hide their element from all readers: not those of a panel that a reader opens."""
    if 'hidden="' not in written and 'style="' not in written:
        return False
    return HIDDEN.search(written) is not None and OPENED_LATER.search(STYLE.sub("", written)) is None

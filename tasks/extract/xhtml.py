"""XHTML as a parser of HTML understands it: empty elements get an end, and CDATA sections become text.

To HTML ``<title/>`` and ``<script src="x"/>`` are begin tags, which swallow the page. XHTML 1.0, appendix C; HTML standard, 13.2.5.
"""

import re

VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())

# A "<" in an attribute is no XML, so no piece of an expression looks beyond the next one: linear in any text.
_ATTRIBUTES = r"(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+"
_TOKEN = re.compile(
    rf"(?P<comment><!--(?:.*?-->|.*))|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<(?P<name>[A-Za-z_][^\s/<>\"']*)(?P<rest>{_ATTRIBUTES})>",
    re.DOTALL,
)
_RAW_END = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}


def as_html(text: str) -> str:
    """The page with ``<x/>`` written as ``<x></x>`` (void elements aside), and CDATA sections outside scripts and styles
    as escaped text."""
    out: list[str] = []
    at = 0
    while match := _TOKEN.search(text, at):
        out.append(text[at : match.start()])
        at = match.end()
        if match["comment"]:
            out.append(match[0])
        elif match["cdata"] is not None:
            out.append(match["cdata"].replace("&", "&amp;").replace("<", "&lt;"))
        else:
            name, rest = match["name"], match["rest"]
            empty = rest.endswith("/")
            local = name.rpartition(":")[2].lower()
            if not empty:
                out.append(match[0])
                if local in _RAW_END:
                    end = _RAW_END[local].search(text, at)
                    stop = end.start() if end else len(text)
                    out.append(text[at:stop])
                    at = stop
            elif local in VOID:
                out.append(match[0])
            else:
                out.append(f"<{name}{rest[:-1].rstrip()}></{name}>")
    out.append(text[at:])
    return "".join(out)

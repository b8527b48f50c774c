"""The links of a page: one row per element ``a`` that leads somewhere, in order."""

import re
from typing import TypedDict
from urllib.parse import urljoin, urlsplit

from winnow.tasks.extract.blocks.markup import attributes, unescaped

ANCHOR = re.compile(r'<a((?:\s++[^\s=>/"]++="[^"]*+")++)[^>]*+>')
BASE = re.compile(r'<base((?:\s++[^\s=>/"]++="[^"]*+")++)')
TAGS = re.compile(r"<[^>]*+>")
MOST_URL_CHARS = 2000
MOST_LINKS = 20_000
NO_PAGE = ("javascript:", "mailto:", "tel:", "data:", "#")


class Link(TypedDict):
    """``target``: absolute address without fragment; ``host``: of the target, lower case; ``rel``: relations, lower case; ``anchor_chars``: how long its text is;
    ``inside``: whether the host is the page's own."""

    target: str
    host: str
    rel: str
    anchor_chars: int
    inside: bool


def links(head: str, body: str, url: str) -> list[Link]:
    """Rows of a page that is written out again; at most ``MOST_LINKS``. Linear."""
    base = url
    if found := BASE.search(head):
        base = _absolute(url, attributes(found[1]).get("href", "")) or url
    own = _host(url)
    rows: list[Link] = []
    for match in ANCHOR.finditer(body):
        written = attributes(match[1])
        href = written.get("href", "").strip()
        if not href or href.lower().startswith(NO_PAGE):
            continue
        target = _absolute(base, href)
        host = _host(target)
        if not host:
            continue
        end = body.find("</a>", match.end())
        text = TAGS.sub("", body[match.end() : end if end >= 0 else match.end()])
        rel = " ".join(written.get("rel", "").lower().split())[:100]
        rows.append(
            {"target": target, "host": host, "rel": rel, "anchor_chars": len(" ".join(unescaped(text).split())), "inside": host == own}
        )
        if len(rows) == MOST_LINKS:
            break
    return rows


def _absolute(base: str, href: str) -> str:
    try:
        return urljoin(base, href).partition("#")[0][:MOST_URL_CHARS]
    except ValueError:
        return ""


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""

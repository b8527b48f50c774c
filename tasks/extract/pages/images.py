"""The images of a page: one row per element ``img`` with an address, in order."""

import re
from typing import TypedDict
from urllib.parse import urljoin

from winnow.tasks.extract.blocks.markup import attributes

IMAGE = re.compile(r'<img((?:\s++[^\s=>/"]++="[^"]*+")++)')
# Where scripts that load late keep the address.
SOURCES = ("src", "data-src", "data-original", "data-lazy-src", "data-url")
MOST_URL_CHARS, MOST_ALT_CHARS, MOST_IMAGES = 2000, 2000, 10_000


class Image(TypedDict):
    """``target``: absolute address; ``alt``: the text that stands for it; ``width`` and ``height``: in pixels as declared, null if they are not."""

    target: str
    alt: str
    width: int | None
    height: int | None


def images(body: str, url: str) -> list[Image]:
    """Rows of a page that is written out again; at most ``MOST_IMAGES``. Images that are data in the page have no address and no row. Linear."""
    rows: list[Image] = []
    for match in IMAGE.finditer(body):
        written = attributes(match[1])
        source = next((s for name in SOURCES if (s := written.get(name, "").strip()) and not s.startswith("data:")), "")
        if not source:
            continue
        try:
            target = urljoin(url, source)[:MOST_URL_CHARS]
        except ValueError:
            continue
        alt = " ".join(written.get("alt", "").split())[:MOST_ALT_CHARS]
        rows.append({"target": target, "alt": alt, "width": _pixels(written.get("width")), "height": _pixels(written.get("height"))})
        if len(rows) == MOST_IMAGES:
            break
    return rows


def _pixels(written: str | None) -> int | None:
    digits = re.match(r"\s*(\d{1,6})(?:px)?\s*\Z", written or "")
    return int(digits[1]) if digits else None

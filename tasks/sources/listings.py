"""Listings of a crawl: ``crawl-data/<id>/<name>.paths.gz`` names every file of one kind, relative to the root.

Layout: https://commoncrawl.org/get-started.
"""

import zlib

from winnow.tasks.engine.crawl import FileSource
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.transport.uri import shown

LISTING_BYTES = 256 << 20


def listing(source: FileSource, snapshot: str, name: str) -> tuple[str, ...]:
    """Paths in another listing of the same crawl, such as "robotstxt" or "cc-index".

    Raises:
        BadInput: the crawl has no such listing, or it is damaged.
    """
    where = f"crawl-data/{snapshot}/{name}.paths.gz"
    with source.open(where) as stream:
        return parse_listing(stream.read(), f"{shown(source.root)}/{where}")


def parse_listing(data: bytes, where: str) -> tuple[str, ...]:
    """The paths of a listing, gzipped (or, if it is named ``.paths``, plain), each once, in order.

    Raises:
        BadInput: not gzip, damaged, empty, too large, or a path that leads outside the root.
    """
    advice = "Fetch the listing again, or ask whoever keeps the mirror."
    parts, size = [], 0
    if data and not data.startswith(b"\x1f\x8b") and where.endswith(".paths"):
        parts, data = [data], b""
    while data:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            part = inflate.decompress(data, LISTING_BYTES + 1 - size)
        except zlib.error as e:
            raise BadInput(f"{where} is not a gzipped listing of paths ({e}; it begins {data[:24]!r}). {advice}") from None
        parts.append(part)
        size += len(part)
        if size > LISTING_BYTES:
            raise BadInput(f"{where} holds more than {LISTING_BYTES >> 20} MiB, which no listing of a crawl does. {advice}")
        if not inflate.eof:
            raise BadInput(f"{where} is cut off. {advice}")
        data = inflate.unused_data.lstrip(b"\0")
    lines = b"".join(parts).decode("utf-8", "surrogateescape").splitlines()
    paths = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not paths:
        raise BadInput(f"{where} lists no files. {advice}")
    for path in paths:
        if _leads_outside(path):
            raise BadInput(f"{where} lists {path[:200]!r}, which is not a plain path below the root. {advice}")
    return paths


def _leads_outside(path: str) -> bool:
    return path.startswith("/") or "\\" in path or "\0" in path or "://" in path or any(part in ("", ".", "..") for part in path.split("/"))

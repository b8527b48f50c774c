"""Which reader a file asks for: by its first bytes, or by its name."""

import zlib
from collections.abc import Iterable

from winnow.tasks.sources.base import readers

HEAD_BYTES = 64 << 10


def kind_by_name(path: str) -> str | None:
    """What the extension says a file is; None if it says nothing."""
    return next((reader.kind for reader in readers() if path.lower().endswith((*reader.endings, *reader.beside))), None)


def kinds_by_name(paths: Iterable[str]) -> dict[str, str]:
    """The files that can be read, each with its kind. Notes and lists count only where nothing else can be read."""
    every = list(paths)
    found = {p: r.kind for p in every for r in readers() if p.lower().endswith(r.endings)}
    return found or {p: r.kind for p in every for r in readers() if r.beside and p.lower().endswith(r.beside)}


def sniff(head: bytes) -> str | None:
    """What the first bytes of a file say it is; None if they say nothing. Gzip is looked into."""
    if head.startswith(b"\x1f\x8b"):
        head = _inflate_head(head)
    return next((reader.kind for reader in readers() if reader.recognises(head)), None)


def _inflate_head(head: bytes) -> bytes:
    """What the members of a gzipped beginning hold, up to HEAD_BYTES or the first damage."""
    out = b""
    while head and len(out) < HEAD_BYTES:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            out += member.decompress(head, HEAD_BYTES)
        except zlib.error:
            break
        head = member.unused_data
    return out

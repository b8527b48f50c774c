"""What a file is that holds no record, in words that say what to do."""

import re
import zlib

from winnow.tasks.engine.errors import BadInput

SNIFF_BYTES = 1 << 20
_ZSTANDARD = {b"\x28\xb5\x2f\xfd": "Zstandard"} | {
    # A frame to be skipped (RFC 8878, 3.1.2): files of one dictionary have it in one.
    bytes([0x50 + k]) + b"\x2a\x4d\x18": "Zstandard"
    for k in range(16)
}
_PACKED = {**_ZSTANDARD, b"\x04\x22\x4d\x18": "LZ4", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "ZIP"}
_BINARY = {**_PACKED, b"PAR1": "Parquet", b"%PDF": "PDF"}
PACKED_NAME = re.compile(r"\.(?:w?arc|wet)\.(?:zst|zstd|lz4|bz2|xz|zip)$", re.IGNORECASE)


REPACK = "unpack it, or pack it with gzip, one member per record."


class NotAnArchive(BadInput):
    """There is no record in the file; the message says what it looks like."""


def looks_like(head: bytes) -> str:
    """Why there is no record in it, and what to do."""
    advice = "Fetch it again, or leave it out."
    if not head:
        return f"The file is empty, so it holds no WARC or ARC record. {advice}"
    packed = head.startswith(b"\x1f\x8b")
    if packed:
        inflate = zlib.decompressobj(31)
        try:
            head = inflate.decompress(head, SNIFF_BYTES)
        except zlib.error:
            return f"This is a damaged gzip file, and no record can be read from any of its members. {advice}"
        if not head and not inflate.eof:
            return f"This is a gzip file cut off in its first record. {advice}"
        if not head:
            return f"This is gzip of nothing, so it holds no WARC or ARC record. {advice}"
    start = head[:4096].lstrip(b"\xef\xbb\xbf\r\n\t \0").lower()
    code = re.search(rb"<code>([^<]{1,60})</code>", head[:4096], re.IGNORECASE)
    for magic, name in _BINARY.items():
        if head.startswith(magic):
            return f"This is {name}, not a WARC or ARC. If it is a compressed archive, {REPACK}"
    if b"slowdown" in start[:2048]:
        what = "an error page of the server (503 SlowDown: too many requests)"
        advice = "Fetch it again later, with fewer requests at a time."
    elif code and start.startswith((b"<?xml", b"<error")):
        what = f"an XML error of the object store ({code[1].decode('utf-8', 'replace')})"
    elif start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        what = "an HTML page"
    elif start.startswith(b"<"):
        what = "an XML file"
    elif start.startswith((b"{", b"[")):
        what = "JSON"
    elif start.isascii() and start:
        what = "plain text"
    else:
        what = "binary data"
    return f"This is {'gzip of ' if packed else ''}{what}, not a WARC or ARC file: it holds no record at all. {advice}"


def packing_of(name: str, head: bytes) -> str | None:
    """How a file is packed that no archive is read from: ``Zstandard``, ``LZ4`` and the like by its first bytes, or by its name where it says so."""
    known = next((packing for magic, packing in _PACKED.items() if head.startswith(magic)), None)
    named = PACKED_NAME.search(name)
    return known or (named[0].rpartition(".")[2] if named else None)

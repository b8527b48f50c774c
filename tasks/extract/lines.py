"""Lines of a file, compressed or not, of a part of it or of the whole: in linear time, with bounded memory, each with the byte where it begins."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import pyarrow as pa

BLOCK_BYTES = 1 << 18
LINE_BYTES = 256 << 20
CODECS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


class Line(NamedTuple):
    """``begin`` counts the bytes of the file, of a compressed one those behind its inflation. ``fault``: the line is longer than ``LINE_BYTES``
    (``oversized``), or the compressed file cannot be read from here on (``damaged:compressed``)."""

    begin: int
    data: bytes
    fault: str = ""


def codec_of(head: bytes) -> str:
    """How a file is compressed, by its first bytes: "gzip", "zstd" or ''."""
    return next((codec for magic, codec in CODECS.items() if head.startswith(magic)), "")


def lines(stream: BinaryIO, codec: str = "", begin: int = 0, end: int = 0) -> Iterator[Line]:
    """The lines that begin in the part from ``begin`` to ``end`` (0: the end of the file), without their line feeds. Every line is in one part, however
    a file is cut. A part of a file that is compressed begins at 0."""
    at = begin
    if begin:
        at = begin - 1
        stream.seek(at)
    blocks = _plain(stream) if not codec else _gunzipped(stream) if codec == "gzip" else _unpacked(stream, codec)
    skipping = bool(begin)  # the line that a part begins in belongs to the part before
    rest: list[bytes] = []
    held = 0
    too_long = False

    def whole(last: bytes) -> Line:
        return Line(at, b"".join([*rest, last])) if not too_long else Line(at, b"", "oversized")

    try:
        for block in blocks:
            start = 0
            while (feed := block.find(b"\n", start)) >= 0:
                length = held + feed + 1 - start
                if not skipping:
                    yield whole(block[start:feed])
                at, start = at + length, feed + 1
                rest, held, too_long, skipping = [], 0, False, False
                if end and at >= end:
                    return
            if start < len(block):
                held += len(block) - start
                too_long = too_long or held > LINE_BYTES
                rest = [] if too_long or skipping else [*rest, block[start:]] if len(rest) < 64 else [b"".join(rest), block[start:]]
    except (OSError, zlib.error) as e:
        if not codec:
            raise
        yield Line(at, f"{type(e).__name__}: {e}".encode(), "damaged:compressed")
        return
    if held and not skipping:
        yield whole(b"")


def _plain(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(BLOCK_BYTES):
        yield block


def _gunzipped(stream: BinaryIO) -> Iterator[bytes]:
    member = zlib.decompressobj(31)
    begun = False
    while block := stream.read(BLOCK_BYTES):
        while block:
            begun = True
            yield member.decompress(block)
            block = member.unused_data
            if member.eof:
                member, begun = zlib.decompressobj(31), False
    if begun:
        raise zlib.error("the file ends inside a gzip member")


def _unpacked(stream: BinaryIO, codec: str) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), codec) as plain:
        while block := plain.read(BLOCK_BYTES):
            yield block

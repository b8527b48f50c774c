"""The members of a gzip file, one after the other, from a stream that cannot seek; after damage the next member is looked for.

What the members hold is not known here: the caller says what the begin of a member looks like. RFC 1952 (members, header, trailer) and
RFC 1951 (deflate). A deflate stream cannot be entered in its middle, so after a broken byte the next member is the first place to go on.
"""

import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

try:
    from isal import isal_zlib
except ImportError:
    _fast: Any = zlib
else:
    _fast = isal_zlib  # inflates twice as fast; what it refuses, zlib judges

MAGIC = b"\x1f\x8b\x08"
PADDING = b"\0\r\n\t "
READ_BYTES = 1 << 20
FEED_BYTES = 1 << 14
WHOLE_BYTES = 8 << 20  # a member that inflates to more comes in pieces
PIECE_BYTES = 1 << 20
RETAIN_BYTES = 16 << 20  # compressed bytes kept for going back to, once a member turns out to be damaged
PROBE_BYTES = 1 << 12


@dataclass(slots=True)
class Piece:
    """Inflated bytes of one member. ``offset``, ``length``, ``lost`` and ``fault`` are known when ``last`` is true.

    ``length`` counts compressed bytes up to the next member; ``lost`` those of them that gave no bytes. ``fault`` is None, ``gzip_crc``,
    ``gzip_data``, ``truncated``, or ``garbage`` for a stretch that is no member (``data`` then holds what could be saved of a member
    whose header is broken).
    """

    data: bytes
    last: bool = True
    offset: int = 0
    length: int = 0
    lost: int = 0
    fault: str | None = None


class Members:
    """Iterable of pieces. ``padding`` counts zero and blank bytes between members. Memory: ``RETAIN_BYTES`` and one piece."""

    def __init__(self, stream: BinaryIO, begins: Callable[[bytes], bool], head: bytes = b"", start: int = 0) -> None:
        self._start = self.padding = start  # of the first member; what lies before it is nothing of the file
        self._stream, self._begins = stream, begins
        self._raw = bytearray(head)
        self._base = 0  # file offset of _raw[0]
        self._ended = False
        self._aligned: bool | None = None  # does every member begin as `begins` says? None: not seen yet

    def __iter__(self) -> Iterator[Piece]:
        at = self._start
        while (begin := self._skip_padding(at)) >= 0:
            if not self._is_magic(begin):
                saved = self._without_header(at)
                end = self.sync(begin + 1)
                yield Piece(saved, True, at, end - at, end - at, "garbage")
                at = end
                continue
            self.padding += begin - at
            at = begin
            piece = self._whole(at)
            if piece is not None:
                self._note(piece.data)
                yield piece
                at += piece.length
            else:
                at = yield from self._in_pieces(at)

    # -- compressed bytes

    def _have(self, end: int) -> bool:
        """Read until the file offset ``end`` is reached; False if the file is shorter."""
        while self._base + len(self._raw) < end:
            if self._ended:
                return False
            block = self._stream.read(READ_BYTES)
            self._ended = not block
            self._raw += block
        return True

    def _forget(self, at: int) -> None:
        if at - self._base > READ_BYTES:
            del self._raw[: at - self._base]
            self._base = at

    def _bytes(self, at: int, n: int) -> bytearray:
        self._have(at + n)
        return self._raw[at - self._base : at - self._base + n]

    def _is_magic(self, at: int) -> bool:
        head = self._bytes(at, 4)
        return head[:3] == MAGIC and not (len(head) == 4 and head[3] & 0xE0)

    def _skip_padding(self, at: int) -> int:
        """Offset of the next byte that is not padding; -1 at the end of the file."""
        self._forget(at)
        begin = at
        while block := self._bytes(begin, PROBE_BYTES):
            rest = len(block.lstrip(PADDING))
            begin += len(block) - rest
            if rest:
                return begin
            self._forget(begin)
        self.padding += begin - at
        return -1

    # -- one member

    def _whole(self, at: int) -> Piece | None:
        """The member if it is intact and not large."""
        inflate = _fast.decompressobj(31)
        out: list[bytes] = []
        size, end = 0, at
        try:
            while not inflate.eof:
                feed = self._bytes(end, FEED_BYTES)
                if not feed:
                    return None
                end += len(feed)
                out.append(inflate.decompress(feed, WHOLE_BYTES - size))
                size += len(out[-1])
                if size >= WHOLE_BYTES or end - at > WHOLE_BYTES:
                    return None
        except (_fast.error, zlib.error):
            return None
        end -= len(inflate.unused_data)
        return Piece(out[0] if len(out) == 1 else b"".join(out), True, at, end - at)

    def _in_pieces(self, at: int) -> Generator[Piece, None, int]:
        """A large or damaged member; returns the offset of the next one."""
        inflate, fault, end, first = zlib.decompressobj(31), None, at, True
        feed: bytes | bytearray = b""
        while not inflate.eof:
            if not feed:
                feed = self._bytes(end, FEED_BYTES)
                if not feed:
                    fault = "truncated"
                    break
                end += len(feed)
                self._forget(max(at, end - RETAIN_BYTES))
            before = inflate.copy()
            try:
                data = inflate.decompress(feed, PIECE_BYTES)
            except zlib.error:
                data, used, fault = _byte_by_byte(before, feed)
                end -= len(feed) - used
            else:
                feed = inflate.unconsumed_tail
            if data:
                if first:
                    self._note(data)
                    first = False
                yield Piece(data, False)
            if fault:
                break
        if not fault:
            end -= len(inflate.unused_data)
            yield Piece(b"", True, at, end - at)
            return end
        # A derailed decoder may have eaten the begin of intact members, so the search starts right behind the broken one's magic.
        following = end if fault == "gzip_crc" and self._is_magic(end) else self.sync(max(at + 1, self._base))
        if fault == "truncated" and self._have(following + 1):
            fault = "gzip_data"
        yield Piece(b"", True, at, following - at, max(0, following - end), fault)
        return following

    def _note(self, data: bytes) -> None:
        """Files of one record per member stay so; a member that begins otherwise shows that records run on from member to member."""
        if data and self._aligned is not False:
            self._aligned = self._begins(data)

    def _without_header(self, at: int) -> bytes:
        """What can be inflated of a member whose ten header bytes are broken, if it begins like one."""
        if at < self._base:
            return b""
        data = _byte_by_byte(zlib.decompressobj(-15), self._bytes(at, FEED_BYTES)[10:])[0]
        return data if self._begins(data) else b""

    # -- after damage

    def sync(self, at: int) -> int:
        """Offset of the next plausible member at or behind ``at``; the end of the file if there is none."""
        while True:
            found = self._raw.find(MAGIC, max(0, at - self._base))
            if found < 0:
                at = max(at, self._base + len(self._raw) - len(MAGIC) + 1)
                self._forget(at)
                if not self._have(self._base + len(self._raw) + 1):
                    return self._base + len(self._raw)
                continue
            at = self._base + found
            if self._is_magic(at) and self._plausible(at):
                return at
            at += 1

    def _plausible(self, at: int) -> bool:
        """It begins as members do here. Where they begin anyhow: it inflates to its end, or far enough not to be chance."""
        inflate = zlib.decompressobj(31)
        data, size = b"", 0
        while not inflate.eof and size < PIECE_BYTES:
            feed = self._bytes(at, PROBE_BYTES)
            if not feed:
                return False
            at += len(feed)
            try:
                part = inflate.decompress(feed, PIECE_BYTES)
            except zlib.error:
                # This member may itself be damaged further on: what it gives before that counts.
                return not data and self._begins(_byte_by_byte(zlib.decompressobj(31), feed)[0])
            data, size = (data + part)[:PROBE_BYTES], size + len(part)
            if self._begins(data):
                return True
            if self._aligned and len(data) == PROBE_BYTES:
                return False
        return not self._aligned


def _byte_by_byte(inflate: Any, feed: bytes | bytearray) -> tuple[bytes, int, str]:
    """All that comes before an error: the bytes, how many compressed bytes were good, and the fault."""
    out: list[bytes] = []
    for i in range(len(feed)):
        try:
            out.append(inflate.decompress(feed[i : i + 1]))
        except zlib.error as e:
            crc = "incorrect data check" in str(e) or "incorrect length check" in str(e)
            return b"".join(out), i + 1, "gzip_crc" if crc else "gzip_data"
    return b"".join(out), len(feed), "gzip_data"

"""Records out of WARC, WET and ARC files, compressed or not, intact or damaged: only the damaged record is lost.

Framing and block digests are checked here; HTTP is in ``tasks/archives/http_message.py``, gzip members in ``tasks/archives/gzip_members.py``.
WARC/1.1 (ISO 28500:2017); ARC file format, Internet Archive 1996. How real writers deviate: the fixtures of warcio, jwarc, jwat and others.

What is believed, in this order: a block digest that holds; the end of a gzip member; Content-Length followed by the blank lines that must
follow a record; the next line that begins a record.
"""

import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO

from winnow.tasks.archives.begins import ARC_BEGIN, BEGIN_BYTES, WARC_BEGIN, WARC_DUE, begins_record, find_record
from winnow.tasks.archives.diagnose import SNIFF_BYTES, NotAnArchive, looks_like
from winnow.tasks.archives.digests import digest_holds
from winnow.tasks.archives.gzip_members import MAGIC, PADDING, Members, Piece
from winnow.tasks.archives.headers import arc_fields, content_length, warc_fields
from winnow.tasks.archives.record import Record
from winnow.tasks.archives.window import Window

MAX_BLOCK_BYTES = 64 << 20
MAX_HEADER_BYTES = 1 << 20
READ_BYTES = 1 << 20
PATIENCE_BYTES = 1 << 30  # spent on digests of blocks that may not be there: lying lengths must not make the reader quadratic

_TRAILERS = (b"\r\n\r\n", b"\n\n", b"\n", b"")
_BLANK_LINE = re.compile(rb"\n\r{0,3}\n")
_BLANK_LINES = re.compile(rb"\r\n\r\n|\n\n")
_LINE = re.compile(rb"\n")


def read_records(
    stream: BinaryIO,
    *,
    max_block_bytes: int = MAX_BLOCK_BYTES,
    max_header_bytes: int = MAX_HEADER_BYTES,
    wanted: frozenset[str] | None = None,
) -> "RecordReader":
    """Records of a binary stream, in order; what kind of file it is, is seen from its bytes. A byte order mark before the first record is skipped.

    A record with a longer block than ``max_block_bytes`` keeps the first bytes and is ``oversized``; one with a longer header than
    ``max_header_bytes`` is ``bad_header``.

    Records of types that are not ``wanted`` come with an empty block and an unchecked digest. Memory stays under about four times
    ``max_block_bytes``. Raises NotAnArchive (while iterating) if there is no record at all.
    """
    return RecordReader(stream, max_block_bytes, max_header_bytes, wanted)


class RecordReader:
    """Iterator of records. ``skipped_bytes`` counts bytes of damaged stretches, padding, and what a broken member kept to itself."""

    def __init__(self, stream: BinaryIO, max_block_bytes: int, max_header_bytes: int, wanted: frozenset[str] | None) -> None:
        self._max, self._max_header, self._wanted = max_block_bytes, max_header_bytes, wanted
        self._head = _read_up_to(stream, SNIFF_BYTES)
        mark = len(BOM_UTF8) if self._head.startswith(BOM_UTF8 + MAGIC) else 0
        self._members = Members(stream, begins_record, self._head, mark) if mark or _is_gzip(self._head) else None
        self._window = Window(iter(self._members) if self._members else _plain(stream, self._head))
        self._patterns: tuple[re.Pattern[bytes], ...] = (WARC_BEGIN, ARC_BEGIN)
        self._closing = _BLANK_LINES  # what must follow a block
        self._members_with_one = self._members_with_more = 0
        self._patience_bytes = PATIENCE_BYTES
        self._skipped = 0
        self._records = self._merged()

    @property
    def skipped_bytes(self) -> int:
        return self._skipped + (self._members.padding if self._members else 0)

    def __iter__(self) -> Iterator[Record]:
        return self._records

    def __next__(self) -> Record:
        return next(self._records)

    def _merged(self) -> Iterator[Record]:
        """Adjoining damaged stretches as one; NotAnArchive instead of nothing but damage."""
        damage: Record | None = None
        real = False
        for record in self._all():
            if record.type == "damaged":
                self._skipped += record.length
                if damage and damage.offset + damage.length == record.offset:
                    damage.length += record.length
                    continue
            else:
                real = True
            if damage and real:
                yield damage
                damage = None
            if record.type != "damaged":
                yield record
            elif damage:
                damage.length += record.length
            else:
                damage = record
        if not real:
            raise NotAnArchive(looks_like(self._head))
        if damage:
            yield damage

    def _all(self) -> Iterator[Record]:
        first = True
        while self._window.next_segment():
            if first and self._window.need(len(BOM_UTF8)) and self._window.bytes(0, len(BOM_UTF8)) == BOM_UTF8:
                self._window.take(len(BOM_UTF8))
                self._skipped += len(BOM_UTF8)
            first = False
            yield from self._segment()

    def _segment(self) -> Iterator[Record]:
        """Records of one member, of several members that records run over, or of a plain file."""
        w = self._window
        number, told = 0, False  # does a record tell the fault of the member?
        while True:
            self._take_newlines()
            if w.at_end():
                break
            begins = begins_record(w.data, w.pos)
            if not begins and w.ended and w.need(BEGIN_BYTES) < BEGIN_BYTES and self._join():
                continue  # the border of two members may cut the very begin of a record
            record = self._record(first=number == 0) if begins else self._stretch()
            if record is None:
                continue
            number += 1
            told = w.at_end()
            alone = number == 1 and told and w.alone
            if told and w.last.fault:
                record.problem = w.last.fault
                self._skipped += 0 if alone else w.last.lost
            if self._members:
                self._members_with_one += alone
                self._members_with_more += number == 2 or not w.alone
                if alone:
                    record.offset, record.length = w.last.offset, w.last.length
            yield record
        if w.last.fault and not told:
            place = (w.tell(), w.last.lost) if number else (w.last.offset, w.last.length)
            yield Record.of(place[0], place[1], "damaged", {}, w.last.fault)

    @property
    def _one_per_member(self) -> bool:
        """The end of a member is the end of its record, and what looks like a record inside is somebody's text."""
        return self._members_with_one > self._members_with_more

    def _take_newlines(self) -> None:
        while n := self._window.skip_newlines():
            self._window.take(n)

    # -- one record

    def _record(self, first: bool) -> Record:
        w, begin = self._window, self._window.tell()
        warc = WARC_DUE.match(w.data, w.pos)
        self._closing = _BLANK_LINES if warc else _LINE
        body, end = self._head_end(_BLANK_LINE if warc else _LINE)
        fields = warc_fields if warc else arc_fields
        if end is not None:
            broken = w.at_end(end)
            record = Record.of(begin, 0, "", fields(w.bytes(0, min(end, BEGIN_BYTES))), "truncated" if broken else "bad_header")
        else:
            record = Record.of(begin, 0, "", fields(w.bytes(0, body)), None)
            end = self._block(record, body, first)
            if record.problem is None:
                self._patterns = (WARC_BEGIN,) if warc else (ARC_BEGIN,)  # from now on the kind of the file is known
        w.take(end)
        if record.problem == "bad_header" and end >= self._max_header:
            self._stretch()  # the rest of a header without end belongs to its record
        self._take_newlines()
        record.length = w.tell() - begin
        return record

    def _head_end(self, pattern: re.Pattern[bytes]) -> tuple[int, int | None]:
        """Where the block begins; or, if the head is broken, where to go on."""
        w, want = self._window, BEGIN_BYTES
        while True:
            here = w.need(want)
            match = pattern.search(w.data, w.pos, w.pos + min(here, self._max_header))
            if match or here >= self._max_header or (w.ended and not self._join()):
                break
            want = max(here, want) * 4
        body = match.end() - w.pos if match else min(here, self._max_header)
        if w.data.find(b"WARC/", w.pos + 5, w.pos + body) >= 0:
            other = find_record(w.data, w.pos + 5, w.pos + body, self._patterns)
            if other >= 0:
                return 0, other - w.pos
        return (body, None) if match else (0, body)

    def _block(self, record: Record, body: int, first: bool) -> int:
        """Set block and problem; return where the record ends, its closing blank lines left out."""
        w, n = self._window, content_length(record.headers)
        if n is None:
            return self._recover(record, body, None, first)
        here = self._need(body + min(n, self._max))
        if n > self._max:
            lie = -1 if self._one_per_member else find_record(w.data, w.pos + body, w.pos + min(here, body + n), self._patterns)
            return self._oversized(record, body, n) if lie < 0 and here >= body + self._max else self._recover(record, body, n, first)
        end = body + n
        if here < end:
            return self._recover(record, body, n, first)
        after = w.skip_newlines(end)
        clean = w.at_end(after) or begins_record(w.data, w.pos + after)
        stated = record.headers.get("warc-block-digest", "")
        if self._closing is _LINE and self._swallows(body, end):
            return self._recover(record, body, n, first)  # an ARC has no digest to show it
        if not clean and (stated or not self._closing.match(w.data, w.pos + end)):
            return self._recover(record, body, n, first)
        if self._wanted is None or record.type in self._wanted:
            record.block = w.bytes(body, end)
            if digest_holds(stated, record.block) is False:
                if self._swallows(body, end):
                    return self._recover(record, body, n, first)
                record.problem = "block_digest_mismatch"
        return end

    def _swallows(self, body: int, end: int) -> bool:
        """Another record begins inside the stated block, and no border of members says otherwise."""
        w = self._window
        return not self._one_per_member and find_record(w.data, w.pos + body, w.pos + end + 2, self._patterns) >= 0

    def _need(self, n: int) -> int:
        """As the window's, over borders of members where records run over them."""
        w = self._window
        while (here := w.need(n)) < n and self._join():
            pass
        return here

    def _join(self) -> bool:
        return self._members is not None and not self._one_per_member and self._window.join()

    def _recover(self, record: Record, body: int, n: int | None, first: bool) -> int:
        """The block of a record whose Content-Length is missing or does not lead to the end of a record."""
        w, stated = self._window, record.headers.get("warc-block-digest", "")
        here = w.need(body + min(n or 0, self._max))
        if stated and n is not None and here >= body + n and self._patience_bytes >= n:
            self._patience_bytes -= n
            block = w.bytes(body, body + n)
            if digest_holds(stated, block):
                record.block = block
                return body + n
        searched, found = body, -1
        while True:
            if not self._one_per_member:
                found = find_record(w.data, w.pos + searched, w.pos + here, self._patterns)
            if found >= 0 or (w.ended and not self._join()) or here - body > self._max:
                break
            searched, here = max(body, here - BEGIN_BYTES), w.need(here + READ_BYTES)
        at_end = found < 0 and w.ended
        if found < 0 and not w.ended:
            record.problem = "content_length" if n is not None and body + n <= here else "oversized"
            end = body + n if n is not None and body + n <= here else body + self._max
            record.block = w.bytes(body, end)
            return end
        end = found - w.pos if found >= 0 else here
        block = w.bytes(body, end)
        blocks = [block[: len(block) - len(trailer)] for trailer in _TRAILERS if block.endswith(trailer)]
        verdicts = [digest_holds(stated, b) for b in blocks]
        proven = True in verdicts
        record.block = (blocks[verdicts.index(True)] if proven else blocks[0])[: self._max]
        cut = n is not None and body + n > end
        in_member = first and at_end and w.alone and self._members is not None and not w.last.fault
        if proven:
            record.problem = None
        elif cut and at_end and not in_member:
            record.problem = "truncated"
        elif False in verdicts:
            record.problem = "block_digest_mismatch"
        else:
            record.problem = None if in_member and n is not None and not cut else "content_length"
        return end

    def _oversized(self, record: Record, body: int, n: int) -> int:
        """Keep the first bytes, read the rest and throw it away; a Content-Length that swallows other records is not believed."""
        w, left = self._window, n - self._max
        record.problem = "oversized"
        if self._wanted is None or record.type in self._wanted:
            record.block = w.bytes(body, body + self._max)
        w.take(body + self._max)
        while left > 0:
            here = self._need(min(left, READ_BYTES) + BEGIN_BYTES)
            step = min(left, here)
            if not self._one_per_member:
                found = find_record(w.data, w.pos, w.pos + here, self._patterns) - w.pos
                if 0 <= found < step:
                    return found
                step = step if w.ended else min(step, here - BEGIN_BYTES)
            if step <= 0:
                break
            w.take(step)
            left -= step
        return 0

    def _stretch(self) -> Record | None:
        """A damaged stretch up to the next record; None if it is padding."""
        w, begin = self._window, self._window.tell()
        head = w.bytes(0, min(w.need(BEGIN_BYTES), BEGIN_BYTES))
        blank = True
        while True:
            here = w.need(READ_BYTES + BEGIN_BYTES)
            found = find_record(w.data, w.pos, w.pos + here, self._patterns) - w.pos
            step = found if found >= 0 else here if w.ended else here - BEGIN_BYTES
            blank = blank and not w.bytes(0, step).strip(PADDING)
            w.take(step)
            if found >= 0 or w.ended:
                break
        length = w.tell() - begin
        if blank and not w.last.fault:
            self._skipped += length
            return None
        head = head[:length]
        fields = warc_fields(head) if b"WARC-" in head[:2048] else {}
        return Record.of(begin, length, "damaged", fields, "bad_header" if fields else "garbage")


def _read_up_to(stream: BinaryIO, n: int) -> bytes:
    blocks: list[bytes] = []
    while n > 0 and (block := stream.read(n)):
        blocks.append(block)
        n -= len(block)
    return b"".join(blocks)


def _plain(stream: BinaryIO, head: bytes) -> Iterator[Piece]:
    yield Piece(head, False)
    while block := stream.read(READ_BYTES):
        yield Piece(block, False)
    yield Piece(b"")


def _is_gzip(head: bytes) -> bool:
    """From the first bytes; if they are damaged, from what is recognised first behind them."""
    if head.startswith(MAGIC):
        return True
    if begins_record(head):
        return False
    plain = find_record(head, 0, len(head))
    packed = Members(io.BytesIO(), begins_record, head).sync(0)
    return packed < (plain if plain >= 0 else len(head))

"""Records out of WARC, WET and ARC files, compressed or not, intact or damaged: only the damaged record is lost.

Framing and block digests are checked here; HTTP is in ``tasks/archives/http_message.py``, gzip members in ``tasks/archives/gzip_members.py``.
WARC/1.1 (ISO 28500:2017); ARC file format, Internet Archive 1996. How real writers deviate: the fixtures of warcio, jwarc, jwat and others.

What is believed, in this order: a block digest that holds; the end of a gzip member; Content-Length followed by the blank lines that must
follow a record; the next line that begins a record.
"""

import base64
import binascii
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from winnow.tasks.archives.gzip_members import MAGIC, PADDING, Members, Piece
from winnow.tasks.engine.errors import BadInput

Buffer = bytes | bytearray | memoryview

MAX_BLOCK_BYTES = 64 << 20
MAX_HEADER_BYTES = 1 << 20
SNIFF_BYTES = 1 << 20
READ_BYTES = 1 << 20
PATIENCE_BYTES = 1 << 30  # spent on digests of blocks that may not be there: lying lengths must not make the reader quadratic

_BINARY = {
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\x04\x22\x4d\x18": "LZ4",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "ZIP",
    b"PAR1": "Parquet",
    b"%PDF": "PDF",
}
_TRAILERS = (b"\r\n\r\n", b"\n\n", b"\n", b"")
_BLANK_LINE = re.compile(rb"\n\r{0,3}\n")
_BLANK_LINES = re.compile(rb"\r\n\r\n|\n\n")
_LINE = re.compile(rb"\n")
_NEWLINES = re.compile(rb"[\r\n]*")
_FIELD = re.compile(r"([^:\r\n]+):[ \t]*([^\r\n]*)")
_FOLD = re.compile(r"\r?\n[ \t]+")
# A begin is believed at the place where a record is due ...
_WARC_DUE = re.compile(rb"WARC/(?:\d[\d.]{0,6})?[ \t\r]*(?:\n|\Z)", re.IGNORECASE)
_ARC_LINE = rb"[A-Za-z][A-Za-z0-9+.\-]{1,20}:[^\r\n]{0,8192}? [0-9A-Fa-f.:\-]{1,45} \d{12,18} [^\r\n]{0,400}\r?\n"
_ARC_DUE = re.compile(rb"filedesc:[^\r\n]{0,8192}\r?\n\d |" + _ARC_LINE)
# ... and elsewhere only if a header field follows (WARC) or the line has all its parts (ARC).
_WARC_BEGIN = re.compile(rb"WARC/\d{1,3}\.\d{1,3}[ \t]*\r?\n[A-Za-z][A-Za-z\-]{1,40}[ \t]*:")
_ARC_BEGIN = re.compile(
    rb"(?:(?<=\n)(?:https?|ftp|dns|filedesc):(?:(?! [a-z]{2,8}:)[^\r\n]){0,8192}?|(?:https?|ftp|dns|filedesc):\S{1,8192})"
    rb" [0-9A-Fa-f.:\-]{1,45} \d{14,18} [^\r\n]{0,400}\r?\n"
)
_MARKS = {_WARC_BEGIN: (b"WARC/",), _ARC_BEGIN: (b"://", b"dns:")}  # nothing begins without one of these: found many times faster
_ARC_HEADER = re.compile(r"(\S.*?) ([0-9A-Fa-f.:\-]{1,45}) (\d{8,18}|-) (.*)")
_BEGIN_BYTES = 1 << 14  # longest begin that is recognised


@dataclass(slots=True)
class Record:
    """One record, or one damaged stretch (``type`` is then ``damaged``).

    ``offset`` and ``length`` are bytes of the file: of the gzip member if the record is alone in it (then inflating them gives exactly the
    record), of the record with its closing blank lines in an uncompressed file. Where a member holds several records, or a record runs over
    several members, they count in the inflated bytes of the whole file. A damaged stretch without any inflated byte is measured in the file.
    ``problem`` is None if framing and block digest (where there is one) hold, else one of ``block_digest_mismatch``, ``content_length``
    (missing, unreadable or wrong, and no digest to prove the block whole), ``bad_header``, ``garbage``, ``truncated``, ``oversized``,
    ``gzip_crc``, ``gzip_data``.
    """

    offset: int
    length: int
    type: str
    record_id: str
    uri: str
    date: str
    content_type: str
    payload_digest: str
    headers: dict[str, str]
    block: bytes
    problem: str | None


class NotAnArchive(BadInput):
    """There is no record in the file; the message says what it looks like."""


def read_records(stream: BinaryIO, *, max_block_bytes: int = MAX_BLOCK_BYTES, wanted: frozenset[str] | None = None) -> "RecordReader":
    """Records of a binary stream, in order; what kind of file it is, is seen from its bytes.

    Records of types that are not ``wanted`` come with an empty block and an unchecked digest. Memory stays under about four times
    ``max_block_bytes``. Raises NotAnArchive (while iterating) if there is no record at all.
    """
    return RecordReader(stream, max_block_bytes, wanted)


def inspect(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """The objects of ``winnow inspect --json``: one per record, then the totals; ``problem`` of the totals says why there is no record."""
    reader = read_records(stream)
    records = intact = 0
    problem = None
    try:
        for r in reader:
            records += 1
            intact += r.problem is None
            yield {"offset": r.offset, "length": r.length, "type": r.type, "record_id": r.record_id, "uri": r.uri, "problem": r.problem}
    except NotAnArchive as e:
        problem = str(e)
    totals = {"records": records, "intact": intact, "damaged": records - intact, "skipped_bytes": reader.skipped_bytes}
    yield totals | ({"problem": problem} if problem else {})


def digest_holds(stated: str, *parts: Buffer) -> bool | None:
    """Whether a digest field (``sha1:`` and Base32, or any common algorithm and hex) fits the bytes; None if it cannot be read."""
    name, _, value = stated.partition(":")
    name, value = name.strip().lower().replace("-", ""), value.strip()
    if name not in ("sha1", "sha256", "sha512", "md5"):
        return None
    hasher = hashlib.new(name, usedforsecurity=False)
    try:
        want = bytes.fromhex(value) if len(value) == 2 * hasher.digest_size else base64.b32decode(value.upper() + "=" * (-len(value) % 8))
    except (ValueError, binascii.Error):
        return None
    if len(want) != hasher.digest_size:
        return None
    for part in parts:
        hasher.update(part)
    return hasher.digest() == want


def begins_record(data: Buffer, at: int = 0) -> bool:
    """Whether a record may begin here, blank lines aside: at a place where one is due."""
    skipped = _NEWLINES.match(data, at)
    at = skipped.end() if skipped else at
    return bool(_WARC_DUE.match(data, at) or _ARC_DUE.match(data, at))


def find_record(data: bytes | bytearray, begin: int, end: int, patterns: tuple[re.Pattern[bytes], ...] = (_WARC_BEGIN, _ARC_BEGIN)) -> int:
    """Where a record certainly begins in a stretch where none was due; -1 if nowhere. The nearer it is, the sooner it is found."""
    width = 1 << 16
    while begin < end:
        hit, stop = -1, min(end, begin + width + _BEGIN_BYTES)
        for pattern in patterns:
            first = min((at for mark in _MARKS[pattern] if (at := data.find(mark, begin, stop)) >= 0), default=-1)
            if first >= 0 and (match := pattern.search(data, max(begin, first - 8), stop)):
                hit = stop = match.start()
        if hit >= 0:
            return hit
        begin, width = begin + width, 2 * width
    return -1


class _Window:
    """Inflated bytes from the current position on, within one segment: a gzip member, several joined ones, or a plain file.

    Places are counted from ``pos``, which stays valid while more is read.
    """

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces = pieces
        self._ahead: Piece | None = None
        self.data: bytes | bytearray = b""
        self.pos = 0
        self.base = 0  # inflated bytes before data[0]
        self.last = Piece(b"")  # the piece that ended the segment
        self.ended = True
        self.alone = True  # the segment is one member

    def next_segment(self) -> bool:
        self._drop()
        self.base += len(self.data)
        self.data, self.pos = b"", 0
        piece = self._next()
        if piece is None:
            return False
        self.alone, self.ended = True, False
        self._take(piece)
        return True

    def join(self) -> bool:
        """Go on in the next member as if there were no border; False if it begins a record of its own, or there is none."""
        piece = self._peek()
        if self.last.fault or piece is None or piece.fault or _WARC_BEGIN.match(piece.data) or _ARC_DUE.match(piece.data):
            return False
        self.alone, self.ended = False, False
        self._ahead = None
        self._take(piece)
        return True

    def need(self, n: int) -> int:
        """Read until ``n`` bytes are here, or the segment ends; how many are here."""
        while not self.ended and len(self.data) - self.pos < n:
            piece = self._next()
            if piece is None:
                self.ended = True
                break
            self._take(piece)
        return len(self.data) - self.pos

    def take(self, n: int) -> None:
        self.pos += n

    def tell(self) -> int:
        return self.base + self.pos

    def bytes(self, begin: int, end: int) -> bytes:
        begin, end = self.pos + begin, self.pos + end
        return self.data[begin:end] if isinstance(self.data, bytes) else bytes(memoryview(self.data)[begin:end])

    def skip_newlines(self, at: int = 0) -> int:
        """First place at or behind ``at`` that is no line end (or the place where patience ends); what follows it is in memory."""
        stop = at + _BEGIN_BYTES
        while True:
            here = self.need(at + _BEGIN_BYTES)
            match = _NEWLINES.match(self.data, self.pos + at)
            at = match.end() - self.pos if match else at
            if self.ended or at >= stop or here - at >= _BEGIN_BYTES // 2:
                return at

    def at_end(self, at: int = 0) -> bool:
        return self.ended and len(self.data) - self.pos <= at

    def _peek(self) -> Piece | None:
        if self._ahead is None:
            self._ahead = next(self._pieces, None)
        return self._ahead

    def _next(self) -> Piece | None:
        piece, self._ahead = self._peek(), None
        return piece

    def _take(self, piece: Piece) -> None:
        if piece.data:
            self._drop()
            if self.data:
                self.data += piece.data  # a bytearray by now
            else:
                self.data = piece.data
        if piece.last:
            self.last, self.ended = piece, True

    def _drop(self) -> None:
        """Forget what lies before ``pos``. A bytearray gives up its front without moving the rest."""
        if self.pos == len(self.data):
            self.base += self.pos
            self.data, self.pos = b"", 0
        elif self.pos or isinstance(self.data, bytes):
            if isinstance(self.data, bytes):
                self.data = bytearray(self.data)
            del self.data[: self.pos]
            self.base += self.pos
            self.pos = 0


class RecordReader:
    """Iterator of records. ``skipped_bytes`` counts bytes of damaged stretches, padding, and what a broken member kept to itself."""

    def __init__(self, stream: BinaryIO, max_block_bytes: int = MAX_BLOCK_BYTES, wanted: frozenset[str] | None = None) -> None:
        self._max, self._wanted = max_block_bytes, wanted
        self._head = _read_up_to(stream, SNIFF_BYTES)
        self._members = Members(stream, begins_record, self._head) if _is_gzip(self._head) else None
        self._window = _Window(iter(self._members) if self._members else _plain(stream, self._head))
        self._patterns: tuple[re.Pattern[bytes], ...] = (_WARC_BEGIN, _ARC_BEGIN)
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
            raise NotAnArchive(_looks_like(self._head))
        if damage:
            yield damage

    def _all(self) -> Iterator[Record]:
        while self._window.next_segment():
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
            if not begins and w.ended and w.need(_BEGIN_BYTES) < _BEGIN_BYTES and self._join():
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
            yield _record(place[0], place[1], "damaged", {}, w.last.fault)

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
        warc = _WARC_DUE.match(w.data, w.pos)
        self._closing = _BLANK_LINES if warc else _LINE
        body, end = self._head_end(_BLANK_LINE if warc else _LINE)
        fields = _warc_fields if warc else _arc_fields
        if end is not None:
            broken = w.at_end(end)
            record = _record(begin, 0, "", fields(w.bytes(0, min(end, _BEGIN_BYTES))), "truncated" if broken else "bad_header")
        else:
            record = _record(begin, 0, "", fields(w.bytes(0, body)), None)
            end = self._block(record, body, first)
            if record.problem is None:
                self._patterns = (_WARC_BEGIN,) if warc else (_ARC_BEGIN,)  # from now on the kind of the file is known
        w.take(end)
        self._take_newlines()
        record.length = w.tell() - begin
        return record

    def _head_end(self, pattern: re.Pattern[bytes]) -> tuple[int, int | None]:
        """Where the block begins; or, if the head is broken, where to go on."""
        w, want = self._window, _BEGIN_BYTES
        while True:
            here = w.need(want)
            match = pattern.search(w.data, w.pos, w.pos + min(here, MAX_HEADER_BYTES))
            if match or here >= MAX_HEADER_BYTES or (w.ended and not self._join()):
                break
            want = max(here, want) * 4
        body = match.end() - w.pos if match else min(here, MAX_HEADER_BYTES)
        if w.data.find(b"WARC/", w.pos + 5, w.pos + body) >= 0:
            other = find_record(w.data, w.pos + 5, w.pos + body, self._patterns)
            if other >= 0:
                return 0, other - w.pos
        return (body, None) if match else (0, body)

    def _block(self, record: Record, body: int, first: bool) -> int:
        """Set block and problem; return where the record ends, its closing blank lines left out."""
        w, n = self._window, _content_length(record.headers)
        if n is None:
            return self._recover(record, body, None, first)
        here = self._need(body + min(n, self._max))
        if n > self._max:
            lie = -1 if self._one_per_member else find_record(w.data, w.pos + body, w.pos + here, self._patterns)
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
            searched, here = max(body, here - _BEGIN_BYTES), w.need(here + READ_BYTES)
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
            here = self._need(min(left, READ_BYTES) + _BEGIN_BYTES)
            step = min(left, here)
            if not self._one_per_member:
                found = find_record(w.data, w.pos, w.pos + here, self._patterns) - w.pos
                if 0 <= found < step:
                    return found
                step = step if w.ended else min(step, here - _BEGIN_BYTES)
            if step <= 0:
                break
            w.take(step)
            left -= step
        return 0

    def _stretch(self) -> Record | None:
        """A damaged stretch up to the next record; None if it is padding."""
        w, begin = self._window, self._window.tell()
        head = w.bytes(0, min(w.need(_BEGIN_BYTES), _BEGIN_BYTES))
        blank = True
        while True:
            here = w.need(READ_BYTES + _BEGIN_BYTES)
            found = find_record(w.data, w.pos, w.pos + here, self._patterns) - w.pos
            step = found if found >= 0 else here if w.ended else here - _BEGIN_BYTES
            blank = blank and not w.bytes(0, step).strip(PADDING)
            w.take(step)
            if found >= 0 or w.ended:
                break
        length = w.tell() - begin
        if blank and not w.last.fault:
            self._skipped += length
            return None
        head = head[:length]
        fields = _warc_fields(head) if b"WARC-" in head[:2048] else {}
        return _record(begin, length, "damaged", fields, "bad_header" if fields else "garbage")


def _record(offset: int, length: int, kind: str, fields: dict[str, str], problem: str | None) -> Record:
    get = fields.get
    return Record(
        offset,
        length,
        kind or get("warc-type", "").lower() or "unknown",
        get("warc-record-id", "").strip("<> "),
        get("warc-target-uri", "").strip("<> "),
        get("warc-date", ""),
        get("content-type", ""),
        get("warc-payload-digest", ""),
        fields,
        b"",
        problem,
    )


def _warc_fields(head: bytes) -> dict[str, str]:
    """Header fields, names in lower case; the first of repeated ones, folded lines joined, bytes that are no UTF-8 replaced."""
    text = head.decode("utf-8", "replace")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _arc_fields(line: bytes) -> dict[str, str]:
    """The header line of an ARC record under the names of the WARC fields that mean the same."""
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    match = _ARC_HEADER.fullmatch(text)
    uri, ip, date, rest = match.groups() if match else (text.partition(" ")[0], "", "", text.partition(" ")[2])
    words = rest.split() or [""]
    d = date[:14]
    return {
        "warc-type": "warcinfo" if uri.startswith("filedesc:") else "response" if uri.lower().startswith("http") else "resource",
        "warc-target-uri": uri,
        "warc-ip-address": ip,
        "warc-date": f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:14]}Z" if len(d) == 14 else "",
        "content-type": words[0] if len(words) > 1 else "",
        "content-length": words[-1],
    }


def _content_length(fields: dict[str, str]) -> int | None:
    text = fields.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


# -- the stream


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


def _looks_like(head: bytes) -> str:
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
            return (
                f"This is {name}, not a WARC or ARC. If it is a compressed archive, unpack it, or pack it with gzip, one member per record."
            )
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

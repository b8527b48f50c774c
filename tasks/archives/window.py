"""A window on inflated bytes that the reader of records moves along, within one segment at a time."""

from collections.abc import Iterator

from winnow.tasks.archives.begins import ARC_DUE, BEGIN_BYTES, NEWLINES, WARC_BEGIN
from winnow.tasks.archives.gzip_members import Piece


class Window:
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
        if self.last.fault or piece is None or piece.fault or WARC_BEGIN.match(piece.data) or ARC_DUE.match(piece.data):
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
        stop = at + BEGIN_BYTES
        while True:
            here = self.need(at + BEGIN_BYTES)
            match = NEWLINES.match(self.data, self.pos + at)
            at = match.end() - self.pos if match else at
            if self.ended or at >= stop or here - at >= BEGIN_BYTES // 2:
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

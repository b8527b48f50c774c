"""A stream that a thread of its own reads ahead, so that a file travels while the part that is here is worked on. Opening files is in ``open.py``."""

import io
import queue
import threading
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 1 << 20
BLOCKS = 8


class ReadAhead(io.RawIOBase):
    """The bytes of ``stream``, and its errors at the place where they happened. At most ``BLOCKS`` blocks wait. Closing closes the stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._blocks: queue.Queue[bytes | Exception] = queue.Queue(BLOCKS)
        self._here = memoryview(b"")
        self._end: Exception | None = None
        self._ended = self._unwanted = False
        self._thread = threading.Thread(target=self._fetch, name="read-ahead", daemon=True)
        self._thread.start()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        target = memoryview(buffer).cast("B")
        while not self._here and not self._ended:
            block = self._blocks.get()
            if isinstance(block, Exception):
                self._end = block
            else:
                self._here = memoryview(block)
            self._ended = not self._here
        if self._end:
            raise self._end
        n = min(len(target), len(self._here))
        target[:n], self._here = self._here[:n], self._here[n:]
        return n

    def close(self) -> None:
        if not self.closed:
            self._unwanted = True
            while self._thread.is_alive():
                self._make_room()
                self._thread.join(0.01)
            self._stream.close()
        super().close()

    def _make_room(self) -> None:
        while not self._blocks.empty():
            self._blocks.get_nowait()

    def _fetch(self) -> None:
        try:
            while not self._unwanted:
                block = self._stream.read(BLOCK_BYTES)
                self._blocks.put(block)
                if not block:
                    return
        except Exception as e:  # raised again where the bytes were asked for
            self._blocks.put(e)

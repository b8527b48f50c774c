"""A remote file that is read in blocks and can seek: what its kinds share. How it is opened and read again after a fault is theirs."""

import io
from typing import Any


class SeekableStream(io.RawIOBase):
    """Reads ``_file``, which a subclass opens."""

    _file: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return int(self._file.tell())

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return int(self._file.seek(offset, whence))

"""Where the files of a crawl lie, and how to get at them. What they are is a ``Crawl`` (tasks/engine/crawl.py)."""

import os
from dataclasses import dataclass, field
from io import BufferedReader
from typing import BinaryIO, cast

from winnow.tasks.transport.open import open_seekable, open_stream
from winnow.tasks.transport.politeness import POLITE, Options, Transport
from winnow.tasks.transport.ranges import Ranges
from winnow.tasks.transport.read_ahead import BLOCK_BYTES, ReadAhead
from winnow.tasks.transport.uri import scheme, shown


@dataclass(frozen=True)
class Source:
    """A root, and the way to it; ``strict``: a listed file that is not there ends the run. Picklable; never part of any identity; never shows options, which may hold secrets."""

    root: str
    options: Options = field(default=(), repr=False)
    transport: Transport = field(default=POLITE, repr=False)
    strict: bool = False

    def __repr__(self) -> str:
        return f"Source({shown(self.root)!r})"

    def open(self, path: str) -> BinaryIO:
        """Sequential stream of a file below the root. Raises as winnow.tasks.transport.open.open_stream."""
        return open_stream(self.root, path, self.options, self.transport)

    def open_ahead(self, path: str) -> BinaryIO:
        """As ``open``; a file that is not on this machine travels while what is here of it is worked on."""
        stream = self.open(path)
        return stream if scheme(self.root) == "file" else cast(BinaryIO, BufferedReader(ReadAhead(stream), BLOCK_BYTES))

    def open_seekable(self, path: str) -> BinaryIO:
        """A stream that can seek, as Parquet needs. Raises as winnow.tasks.transport.open.open_stream."""
        return open_seekable(self.root, path, self.options, self.transport)

    def open_ranges(self, path: str) -> Ranges:
        """Ranges of a file's bytes, each read without the rest of it. Raises as winnow.tasks.transport.open.open_stream."""
        return Ranges(self.root, path, self.options, self.transport)

    def size(self, path: str) -> int | None:
        """Bytes of a local file; None where asking would cost a request per file."""
        return os.path.getsize(f"{self.root}/{path}") if scheme(self.root) == "file" else None

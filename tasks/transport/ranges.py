"""Ranges of bytes of one file below a root, wherever it lies: over HTTP(S) and S3 each is one request for just these bytes."""

import contextlib
from types import TracebackType
from typing import Any, Self

from winnow.tasks.transport.http import HttpStream
from winnow.tasks.transport.open import open_stream
from winnow.tasks.transport.politeness import POLITE, Options, Transport
from winnow.tasks.transport.s3 import S3Stream
from winnow.tasks.transport.uri import join_url, scheme


class Ranges:
    """The file ``path`` below ``root``, to be closed when done. Raises as open_stream, on opening and on reading; over HTTP on reading only."""

    def __init__(self, root: str, path: str, options: Options = (), transport: Transport = POLITE) -> None:
        self._url, self._transport = "", transport
        self._stream: Any = None
        match scheme(root):
            case "http" | "https":
                self._url = join_url(root, path)
            case "s3":
                self._stream = S3Stream(f"{root.rstrip('/')}/{path}", options, transport, ahead=False)
            case _:
                self._stream = open_stream(root, path, options, transport)

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from ``begin`` to before ``end``; fewer where the file ends before."""
        if end <= begin:
            return b""
        if self._stream is None:
            with contextlib.closing(HttpStream(self._url, self._transport, begin, end)) as stream:
                return stream.readall() or b""
        self._stream.seek(begin)
        parts: list[bytes] = []
        left = end - begin
        while left > 0 and (part := self._stream.read(left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._stream is not None:
            self._stream.close()

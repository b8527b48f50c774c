"""Opening a file below a root, wherever it lies: one sequential stream over HTTP(S), S3, the Hugging Face Hub and local files, or one that can seek.

Each way has its own module; what a source *is* belongs to tasks/sources, what the bytes mean to its reader.
"""

import contextlib
import io
import os
import tempfile
from typing import BinaryIO, cast

from winnow.tasks.engine.errors import BadInput, WinnowError
from winnow.tasks.transport.http import HttpStream
from winnow.tasks.transport.hub import HubStream
from winnow.tasks.transport.politeness import POLITE, NotFound, Options, Transport
from winnow.tasks.transport.s3 import S3Stream
from winnow.tasks.transport.uri import join_url, scheme, shown

BLOCK_BYTES = 1 << 20


def open_stream(root: str, path: str, options: Options = (), transport: Transport = POLITE) -> BinaryIO:
    """Sequential stream of the file ``path`` below ``root``; local and S3 streams can seek too.

    Raises:
        NotFound: no such file. BadInput: no access, or a page where a file should be; says what to do.
        Transient: throttled, unreachable or changed while being read, after bounded attempts; also from ``read``.
    """
    raw: io.RawIOBase
    match scheme(root):
        case "http" | "https":
            raw = HttpStream(join_url(root, path), transport)
        case "s3":
            raw = S3Stream(f"{root.rstrip('/')}/{path}", options, transport)
        case "hf":
            raw = HubStream(f"{root.rstrip('/')}/{path}", options, transport)
        case "file":
            return _open_local(f"{root.rstrip('/')}/{path}")
        case other:
            raise BadInput(f"{shown(root)}: {other}:// is not a place winnow reads from. Give a local path, https://, s3:// or hf://.")
    return cast(BinaryIO, io.BufferedReader(raw, BLOCK_BYTES))


def read_all(root: str, path: str, options: Options = (), transport: Transport = POLITE) -> bytes:
    """All bytes of a small file, such as a listing. Raises as open_stream."""
    with open_stream(root, path, options, transport) as stream:
        return stream.read()


def open_seekable(root: str, path: str, options: Options = (), transport: Transport = POLITE) -> BinaryIO:
    """A stream that can seek, as Parquet needs. Over HTTP the file is first spooled to the temporary folder. Raises as open_stream."""
    stream = open_stream(root, path, options, transport)
    if stream.seekable():
        return stream
    spool = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    try:
        with stream:
            while block := stream.read(BLOCK_BYTES):
                spool.write(block)
    except OSError as e:
        spool.close()
        raise WinnowError(
            f"{shown(root)}/{path} cannot be kept in {tempfile.gettempdir()}: {e.strerror}. Free some space, or set TMPDIR."
        ) from None
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return cast(BinaryIO, spool)


def _open_local(path: str) -> BinaryIO:
    try:
        stream = open(path, "rb", buffering=BLOCK_BYTES)  # noqa: SIM115  the caller closes it
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"There is no file {path}. If the source was moved, give its new place; what is finished is kept.") from None
    except OSError as e:
        raise BadInput(f"{path} cannot be read: {e.strerror}. Check its permissions, or give another source.") from None
    with contextlib.suppress(OSError, AttributeError):
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
    return stream

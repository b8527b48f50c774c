"""Files of the Hugging Face Hub, ``hf://datasets/owner/name/path``, through fsspec.

The filesystem is huggingface_hub's, which takes a token from the environment or its own login; the errors are those of every other way.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.transport.politeness import POLITE, NotFound, Options, Retries, Transport, Unreachable
from winnow.tasks.transport.seekable import SeekableStream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")
# What the Hub's library reads through, now and in other versions (httpx2).
CLIENTS = ("huggingface_hub", "httpx", "httpcore", "requests", "urllib3", "aiohttp")


def hub_find(uri: str, options: Options, transport: Transport = POLITE) -> dict[str, str]:
    """Files below ``uri``, or the file itself: path relative to it ('' for itself) -> fingerprint. Raises as open_stream."""
    uri = uri.rstrip("/")

    def find() -> dict[str, Any]:
        fs, path = _filesystem(uri, options)
        return {str(name).removeprefix(path).lstrip("/"): info for name, info in fs.find(path, detail=True).items()}

    found = _patiently(uri, find, transport)
    return {name: f"{info.get('size') or 0}-{_version(info)}" for name, info in found.items()}


class HubStream(SeekableStream):
    """One file, read in blocks; can seek. Raises as open_stream."""

    def __init__(self, uri: str, options: Options = (), transport: Transport = POLITE) -> None:
        self._uri, self._options, self._transport = uri, options, transport
        self._file = _patiently(uri, self._open, transport)

    def _open(self) -> Any:
        fs, path = _filesystem(self._uri, self._options)
        return fs.open(path, "rb")

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        out = memoryview(buffer).cast("B")
        position = self.tell()

        def read() -> bytes:
            self._file.seek(position)
            return bytes(self._file.read(len(out)))

        data = _patiently(self._uri, read, self._transport)
        out[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


def _filesystem(uri: str, options: Options) -> tuple[Any, str]:
    import fsspec

    try:
        fs, path = fsspec.url_to_fs(uri, **dict(options))
    except (ImportError, ValueError) as e:
        raise BadInput(f"{uri} cannot be read: {e}. Install huggingface_hub, or download the files and give their folder.") from None
    return fs, str(path)


def _version(info: dict[str, Any]) -> str:
    lfs = info.get("lfs")
    return str((lfs or {}).get("sha256") or info.get("blob_id") or info.get("ETag") or "")


def _patiently(uri: str, call: Callable[[], T], transport: Transport) -> T:
    retries = Retries(uri, transport)
    while True:
        try:
            return call()
        except (BadInput, Transient):
            raise
        except FileNotFoundError:
            raise NotFound(f"There is no {uri}. Check the name; a private data set wants a token (HF_TOKEN).") from None
        except PermissionError:
            raise BadInput(f"{uri} may not be read. Set HF_TOKEN to a token that covers it.") from None
        except OSError as e:
            status = getattr(getattr(e, "response", None), "status_code", 0)
            if status in (401, 403):
                raise BadInput(f"{uri} may not be read (HTTP {status}). Set HF_TOKEN to a token that covers it.") from None
            if status == 404:
                raise NotFound(f"There is no {uri}. Check the name; a private data set wants a token (HF_TOKEN).") from None
            reached = status != 0
            retries.failed(
                f"the connection broke ({type(e).__name__})" if not reached else f"HTTP {status}",
                attempts=0 if reached else transport.politeness.unreachable_attempts,
                error=Transient if reached else Unreachable,
            )
        except Exception as e:  # of huggingface_hub and of its HTTP client, which are not loaded here
            if not type(e).__module__.startswith(CLIENTS):
                raise
            retries.failed(f"cannot be reached ({type(e).__name__})", attempts=transport.politeness.unreachable_attempts, error=Unreachable)

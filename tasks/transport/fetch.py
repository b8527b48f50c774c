"""Getting the bytes of a source: one polite, resumable, sequential stream over HTTP(S), S3 and local files.

What a source *is* belongs to tasks/sources/crawl.py, what the bytes mean to the reader. Common Crawl asks its users to take a file in one
request, to retry a 503 no more than once a second, and to slow down at any 4xx or 5xx (https://status.commoncrawl.org); so a stream is one
GET that continues with a Range request where it broke, waits are exponential with jitter, and the connections to a host are counted
over all threads and processes of a user on a machine. Range and If-Range: RFC 9110, sections 13 and 14.
"""

import contextlib
import errno
import io
import logging
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast
from urllib.parse import quote, urlsplit, urlunsplit

import xxhash

from winnow.tasks.engine.errors import BadInput, Transient, WinnowError

if TYPE_CHECKING:
    import httpx
    from _typeshed import WriteableBuffer

USER_AGENT = "winnow/0.1 (curation of Common Crawl snapshots; one request per file, backs off)"
BLOCK_BYTES = 1 << 20
S3_BLOCK_BYTES = 16 << 20
THROTTLED = frozenset({403, 408, 425, 429, 500, 502, 503, 504})
NO_ACCESS = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled"})
PAGE_TYPES = ("text/", "application/json", "application/xml", "application/xhtml")
PROGRESS_BYTES = 1 << 20
"""A break after this much new data does not count towards the attempts: a long file over a bad line still ends."""

Options = tuple[tuple[str, Any], ...]
T = TypeVar("T")


class NotFound(BadInput):
    """There is no such file, object, bucket or host path."""


class Unreachable(Transient):
    """The host could not be connected to at all: no network, no such host, nothing listening."""


@dataclass(frozen=True)
class Politeness:
    """How a host is treated. Never part of any identity.

    ``connections`` bounds the streams to one host over all threads and processes of this user on this machine. ``attempts`` are tries
    without progress; ``patience_s`` is the longest Retry-After that is waited for here, a longer one ends as Transient.
    """

    connections: int = 16
    attempts: int = 10
    unreachable_attempts: int = 4
    page_attempts: int = 3
    base_s: float = 1.0
    cap_s: float = 60.0
    patience_s: float = 600.0
    timeout_s: float = 60.0
    slot_wait_s: float = 3600.0
    slots_folder: str = ""


@dataclass(frozen=True)
class Clock:
    """Time and chance, given from outside so that tests neither sleep nor vary."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform


POLITE = Politeness()
CLOCK = Clock()


def open_stream(root: str, path: str, options: Options = (), *, politeness: Politeness = POLITE, clock: Clock = CLOCK) -> BinaryIO:
    """Sequential stream of the file ``path`` below ``root``; local and S3 streams can seek too.

    Raises:
        NotFound: no such file. BadInput: no access, or a page where a file should be; says what to do.
        Transient: throttled, unreachable or changed while being read, after bounded attempts; also from ``read``.
    """
    raw: io.RawIOBase
    match scheme(root):
        case "http" | "https":
            raw = HttpStream(join_url(root, path), politeness, clock)
        case "s3":
            raw = S3Stream(f"{root.rstrip('/')}/{path}", options, politeness, clock)
        case "file":
            return _open_local(f"{root.rstrip('/')}/{path}")
        case other:
            raise BadInput(f"{shown(root)}: {other}:// is not a place winnow reads from. Give a local path, https:// or s3://.")
    return cast(BinaryIO, io.BufferedReader(raw, BLOCK_BYTES))


def read_all(root: str, path: str, options: Options = (), *, politeness: Politeness = POLITE, clock: Clock = CLOCK) -> bytes:
    """All bytes of a small file, such as a listing. Raises as open_stream."""
    with open_stream(root, path, options, politeness=politeness, clock=clock) as stream:
        return stream.read()


def open_seekable(root: str, path: str, options: Options = (), *, politeness: Politeness = POLITE, clock: Clock = CLOCK) -> BinaryIO:
    """A stream that can seek, as Parquet needs. Over HTTP the file is first spooled to the temporary folder. Raises as open_stream."""
    stream = open_stream(root, path, options, politeness=politeness, clock=clock)
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


def scheme(root: str) -> str:
    """'file' for a local path, else the scheme of the URI in lower case ('s3a' reads as 's3')."""
    found = root.partition("://")[0].lower() if "://" in root else "file"
    return "s3" if found == "s3a" else found


def join_url(root: str, path: str) -> str:
    """URL of a file below a root; a query in the root (a signed mirror) stays behind the path."""
    parts = urlsplit(root)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/" + quote(path, safe="/~!$&'()*+,;=:@", errors="surrogateescape")))


def shown(url: str) -> str:
    """A URL or path as messages may show it: without user, password, query or fragment, which may be secrets."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def is_page(path: str, content_type: str, head: bytes) -> bool:
    """True if the first bytes are an error page or message rather than the file asked for. No format read here begins with '<'."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return True
    return bool(head) and path.endswith(".gz") and not head.startswith(b"\x1f\x8b") and content_type.lower().startswith(PAGE_TYPES)


def retry_after_s(value: str | None, now: float) -> float:
    """Seconds a Retry-After header asks for, as a number or an HTTP date; 0 if absent or unreadable."""
    if not value:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except ValueError:
        return 0.0


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


class Retries:
    """Counts the failures of one stream and waits between them."""

    def __init__(self, what: str, politeness: Politeness, clock: Clock) -> None:
        self.what, self.politeness, self.clock = what, politeness, clock
        self.failures = 0

    def pause_s(self, asked_s: float = 0.0) -> float:
        """Seconds to wait before the next try: exponential with full jitter on top of what the server asked for, at least base_s."""
        p = self.politeness
        return max(asked_s, p.base_s) + self.clock.uniform(0.0, min(p.cap_s, p.base_s * 2.0**self.failures))

    def failed(self, reason: str, *, asked_s: float = 0.0, attempts: int = 0, error: type[Exception] = Transient) -> None:
        """Wait for the next try, or raise ``error`` if there is none left."""
        self.failures += 1
        p = self.politeness
        if asked_s > p.patience_s:
            raise Transient(f"{self.what}: {reason}, and asks to come back in {asked_s:.0f} s. Run the same command again then.")
        if self.failures >= (attempts or p.attempts):
            raise error(
                f"{self.what}: {reason}, after {self.failures} attempts. Run the same command again later; what is finished is kept."
            )
        self.clock.sleep(self.pause_s(asked_s))


class Slots:
    """At most ``connections`` streams to a host, over all threads and processes of this user on this machine.

    A slot is a lock on a file: the kernel frees it when its holder ends, in whatever way. The time until which a host wants to be left
    alone is the modification time of a file beside them, so one Retry-After stops everybody. Without fcntl (Windows) nothing is bounded.
    """

    def __init__(self, host: str, politeness: Politeness, clock: Clock) -> None:
        self.host, self.politeness, self.clock = host, politeness, clock
        base = Path(politeness.slots_folder or tempfile.gettempdir()) / f"winnow-slots-{os.getuid() if hasattr(os, 'getuid') else 0}"
        self.folder = base / quote(host, safe="")

    def take(self) -> int | None:
        """Descriptor of a held slot. Raises Transient if none gets free in time."""
        try:
            import fcntl
        except ImportError:
            return None
        start = self.clock.now()
        self._wait_until_welcome()
        while True:
            for n in range(self.politeness.connections):
                try:
                    self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    slot = os.open(self.folder / f"slot-{n}", os.O_RDWR | os.O_CREAT, 0o600)
                except OSError:
                    return None
                try:
                    fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return slot
                except OSError:
                    os.close(slot)
            if self.clock.now() - start > self.politeness.slot_wait_s:
                raise Transient(
                    f"All {self.politeness.connections} connections to {self.host} are in use on this machine. Use fewer workers."
                )
            self.clock.sleep(self.clock.uniform(0.1, 0.5))

    def pause(self, seconds: float) -> None:
        """Everybody leaves the host alone for that long."""
        until = self.clock.now() + seconds
        with contextlib.suppress(OSError):
            file = self.folder / "pause"
            file.touch(mode=0o600)
            os.utime(file, (until, until))

    def _wait_until_welcome(self) -> None:
        with contextlib.suppress(OSError):
            left_s = (self.folder / "pause").stat().st_mtime - self.clock.now()
            if 0 < left_s <= self.politeness.patience_s:
                # Spread out, or all who waited come back at the same moment.
                self.clock.sleep(left_s + self.clock.uniform(0.0, self.politeness.base_s))


# ---------------------------------------------------------------------- HTTP


@lru_cache(maxsize=4)
def _client(pid: int, timeout_s: float) -> "httpx.Client":
    import httpx

    return httpx.Client(
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Accept": "*/*"},
        timeout=timeout_s,
        follow_redirects=True,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=4),
    )


class _TryAgainError(Exception):
    """This try failed; the next one may not."""

    def __init__(self, reason: str, *, asked_s: float = 0.0, attempts: int = 0, error: type[Exception] = Transient) -> None:
        super().__init__(reason)
        self.reason, self.asked_s, self.attempts, self.error = reason, asked_s, attempts, error


class HttpStream(io.RawIOBase):
    """One file over HTTP(S), read once from start to end; a break continues at the first unread byte.

    Raises as open_stream, on opening and on reading.
    """

    def __init__(self, url: str, politeness: Politeness = POLITE, clock: Clock = CLOCK) -> None:
        self._response: httpx.Response | None = None
        self._slot: int | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._pending = memoryview(b"")
        self._url, self._path, self._politeness, self._clock = url, urlsplit(url).path, politeness, clock
        self._slots = Slots(urlsplit(url).netloc.rpartition("@")[2] or "nowhere", politeness, clock)
        self._retries = Retries(shown(url), politeness, clock)
        self._received = self._received_at_failure = 0
        self._prefix = xxhash.xxh3_128()
        self._total: int | None = None
        self._confirmed = False
        self._etag = self._modified = ""
        self._pending = memoryview(self._receive())

    @property
    def version(self) -> str:
        """What tells this state of the file from another: its length and its ETag or date, '' if the server says neither."""
        tag = self._etag.removeprefix("W/").strip('"') or self._modified
        return f"{self._total}-{tag}" if tag else ""

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._received - len(self._pending)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        out = memoryview(buffer).cast("B")
        if not self._pending:
            self._pending = memoryview(self._receive())
        n = min(len(out), len(self._pending))
        out[:n] = self._pending[:n]
        self._pending = self._pending[n:]
        return n

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _receive(self) -> bytes:
        """The next bytes, b'' at the end."""
        while self._total is None or self._received < self._total or self._response is not None:
            try:
                chunk = self._next_chunk() or self._confirm_end()
            except _TryAgainError as e:
                self._hang_up()
                if self._received - self._received_at_failure >= PROGRESS_BYTES:
                    self._retries.failures = 0
                self._received_at_failure = self._received
                if e.asked_s and e.asked_s <= self._politeness.patience_s:
                    self._slots.pause(e.asked_s)
                self._retries.failed(e.reason, asked_s=e.asked_s, attempts=e.attempts, error=e.error)
            except BaseException:
                self._hang_up()
                raise
            else:
                if not chunk:
                    self._total = self._received
                    self._hang_up()
                self._received += len(chunk)
                self._prefix.update(chunk)
                return chunk
        return b""

    def _next_chunk(self) -> bytes:
        import httpx

        try:
            chunk = self._connect() if self._response is None else next(self._chunks, b"")
        except (httpx.ConnectError, httpx.ConnectTimeout) as e:
            if "CERTIFICATE_VERIFY_FAILED" in str(e):
                raise BadInput(
                    f"{shown(self._url)}: its certificate is not trusted here. Behind a proxy, point SSL_CERT_FILE at its certificates."
                ) from None
            raise _TryAgainError(f"cannot be reached ({e})", attempts=self._politeness.unreachable_attempts, error=Unreachable) from None
        except httpx.TimeoutException:
            raise _TryAgainError(f"nothing arrived for {self._politeness.timeout_s:g} s") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.TooManyRedirects) as e:
            raise BadInput(f"{shown(self._url)} cannot be fetched: {e}. Check the address.") from None
        except httpx.TransportError as e:
            raise _TryAgainError(f"the connection broke ({type(e).__name__})") from None
        if not chunk and self._total is not None and self._received < self._total:
            raise _TryAgainError(f"only {self._received} of {self._total} bytes arrived")
        return chunk

    def _confirm_end(self) -> bytes:
        """b'' if the file really ends here. Asks for its last byte once more: the answer names the length of the whole, and a proxy that cut
        the file to a Content-Length of its own is found out. Raises _TryAgainError if there is more."""
        import httpx

        if self._confirmed or not self._received or self._total is None:
            return b""
        if self._response is not None:
            self._response.close()
            self._response = None
        client = _client(os.getpid(), self._politeness.timeout_s)
        headers = {"Range": f"bytes={self._received - 1}-"}
        while not self._confirmed:
            total = asked = ""
            try:
                with client.stream("GET", self._url, headers=headers) as answer:
                    if answer.status_code in THROTTLED:
                        asked = answer.headers.get("retry-after", "")
                        raise httpx.ReadError(f"HTTP {answer.status_code}")
                    if answer.status_code == 206:
                        total = answer.headers.get("content-range", "").rpartition("/")[2]
                        if not total:
                            raise httpx.ReadError("a range of nothing")
                    elif answer.status_code == 200 and self._etag == answer.headers.get("etag", ""):
                        total = answer.headers.get("content-length", "")
            except httpx.TransportError as e:
                self._retries.failed(f"its length could not be confirmed ({e})", asked_s=retry_after_s(asked, self._clock.now()))
                continue
            self._confirmed = True
            if total.isdecimal() and int(total) > self._received:
                self._total, self._confirmed = int(total), False
                raise _TryAgainError(f"sent {self._received} bytes as if they were all, there are {total}")
        return b""

    def _connect(self) -> bytes:
        """Ask for what is still missing; its first bytes. Leaves the response open for the rest."""
        self._slot = self._slots.take()
        client = _client(os.getpid(), self._politeness.timeout_s)
        self._response = response = client.send(client.build_request("GET", self._url, headers=self._range_headers()), stream=True)
        self._chunks = (c for c in response.iter_raw() if c)
        etag, modified = response.headers.get("etag", ""), response.headers.get("last-modified", "")
        if response.status_code == 206 and self._received:
            self._check_range(response.headers.get("content-range", ""), etag)
            return next(self._chunks, b"")
        if response.status_code == 416 and self._received:
            raise self._changed()
        if response.status_code != 200:
            raise self._refused(response.status_code, retry_after_s(response.headers.get("retry-after"), self._clock.now()))

        head = self._head()
        if is_page(self._path, response.headers.get("content-type", ""), head):
            reason = (
                f"answers with a page or message instead of the file (it begins {head[:40]!r}). Check the address, a proxy or a sign-in"
            )
            raise _TryAgainError(reason, attempts=self._politeness.page_attempts, error=BadInput)
        if self._received:
            # The whole file once more: no ranges here, or (If-Range) another file by now.
            if self._etag and etag and etag != self._etag:
                raise self._changed()
            return self._skip_what_is_known(head)
        length = response.headers.get("content-length", "")
        self._total = int(length) if length.isdecimal() else None
        self._etag, self._modified = etag, modified
        return head

    def _range_headers(self) -> dict[str, str]:
        if not self._received:
            return {}
        # A weak ETag may not be used in If-Range (RFC 9110, 13.1.5).
        validator = self._etag if self._etag and not self._etag.startswith("W/") else self._modified
        return {"Range": f"bytes={self._received}-"} | ({"If-Range": validator} if validator else {})

    def _check_range(self, content_range: str, etag: str) -> None:
        start, _, rest = content_range.removeprefix("bytes ").partition("-")
        total = rest.partition("/")[2]
        if start != str(self._received):
            raise _TryAgainError(f"sent the range {content_range!r} where byte {self._received} was asked for")
        if (self._etag and etag and etag != self._etag) or (total.isdecimal() and self._total not in (None, int(total))):
            raise self._changed()

    def _head(self) -> bytes:
        head = b""
        while len(head) < 64 and (chunk := next(self._chunks, b"")):
            head += chunk
        return head

    def _skip_what_is_known(self, chunk: bytes) -> bytes:
        again, left = xxhash.xxh3_128(), self._received
        while len(chunk) < left:
            if not chunk:
                raise self._changed()
            again.update(chunk)
            left -= len(chunk)
            chunk = next(self._chunks, b"")
        again.update(chunk[:left])
        if again.digest() != self._prefix.digest():
            raise self._changed()
        return chunk[left:] or next(self._chunks, b"")

    def _changed(self) -> Transient:
        return Transient(
            f"{shown(self._url)} was changed while it was being read. It must be read anew from its start: run the same command again."
        )

    def _refused(self, status: int, asked_s: float) -> Exception:
        where = shown(self._url)
        if status in (404, 410):
            return NotFound(f"There is no {where} (HTTP {status}). Check the address and the crawl id.")
        if status == 403:
            return _TryAgainError(
                "HTTP 403: either too many requests come from this address, or the file is not public or not there", asked_s=asked_s
            )
        if status in THROTTLED:
            return _TryAgainError(f"HTTP {status}", asked_s=asked_s)
        return BadInput(f"{where} cannot be read: HTTP {status}. Check the address, and whether it needs a sign-in.")

    def _hang_up(self) -> None:
        if self._response is not None:
            self._response.close()
        if self._slot is not None:
            os.close(self._slot)
        self._response = self._slot = None
        self._chunks = iter(())


# ---------------------------------------------------------------------- S3


def s3_filesystem(options: Options, timeout_s: float = POLITE.timeout_s) -> Any:
    """The s3fs filesystem of this process and thread: fsspec keeps one for each, as they must not be shared after a fork.

    ``options`` are s3fs's own (anon, endpoint_url, profile, ...); credentials come from the environment unless given.
    Retries are ours, so those of botocore and s3fs are off.
    """
    import s3fs

    for noisy in ("botocore", "aiobotocore", "s3fs"):
        logging.getLogger(noisy).setLevel(logging.INFO)  # at DEBUG they write down key ids and signatures

    given = dict(options)
    config = {"retries": {"mode": "standard", "total_max_attempts": 1}, "connect_timeout": timeout_s, "read_timeout": timeout_s} | dict(
        given.pop("config_kwargs", {})
    )
    fs = s3fs.S3FileSystem(**given, config_kwargs=config, use_listings_cache=False)
    fs.retries = 1
    return fs


def has_s3_credentials() -> bool:
    """True if botocore finds credentials in the environment, a profile or the machine's role."""
    import botocore.exceptions
    import botocore.session

    try:
        return botocore.session.Session().get_credentials() is not None
    except botocore.exceptions.BotoCoreError:
        return False


def s3_find(uri: str, options: Options, *, politeness: Politeness = POLITE, clock: Clock = CLOCK) -> dict[str, str]:
    """Objects below ``uri``: path relative to it -> fingerprint (size and ETag). Empty if there are none. Raises as open_stream."""
    uri = uri.rstrip("/")
    prefix = uri.split("://", 1)[1] + "/"

    def find() -> Mapping[str, Mapping[str, Any]]:
        return cast(Mapping[str, Mapping[str, Any]], s3_filesystem(options).find(uri + "/", detail=True))

    found = patiently(uri, find, politeness, clock)
    return {name.removeprefix(prefix): s3_fingerprint(info) for name, info in found.items() if name.startswith(prefix)}


def s3_folders(uri: str, options: Options, *, politeness: Politeness = POLITE, clock: Clock = CLOCK) -> list[str]:
    """Names of the folders directly below ``uri``. Raises as open_stream; NotFound if there is nothing."""
    found = patiently(uri, lambda: s3_filesystem(options).ls(uri.rstrip("/") + "/", detail=True), politeness, clock)
    return sorted(i["name"].rstrip("/").rsplit("/", 1)[1] for i in found if i["type"] == "directory")


def s3_info(uri: str, options: Options, *, politeness: Politeness = POLITE, clock: Clock = CLOCK) -> tuple[bool, str]:
    """Whether ``uri`` is one object (else a folder), and its fingerprint. Raises as open_stream."""
    info = patiently(uri, lambda: s3_filesystem(options).info(uri.rstrip("/")), politeness, clock)
    return info["type"] == "file", s3_fingerprint(info)


def s3_fingerprint(info: Mapping[str, Any]) -> str:
    return f"{info.get('size') or 0}-{str(info.get('ETag', '')).strip(chr(34))}"


def patiently(uri: str, call: Callable[[], T], politeness: Politeness, clock: Clock, verb: str = "read") -> T:
    """The result of one S3 call, tried again while it is throttled or broken. Raises as open_stream; no message holds a key.

    ``verb`` says what the call does, "read" or "written".
    """
    import aiohttp
    import botocore.exceptions as boto
    from s3fs.utils import FileExpired

    retries = Retries(uri, politeness, clock)
    while True:
        try:
            return call()
        except FileExpired:
            raise Transient(
                f"{uri} was changed while it was being read. It must be read anew from its start: run the same command again."
            ) from None
        except FileNotFoundError as e:
            what = "bucket" if _s3_code(e) == "NoSuchBucket" else "object or folder"
            raise NotFound(f"There is no {what} {uri}. Check the name and the endpoint (AWS_ENDPOINT_URL).") from None
        except PermissionError as e:
            if _s3_code(e) not in NO_ACCESS and retries.failures + 1 < politeness.page_attempts:
                retries.failed(f"refused ({_s3_code(e)})")
                continue
            raise BadInput(
                f"{uri} may not be {verb} ({_s3_code(e)}): the credentials are missing, wrong or do not cover it, or there is no such "
                "object. Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; s3://commoncrawl/ wants credentials, "
                "its files are also at https://data.commoncrawl.org/."
            ) from None
        except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.ProfileNotFound, boto.TokenRetrievalError) as e:
            raise BadInput(
                f"{uri}: no usable credentials ({type(e).__name__}). Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or read anonymously if the bucket is public."
            ) from None
        except (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError) as e:
            retries.failed(f"cannot be reached ({type(e).__name__})", attempts=politeness.unreachable_attempts, error=Unreachable)
        except (
            boto.HTTPClientError,
            boto.ResponseStreamingError,
            boto.FlexibleChecksumError,
            aiohttp.ClientError,
            TimeoutError,
            ConnectionError,
        ) as e:
            retries.failed(f"the connection broke ({type(e).__name__})")
        except OSError as e:
            if e.errno == errno.EREMCHG:
                raise BadInput(f"{uri} lies in another region or at another endpoint. Set AWS_REGION or AWS_ENDPOINT_URL.") from None
            if e.errno not in (errno.EBUSY, errno.EREMOTEIO, errno.EIO):
                raise BadInput(f"{uri} cannot be {verb} ({_s3_code(e)}). Check the name, the endpoint and the credentials.") from None
            retries.failed(f"throttled or failing ({_s3_code(e)})")
        except (boto.BotoCoreError, ValueError) as e:
            raise BadInput(f"{uri} cannot be {verb} ({type(e).__name__}). Check the name, the endpoint and the options.") from None


def _s3_code(error: OSError) -> str:
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or error.strerror or type(error).__name__)


class S3Stream(io.RawIOBase):
    """One object in blocks, each a ranged request that insists on the ETag of the first. Can seek. Raises as open_stream."""

    def __init__(self, uri: str, options: Options = (), politeness: Politeness = POLITE, clock: Clock = CLOCK) -> None:
        self._file: Any = None
        self._uri, self._options, self._politeness, self._clock = uri, options, politeness, clock
        self._file = patiently(uri, self._open, politeness, clock)

    def _open(self) -> Any:
        return s3_filesystem(self._options, self._politeness.timeout_s).open(
            self._uri, "rb", block_size=S3_BLOCK_BYTES, cache_type="readahead"
        )

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return int(self._file.tell())

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return int(self._file.seek(offset, whence))

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        out = memoryview(buffer).cast("B")
        expected = max(0, min(len(out), self._file.size - self.tell()))
        data = patiently(self._uri, lambda: self._read(expected), self._politeness, self._clock) if expected else b""
        out[: len(data)] = data
        return len(data)

    def _read(self, n: int) -> bytes:
        position = self.tell()
        data = bytes(self._file.read(n))
        if len(data) != n:
            self._file.seek(position)
            self._file.cache = type(self._file.cache)(self._file.blocksize, self._file._fetch_range, self._file.size)
            raise ConnectionError("short body")
        return data

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()

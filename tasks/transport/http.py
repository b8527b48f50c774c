"""One file over HTTP(S), or one range of its bytes, as a polite, resumable, sequential stream.

A stream is one GET that continues with a Range request where it broke; of a range, it is a Range request from the beginning. Range and If-Range: RFC 9110, sections 13 and 14.
"""

import io
import os
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import xxhash

from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.transport.politeness import POLITE, NotFound, Retries, Slots, Transport, Unreachable
from winnow.tasks.transport.uri import shown

if TYPE_CHECKING:
    import httpx
    from _typeshed import WriteableBuffer

CONTACT = "WINNOW_CONTACT"
"""The environment variable that names who runs this: an address or a URL where the operator of a crawl's server can reach them."""
MAX_CONTACT_CHARS = 200
THROTTLED = frozenset({403, 408, 425, 429, 500, 502, 503, 504})
PAGE_TYPES = ("text/", "application/json", "application/xml", "application/xhtml")
PROGRESS_BYTES = 1 << 20
"""A break after this much new data does not count towards the attempts: a long file over a bad line still ends."""


def user_agent() -> str:
    """What Winnow says of itself to a server, with the contact that the user has set.

    Raises:
        BadInput: the contact cannot stand in a header.
    """
    contact = os.environ.get(CONTACT, "").strip()
    if not (contact.isascii() and contact.isprintable() and len(contact) <= MAX_CONTACT_CHARS):
        raise BadInput(
            f"{CONTACT} is {contact[:40]!r}. Set it to an address or URL in plain ASCII, of at most {MAX_CONTACT_CHARS} characters."
        )
    who = f"; contact: {contact}" if contact else ""
    return f"winnow/{version('winnow')} (curation of Common Crawl snapshots; one request per file or range, backs off{who})"


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


@lru_cache(maxsize=4)
def _client(pid: int, timeout_s: float) -> "httpx.Client":
    import httpx

    return httpx.Client(
        headers={"User-Agent": user_agent(), "Accept-Encoding": "identity", "Accept": "*/*"},
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
    """One file over HTTP(S), read once from start to end; a break continues at the first unread byte. With ``end``, the bytes from ``begin`` to before
    ``end`` and no more; a server that knows no ranges sends the file, and what was not asked for is thrown away.

    Raises as open_stream, on opening and on reading.
    """

    def __init__(self, url: str, transport: Transport = POLITE, begin: int = 0, end: int | None = None) -> None:
        self._response: httpx.Response | None = None
        self._slot: int | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._pending = memoryview(b"")
        self._url, self._path, self._politeness, self._clock = url, urlsplit(url).path, transport.politeness, transport.clock
        self._slots = Slots(urlsplit(url).netloc.rpartition("@")[2] or "nowhere", transport)
        self._retries = Retries(shown(url), transport)
        self._begin, self._end = begin, end
        self._received = self._received_at_failure = begin
        self._prefix = xxhash.xxh3_128()
        self._total: int | None = None
        self._whole: int | None = None  # bytes of the file, where only a range of it is wanted
        self._confirmed = end is not None  # an answer to a range names the length of the whole
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
        while self._total is None or self._received < self._total or (self._response is not None and self._end is None):
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
                if self._end is not None and self._total is not None:
                    chunk = chunk[: self._total - self._received]
                if not chunk or (self._end is not None and self._received + len(chunk) == self._total):
                    self._total = self._received + len(chunk)
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
        if response.status_code == 206 and (self._received or self._end is not None):
            self._check_range(response.headers.get("content-range", ""), etag)
            if self._end is not None and self._total is None:
                self._expect(response.headers.get("content-range", "").rpartition("/")[2], etag, modified)
            return next(self._chunks, b"")
        if response.status_code == 416 and self._end is not None and self._received == self._begin:
            self._total = self._received  # the range lies behind the end of the file
            return b""
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
            if self._total is None:
                self._expect(response.headers.get("content-length", ""), etag, modified)
            return self._skip_what_is_known(head)
        self._expect(response.headers.get("content-length", ""), etag, modified)
        return head

    def _expect(self, length: str, etag: str, modified: str) -> None:
        """Note what the first answer says of the file."""
        self._whole = int(length) if length.isdecimal() else None
        self._total = self._whole if self._end is None else min(self._end, self._whole) if self._whole is not None else self._end
        self._etag, self._modified = etag, modified

    def _range_headers(self) -> dict[str, str]:
        if not self._received and self._end is None:
            return {}
        # A weak ETag may not be used in If-Range (RFC 9110, 13.1.5).
        validator = self._etag if self._etag and not self._etag.startswith("W/") else self._modified
        last = "" if self._end is None else self._end - 1
        return {"Range": f"bytes={self._received}-{last}"} | ({"If-Range": validator} if validator else {})

    def _check_range(self, content_range: str, etag: str) -> None:
        start, _, rest = content_range.removeprefix("bytes ").partition("-")
        total = rest.partition("/")[2]
        known = self._total if self._end is None else self._whole
        if start != str(self._received):
            raise _TryAgainError(f"sent the range {content_range!r} where byte {self._received} was asked for")
        if (self._etag and etag and etag != self._etag) or (total.isdecimal() and known not in (None, int(total))):
            raise self._changed()

    def _head(self) -> bytes:
        head = b""
        while len(head) < 64 and (chunk := next(self._chunks, b"")):
            head += chunk
        return head

    def _skip_what_is_known(self, chunk: bytes) -> bytes:
        again, left, unread = xxhash.xxh3_128(), self._received, self._begin  # what lies before a range was never read
        while len(chunk) < left:
            if not chunk and self._received == self._begin:
                self._total = self._received  # the range lies behind the end of the file
                return b""
            if not chunk:
                raise self._changed()
            again.update(chunk[unread:])
            unread = max(0, unread - len(chunk))
            left -= len(chunk)
            chunk = next(self._chunks, b"")
        again.update(chunk[unread:left])
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

"""The HTTP response inside a record: status, header fields, and the payload as the page's author wrote it.

Total on any bytes: what cannot be read is left as it is, or named in ``problem``. RFC 9110 (fields, content codings), RFC 9112 (message,
chunked coding), RFC 8878 (Zstandard). Crawlers store bodies that are decoded already under the old header fields, and bodies that are still
coded under fields that do not say so. So a coding is undone where it is there, whatever the fields say: chunks if all of the body parses as
chunks, gzip and Zstandard if the body of a page begins with their magic number.
"""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from winnow.tasks.archives.digests import digest_holds
from winnow.tasks.archives.record import Record

try:
    import brotli
except ImportError:
    brotli = None

FEED_BYTES = 1 << 16
MOST_CODINGS = 3  # a body that is packed more often is left packed: nobody does that but by malice

_STATUS = re.compile(rb"HTTP/\d+(?:\.\d+)?[ \t]+(\d{3})(?!\d)", re.IGNORECASE)
# What precedes the response itself: interim answers (RFC 9110, 15.2), and a proxy's word that its tunnel stands.
_INTERIM = re.compile(rb"HTTP/\d+(?:\.\d+)?[ \t]+(?:1\d\d(?!\d)|200[ \t]+connection established)", re.IGNORECASE)
_TEXTUAL = re.compile(r"\s*\"?(?:text/|application/(?:xhtml\+xml|xml)|$)", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\n\r{0,3}\n")
_FOLD = re.compile(r"\r*\n[ \t]+")
_FIELD = re.compile(r"^([^:\r\n]+):[ \t]*([^\r\n]*)", re.MULTILINE)
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_TRAILER = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}:[^\r\n]*\r?\n)*(?:\r?\n)?")
_LAST_COUNTS = frozenset({"content-type", "content-length"})
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_CODINGS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "x-zstd"})


@dataclass(slots=True)
class HttpResponse:
    """``status`` is 0 if there is no status line. Repeated header fields are joined by ``, `` (RFC 9110, 5.3), except Content-Type and
    Content-Length, where the last one counts. ``head_bytes`` is where the stored body begins in the block.

    ``problem``: None, ``no_http_head`` (the payload is then the block), ``bad_status_line``, ``payload_oversized`` (the payload is cut),
    ``content_encoding:<name>`` (it could not be undone; the payload is as stored).
    """

    status: int
    content_type: str
    headers: dict[str, str]
    payload: bytes
    problem: str | None
    head_bytes: int = 0


def parse_http_response(block: bytes, *, max_payload_bytes: int) -> HttpResponse:
    """Never raises; the payload has at most ``max_payload_bytes``."""
    if block[:5].upper() != b"HTTP/":
        return HttpResponse(0, "", {}, block[:max_payload_bytes], "no_http_head")
    begin, head_bytes = 0, _end_of_head(block, 0)
    while _INTERIM.match(block, begin) and _STATUS.match(block, head_bytes):
        begin, head_bytes = head_bytes, _end_of_head(block, head_bytes)
    headers = _fields(block[begin:head_bytes])
    body, problem = block[head_bytes:], None
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = dechunk(body)
    while (whole := _whole_chunks(body)) is not None:
        body = whole
    for coding in reversed(headers.get("content-encoding", "").lower().split(",")):
        if problem is None:
            body, problem = _undo(coding.strip(), body, max_payload_bytes)
    if _TEXTUAL.match(headers.get("content-type", "")):
        for _ in range(MOST_CODINGS):
            if not (by_magic := _coding_of(body)):
                break
            body = by_magic(body, max_payload_bytes) or body
    if len(body) > max_payload_bytes:
        body, problem = body[:max_payload_bytes], problem or "payload_oversized"
    status = _STATUS.match(block, begin)
    if not status:
        problem = "bad_status_line"
    return HttpResponse(int(status[1]) if status else 0, headers.get("content-type", ""), headers, body, problem, head_bytes)


def payload_digest_holds(record: Record, http: HttpResponse) -> bool | None:
    """Whether WARC-Payload-Digest fits the stored body, or the body freed of its codings; None if it says nothing about this block.

    Common Crawl and warcio digest the body as stored, the standard asks for the one without transfer coding.
    """
    if not record.payload_digest or record.type == "revisit" or record.problem == "oversized":
        return None
    body = memoryview(record.block)[http.head_bytes :]
    holds = digest_holds(record.payload_digest, body)
    if holds is False:
        return any(digest_holds(record.payload_digest, b) for b in (dechunk(bytes(body)), http.payload))
    return holds


def dechunk(body: bytes) -> bytes:
    """The chunks joined; a body that is not chunked comes back as it is, and so does what follows a broken chunk."""
    at = 0
    chunks: list[bytes] = []
    while at < len(body):
        size = _CHUNK.match(body, at)
        if not size:
            return b"".join([*chunks, body[at:]]) if chunks else body
        n = int(size[1], 16)
        if n == 0:
            return b"".join(chunks) if chunks or at == 0 else body
        chunks.append(body[size.end() : size.end() + n])
        at = size.end() + n
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
    return b"".join(chunks)


def _whole_chunks(body: bytes) -> bytes | None:
    """The chunks joined if the body is nothing but chunks: to the last one and its trailer, or, where the capture was cut, to its end with two
    sizes at least. None otherwise."""
    at = sizes = 0
    chunks: list[bytes] = []
    while size := _CHUNK.match(body, at):
        n, at = int(size[1], 16), size.end()
        if n == 0:
            trailer = _TRAILER.match(body, at)
            return b"".join(chunks) if chunks and trailer and trailer.end() == len(body) else None
        sizes += 1
        chunks.append(body[at : at + n])
        at += n
        if at >= len(body):
            return b"".join(chunks) if sizes > 1 else None
        line_end = 2 if body.startswith(b"\r\n", at) else int(body.startswith(b"\n", at))
        if not line_end:
            return None
        at += line_end
    return None


def _end_of_head(block: bytes, begin: int) -> int:
    blank = _BLANK_LINE.search(block, begin)
    return blank.end() if blank else len(block)


def _fields(head: bytes) -> dict[str, str]:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text, text.find("\n") + 1 or len(text)):
        key, value = name.strip().lower(), value.strip()
        fields[key] = value if key not in fields or key in _LAST_COUNTS else f"{fields[key]}, {value}"
    return fields


def _undo(coding: str, body: bytes, limit: int) -> tuple[bytes, str | None]:
    """The body without one content coding, and the problem."""
    if coding in _CODINGS and (by_magic := _coding_of(body)):  # what it is, whatever it is called
        out = by_magic(body, limit)
    elif coding == "deflate" and body:
        out = _inflate(body, 15, limit) or _inflate(body, -15, limit) or body
    elif coding == "br" and not _is_markup(body):
        out = _unbrotli(body, limit)
    else:
        return body, None
    return (out, None) if out or not body else (body, f"content_encoding:{coding}")


def _coding_of(body: bytes) -> Callable[[bytes, int], bytes] | None:
    """What undoes the coding that the first bytes show; None if they show none."""
    if body.startswith(_GZIP + b"\x08"):
        return lambda data, limit: _inflate(data, 31, limit)
    return _unzstd if body.startswith(_ZSTD) else None


def _is_markup(body: bytes) -> bool:
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{"))


def _inflate(data: bytes, wbits: int, limit: int) -> bytes:
    """All that can be inflated, at most one byte above ``limit``: gzip members may follow each other, a cut or broken stream gives its begin."""
    out: list[bytes] = []
    left, inflate = limit + 1, zlib.decompressobj(wbits)
    view = memoryview(data)
    at = 0
    rest: bytes | memoryview = b""
    while left > 0:
        if not rest:
            rest, at = view[at : at + FEED_BYTES], at + FEED_BYTES
            if not rest:
                break
        try:
            out.append(inflate.decompress(rest, left))
        except zlib.error:
            break
        left -= len(out[-1])
        rest = inflate.unconsumed_tail
        if inflate.eof:
            rest = inflate.unused_data
            if wbits != 31 or not (rest or bytes(view[at : at + 2])).startswith(_GZIP[: len(rest) or 2]):
                break
            inflate = zlib.decompressobj(wbits)
    return b"".join(out)


def _unzstd(data: bytes, limit: int) -> bytes:
    """As ``_inflate``, for Zstandard frames."""
    import pyarrow as pa

    out: list[bytes] = []
    left = limit + 1
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            while left > 0 and (block := stream.read(min(left, FEED_BYTES))):
                out.append(block)
                left -= len(block)
    except OSError:
        pass  # a cut or broken frame gives its begin
    return b"".join(out)


def _unbrotli(data: bytes, limit: int) -> bytes:
    """As ``_inflate``; nothing if the library is missing or the data is no Brotli."""
    if brotli is None:
        return b""
    out: list[bytes] = []
    left, decoder = limit + 1, brotli.Decompressor()
    try:
        out.append(decoder.process(data, output_buffer_limit=left))
        while left > len(out[-1]) > 0 and not decoder.is_finished():
            left -= len(out[-1])
            out.append(decoder.process(b"", output_buffer_limit=left))
    except brotli.error:
        return b""
    return b"".join(out)

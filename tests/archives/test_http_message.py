"""HTTP messages as crawlers store them: codings are undone where they are, whatever the header says; interim answers are skipped."""

import gzip
import zlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.archives.http_message import parse_http_response

PAGE = b"<!doctype html><title>Mill</title><p>" + b"The mill on the river has been grinding since the spring of that year. " * 30 + b"</p>"
LIMIT = 1 << 20


def chunked(body: bytes, size: int = 500, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for i in range(0, len(body), size) if (part := body[i : i + size])) + end


def zstd(body: bytes) -> bytes:
    return pa.Codec("zstd").compress(body, asbytes=True)


def message(body: bytes, *fields: str, status: str = "HTTP/1.1 200 OK", mime: str = "text/html") -> bytes:
    head = [status, *([f"Content-Type: {mime}"] if mime else []), *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def payload(block: bytes) -> bytes:
    return parse_http_response(block, max_payload_bytes=LIMIT).payload


WHOLE = {
    "plain": message(PAGE),
    "chunked": message(chunked(PAGE), "Transfer-Encoding: chunked"),
    "chunked, not declared": message(chunked(PAGE)),
    "chunked, with a trailer, not declared": message(chunked(PAGE, end=b"0\r\nX-Sum: 5\r\n\r\n")),
    "chunked with extensions, line feeds only": message(chunked(PAGE).replace(b"1f4\r\n", b"1f4;a=b\r\n")),
    "chunked twice": message(chunked(chunked(PAGE)), "Transfer-Encoding: chunked"),
    "declared chunked and is not": message(PAGE, "Transfer-Encoding: chunked"),
    "gzip": message(gzip.compress(PAGE), "Content-Encoding: gzip"),
    "gzip, not declared": message(gzip.compress(PAGE)),
    "gzip, not declared, no type": message(gzip.compress(PAGE), mime=""),
    "gzip, declared once and done twice": message(gzip.compress(gzip.compress(PAGE)), "Content-Encoding: gzip"),
    "gzip twice, not declared": message(gzip.compress(gzip.compress(PAGE))),
    "gzip in chunks, neither declared": message(chunked(gzip.compress(PAGE))),
    "declared gzip and is not": message(PAGE, "Content-Encoding: gzip"),
    "declared brotli and is gzip": message(gzip.compress(PAGE), "Content-Encoding: br"),
    "zstd": message(zstd(PAGE), "Content-Encoding: zstd"),
    "zstd, not declared": message(zstd(PAGE)),
    "zstd in two frames": message(zstd(PAGE[:99]) + zstd(PAGE[99:]), "Content-Encoding: zstd"),
    "declared zstd and is gzip": message(gzip.compress(PAGE), "Content-Encoding: zstd"),
    "deflate without a header": message(zlib.compress(PAGE)[2:-4], "Content-Encoding: deflate"),
    "continue first": b"HTTP/1.1 100 Continue\r\n\r\n" + message(PAGE),
    "early hints first": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" * 2 + message(PAGE),
    "a tunnel first": b"HTTP/1.0 200 Connection established\r\nProxy-Agent: x\r\n\r\n" + message(PAGE),
}


@pytest.mark.parametrize("case", WHOLE)
def test_the_page_as_its_author_wrote_it(case):
    found = parse_http_response(WHOLE[case], max_payload_bytes=LIMIT)
    assert found.payload == PAGE
    assert (found.status, found.problem) == (200, None)


LEFT = {
    "a number in the first line": b"500\r\npeople came to the mill.\r\n",
    "chunks, then something else": chunked(PAGE, end=b"") + b"<p>and more</p>",
    "one size only": b"ff\r\n<p>The rest of this was never sent",
    "an answer quoted in a page": b"<pre>HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n</pre>",
}


@pytest.mark.parametrize("case", LEFT)
def test_what_only_looks_coded_is_left(case):
    assert payload(message(LEFT[case])) == LEFT[case]


def test_a_file_that_is_packed_is_no_packed_page():
    assert payload(message(gzip.compress(PAGE), mime="application/gzip")) == gzip.compress(PAGE)


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_capture_that_was_cut_gives_its_begin(pack):
    text = b"".join(b"line %d of the book\n" % n for n in range(60_000))
    found = payload(message(pack(text)[:-3000]))
    assert len(found) > 100_000
    assert text.startswith(found)


def test_chunks_of_a_capture_that_was_cut():
    assert payload(message(chunked(PAGE)[:1700])) == PAGE[: len(payload(message(chunked(PAGE)[:1700])))]
    assert b"1f4\r\n" not in payload(message(chunked(PAGE)[:1700]))


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_bombs_are_cut(pack):
    found = parse_http_response(message(pack(pack(bytes(50 << 20)))), max_payload_bytes=LIMIT)
    assert (len(found.payload), found.problem) == (LIMIT, "payload_oversized")


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["", "gzip", "br", "zstd", "deflate", "x, gzip"]))
def test_total(body, coding):
    for begin in (b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"5\r\n"):
        found = parse_http_response(message(begin + body, f"Content-Encoding: {coding}"), max_payload_bytes=100)
        assert len(found.payload) <= 100

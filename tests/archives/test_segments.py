"""Segmented records come out whole once, and no record is lost on the way."""

import io

import pytest

from winnow.tasks.archives.segments import INCOMPLETE, joined
from winnow.tasks.archives.warc import read_records

PARTS = [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>The mill ", b"on the lower river ", b"was built by two brothers.</p>"]


def record(n: int, kind: str, block: bytes, *fields: str) -> bytes:
    head = ["WARC/1.1", f"WARC-Type: {kind}", f"WARC-Record-ID: <urn:uuid:{n}>", f"Content-Length: {len(block)}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def segments(first: int, parts: list[bytes]) -> list[bytes]:
    total = sum(map(len, parts))
    origin = f"WARC-Segment-Origin-ID: <urn:uuid:{first}>"
    out = [record(first, "response", parts[0], "WARC-Segment-Number: 1")]
    for n, part in enumerate(parts[1:], 2):
        last = [f"WARC-Segment-Total-Length: {total}"] if n == len(parts) else []
        out.append(record(first + n, "continuation", part, f"WARC-Segment-Number: {n}", origin, *last))
    return out


def read(data: bytes, limit: int = 1 << 20):
    return list(joined(read_records(io.BytesIO(data)), limit))


def test_whole():
    found = read(b"".join(segments(10, PARTS)) + record(99, "response", b"x"))
    assert [(r.type, r.block) for r in found] == [
        ("continuation", b""),
        ("response", b"".join(PARTS)),
        ("continuation", b""),
        ("response", b"x"),
    ]
    assert "warc-truncated" not in found[1].headers


def test_other_records_between_and_two_at_once():
    a, b = segments(10, PARTS), segments(50, [p.replace(b"mill", b"barn") for p in PARTS])
    found = read(a[0] + b[0] + record(99, "request", b"GET") + b[1] + a[1] + a[2] + b[2])
    assert sorted(r.block for r in found if r.type == "response") == sorted([b"".join(PARTS), b"".join(PARTS).replace(b"mill", b"barn")])
    assert len(found) == 7


@pytest.mark.parametrize("left_out", [1, 2])
def test_a_missing_segment_is_marked(left_out):
    parts = segments(10, PARTS)
    del parts[left_out]
    found = read(b"".join(parts))
    [page] = [r for r in found if r.type == "response"]
    assert page.headers["warc-truncated"] == INCOMPLETE
    assert page.block == b"".join(PARTS[:left_out])
    assert len(found) == 2


def test_memory_is_bounded():
    found = read(b"".join(segments(10, [b"x" * 400] * 9)), limit=1000)
    [page] = [r for r in found if r.type == "response"]
    assert (page.problem, len(page.block)) == ("oversized", 1000)
    waiting = b"".join(segments(n, [b"x" * 400] * 2)[0] for n in range(10, 90, 10))
    assert [r.type for r in read(waiting, limit=1000)] == ["response"] * 8

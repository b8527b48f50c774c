"""The archive reader: every record that is whole comes out, whatever happened to its neighbours; nothing damaged passes as whole."""

import base64
import contextlib
import gzip
import hashlib
import io
import json
import random
import tracemalloc
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.shared import DATA
from winnow.tasks.archives.digests import digest_holds
from winnow.tasks.archives.http_message import dechunk, parse_http_response, payload_digest_holds
from winnow.tasks.archives.inspect import inspect
from winnow.tasks.archives.record import Record
from winnow.tasks.archives.warc import read_records
from winnow.tasks.engine.errors import BadInput

FIXTURES = DATA / "labels" / "warc-robustness"
LIMIT = 1 << 20


def sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def warc_record(
    number: int,
    block: bytes,
    kind: str = "response",
    length: int | str | None = None,
    digest: bool = True,
    eol: bytes = b"\r\n",
    more: bytes = b"",
) -> bytes:
    fields = [
        b"WARC/1.0",
        f"WARC-Type: {kind}".encode(),
        f"WARC-Record-ID: <urn:uuid:{number:08d}>".encode(),
        f"WARC-Target-URI: http://site.test/{number}".encode(),
    ]
    fields += [f"WARC-Block-Digest: {sha1(block)}".encode()] if digest else []
    fields += [more] if more else []
    fields += [b"Content-Type: application/http; msgtype=response"]
    fields += [f"Content-Length: {len(block) if length is None else length}".encode()] if length != "" else []
    return eol.join(fields) + eol * 2 + block + b"\r\n\r\n"


def page(number: int) -> bytes:
    rng = random.Random(number)
    text = " ".join(
        rng.choices(["grain", "chaff", "wind", "sieve", "<p>", "\r\n\r\n", "WARC/1.0", "http://x.test/"], k=rng.choice([5, 300, 3000]))
    ).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
        + text
        + (rng.randbytes(3000) if number % 3 == 0 else b" end of page %d" % number)
    )


BLOCKS = [page(n) for n in range(9)]
RAW = [warc_record(n, b) for n, b in enumerate(BLOCKS)]
PACKED = [gzip.compress(r, mtime=0) for r in RAW]
ARC = [
    b"filedesc://a.arc 0.0.0.0 20090102030405 text/plain 75\n1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n"
]
ARC[0] = ARC[0].replace(b" 75\n", b" %d\n" % (len(ARC[0]) - ARC[0].index(b"\n") - 1)) + b"\n"
ARC += [b"http://site.test/%d 1.2.3.4 20090102030405 text/html %d\n%s\n" % (n, len(b), b) for n, b in enumerate(BLOCKS)]


def read(data: bytes, **options) -> list[Record]:
    return list(read_records(io.BytesIO(data), **options))


def whole(records: list[Record]) -> set[int]:
    """Numbers of the records that came out intact; their blocks must be ones that were written."""
    return {BLOCKS.index(r.block) for r in records if r.problem is None}


EVERY = set(range(len(BLOCKS)))


def split(data: bytes, n: int) -> bytes:
    """Gzip members that begin anywhere, as bgzip and pigz write them."""
    return b"".join(gzip.compress(data[i : i + n], mtime=0) for i in range(0, len(data), n))


LAYOUTS = {
    "plain": b"".join(RAW),
    "member per record": b"".join(PACKED),
    "one member": gzip.compress(b"".join(RAW)),
    "three records per member": b"".join(gzip.compress(b"".join(RAW[i : i + 3])) for i in range(0, 9, 3)),
    "records over members": split(b"".join(RAW), 1000),
    "members smaller than headers": split(b"".join(RAW[:6]), 37) + b"".join(PACKED[6:]),
    "empty members between": gzip.compress(b"").join(PACKED),
    "zero padding at the end": b"".join(PACKED) + bytes(5000),
    "line feeds in headers": b"".join(warc_record(n, b, eol=b"\n") for n, b in enumerate(BLOCKS)),
    "no blank lines between": b"".join(r[:-4] for r in RAW),
    "many blank lines between": (b"\r\n" * 40_000).join(RAW),
    "lower case": b"".join(r.replace(b"WARC/1.0\r\nWARC-Type", b"warc/1.0\r\nwarc-type", 1) for r in RAW),
    "no digests": b"".join(gzip.compress(warc_record(n, b, digest=False)) for n, b in enumerate(BLOCKS)),
    "stored": b"".join(gzip.compress(r, compresslevel=0) for r in RAW),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("piece", [1 << 20, 777])
def test_every_layout_gives_every_record(layout, piece):
    class Slow(io.BytesIO):
        def read(self, n=-1):
            return super().read(min(n, piece) if n >= 0 else piece)

        def seekable(self):
            return False

    records = list(read_records(Slow(LAYOUTS[layout])))
    assert whole(records) == EVERY
    assert len(records) == len(EVERY)


def test_arc():
    for data in (b"".join(ARC), b"".join(gzip.compress(r) for r in ARC), gzip.compress(b"".join(ARC))):
        records = read(data)
        assert records[0].type == "warcinfo"
        assert whole(records[1:]) == EVERY
        assert (records[1].type, records[1].date, records[1].content_type) == ("response", "2009-01-02T03:04:05Z", "text/html")


def test_offset_and_length_lead_back_to_the_record():
    data = LAYOUTS["member per record"]
    for r, raw in zip(read(data), RAW, strict=True):
        assert zlib.decompress(data[r.offset : r.offset + r.length], 31) == raw
    for layout in ("plain", "one member", "records over members"):
        for r, raw in zip(read(LAYOUTS[layout]), RAW, strict=True):
            assert LAYOUTS["plain"][r.offset : r.offset + r.length] == raw


def test_unwanted_blocks_are_left_out():
    data = gzip.compress(warc_record(0, BLOCKS[0], "request", more=b"X: y")) + PACKED[1]
    request, response = read(data, wanted=frozenset({"response"}))
    assert (request.type, request.block, request.problem) == ("request", b"", None)
    assert response.block == BLOCKS[1]


def test_header_fields():
    (r,) = read(
        warc_record(
            7, b"x", more=b"WARC-Date: 2024-05-18T02:00:00Z\r\nFolded: a\r\n  b\r\nWARC-Payload-Digest: sha1:ABC\r\nBad: \xff\r\nFolded: c"
        )
    )
    assert (r.record_id, r.uri, r.date, r.payload_digest) == ("urn:uuid:00000007", "http://site.test/7", "2024-05-18T02:00:00Z", "sha1:ABC")
    assert (r.headers["folded"], r.headers["bad"]) == ("a b", "�")


# -- damage, case by case: (file, numbers intact, problems of the rest in order)


def damaged(n: int, record: bytes, pack: bool = True) -> bytes:
    return b"".join([*(PACKED if pack else RAW)[:n], gzip.compress(record) if pack else record, *(PACKED if pack else RAW)[n + 1 :]])


FLIPPED = bytearray(PACKED[4])
FLIPPED[len(FLIPPED) // 2] ^= 0x40
BAD_CRC = PACKED[4][:-8] + bytes([PACKED[4][-8] ^ 1]) + PACKED[4][-7:]
REST = EVERY - {4}
CASES = {
    "flipped byte": (b"".join([*PACKED[:4], FLIPPED, *PACKED[5:]]), REST, None),
    "bad crc": (b"".join([*PACKED[:4], BAD_CRC, *PACKED[5:]]), REST, ["gzip_crc"]),
    "bad magic": (b"".join([*PACKED[:4], b"\0" + PACKED[4][1:], *PACKED[5:]]), REST, ["garbage"]),
    "bad first magic": (b"\0" + b"".join(PACKED)[1:], EVERY - {0}, ["garbage"]),
    "first member broken": (PACKED[0][:40] + b"".join(PACKED[1:]), EVERY - {0}, None),
    "two members broken": (b"".join([*PACKED[:3], PACKED[3][:-30], FLIPPED, *PACKED[5:]]), REST - {3}, None),
    "garbage between members": (b"".join([*PACKED[:4], random.Random(1).randbytes(4096), *PACKED[4:]]), EVERY, ["garbage"]),
    "garbage before all": (random.Random(2).randbytes(500) + b"".join(PACKED), EVERY, ["garbage"]),
    "garbage after all": (b"".join(PACKED) + b"no record", EVERY, ["garbage"]),
    "a member without a record": (b"".join([*PACKED[:4], gzip.compress(b"hello"), *PACKED[4:]]), EVERY, ["garbage"]),
    "cut in the last": (b"".join(PACKED)[:-25], EVERY - {8}, ["truncated"]),
    "plain, cut in the last": (b"".join(RAW)[:-25], EVERY - {8}, ["truncated"]),
    "plain, cut in a header": (b"".join(RAW[:8]) + RAW[8][:60], EVERY - {8}, ["truncated"]),
    "one member, cut": (gzip.compress(b"".join(RAW))[:-9], EVERY - {8}, ["truncated"]),
    "length missing": (damaged(4, warc_record(4, BLOCKS[4], length="")), EVERY, []),
    "length missing, no digest": (damaged(4, warc_record(4, BLOCKS[4], length="", digest=False)), REST, ["content_length"]),
    "length negative": (damaged(4, warc_record(4, BLOCKS[4], length=-5)), EVERY, []),
    "length too long": (damaged(4, warc_record(4, BLOCKS[4], length=len(BLOCKS[4]) + 5000)), EVERY, []),
    "length too long, no digest": (
        damaged(4, warc_record(4, BLOCKS[4], length=len(BLOCKS[4]) + 5000, digest=False)),
        REST,
        ["content_length"],
    ),
    "length enormous": (damaged(4, warc_record(4, BLOCKS[4], length=10**17)), EVERY, []),
    "length too short": (damaged(4, warc_record(4, BLOCKS[4], length=7)), EVERY, []),
    "length too short, no digest": (damaged(4, warc_record(4, BLOCKS[4], length=7, digest=False)), EVERY, []),
    "plain, length too long": (damaged(4, warc_record(4, BLOCKS[4], length=len(BLOCKS[4]) + 5000), pack=False), EVERY, []),
    "plain, length too short": (damaged(4, warc_record(4, BLOCKS[4], length=7), pack=False), EVERY, []),
    "plain, length enormous": (damaged(4, warc_record(4, BLOCKS[4], length=10**17), pack=False), EVERY, []),
    "plain, length missing, no digest": (
        damaged(4, warc_record(4, BLOCKS[4], length="", digest=False), pack=False),
        REST,
        ["content_length"],
    ),
    "plain, next record swallowed": (
        damaged(4, RAW[4].replace(b"Content-Length: %d" % len(BLOCKS[4]), b"Content-Length: %d" % (len(BLOCKS[4] + RAW[5]))), pack=False),
        EVERY,
        [],
    ),
    "plain, version line broken": (damaged(4, b"X" + RAW[4][1:], pack=False), REST, ["bad_header"]),
    "plain, garbage between": (b"".join([*RAW[:4], b"garbage\n" * 99, *RAW[4:]]), EVERY, ["garbage"]),
    "plain, garbage before all": (b"garbage\n" * 99 + b"".join(RAW), EVERY, ["garbage"]),
    "one member, header broken": (gzip.compress(damaged(4, b"XXXX" + RAW[4][4:], pack=False)), REST, ["bad_header"]),
    "block digest wrong": (damaged(4, RAW[4].replace(b"sha1:", b"sha1:A", 1).replace(b"A", b"", 0)[:-1]), REST, None),
    "block changed": (damaged(4, RAW[4].replace(b"text/html", b"text/HTML", 1)), REST, ["block_digest_mismatch"]),
    "header line of 300 kB": (damaged(4, warc_record(4, BLOCKS[4], more=b"X: " + b"x" * 300_000)), EVERY, []),
    "header line of 3 MB": (damaged(4, warc_record(4, BLOCKS[4], more=b"X: " + b"x" * 3_000_000)), REST, None),
    "unknown version": (damaged(4, RAW[4].replace(b"WARC/1.0", b"WARC/9.9", 1)), EVERY, []),
    "arc, header line broken": (b"".join([*ARC[1:4], b"junk " + ARC[4], *ARC[5:]]), EVERY, ["garbage"]),
    "arc, garbage between": (b"".join([*ARC[1:4], b"junk\n" * 50, *ARC[4:]]), EVERY, ["garbage"]),
    "records over members, one broken": (
        LAYOUTS["records over members"][:-2000] + b"XXXX" + LAYOUTS["records over members"][-1996:],
        None,
        None,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_damage(case):
    data, intact, problems = CASES[case]
    if case == "block digest wrong":
        data = damaged(4, RAW[4].replace(sha1(BLOCKS[4]).encode(), sha1(b"").encode()))
        problems = ["block_digest_mismatch"]
    records = read(data)
    found = whole(records)
    assert found == intact if intact is not None else found >= set(range(5))
    if problems is not None:
        assert [r.problem for r in records if r.problem] == problems


def test_what_is_known_of_a_damaged_record_is_told():
    (bad,) = [r for r in read(CASES["bad magic"][0]) if r.problem]
    assert (bad.record_id, bad.offset, bad.length) == ("urn:uuid:00000004", sum(map(len, PACKED[:4])), len(PACKED[4]))
    (bad,) = [r for r in read(CASES["plain, version line broken"][0]) if r.problem]
    assert (bad.type, bad.uri) == ("damaged", "http://site.test/4")


def test_skipped_bytes():
    data = CASES["garbage between members"][0] + bytes(10)
    reader = read_records(io.BytesIO(data))
    (bad,) = [r for r in reader if r.problem]
    assert (bad.type, bad.length, reader.skipped_bytes) == ("damaged", 4096, 4106)


NO_ARCHIVE = {
    "empty": (b"", "empty"),
    "gzip of nothing": (gzip.compress(b""), "nothing"),
    "html": (b"<html><body>404</body></html>", "HTML"),
    "slowdown": (b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>", "SlowDown"),
    "s3": (b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", "NoSuchKey"),
    "packed html": (gzip.compress(b"<!DOCTYPE html><p>503 SlowDown"), "SlowDown"),
    "json": (b'{"error": 403}', "JSON"),
    "text": (b"hello\n" * 500_000, "plain text"),
    "noise": (random.Random(3).randbytes(3_000_000), "binary"),
    "zstd": (b"\x28\xb5\x2f\xfd123", "Zstandard"),
    "cut at once": (PACKED[0][:12], "cut off"),
    "broken": (PACKED[0][:10] + b"\xff" * 50, "damaged gzip"),
}


@pytest.mark.parametrize("case", NO_ARCHIVE)
def test_no_archive_at_all(case):
    data, word = NO_ARCHIVE[case]
    with pytest.raises(BadInput, match=word):
        read(data)
    *records, totals = inspect(io.BytesIO(data))
    assert records == []
    assert word in totals["problem"]


def test_inspect_totals():
    *records, totals = inspect(io.BytesIO(CASES["garbage between members"][0]))
    assert set(records[0]) == {"offset", "length", "type", "record_id", "uri", "problem"}
    assert totals == {"records": 10, "intact": 9, "damaged": 1, "skipped_bytes": 4096}
    json.dumps(records)


# -- bounds


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_oversized_records_are_cut_and_the_next_ones_read(pack):
    big = warc_record(0, b"HTTP/1.1 200 OK\r\n\r\n" + bytes(40 << 20))
    data = pack(big) + b"".join(PACKED if pack is gzip.compress else RAW)
    limit, step = 1 << 20, io.BytesIO(data)
    tracemalloc.start()
    first, *rest = read_records(step, max_block_bytes=limit)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (first.problem, len(first.block)) == ("oversized", limit)
    assert whole(rest) == EVERY
    assert peak < 40 << 20


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
@pytest.mark.parametrize("mark_inside", [True, False])
def test_a_byte_order_mark_before_a_file_is_no_damage(pack, mark_inside):
    mark = b"\xef\xbb\xbf"
    data = pack(mark + RAW[0]) if mark_inside else mark + pack(RAW[0])
    *records, totals = inspect(io.BytesIO(data + pack(RAW[1])))
    assert [r["problem"] for r in records] == [None, None]
    assert totals["damaged"] == 0
    if pack is bytes or not mark_inside:
        assert data[records[0]["offset"] :].startswith(pack(RAW[0])[:4])


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_caps_can_be_chosen_and_count_once(pack):
    long_header = warc_record(4, BLOCKS[4], more=b"X: " + b"x" * 300_000)
    data = pack(RAW[0]) + pack(long_header) + pack(RAW[1])
    assert [r.problem for r in read(data)] == [None, None, None]
    assert [r.problem for r in read(data, max_header_bytes=1000)] == [None, "bad_header", None]
    long_block = warc_record(4, b"x" * 300_000)
    assert [r.problem for r in read(pack(RAW[0]) + pack(long_block) + pack(RAW[1]), max_block_bytes=100_000)] == [None, "oversized", None]


def test_many_lying_lengths_take_no_quadratic_time():
    data = b"".join(warc_record(n, b"x", length=900_000, digest=False) for n in range(4000)) + RAW[0]
    records = read(data, max_block_bytes=LIMIT)
    assert len(records) == 4001
    assert whole(records[-1:]) == {0}


# -- anything may happen to one member or record


def corrupt(data: bytes, kind: str, at: float, noise: bytes, n: int) -> bytes:
    i = int(at * (len(data) - 1))
    match kind:
        case "flip":
            return data[:i] + bytes([data[i] ^ (noise[0] or 1)]) + data[i + 1 :]
        case "delete":
            return data[:i] + data[i + n :]
        case "insert":
            return data[:i] + noise + data[i:]
        case "replace":
            return data[:i] + noise + data[i + len(noise) :]
        case _:
            return data[:i]


damage = st.tuples(
    st.sampled_from(["flip", "delete", "insert", "replace", "truncate"]),
    st.one_of(st.floats(0, 1), st.floats(0, 0.02), st.floats(0.98, 1)),
    st.binary(min_size=1, max_size=40),
    st.integers(1, 2000),
)


@settings(max_examples=300)
@given(n=st.integers(0, 8), how=damage)
def test_one_damaged_member_costs_one_record(n, how):
    assert whole(read(b"".join([*PACKED[:n], corrupt(PACKED[n], *how), *PACKED[n + 1 :]]))) >= EVERY - {n}


@settings(max_examples=300)
@given(n=st.integers(0, 8), how=damage)
def test_damage_before_packing_costs_one_record(n, how):
    broken = b"".join([*RAW[:n], corrupt(RAW[n], *how), *RAW[n + 1 :]])
    for data in (broken, gzip.compress(broken, 1)):
        assert whole(read(data)) >= EVERY - {n}


@settings(max_examples=100)
@given(n=st.integers(0, 8), how=damage)
def test_damage_inside_a_good_member_costs_one_record(n, how):
    assert whole(read(damaged(n, corrupt(RAW[n], *how)))) >= EVERY - {n}


@settings(max_examples=100)
@given(n=st.integers(1, 9), how=damage)
def test_damage_in_an_arc_costs_one_record(n, how):
    broken = b"".join([*ARC[:n], corrupt(ARC[n], *how), *ARC[n + 1 :]])
    records = read(broken)
    intact = {r.block for r in records if r.problem is None}
    assert intact >= {BLOCKS[m] for m in EVERY - {n - 1}}


@settings(max_examples=200)
@given(
    data=st.binary(max_size=3000),
    packed=st.booleans(),
    begin=st.sampled_from([b"", b"WARC/1.0\r\n", b"http://a/ 1.1.1.1 20010101000000 t 5\n", b"\x1f\x8b\x08\0"]),
)
def test_any_bytes(data, packed, begin):
    for d in (begin + data, gzip.compress(begin + data)) if packed else (begin + data,):
        with contextlib.suppress(BadInput):
            assert all(len(r.block) <= 500 for r in read(d, max_block_bytes=500))


# -- digests and HTTP


@pytest.mark.parametrize(
    ("stated", "holds"),
    [
        (sha1(b"x"), True),
        (sha1(b"x").lower(), True),
        ("sha1:" + hashlib.sha1(b"x").hexdigest(), True),
        ("sha-256:" + hashlib.sha256(b"x").hexdigest(), True),
        ("md5:" + hashlib.md5(b"x").hexdigest(), True),
        (sha1(b"y"), False),
        ("", None),
        ("crc:12", None),
        ("sha1:", None),
        ("sha1:ABC", None),
        ("sha1:é", None),
    ],
)
def test_digest_holds(stated, holds):
    assert digest_holds(stated, b"x") is holds


def response(head: str, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + head.encode() + b"\r\n\r\n" + body


RAW_DEFLATE = zlib.compress(b"page")[2:-4]
HTTP_CASES = {
    "plain": (response("A: b", b"page"), b"page", None),
    "chunked": (response("Transfer-Encoding: chunked", b"2\r\npa\r\n2;x=y\r\nge\r\n0\r\n\r\n"), b"page", None),
    "chunked, cut": (response("Transfer-Encoding: chunked", b"2\r\npa\r\n5\r\nge"), b"page", None),
    "said to be chunked": (response("Transfer-Encoding: chunked", b"page"), b"page", None),
    "kept by Common Crawl": (response("X-Crawl-Transfer-Encoding: chunked", b"2\r\npa\r\n"), b"2\r\npa\r\n", None),
    "gzip": (response("Content-Encoding: gzip", gzip.compress(b"page")), b"page", None),
    "gzip of two members": (response("Content-Encoding: gzip", gzip.compress(b"pa") + gzip.compress(b"ge")), b"page", None),
    "gzip and junk": (response("Content-Encoding: x-gzip", gzip.compress(b"page") + b"junk"), b"page", None),
    "gzip, decoded already": (response("Content-Encoding: gzip", b"page"), b"page", None),
    "gzip, broken": (response("Content-Encoding: gzip", b"\x1f\x8b\x08\xff"), b"\x1f\x8b\x08\xff", "content_encoding:gzip"),
    "gzip in chunks": (
        response(
            "Content-Encoding: gzip\r\nTransfer-Encoding: chunked",
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(gzip.compress(b"page")), gzip.compress(b"page")),
        ),
        b"page",
        None,
    ),
    "deflate": (response("Content-Encoding: deflate", zlib.compress(b"page")), b"page", None),
    "raw deflate": (response("Content-Encoding: deflate", RAW_DEFLATE), b"page", None),
    "deflate, decoded already": (response("Content-Encoding: deflate", b"<p>page"), b"<p>page", None),
    "brotli, broken": (response("Content-Encoding: br", b"\xff\xff\xff"), b"\xff\xff\xff", "content_encoding:br"),
    "brotli, decoded already": (response("Content-Encoding: br", b"<p>page"), b"<p>page", None),
    "zstd": (response("Content-Encoding: zstd", b"\x28\xb5\x2f\xfdx"), b"\x28\xb5\x2f\xfdx", "content_encoding:zstd"),
    "not a coding": (response("Content-Encoding: UTF-8", b"page"), b"page", None),
    "no head": (b"<html>", b"<html>", "no_http_head"),
    "status line only": (b"HTTP/1.1 200 OK\r\n\r\n", b"", None),
    "no blank line": (b"HTTP/1.1 200 OK\r\nA: b", b"", None),
    "bad status": (b"HTTP/1.1 two OK\r\n\r\npage", b"page", "bad_status_line"),
    "line feeds": (b"HTTP/1.0 200\nA: b\n\npage", b"page", None),
    "bomb": (response("Content-Encoding: gzip", gzip.compress(bytes(30 << 20))), bytes(LIMIT), "payload_oversized"),
}


@pytest.mark.parametrize("case", HTTP_CASES)
def test_http(case):
    block, payload, problem = HTTP_CASES[case]
    http = parse_http_response(block, max_payload_bytes=LIMIT)
    assert (http.payload == payload, http.problem) == (True, problem)
    assert http.status == (0 if problem in ("no_http_head", "bad_status_line") else 200)


def test_http_fields():
    http = parse_http_response(
        response("X-Robots-Tag: noai\r\nContent-Type: a/b\r\nx-robots-tag: noindex\r\nContent-Type: text/html;\r\n charset=x", b""),
        max_payload_bytes=9,
    )
    assert http.headers == {"x-robots-tag": "noai, noindex", "content-type": "text/html; charset=x"}
    assert http.content_type == "text/html; charset=x"


def test_payload_digest():
    body = b"2\r\npa\r\n2\r\nge\r\n0\r\n\r\n"
    block = response("Transfer-Encoding: chunked", body)
    http = parse_http_response(block, max_payload_bytes=LIMIT)
    for stated, holds in ((sha1(body), True), (sha1(b"page"), True), (sha1(b"x"), False), ("", None), ("xyz:1", None)):
        (record,) = read(warc_record(0, block, more=f"WARC-Payload-Digest: {stated}".encode()))
        assert payload_digest_holds(record, http) is holds


@settings(max_examples=300)
@given(
    head=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"])
    | st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "deflate,gzip"]).map(
        lambda c: f"HTTP/1.1 200 OK\r\nContent-Encoding: {c}\r\n\r\n".encode()
    ),
    body=st.binary(max_size=300) | st.binary(max_size=300).map(gzip.compress) | st.binary(max_size=300).map(zlib.compress),
    limit=st.integers(0, 200),
)
@example(head=b"HTTP/1.1 200 OK\r\n", body=b"\xff: \xff\n\n", limit=0)
def test_http_is_total(head, body, limit):
    http = parse_http_response(head + body, max_payload_bytes=limit)
    assert len(http.payload) <= limit
    assert len(dechunk(body)) <= len(body)
    record = Record(0, 0, "response", "", "", "", "", sha1(body), {}, head + body, None)
    assert payload_digest_holds(record, http) in (True, False)


# -- real files


@pytest.mark.data
@pytest.mark.skipif(not FIXTURES.exists(), reason="no shared data")
def test_real_fixtures():
    lost = []
    for row in map(json.loads, (FIXTURES / "index.jsonl").open()):
        with (FIXTURES / row["file"]).open("rb") as stream:
            totals = list(inspect(stream))[-1]
        if totals["intact"] < row.get("intact_records_expected", 0):
            lost.append((row["file"], totals))
    assert lost == []


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "snapshot").exists(), reason="no shared data")
def test_real_snapshot_file():
    path = sorted(DATA.glob("snapshot/crawl-data/*/segments/*/warc/*.gz"))[0]
    data, responses = path.read_bytes(), 0
    for r in read(data):
        assert r.problem is None
        if r.type == "response":
            responses += 1
            assert payload_digest_holds(r, parse_http_response(r.block, max_payload_bytes=1 << 26)) is True
            if responses % 50 == 0:
                assert zlib.decompress(data[r.offset : r.offset + r.length], 31).endswith(r.block + b"\r\n\r\n")
    assert responses > 300

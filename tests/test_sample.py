"""The shipped sample is what its expected.json says, whole, indexed, licensed, and readable by the production reader."""

import collections
import gzip
import io
import json
import re
import socket
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.data.sample_sources import PACKAGES
from tests.shared import ROOT
from winnow.tasks.archives.digests import digest_holds
from winnow.tasks.archives.http_message import parse_http_response, payload_digest_holds
from winnow.tasks.archives.record import Record
from winnow.tasks.archives.warc import read_records

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parent / "data" / "sample"
SNAPSHOT = "CC-MAIN-2026-43"
EXPECTED: dict[str, Any] = json.loads((SAMPLE / "expected.json").read_bytes())
FILES: dict[str, Any] = EXPECTED["files"]
PAGES: dict[str, Any] = EXPECTED["pages"]
WARCS = [path for path in FILES if "/warc/" in path]
DAMAGED_IDS = {d["record_id"] for f in FILES.values() for d in f["damaged"]}


def listing(name: str) -> list[str]:
    return gzip.decompress((SAMPLE / "crawl-data" / SNAPSHOT / f"{name}.paths.gz").read_bytes()).decode().splitlines()


def records(path: str) -> list[Record]:
    with (SAMPLE / path).open("rb") as f:
        return list(read_records(f))


def index() -> list[tuple[str, str, dict[str, str]]]:
    lines = (
        gzip.decompress((SAMPLE / "cc-index" / "collections" / SNAPSHOT / "indexes" / "cdx-00000.gz").read_bytes()).decode().splitlines()
    )
    return [(key, when, json.loads(value)) for key, when, value in (line.split(" ", 2) for line in lines)]


def test_the_sample_is_small_but_not_too_small() -> None:
    assert 2 << 20 < sum(p.stat().st_size for p in SAMPLE.rglob("*") if p.is_file()) < 4 << 20
    assert 5 <= len(WARCS) <= 6
    assert 400 <= sum(EXPECTED["totals"]["languages"].values()) <= 650
    languages = EXPECTED["totals"]["languages"]
    assert len(languages) >= 8
    assert 0.4 < languages["en"] / sum(languages.values()) < 0.6


@pytest.mark.parametrize("name", ["warc", "wet", "robotstxt", "non200responses", "cc-index"])
def test_every_listed_file_is_there_and_every_file_is_listed(name: str) -> None:
    paths = listing(name)
    assert paths
    assert all((SAMPLE / path).is_file() for path in paths)
    folder = {"non200responses": "crawldiagnostics"}.get(name, name)
    if name != "cc-index":
        assert paths == [path for path in FILES if f"/{folder}/" in path]


def test_segments_are_listed_and_nothing_else_lies_around() -> None:
    segments = listing("segment")
    assert len(segments) == 2
    assert all((SAMPLE / path).is_dir() for path in segments)
    assert {p.relative_to(SAMPLE).as_posix() for p in SAMPLE.glob("crawl-data/*/segments/*/*/*")} == set(FILES)


@pytest.mark.parametrize("path", FILES)
def test_the_reader_finds_what_is_expected(path: str) -> None:
    found = records(path)
    intact = [r for r in found if r.problem is None]
    assert dict(collections.Counter(r.type for r in intact)) == FILES[path]["records"]
    assert [r.record_id for r in intact if r.type in ("response", "conversion")] == FILES[path]["responses"]
    broken = [
        {"type": r.type, "record_id": r.record_id, "offset": r.offset, "length": r.length, "problem": r.problem} for r in found if r.problem
    ]
    assert broken == FILES[path]["damaged"]


def test_each_kind_of_damage_is_there_once() -> None:
    problems = [d["problem"] for f in FILES.values() for d in f["damaged"]]
    assert sorted(problems) == ["block_digest_mismatch", "garbage", "gzip_crc", "truncated"]


@pytest.mark.parametrize("path", FILES)
def test_digests_hold(path: str) -> None:
    for r in records(path):
        if r.problem is None:
            assert digest_holds(r.headers["warc-block-digest"], r.block)
            if r.type == "response" and PAGES.get(r.record_id, {}).get("case") != "no_http_head":
                wrong = PAGES.get(r.record_id, {}).get("case") == "wrong_payload_digest"
                assert payload_digest_holds(r, parse_http_response(r.block, max_payload_bytes=1 << 24)) is not wrong


def test_every_intact_record_decodes_from_its_place_in_the_index() -> None:
    indexed = set()
    for _, when, entry in index():
        offset, length = int(entry["offset"]), int(entry["length"])
        with (SAMPLE / entry["filename"]).open("rb") as f:
            f.seek(offset)
            data = f.read(length)
        try:
            (record,) = read_records(io.BytesIO(gzip.decompress(data)))
        except (zlib.error, EOFError, OSError):
            assert any(d["offset"] == offset for d in FILES[entry["filename"]]["damaged"])
            continue
        assert record.uri == entry["url"]
        assert re.sub(r"[-:TZ]", "", record.date) == when
        assert record.payload_digest == f"sha1:{entry['digest']}"
        indexed.add(record.record_id)
    assert indexed >= {i for path, f in FILES.items() if "/wet/" not in path for i in f["responses"]}


def test_the_index_is_sorted_and_its_blocks_are_where_the_cluster_file_says() -> None:
    folder = SAMPLE / "cc-index" / "collections" / SNAPSHOT / "indexes"
    data = (folder / "cdx-00000.gz").read_bytes()
    keys = [(key, when) for key, when, _ in index()]
    assert keys == sorted(keys)
    for line in (folder / "cluster.idx").read_text().splitlines():
        key, name, offset, length, _ = line.split("\t")
        assert name == "cdx-00000.gz"
        assert gzip.decompress(data[int(offset) : int(offset) + int(length)]).decode().startswith(key + " ")


def test_pages_are_in_the_encoding_that_is_stated() -> None:
    seen = set()
    for path in WARCS:
        for r in records(path):
            page = PAGES.get(r.record_id)
            if page and r.problem is None and page["lang"] and page["case"] not in ("warc_truncated", "no_http_head"):
                payload = parse_http_response(r.block, max_payload_bytes=1 << 24).payload
                text = payload.decode(page["encoding"])
                assert page["mime"] == "text/plain" or "<title>" in text
                seen.add(page["encoding"])
    assert seen >= {"shift_jis", "euc_jp", "windows-1251", "iso-8859-2", "gb18030", "utf-16"}


def test_every_page_and_pair_names_a_record() -> None:
    responses = {i for path in WARCS for i in FILES[path]["responses"]} | DAMAGED_IDS
    assert set(PAGES) == responses - {""}
    for pair in EXPECTED["duplicates"]:
        assert {pair["a"], pair["b"]} <= set(PAGES)
        assert pair["a"] != pair["b"]
    assert {p["kind"] for p in EXPECTED["duplicates"]} == {
        "exact_copy",
        "same_url",
        "same_url_changed",
        "other_template",
        "edited",
        "excerpt",
    }


def test_copies_are_copies() -> None:
    blocks = {r.record_id: r for path in WARCS for r in records(path)}
    for pair in EXPECTED["duplicates"]:
        a, b = blocks[pair["a"]], blocks[pair["b"]]
        same_payload = a.payload_digest == b.payload_digest
        assert same_payload == (pair["kind"] in ("exact_copy", "same_url")), pair
        assert (a.uri == b.uri) == (pair["kind"] in ("same_url", "same_url_changed")), pair


def test_hosts_are_reserved_names() -> None:
    hosts = {entry["url"].split("/")[2] for _, _, entry in index()}
    assert all(host.endswith(".example") for host in hosts)


def test_every_package_is_licensed() -> None:
    text = (SAMPLE / "LICENCES.md").read_text()
    used = {page["source"] for page in PAGES.values()} - {"written"}
    assert used == {p.name for p in PACKAGES}
    for package in PACKAGES:
        assert f"| {package.name} | {package.version} | {package.licence} |" in text
        assert package.notice in text
        assert (SAMPLE / "licences" / f"{package.name}.txt").stat().st_size > 1000


def test_nothing_tells_where_it_was_built() -> None:
    here = [str(Path.home()), str(ROOT), socket.gethostname(), "/tmp/bash_jobs"]
    needles = [h.encode() for h in here if len(h) > 6]
    for path in SAMPLE.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.suffix != ".gz":
                texts = [data]
            elif path.relative_to(SAMPLE).as_posix() in FILES:
                texts = [r.block + repr(r.headers).encode() for r in records(path.relative_to(SAMPLE).as_posix())]
            else:
                texts = [gzip.decompress(data)]
            assert not [n for n in needles for t in texts if n in t], path

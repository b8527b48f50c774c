"""A source string becomes the same numbered files wherever they lie, or one paragraph that says what to do."""

import gzip
import http.server
import json
import os
import pickle
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.s3 import KEY, SECRET, s3_service, upload
from tests.shared import DATA
from winnow.tasks.engine.crawl import Crawl, SourceFile
from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.sources import crawl_ids, listings
from winnow.tasks.sources.crawl_ids import near_ids
from winnow.tasks.sources.fingerprints import SAMPLE_BYTES, WHOLE_BYTES, fingerprint
from winnow.tasks.sources.kinds import kind_by_name, sniff
from winnow.tasks.sources.listings import listing, parse_listing
from winnow.tasks.sources.resolve import resolve
from winnow.tasks.sources.source import Source
from winnow.tasks.transport.politeness import NotFound, Politeness, Transport

ID = "CC-MAIN-2024-22"
real = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is absent")
WARC = b"WARC/1.0\r\nWARC-Type: response\r\n\r\n"
WET = b"WARC/1.0\r\nWARC-Type: conversion\r\n\r\n"


def warc_path(n: int, crawl_id: str = ID) -> str:
    return f"crawl-data/{crawl_id}/segments/{n // 4}/warc/{n:05}.warc.gz"


def make_mirror(root: Path, files: int = 8, crawl_id: str = ID) -> list[str]:
    paths = [warc_path(n, crawl_id) for n in range(files)]
    for n, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(gzip.compress(WARC + b"%d" % n, mtime=0))
    folder = root / "crawl-data" / crawl_id
    (folder / "warc.paths.gz").write_bytes(gzip.compress("\n".join(paths).encode() + b"\n"))
    (folder / "robotstxt.paths.gz").write_bytes(gzip.compress(b"crawl-data/robots.warc.gz\n"))
    return paths


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    make_mirror(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawl_ids, "COLLINFO", ("http://127.0.0.1:9", "collinfo.json"))


@pytest.fixture
def web(mirror: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(mirror))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def write(folder: Path, **files: bytes) -> None:
    for name, data in files.items():
        file = folder / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def numbers(found: Crawl) -> list[int]:
    return [f.number for f in found.files]


# ---------------------------------------------------------------------- mirrors


@pytest.mark.parametrize("form", ["", "/", "/crawl-data", f"/crawl-data/{ID}", f"/crawl-data/{ID}/warc.paths.gz/.."])
def test_local_mirror(mirror: Path, form: str) -> None:
    found, source = resolve(f"{mirror}{form}")
    assert (found.snapshot, found.kind, source.root) == (ID, "warc", str(mirror))
    assert [f.path for f in found.files] == [warc_path(n) for n in range(8)]
    assert all(f.fingerprint for f in found.files)
    with source.open(found.files[3].path) as stream:
        assert gzip.decompress(stream.read()).endswith(b"3")


def test_same_files_elsewhere_are_the_same_crawl(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    make_mirror(other)
    assert resolve(str(mirror))[0] == resolve(str(other))[0]


def test_changed_file_is_another_shard(mirror: Path) -> None:
    before = [s.key for s in resolve(str(mirror))[0].shards]
    changed = mirror / warc_path(2)
    changed.write_bytes(changed.read_bytes()[::-1])
    after = [s.key for s in resolve(str(mirror))[0].shards]
    assert [n for n in range(8) if before[n] != after[n]] == [2]


def test_golden_shard_key() -> None:
    """A key that moves makes every store's work worthless: change this only on purpose."""
    assert Crawl(ID, "warc", (SourceFile(0, warc_path(0)),)).shards[0].key == "c69b4117e10b6a41"


def test_limit_and_sample(mirror: Path) -> None:
    everything = resolve(str(mirror))[0]
    assert numbers(resolve(str(mirror), limit=3)[0]) == [0, 1, 2]
    half = resolve(str(mirror), sample_fraction=0.5, seed=1)[0]
    assert 0 < len(half.files) < 8
    assert set(half.files) < set(everything.files)
    assert resolve(str(mirror), sample_fraction=0.5, seed=1, limit=2)[0].files == half.files[:2]
    assert len({tuple(numbers(resolve(str(mirror), sample_fraction=0.5, seed=s)[0])) for s in range(5, 11)}) > 1
    assert set(numbers(half)) <= set(numbers(resolve(str(mirror), sample_fraction=0.8, seed=1)[0]))


def test_shards_keep_number_and_key_in_a_larger_selection(mirror: Path) -> None:
    small, large = (resolve(str(mirror), limit=n, files_per_shard=3)[0].shards for n in (6, 8))
    assert [(s.number, len(s.files)) for s in large] == [(0, 3), (1, 3), (2, 2)]
    assert small == large[:2]
    assert [s.key for s in small] == [s.key for s in large[:2]]


def test_sampling_keeps_the_numbers_of_the_whole_listing(mirror: Path) -> None:
    sample = resolve(str(mirror), sample_fraction=0.5, seed=1, files_per_shard=2)[0]
    assert all(f.path == warc_path(f.number) for f in sample.files)
    assert numbers(sample) != list(range(len(sample.files)))
    assert [(s.number, [f.number for f in s.files]) for s in sample.shards] == [
        (n, group) for n in range(4) if (group := [m for m in numbers(sample) if m // 2 == n])
    ]


def test_several_crawls_want_a_choice(mirror: Path) -> None:
    make_mirror(mirror, 2, "CC-MAIN-2024-26")
    with pytest.raises(BadInput, match=r"2 crawls: CC-MAIN-2024-22, CC-MAIN-2024-26\. .*--snapshot"):
        resolve(str(mirror))
    assert resolve(str(mirror), snapshot="CC-MAIN-2024-26")[0].snapshot == "CC-MAIN-2024-26"
    assert resolve(f"{mirror}/crawl-data/{ID}")[0].snapshot == ID
    with pytest.raises(BadInput, match=r"no crawl CC-MAIN-2024-30\. It has: CC-MAIN-2024-22"):
        resolve(str(mirror), snapshot="CC-MAIN-2024-30")
    with pytest.raises(BadInput, match="--snapshot says"):
        resolve(f"{mirror}/crawl-data/{ID}", snapshot="CC-MAIN-2024-26")


def test_mirror_wins_over_plain_files(mirror: Path) -> None:
    write(mirror, texts_jsonl=b"{}")
    assert resolve(str(mirror))[0].snapshot == ID


def test_part_of_a_mirror(mirror: Path) -> None:
    (mirror / warc_path(5)).unlink()
    with pytest.raises(BadInput, match=r"lacks 1 of the listed warc files: .*00005\.warc\.gz.*--limit 5"):
        resolve(str(mirror), strict=True)
    assert [f.fingerprint for f in resolve(str(mirror))[0].files if f.number == 5] == ["missing"]
    for n in (0, 1, 2, 3):
        (mirror / warc_path(n)).unlink()
    with pytest.raises(BadInput, match=r"lacks 5 of the listed warc files"):
        resolve(str(mirror))
    make_mirror(mirror)
    (mirror / warc_path(5)).unlink()
    assert len(resolve(str(mirror), limit=5)[0].files) == 5
    found = resolve(f"{mirror}/crawl-data/{ID}/segments")[0]
    assert len(found.files) == 7
    assert found.snapshot.startswith("files-")


def test_other_listings(mirror: Path) -> None:
    _, source = resolve(str(mirror), limit=1)
    assert listing(source, ID, "robotstxt") == ("crawl-data/robots.warc.gz",)
    with pytest.raises(BadInput, match="cc-index"):
        listing(source, ID, "cc-index")
    with pytest.raises(BadInput, match=r"wet\.paths\.gz"):
        resolve(str(mirror), kind="wet")


LISTINGS = {
    "page": (b"<html>503</html>", "not a gzipped listing"),
    "cut off": (gzip.compress(b"a\nb\n")[:-9], "cut off"),
    "empty": (b"", "lists no files"),
    "blank lines": (gzip.compress(b"\n \n"), "lists no files"),
    "parent": (gzip.compress(b"a/../../etc/passwd\n"), "not a plain path"),
    "absolute": (gzip.compress(b"/etc/passwd\n"), "not a plain path"),
    "url": (gzip.compress(b"https://evil/x.warc.gz\n"), "not a plain path"),
    "backslash": (gzip.compress(b"a\\..\\b\n"), "not a plain path"),
    "nul": (gzip.compress(b"a\0b\n"), "not a plain path"),
}


@pytest.mark.parametrize(("data", "says"), LISTINGS.values(), ids=LISTINGS.keys())
def test_listing_that_is_none(mirror: Path, data: bytes, says: str) -> None:
    (mirror / f"crawl-data/{ID}/warc.paths.gz").write_bytes(data)
    with pytest.raises(BadInput, match=says):
        resolve(str(mirror))


def test_gzip_bomb_of_a_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "LISTING_BYTES", 1 << 20)
    with pytest.raises(BadInput, match="more than 1 MiB"):
        parse_listing(gzip.compress(b"a" * (1 << 24)), "bomb")


def test_listing_of_several_members_names_each_file_once() -> None:
    assert parse_listing(gzip.compress(b"b\na\n") + gzip.compress(b"a\r\nc d\n"), "l") == ("b", "a", "c d")


# ---------------------------------------------------------------------- crawl ids


def test_crawl_id_from_a_base(mirror: Path, web: str) -> None:
    local, remote = resolve(ID, base_url=str(mirror)), resolve(ID, base_url=web + "/")
    assert [f.path for f in local[0].files] == [f.path for f in remote[0].files]
    assert {f.fingerprint for f in remote[0].files} == {""}
    with remote[1].open(remote[0].files[1].path) as stream:
        assert stream.read() == (mirror / remote[0].files[1].path).read_bytes()


@pytest.mark.parametrize(
    "wanted", ["CC-MAIN-2024-23", "CC-MAIN-2024-2", "cc-main-2024-22", "CCMAIN-2024-22", "C-MAIN-2024-22", "CC-MAIN-2024_22"]
)
def test_misspelt_id_names_near_ones(mirror: Path, wanted: str) -> None:
    with pytest.raises(BadInput, match=r"no crawl or file.*Near it: .*CC-MAIN-2024-"):
        resolve(wanted, base_url=str(mirror))


def test_near_ids() -> None:
    known = [f"CC-MAIN-{y}-{w}" for y, ws in crawl_ids.KNOWN_WEEKS.items() for w in ws.split()]
    assert near_ids("cc-main-2024-22", known)[0] == "CC-MAIN-2024-22"
    assert {"CC-MAIN-2024-22", "CC-MAIN-2024-26"} <= set(near_ids("CC-MAIN-2024-23", known))
    assert near_ids("hello", known) == []


def test_collinfo_knows_better_than_the_built_in_list(mirror: Path, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (mirror / "collinfo.json").write_text(json.dumps([{"id": "CC-MAIN-2031-07"}, {"id": ID}]))
    monkeypatch.setattr(crawl_ids, "COLLINFO", (web, "collinfo.json"))
    with pytest.raises(BadInput, match=r"Near it: CC-MAIN-2031-07.*according to 127"):
        resolve("CC-MAIN-2031-08", base_url=str(mirror))


@pytest.mark.parametrize(
    ("wanted", "says"), [(ID, "attempts"), ("CC-MAIN-2024-23", r"near it: .*CC-MAIN-2024-22"), ("CC-MAIN-2031-07", "attempts")]
)
def test_offline_says_so(tmp_path: Path, wanted: str, says: str) -> None:
    with pytest.raises(BadInput, match=rf"cannot be reached.*{says}.*Without network, give the root of a local mirror") as caught:
        resolve(wanted, base_url="http://127.0.0.1:9/", transport=Transport(Politeness(base_s=0.001, slots_folder=str(tmp_path))))
    assert ("near it" in str(caught.value)) is ("near it" in says)


def test_forbidden_listing_of_an_unknown_id_is_no_throttling(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidding(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            known = self.path == "/collinfo.json"
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(json.dumps([{"id": ID}]).encode() if known else b"<Error/>")

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forbidding) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(crawl_ids, "COLLINFO", (url, "collinfo.json"))
        hasty = Transport(Politeness(base_s=0.001, slots_folder=str(mirror)))
        with pytest.raises(BadInput, match=f"Near it: {ID}"):
            resolve("CC-MAIN-2024-23", base_url=url, transport=hasty)
        with pytest.raises(Transient, match="too many requests"):
            resolve(ID, base_url=url, transport=hasty)
        server.shutdown()


def test_https_mirror(web: str) -> None:
    with pytest.raises(BadInput, match="--snapshot"):
        resolve(web)
    for root, snapshot in ((web, ID), (f"{web}/crawl-data/{ID}/", "")):
        found, source = resolve(root, snapshot=snapshot, limit=2)
        assert (found.snapshot, len(found.files), source.root) == (ID, 2, web)


def test_one_file_over_http(mirror: Path, web: str) -> None:
    found, source = resolve(f"{web}/{warc_path(2)}")
    assert [f.path for f in found.files] == ["00002.warc.gz"]
    assert found.files[0].fingerprint
    with source.open_seekable("00002.warc.gz") as stream:
        assert stream.read() == (mirror / warc_path(2)).read_bytes()


# ---------------------------------------------------------------------- plain files


def test_folder(tmp_path: Path) -> None:
    write(tmp_path, b_warc=WARC, sub__a_warc_gz=WARC, a_arc=b"", notes_txt=b"", **{"_hidden_warc": WARC, "_git__c_warc": WARC})
    (tmp_path / "c d.WARC").write_bytes(WARC)
    found, source = resolve(str(tmp_path))
    assert [f.path for f in found.files] == ["a.arc", "b.warc", "c d.WARC", "sub/a.warc.gz"]
    assert found.kind == "warc"
    assert found.snapshot.startswith("files-")
    assert len(found.snapshot) == 14
    with source.open("c d.WARC") as stream:
        assert stream.read() == WARC
    assert resolve(str(tmp_path), snapshot="mine")[0].snapshot == "mine"


def test_files_that_are_left_out_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "_SUCCESS").touch()
    assert len(resolve(str(tmp_path))[0].files) == 1
    assert not caplog.records
    for name in ("notes.txt", "sub.csv"):
        (tmp_path / name).write_text("A text of its own.")
    assert len(resolve(str(tmp_path))[0].files) == 1
    [said] = caplog.messages
    assert said.startswith("Not read")
    assert "2 of the 4 files" in said
    assert "notes.txt" in said


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.wet.gz", "wet"),
        ("a.warc.wet.gz", "wet"),
        ("a.parquet", "documents"),
        ("a.jsonl.zst", "documents"),
        ("a.arc.gz", "warc"),
        ("a.txt", "documents"),
        ("a.doc", None),
    ],
)
def test_kind_by_name(name: str, kind: str | None) -> None:
    assert kind_by_name(name) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (WARC, "warc"),
        (gzip.compress(WARC), "warc"),
        (gzip.compress(WARC * 5000)[:200], "warc"),
        (WET, "wet"),
        (gzip.compress(b"WARC/1.0\r\nWARC-Type: warcinfo") + gzip.compress(WET), "wet"),
        (b"filedesc://a.arc", "warc"),
        (b"PAR1..", "documents"),
        (b'{"text": ""}', "documents"),
        (gzip.compress(b'{"text": ""}'), "documents"),
        (b"\x1f\x8bgarbage", None),
        (b"hello", None),
        (b"", None),
    ],
    ids=range(12),
)
def test_sniff(head: bytes, kind: str | None) -> None:
    assert sniff(head) == kind


@given(st.binary(max_size=200))
def test_sniff_is_total(head: bytes) -> None:
    assert sniff(b"\x1f\x8b" + head) in {None, "warc", "wet", "documents"}


def test_one_file_says_itself_what_it_is(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_warc_gz_bad=gzip.compress(WARC),
        b_warc=b"no version line",
        c=b'{"text": "a"}',
        d_bin=b"hello",
        e_gz=gzip.compress(b"hi"),
    )
    assert resolve(str(tmp_path / "a.warc.gz.bad"))[0].kind == "warc"
    assert resolve(str(tmp_path / "b.warc"))[0].kind == "warc"
    assert resolve(str(tmp_path / "c"))[0].kind == "documents"
    assert resolve(str(tmp_path / "e.gz"))[0].kind == "warc"
    with pytest.raises(BadInput, match=r"d\.bin is not a file winnow knows"):
        resolve(str(tmp_path / "d.bin"))


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.warc.zst", b"\x28\xb5\x2f\xfd123"),
        ("a.warc.zst", b"\x5d\x2a\x4d\x18\x03\x00\x00\x00dic\x28\xb5\x2f\xfd123"),
        ("a.warc.gz", b"\x28\xb5\x2f\xfd123"),
        ("A.WARC.XZ", b""),
        ("a.arc.bz2", b"BZh9"),
    ],
)
def test_packed_archives_are_refused_before_anything_starts(name: str, head: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(head)
    with pytest.raises(BadInput, match=r"is packed \(\w+\).* gzip"):
        resolve(str(tmp_path / name))


@pytest.mark.parametrize("other", ["b.warc", "notes.txt"])
def test_packed_archives_in_a_folder_are_not_left_out_in_silence(other: str, tmp_path: Path) -> None:
    write(tmp_path, a_warc_zst=b"x")
    (tmp_path / other).write_bytes(WARC)
    with pytest.raises(BadInput, match=r"a\.warc\.zst is packed"):
        resolve(str(tmp_path))


def test_packed_documents_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.zst").write_bytes(pa.Codec("zstd").compress(b'{"text": "a"}\n', asbytes=True))
    assert resolve(str(tmp_path / "a.jsonl.zst"))[0].kind == "documents"


def test_kind_chooses_in_a_mixed_folder(tmp_path: Path) -> None:
    write(tmp_path, a_warc=WARC, a_wet=WET)
    assert [f.path for f in resolve(str(tmp_path), kind="wet")[0].files] == ["a.wet"]
    with pytest.raises(BadInput, match="holds no documents files"):
        resolve(str(tmp_path), kind="documents")


def test_file_name_that_is_not_text(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.warc", "wb") as f:
        f.write(WARC)
    with pytest.raises(BadInput, match="not UTF-8"):
        resolve(str(tmp_path))


def test_file_and_its_folder_agree(tmp_path: Path) -> None:
    write(tmp_path, a_warc=WARC)
    assert resolve(str(tmp_path))[0] == resolve(str(tmp_path / "a.warc"))[0]


def test_linked_folders_are_read_once(tmp_path: Path) -> None:
    write(tmp_path, sub__a_warc=WARC)
    (tmp_path / "sub/loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(resolve(str(tmp_path))[0].files) == 1


BAD: dict[str, tuple[dict[str, bytes], dict[str, Any], str]] = {
    "empty folder": ({}, {}, "is empty: nothing to read"),
    "nothing known": ({"a_doc": b""}, {}, r"none among 1 files, such as a\.doc"),
    "mixed kinds": ({"a_warc": WARC, "b_jsonl": b"{}"}, {}, r"mixes kinds of files: 1 documents \(such as b\.jsonl\), 1 warc"),
    "limit 0": ({"a_warc": WARC}, {"limit": 0}, "--limit 0"),
    "fraction 0": ({"a_warc": WARC}, {"sample_fraction": 0.0}, "above 0"),
    "fraction 2": ({"a_warc": WARC}, {"sample_fraction": 2.0}, "at most 1"),
    "fraction nan": ({"a_warc": WARC}, {"sample_fraction": float("nan")}, "at most 1"),
    "fraction too small": ({"a_warc": WARC}, {"sample_fraction": 1e-9}, "selects none of the 1"),
    "no files per shard": ({"a_warc": WARC}, {"files_per_shard": 0}, "1 or more"),
    "unknown kind": ({"a_warc": WARC}, {"kind": "wat"}, "Unknown kind"),
    "snapshot that leads outside": ({"a_warc": WARC}, {"snapshot": "../x"}, "cannot name a folder"),
}


@pytest.mark.parametrize(("files", "options", "says"), BAD.values(), ids=BAD.keys())
def test_bad_input(tmp_path: Path, files: dict[str, bytes], options: dict[str, Any], says: str) -> None:
    write(tmp_path, **files)
    with pytest.raises(BadInput, match=says):
        resolve(str(tmp_path), **options)


@pytest.mark.parametrize(
    ("source", "says"),
    [("", "No source"), ("/no/such/place", "There is no /no/such"), ("ftp://h/x", "ftp://"), ("no.parquet", "There is no")],
)
def test_no_such_source(source: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        resolve(source)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(tmp_path: Path) -> None:
    write(tmp_path, a_warc=WARC)
    (tmp_path / "a.warc").chmod(0)
    with pytest.raises(BadInput, match="permissions"):
        resolve(str(tmp_path))


@pytest.mark.parametrize("offset", [0, WHOLE_BYTES // 3 + SAMPLE_BYTES // 2, WHOLE_BYTES])
def test_fingerprint_of_a_large_file_sees_its_samples(tmp_path: Path, offset: int) -> None:
    file = tmp_path / "large.warc"
    with file.open("wb") as f:
        f.truncate(WHOLE_BYTES + 1)
    before = fingerprint(str(file))
    with file.open("r+b") as f:
        f.seek(offset)
        f.write(b"x")
    assert fingerprint(str(file)) != before


def test_crawl_travels(tmp_path: Path) -> None:
    write(tmp_path, a_warc=WARC)
    found, source = resolve(str(tmp_path))
    assert found.shards
    assert pickle.loads(pickle.dumps((found, source))) == (found, source)


# ---------------------------------------------------------------------- S3


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with s3_service("mirror") as (environment, client), pytest.MonkeyPatch.context() as env:
        for name, value in (environment | {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}).items():
            env.setenv(name, value)
        yield client


def test_s3_mirror(s3: Any, mirror: Path) -> None:
    upload(s3, mirror, "mirror", ACL="public-read")
    for form, snapshot in (("s3://mirror", ""), ("s3://mirror/", ID), (f"s3://mirror/crawl-data/{ID}", "")):
        found, source = resolve(form, snapshot=snapshot, limit=6)
        assert (found.snapshot, numbers(found), source.root) == (ID, list(range(6)), "s3://mirror")
        assert all(f.fingerprint for f in found.files)
    file = found.files[5]
    with source.open(file.path) as stream:
        assert stream.read() == (mirror / file.path).read_bytes()
    assert resolve(ID, base_url="s3://mirror/", limit=6)[0] == found
    with pytest.raises(BadInput, match=r"Near it: .*CC-MAIN-2024-22"):
        resolve("CC-MAIN-2024-23", base_url="s3://mirror/")

    s3.put_object(Bucket="mirror", Key=file.path, Body=b"other")
    again = resolve("s3://mirror", limit=6)[0]
    assert [a == b for a, b in zip(again.shards, found.shards, strict=True)] == [True] * 5 + [False]
    s3.delete_object(Bucket="mirror", Key=file.path)
    with pytest.raises(BadInput, match=r"lacks 1 of the listed warc files: .*00005.*--limit 5"):
        resolve("s3://mirror", limit=6, strict=True)
    assert resolve("s3://mirror", limit=6)[0].files[5].fingerprint == "missing"


@pytest.mark.server
def test_s3_files(s3: Any, tmp_path: Path) -> None:
    write(tmp_path, a_jsonl=b'{"text": "a"}', sub__b_jsonl=b'{"text": "b"}')
    upload(s3, tmp_path, "mirror", "texts/", ACL="public-read")
    found, source = resolve("s3://mirror/texts/")
    assert [f.path for f in found.files] == ["a.jsonl", "sub/b.jsonl"]
    one, place = resolve("s3://mirror/texts/sub/b.jsonl")
    assert (one.kind, [f.path for f in one.files], place.root) == ("documents", ["b.jsonl"], "s3://mirror/texts/sub")
    assert one.files[0].fingerprint == found.files[1].fingerprint
    with source.open_seekable("sub/b.jsonl") as stream:
        stream.seek(2)
        assert stream.read() == b'text": "b"}'


@pytest.mark.server
def test_s3_ranges_are_just_their_bytes(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from s3fs.core import S3File

    data = bytes(range(256)) * 4000
    s3.put_object(Bucket="mirror", Key="ranges/pages.warc", Body=data)
    asked = []
    fetch = S3File._fetch_range
    monkeypatch.setattr(S3File, "_fetch_range", lambda self, begin, end: asked.append((begin, end)) or fetch(self, begin, end))
    with Source("s3://mirror/ranges").open_ranges("pages.warc") as file:
        assert file.read(1000, 70_000) == data[1000:70_000]
        assert file.read(10, 20) == data[10:20]
        assert file.read(len(data) - 3, len(data) + 9) == data[-3:]
        assert file.read(len(data) + 9, len(data) + 19) == b""
    assert asked == [(1000, 70_000), (10, 20), (len(data) - 3, len(data))]
    with pytest.raises(NotFound):
        Source("s3://mirror/ranges").open_ranges("gone.warc")


@pytest.mark.server
def test_s3_stream_over_many_blocks_notices_a_change(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from winnow.tasks.transport import s3 as s3_transport
    from winnow.tasks.transport.open import open_stream

    monkeypatch.setattr(s3_transport, "S3_BLOCK_BYTES", 1 << 20)
    data = os.urandom(5_000_000)
    s3.put_object(Bucket="mirror", Key="large", Body=data)
    with open_stream("s3://mirror", "large") as stream:
        assert b"".join(iter(lambda: stream.read(333_333), b"")) == data
    with open_stream("s3://mirror", "large", transport=Transport(Politeness(attempts=2, base_s=0.001))) as stream:
        stream.read(10)
        s3.put_object(Bucket="mirror", Key="large", Body=data[::-1])
        with pytest.raises(Transient, match="changed while"):
            stream.read()


@pytest.mark.server
@pytest.mark.parametrize(
    ("source", "says"),
    [("s3://nowhere", "There is no"), ("s3://mirror/none/", "There is no object"), ("s3://mirror/no.warc", "There is no object")],
)
def test_s3_source_that_is_not_there(s3: Any, source: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        resolve(source)


@pytest.mark.server
def test_s3_refusal_says_what_to_do_and_shows_no_key(s3: Any) -> None:
    s3.put_object(Bucket="mirror", Key="private.warc", Body=WARC)
    shown = repr(resolve("s3://mirror/private.warc", options=(("key", KEY), ("secret", SECRET))))
    assert KEY not in shown
    assert SECRET not in shown
    with pytest.raises(BadInput, match=r"may not be read \(403\).*AWS_PROFILE"):
        resolve("s3://mirror/private.warc", anonymous=True)


@pytest.mark.server
def test_s3_endpoint_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    hasty = Transport(Politeness(base_s=0.001, slots_folder=str(tmp_path)))
    with pytest.raises(BadInput, match=r"cannot be reached.*Without network"):
        resolve("s3://mirror", options=(("endpoint_url", "http://127.0.0.1:9"),), anonymous=True, transport=hasty)


@pytest.mark.server
def test_s3_without_credentials(s3: Any, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(s3, mirror, "mirror", ACL="public-read")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    import s3fs

    assert dict(resolve("s3://mirror", limit=1)[1].options)["anon"] is True
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(BadInput, match=r"no usable credentials.*AWS_PROFILE"):
        resolve("s3://mirror", limit=1, anonymous=False)


# ---------------------------------------------------------------------- the real thing


@real
@pytest.mark.data
def test_real_snapshot() -> None:
    found, _ = resolve(str(DATA / "snapshot"))
    assert (found.snapshot, len(found.shards), len({s.key for s in found.shards})) == (ID, 9, 9)
    assert len(resolve(str(DATA / "snapshot"), kind="wet")[0].files) == 3


@real
@pytest.mark.data
def test_every_real_broken_file_is_a_source() -> None:
    files = [f for f in sorted((DATA / "labels/warc-robustness/real").iterdir()) if ".wat" not in f.name and f.suffix != ".lz4"]
    kinds = {f.name: resolve(str(f))[0].kind for f in files}
    assert {name: kind for name, kind in kinds.items() if kind != "warc"} == {
        "cc_net__sample.warc.txt": "wet",
        "whirlwind-python__whirlwind.warc.wet": "wet",
        "whirlwind-python__whirlwind.warc.wet.gz": "wet",
    }

"""The crawl's index: hosts out of SURT keys, whole and sampled, and that none, or a damaged one, is no failure."""

import gzip

import pytest

from winnow.tasks.sources.crawl_index import IndexShares, host_of_surt, index_shares
from winnow.tasks.sources.source import Source

LINES = "".join(f"{key})/a 20240518 {{}}\n" for key in ("com,example", "com,example,www", "uk,co,bbc,news", "org,example:8080", "10,0,0,1"))
FOLDER = "cc-index/collections/C/indexes"


def place(root, files):
    (root / FOLDER).mkdir(parents=True)
    (root / "crawl-data/C").mkdir(parents=True)
    for name, data in files.items():
        (root / FOLDER / name).write_bytes(data)
    (root / "crawl-data/C/cc-index.paths.gz").write_bytes(gzip.compress("".join(f"{FOLDER}/{n}\n" for n in files).encode()))
    return Source(str(root))


def test_whole_index(tmp_path):
    found = index_shares(place(tmp_path, {"cdx-00000.gz": gzip.compress(LINES.encode()) + gzip.compress(LINES.encode())}), "C")
    assert found == IndexShares(10, {"com": 4, "uk": 2, "org": 2, "unknown": 2}, 4)


def test_sampled_index(tmp_path):
    source = place(tmp_path, {"cdx-00000.gz": b"", "cluster.idx": LINES.encode()})
    assert index_shares(source, "C") == IndexShares(5, {"com": 2, "uk": 1, "org": 1, "unknown": 1}, None)


@pytest.mark.parametrize("data", [b"", b"no gzip", gzip.compress(LINES.encode(), mtime=0)[:-20]], ids=["empty", "no gzip", "cut off"])
def test_a_damaged_index_is_none(tmp_path, data):
    assert index_shares(place(tmp_path, {"cdx-00000.gz": data}), "C") is None


def test_no_index(tmp_path):
    assert index_shares(Source(str(tmp_path)), "C") is None
    source = place(tmp_path, {"cdx-00000.gz": b""})
    (tmp_path / FOLDER / "cdx-00000.gz").unlink()
    assert index_shares(source, "C") is None


def test_no_request_is_made_for_an_index(monkeypatch):
    monkeypatch.setattr("winnow.tasks.sources.crawl_index.listing", None)
    assert index_shares(Source("https://data.commoncrawl.org"), "C") is None


def test_hosts():
    assert host_of_surt("org,example,www)/x 2024") == "www.example.org"
    assert host_of_surt("") == ""

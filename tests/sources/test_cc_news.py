"""A month of news, by its id, its folder or its listing; and listings that somebody downloaded."""

import gzip
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.resolve import resolve

WARC = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
MONTH = "crawl-data/CC-NEWS/2024/05"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    (tmp_path / MONTH).mkdir(parents=True)
    paths = [f"{MONTH}/CC-NEWS-2024050{n}-00000.warc.gz" for n in (1, 2, 3)]
    for path in paths:
        (tmp_path / path).write_bytes(gzip.compress(WARC + path.encode()))
    (tmp_path / MONTH / "warc.paths.gz").write_bytes(gzip.compress("\n".join(paths).encode()))
    return tmp_path


@pytest.fixture
def web(mirror: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=mirror)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


FORMS = ["CC-NEWS-2024-05", "cc-news-2024-05", f"WEB/{MONTH}/warc.paths.gz", f"WEB/{MONTH}/", f"WEB/{MONTH}"]


@pytest.mark.parametrize("form", FORMS)
def test_over_http(web: str, form: str) -> None:
    crawl, source = resolve(form.replace("WEB", web), base_url=f"{web}/")
    assert (crawl.snapshot, crawl.kind, len(crawl.files), source.root) == ("CC-NEWS-2024-05", "warc", 3, web)
    with source.open(crawl.files[1].path) as stream:
        assert stream.read(2) == b"\x1f\x8b"


@pytest.mark.parametrize(
    "form", ["MIRROR/crawl-data/CC-NEWS/2024/05", "MIRROR/crawl-data/CC-NEWS/2024/05/warc.paths.gz", "CC-NEWS-2024-05"]
)
def test_in_a_mirror(mirror: Path, form: str) -> None:
    crawl, source = resolve(form.replace("MIRROR", str(mirror)), base_url=str(mirror))
    assert (crawl.snapshot, len(crawl.files), source.root) == ("CC-NEWS-2024-05", 3, str(mirror))
    assert all(f.fingerprint for f in crawl.files)


def test_a_folder_without_a_listing_is_a_folder(mirror: Path) -> None:
    (mirror / MONTH / "warc.paths.gz").unlink()
    assert resolve(f"{mirror}/{MONTH}")[0].snapshot.startswith("files-")


@pytest.mark.parametrize(
    ("form", "options", "says"),
    [
        ("CC-NEWS-2024-13", {}, "There is no month"),
        ("CC-NEWS-2024-06", {}, "no listing of CC-NEWS-2024-06"),
        ("CC-NEWS-2024-05", {"kind": "wet"}, "WARC files only"),
        ("CC-NEWS-2024-05", {"snapshot": "other"}, "Leave one of them out"),
    ],
)
def test_what_cannot_be(mirror: Path, form: str, options: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        resolve(form, base_url=str(mirror), **options)


def test_a_listing_that_was_downloaded(mirror: Path, tmp_path: Path) -> None:
    listing = tmp_path / "warc.paths.gz"
    listing.write_bytes((mirror / MONTH / "warc.paths.gz").read_bytes())
    crawl, source = resolve(str(listing), base_url=str(mirror))
    assert (crawl.snapshot, len(crawl.files), source.root) == ("CC-NEWS-2024-05", 3, str(mirror))
    (tmp_path / "some.paths").write_text(crawl.files[2].path + "\n")
    assert [f.path for f in resolve(str(tmp_path / "some.paths"), base_url=str(mirror))[0].files] == [crawl.files[2].path]

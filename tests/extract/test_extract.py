"""Extraction end to end: every record of an archive becomes a document or a counted, named loss, and no file or page ends the shard."""

import json

import pytest

from tests.pipelines import curated, rows
from tests.tiny import article, capture, html, mirror, record
from winnow import in_process
from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.blocks.block import Block
from winnow.tasks.extract.extractors.base import Extractor
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.runs.run import Request, prepare, release, result, summary_of
from winnow.tasks.sources.resolve import resolve

PAGE = html(article(1), "A mill")


def extracted(tmp_path, *records):
    (tmp_path / "a.warc.gz").write_bytes(record("warcinfo", 1, "", b"software: tests\r\n") + b"".join(records))
    run = curated(tmp_path / "a.warc.gz", "raw", tmp_path / "store")
    step = run.pipeline.documents
    key = run.context.shard_keys[0]
    return rows(run, step), run.context.store.report(step, key)["dropped"], run.context.read(step, key, table="dropped").to_pylist()


def test_what_is_a_page(tmp_path):
    hidden = PAGE.replace(b"village", "vil\u00adlage\ufeff".encode())
    found, dropped, _ = extracted(
        tmp_path,
        capture(1, "http://a.example/octet", PAGE, mime="application/octet-stream"),
        capture(2, "http://a.example/twice", PAGE, mime="text/html, text/html"),
        capture(3, "http://a.example/pdf", b"%PDF-1.4 text in a document"),
        capture(4, "http://a.example/hidden", hidden),
        capture(5, "http://a.example/noise", bytes(range(256)) * 20, mime="text/plain"),
    )
    assert [(d["url"][17:], d["mime"]) for d in found] == [("octet", "text/html"), ("twice", "text/html"), ("hidden", "text/html")]
    assert found[2]["text"] == found[0]["text"]
    assert "village" in found[0]["text"]
    assert {r: n for r, n in dropped.items() if r.startswith("mime")} == {"mime:application/pdf": 1, "mime:binary": 1}


def test_a_page_that_breaks_the_extractor_is_one_page(tmp_path, monkeypatch):
    real = LearnedBlocks._blocks

    def breaking(self: Extractor, page: str) -> list[Block]:
        if "poison" in page:
            raise IndexError("a bug of the library")
        return real(self, page)

    monkeypatch.setattr(LearnedBlocks, "_blocks", breaking)
    found, dropped, lost = extracted(
        tmp_path,
        capture(1, "http://a.example/1", PAGE),
        capture(2, "http://a.example/2", PAGE + b"poison"),
        capture(3, "http://a.example/3", PAGE),
    )
    assert [d["url"] for d in found] == ["http://a.example/1", "http://a.example/3"]
    assert dropped["extract:error:IndexError"] == 1
    assert [(r["url"], r["reason"]) for r in lost] == [("http://a.example/2", "extract:error:IndexError")]


@pytest.fixture
def gap(tmp_path):
    """A mirror of three files, of which the second is not there."""
    root = mirror(tmp_path / "mirror", warcs=3, pages=3)
    [path] = root.rglob("CC-MAIN-00001.warc.gz")
    path.rename(tmp_path / "kept-elsewhere")
    return root, path


def test_a_listed_file_that_is_not_there_costs_itself(tmp_path, gap):
    root, path = gap
    run = curated(root, "gopher", tmp_path / "store")
    summary = release(run)
    [name] = summary.notes("extract")["lost_files"]
    assert name.endswith("CC-MAIN-00001.warc.gz")
    assert summary.reading.dropped["file:missing"] == 1
    assert any(name in warning for warning in result(run)["figures"]["warnings"])
    page = run.context.store.get(f"{run.home}/report.html").decode()
    assert name in page
    assert summary.documents > 0

    (tmp_path / "kept-elsewhere").rename(path)
    again = prepare(Request(str(root), "gopher", str(tmp_path / "store"), 1))
    assert sum(len(work.todo) for work in again.plan.missing()) >= 1, "the file is read when it is there"


def test_strict_ends_the_run(tmp_path, gap):
    with pytest.raises(BadInput, match=r"lacks 1 of the listed warc files: .*00001"):
        curated(gap[0], "gopher", tmp_path / "store", strict=True)


def test_the_exit_status_says_that_files_were_missing(tmp_path, gap, monkeypatch, capsys):
    def curate(run, **_):
        done = curated(gap[0], "gopher", tmp_path / "store")
        release(done)
        return result(done)

    monkeypatch.setattr(in_process, "curate", curate)
    command = ["run", str(gap[0]), "--recipe", "gopher", "--store", str(tmp_path / "store"), "--json"]
    assert main(command) == 3
    out = capsys.readouterr()
    assert "CC-MAIN-00001.warc.gz" in out.err
    assert json.loads(out.out.splitlines()[-1])["figures"]["warnings"]
    assert main(command) == 3, "the same command again says so again"


@pytest.mark.slow
def test_a_file_that_a_server_lacks(tmp_path, gap):
    import http.server
    import threading
    from functools import partial

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_): ...

    root, path = gap
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}"
        options = {"snapshot": resolve(str(root))[0].snapshot}
        run = curated(place, "gopher", tmp_path / "store", **options)
        assert release(run).reading.dropped["file:missing"] == 1

        with pytest.raises(BadInput, match="404"):
            curated(place, "gopher", tmp_path / "store", strict=True, **options)
        (tmp_path / "kept-elsewhere").rename(path)
        whole = curated(place, "gopher", tmp_path / "store", strict=True, **options)
        assert "file:missing" not in release(whole).reading.dropped
        assert summary_of(whole).documents > summary_of(run).documents - 1
        server.shutdown()


def test_metadata_of_a_crawl_is_refused(tmp_path):
    wat = record("warcinfo", 1, "", b"x") + record(
        "metadata", 2, "http://a.example/", b'{"Envelope": {}}', ("Content-Type: application/json",)
    )
    (tmp_path / "a.warc.gz").write_bytes(wat)
    with pytest.raises(BadInput, match="WAT"):
        resolve(str(tmp_path))

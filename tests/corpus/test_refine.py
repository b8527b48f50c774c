"""Refine: kept pages are read again by offset, and every text is that of the second pass or counted with a reason."""

import functools
import gzip
import http.server
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipelines import curated, finished, rows, work_off
from tests.tiny import article, capture, html, mirror, record
from winnow.tasks.corpus.refine import GAP_BYTES, MOST_BYTES, records_at
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.explain import explain
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.sql import query
from winnow.tasks.recipes.load import load
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare, summary_of
from winnow.tasks.transport.politeness import NotFound

TWO = "extends: raw\nextractor: resiliparse_text.ResiliparseText\nmeasure: {redpajama: null}\nlimits: {word_count: {low: 20}}\n"
SECOND = "refine: {extractor: learned_blocks.LearnedBlocks, structure: markdown}\ntables: [spans]\n"
LIST = "<ul><li>Linen</li><li>Wool</li></ul>"


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text(TWO + SECOND.replace("tables: [spans]\n", ""))
    return path


def page(number, **other):
    return capture(number, f"http://site.example/{number}", html(article(number) + LIST, f"Article {number}"), **other)


def refined(run):
    [step] = [s for s in run.pipeline.steps if s.name == "refine"]
    return step


def reasons(run):
    urls = {row["id"]: row["url"].rpartition("/")[2] for row in rows(run, run.pipeline.documents)}
    return {urls[row["id"]]: row["not_refined"] for row in rows(run, refined(run)) if row["not_refined"]}


def test_kept_texts_are_those_of_one_faithful_pass_over_all(tmp_path, recipe):
    source = mirror(tmp_path / "mirror", warcs=2, pages=5)
    run = curated(source, recipe, tmp_path / "store")
    (tmp_path / "one.yaml").write_text("extends: raw\nmeasure: {redpajama: null}\nstructure: markdown\n")
    one = curated(source, tmp_path / "one.yaml", tmp_path / "store")
    faithful = {row["id"]: row["text"] for row in rows(one, one.pipeline.documents)}
    corpus = rows(run, run.pipeline.publish)
    kept = {row["id"] for row in rows(run, run.pipeline.decisions) if row["kept"]}
    assert 0 < len(kept) < len(faithful)
    assert {row["id"]: row["text"] for row in corpus} == {identity: faithful[identity] for identity in kept}
    assert {row["text_pass"] for row in corpus} == {2}
    assert all(row["text"].startswith("# ") for row in corpus)
    by_pass = {row["id"]: row["text_pass"] for row in rows(run, refined(run))}
    assert by_pass == {identity: 2 if identity in kept else 1 for identity in faithful}


def test_every_first_text_that_stays_has_a_reason(tmp_path, recipe):
    folder = tmp_path / "crawl"
    folder.mkdir()
    payload = html(article(5), "In parts")
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload
    begin = record("response", 50, "http://site.example/5", answer[:400], ("WARC-Segment-Number: 1",))
    origin = "<urn:uuid:00000000-0000-0000-0000-000000000050>"
    rest = record(
        "continuation",
        51,
        "http://site.example/5",
        answer[400:],
        (f"WARC-Segment-Origin-ID: {origin}", "WARC-Segment-Number: 2", f"WARC-Segment-Total-Length: {len(answer)}"),
    )
    words = b"A page of plain text that nobody marked up has its words as they are, line by line, and there are more than twenty of them in it, all told."
    (folder / "a.warc.gz").write_bytes(page(1) + page(2) + capture(4, "http://site.example/4", words, mime="text/plain") + begin + rest)
    (folder / "b.warc.gz").write_bytes(gzip.compress(gzip.decompress(page(6)) + gzip.decompress(page(7)), mtime=0))
    (folder / "c.warc").write_bytes(gzip.decompress(page(8)) + gzip.decompress(page(9)))
    (folder / "d.warc.gz").write_bytes(page(10))
    run = prepare(Request(str(folder), str(recipe), str(tmp_path / "store"), 1))
    (tmp_path / "first.yaml").write_text(TWO)
    curated(folder, tmp_path / "first.yaml", tmp_path / "store")
    (folder / "a.warc.gz").write_bytes(
        (folder / "a.warc.gz").read_bytes().replace(page(2), page(3)[: len(page(2))].ljust(len(page(2)), b"\0"))
    )
    (folder / "d.warc.gz").unlink()
    work_off(run)
    found = reasons(run)
    assert found.pop("2") in ("changed", "not_at_its_offset")
    assert found == {"4": "plain_text", "5": "segmented", "6": "not_at_its_offset", "7": "not_at_its_offset", "10": "file:missing"}
    texts = {row["url"].rpartition("/")[2]: row for row in rows(run, run.pipeline.publish)}
    assert {n: row["text_pass"] for n, row in texts.items()} == {n: 2 if n in "189" else 1 for n in texts}
    assert "\n- Linen" in texts["8"]["text"]
    assert "- Linen" not in texts["6"]["text"]
    notes = [run.context.store.report(refined(run), shard)["notes"] for shard in run.context.shard_keys]
    assert all(n["kept"] == n["refined"] + sum(n["not_refined"].values()) for n in notes)


def test_the_only_file_is_not_missed_in_silence(tmp_path, recipe):
    source = tmp_path / "pages.warc.gz"
    source.write_bytes(page(1))
    run = prepare(Request(str(source), str(recipe), str(tmp_path / "store"), 1))
    (tmp_path / "first.yaml").write_text(TWO)
    curated(source, tmp_path / "first.yaml", tmp_path / "store")
    source.unlink()
    with pytest.raises(NotFound):
        work_off(run)


class Ranged(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        said = self.headers.get("Range", "")
        if self.path.endswith(".paths.gz") or not said:
            super().do_GET()
            return
        data = Path(self.translate_path(self.path)).read_bytes()
        first, _, last = said.removeprefix("bytes=").partition("-")
        body = data[int(first) : int(last or len(data) - 1) + 1]
        self.server.asked.append((self.path, len(body)))
        self.send_response(206)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(body) - 1}/{len(data)}")
        self.end_headers()
        self.wfile.write(body)


@pytest.mark.slow
def test_the_same_over_http_and_only_what_is_kept_travels_again(tmp_path, recipe):
    source = mirror(tmp_path / "mirror", warcs=1, pages=5)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Ranged, directory=source))
    server.asked = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        run = prepare(
            Request("CC-MAIN-2026-43", str(recipe), str(tmp_path / "http"), 1, base_url=f"http://127.0.0.1:{server.server_port}/")
        )
        work_off(run)
    finally:
        server.shutdown()
    local = curated(source, recipe, tmp_path / "local")
    assert rows(run, run.pipeline.publish) == rows(local, local.pipeline.publish)
    notes = [run.context.store.report(refined(run), shard)["notes"] for shard in run.context.shard_keys]
    assert sum(n["bytes_read"] for n in notes) == sum(row["length"] for row in rows(run, run.pipeline.publish))


@given(
    st.lists(st.tuples(st.integers(0, 3 * GAP_BYTES), st.integers(0, MOST_BYTES // 2)), max_size=8),
)
def test_records_are_read_in_few_requests_and_none_too_large(gaps):
    wanted, at = [], 0
    for number, (gap, length) in enumerate(gaps):
        wanted.append((number, at + gap, length))
        at += gap + length
    asked = []

    class File:
        def read(self, begin, end):
            asked.append((begin, end))
            return range(begin, end)  # sliced as bytes are

    assert [(n, data.start, len(data)) for n, data in records_at(File(), wanted) if len(data)] == [w for w in wanted if w[2]]
    assert all(end - begin <= MOST_BYTES for begin, end in asked)
    assert sum(end - begin for begin, end in asked) <= sum(length for _, _, length in wanted) + GAP_BYTES * max(0, len(wanted) - len(asked))


def test_the_spans_of_the_second_pass_address_its_texts(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text(
        TWO.replace("resiliparse_text.ResiliparseText", "learned_blocks.LearnedBlocks") + "tables: [spans]\nrefine: {structure: markdown}\n"
    )
    run = curated(mirror(tmp_path / "mirror", warcs=1, pages=3), path, tmp_path / "store")
    step = refined(run)
    texts = {row["id"]: row["text"] for row in rows(run, run.pipeline.publish)}
    spans = [row for shard in step.shards(run.context) for row in run.context.read(step, shard, table="spans").to_pylist()]
    assert {row["id"] for row in spans} == set(texts)
    assert {texts[row["id"]][row["start"] : row["start"] + 2] for row in spans if row["kind"] == "heading"} == {"# "}


def test_line_rules_hold_for_the_second_text_unless_it_is_asked_to_be_whole(tmp_path):
    source = tmp_path / "pages.warc.gz"
    source.write_bytes(page(1))
    found = {}
    for name, said in {"again": "", "whole": ", correct: false"}.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"{TWO}correct: {{min_words: 3}}\nrefine: {{extractor: learned_blocks.LearnedBlocks, structure: markdown{said}}}\n")
        run = curated(source, path, tmp_path / "store")
        [found[name]] = [row["text"] for row in rows(run, run.pipeline.publish)]
    assert "- Linen" in found["whole"]
    assert "- Linen" not in found["again"]
    assert found["again"].startswith("# Article 1")


@pytest.mark.slow
def test_spans_of_the_second_pass_alone_and_in_sql(tmp_path, recipe):
    recipe.write_text(TWO + SECOND)
    run = finished(mirror(tmp_path / "mirror", warcs=2, pages=3), recipe, tmp_path / "store")
    assert "spans" not in run.pipeline.documents.tables
    done = open_run(str(tmp_path / "store"), "")
    _, found = query(done, "SELECT DISTINCT substr(text, start + 1, 2) FROM spans JOIN corpus USING (id) WHERE kind = 'heading'")
    assert list(found) == [("# ",)]
    _, found = query(done, "SELECT reason, count(*) FROM Dropped WHERE reason LIKE 'damaged%' GROUP BY 1")
    assert len(list(found)) == 1
    with pytest.raises(BadInput, match="corpus, dropped, spans"):
        query(done, "SELECT * FROM links")


def test_spans_of_both_passes_have_names_of_their_own(tmp_path, recipe):
    recipe.write_text(TWO.replace("resiliparse_text.ResiliparseText", "learned_blocks.LearnedBlocks") + SECOND)
    run = finished(mirror(tmp_path / "mirror", warcs=1, pages=3), recipe, tmp_path / "store")
    done = open_run(str(tmp_path / "store"), "")
    _, [(first, second)] = query(done, "SELECT (SELECT count(DISTINCT id) FROM spans), (SELECT count(DISTINCT id) FROM refine_spans)")
    assert first == len(rows(run, run.pipeline.documents))
    assert second == len(rows(run, run.pipeline.publish)) < first


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("refine: {}", "as the first pass has made it"),
        ("refine: {structure: markdown}", "writes plain text only"),
        ("refine: {structure: html}", "must be plain or markdown"),
        ("refine: {extractor: learned_blocks.LearnedBlocks, struture: plain}", "unknown option 'struture'"),
        ("refine: {extractor: learned_blocks.LearnedBlocks}\ndeduplicate: [{by: paragraph}]", "cut out of the first texts"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, said, message):
    path = tmp_path / "two.yaml"
    path.write_text(f"{TWO}{said}\n")
    (tmp_path / "pages.warc.gz").write_bytes(page(1))
    with pytest.raises(BadInput, match=message):
        curated(tmp_path / "pages.warc.gz", path, tmp_path / "store")


def test_documents_that_are_text_have_no_second_pass(tmp_path, recipe):
    (tmp_path / "texts.jsonl").write_text('{"text": "A text."}\n')
    with pytest.raises(BadInput, match="this source has none"):
        curated(tmp_path / "texts.jsonl", recipe, tmp_path / "store")


def test_explain_and_the_report_say_which_pass_made_a_text(tmp_path, recipe):
    words = b"A page of plain text that nobody marked up has its words as they are, line by line, and there are more than twenty of them in it, all told."
    source = tmp_path / "pages.warc.gz"
    source.write_bytes(page(1) + capture(2, "http://site.example/2", words, mime="text/plain"))
    run = finished(source, recipe, tmp_path / "store")
    done = open_run(str(tmp_path / "store"), "")
    [one], [two] = explain(done, "http://site.example/1"), explain(done, "http://site.example/2")
    assert (one.text_pass, one.not_refined, two.text_pass, two.not_refined) == (2, None, 1, "plain_text")
    assert "- Linen" in one.after
    assert "- Linen" not in one.before
    report = run.context.store.get(f"{run.home}/report.html").decode()
    assert "Second pass" in report
    assert "plain_text" in report
    assert summary_of(run).notes("refine")["refined"] == 1


@pytest.mark.parametrize("correct", [True, False])
def test_the_card_says_what_the_texts_are(tmp_path, correct):
    source = tmp_path / "pages.warc.gz"
    source.write_bytes(page(1) + page(2))
    path = tmp_path / "two.yaml"
    path.write_text(
        f"{TWO}correct: {{min_words: 3}}\nrefine: {{extractor: learned_blocks.LearnedBlocks, correct: {str(correct).lower()}}}\n"
    )
    run = finished(source, path, tmp_path / "store")
    card = run.context.store.get(f"{run.home}/README.md").decode()
    [said] = [line for line in card.splitlines() if line.startswith("| `text` |")]
    assert ("line corrections" in said) == correct
    assert "second pass" in said
    assert "| `text_pass` |" in card


def test_the_shipped_recipe_reads_again_what_fineweb_keeps():
    options = load("fineweb-two-pass").options
    assert type(options["extractor"]).__name__ == "ResiliparseText"
    assert (type(options["refine"].extractor).__name__, options["refine"].extractor.structure) == ("LearnedBlocks", "markdown")

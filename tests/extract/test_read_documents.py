"""Documents that already are text: Parquet, JSON lines, CSV and plain text; whole, compressed, broken, in parts."""

import gzip
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipelines import curated, rows
from winnow.tasks.engine.crawl import SourceFile
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract import lines as line_reader
from winnow.tasks.extract import readers
from winnow.tasks.extract.read_documents import read_rows
from winnow.tasks.runs.run import release
from winnow.tasks.sources.resolve import resolve
from winnow.tasks.sources.source import Source

TEXT = "The mill has been used by the people of the village for a long time. " * 5


def report(run):
    return run.context.store.report(run.pipeline.documents, run.context.shard_keys[0])


def test_columns_are_taken_over(tmp_path):
    pq.write_table(
        pa.table({"text": [TEXT], "id": ["mine"], "url": ["http://A.example/x"], "date": ["2026-01-02"], "language": ["xx"], "other": [1]}),
        tmp_path / "a.parquet",
    )
    run = curated(tmp_path / "a.parquet", "raw", tmp_path / "store")
    [row] = rows(run, run.pipeline.documents)
    assert {k: row[k] for k in ("id", "url", "host", "date", "language", "record_id", "offset")} == {
        "id": "mine", "url": "http://A.example/x", "host": "a.example", "date": "2026-01-02", "language": "xx", "record_id": "mine", "offset": 0,
    }  # fmt: skip


def test_what_is_missing_is_measured_or_made(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": TEXT}) + "\n")
    run = curated(tmp_path / "a.jsonl", "raw", tmp_path / "store")
    [row] = rows(run, run.pipeline.documents)
    assert row["language"] == "en"
    assert len(row["id"]) == 32


def test_broken_rows_are_counted_and_named(tmp_path):
    lines = [
        "{}",
        "not json",
        "[1]",
        json.dumps({"text": 5}),
        json.dumps({"text": " \n"}),
        json.dumps({"text": TEXT, "id": "a"}),
        json.dumps({"text": TEXT + "x", "id": "a"}),
        "",
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    run = curated(tmp_path / "a.jsonl", "raw", tmp_path / "store")
    assert report(run)["dropped"] == {"empty": 1, "malformed": 2, "no_text": 2}
    assert report(run)["rows_in"] == 7
    assert [r["id"] for r in rows(run, run.pipeline.documents)] == ["a", f"a~a.jsonl:{len(chr(10).join(lines[:6])) + 1}"]
    dropped = pq.read_table(run.context.store.full(f"steps/{run.pipeline.documents.address}/{run.context.shard_keys[0]}.dropped.parquet"))
    assert dropped["offset"].to_pylist() == [0, 3, 12, 16, 28]


def test_ids_do_not_depend_on_which_files_share_a_shard(tmp_path):
    for name in ("a", "b"):
        lines = [json.dumps({"text": f"{TEXT} {name} {n}", "id": "same" if n else name}) for n in range(3)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    runs = [curated(str(tmp_path / "*.jsonl"), "raw", tmp_path / f"store{n}", files_per_shard=n) for n in (1, 2)]
    found = [[r["id"] for r in rows(run, run.pipeline.documents)] for run in runs]
    assert found[0] == found[1]
    assert len(found[0]) == 6


@pytest.mark.slow
@pytest.mark.parametrize("cut", [None, -30])
def test_compressed_lines_whole_and_cut(tmp_path, cut):
    packed = gzip.compress("".join(json.dumps({"text": f"{TEXT} {n}"}) + "\n" for n in range(2000)).encode(), mtime=0)
    (tmp_path / "a.jsonl.gz").write_bytes(packed[:cut])
    run = curated(tmp_path / "a.jsonl.gz", "raw", tmp_path / "store")
    made = report(run)
    if cut is None:
        assert (made["rows_out"], made["dropped"]) == (2000, {})
    else:
        assert made["rows_out"] > 1000
        assert made["dropped"] == {"damaged:compressed": 1}


def test_lone_surrogates_and_nul_do_not_reach_a_table(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a\\ud800b\\u0000c ' + TEXT + '"}\n')
    run = curated(tmp_path / "a.jsonl", "raw", tmp_path / "store")
    assert rows(run, run.pipeline.documents)[0]["text"].startswith("a\ufffdbc")


def test_a_table_without_texts_says_so(tmp_path):
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"no column `text` \(it has body\)"):
        curated(tmp_path / "a.parquet", "raw", tmp_path / "store")


def read_all(source, path, text_column="text", begin=0, end=0):
    return list(read_rows(source, SourceFile(0, path, "", begin, end), text_column))


def kept(rows):
    return [(r.offset, r.values) for r in rows if not r.fault]


def write_parquet(path, texts, rows_per_group):
    pq.write_table(pa.table({"id": [str(n) for n in range(len(texts))], "text": texts}), path, row_group_size=rows_per_group)


def test_csv_and_tsv(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbfid,text\r\n1,"The mill, and\na ""wheel"""\r\n2,plain\r\n3,one,too many\r\n')
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress(b"text\tid\nThe mill\t7\n"))
    source = Source(str(tmp_path))
    found = read_all(source, "a.csv")
    assert kept(found) == [(0, {"id": "1", "text": 'The mill, and\na "wheel"'}), (1, {"id": "2", "text": "plain"})]
    assert [(r.offset, r.fault) for r in found if r.fault] == [(2, "malformed")]
    assert kept(read_all(source, "b.tsv.gz")) == [(0, {"text": "The mill", "id": "7"})]


def test_a_plain_text_file_is_one_document(tmp_path):
    (tmp_path / "book.txt").write_bytes("Первая глава.\n\nВторая глава. ".encode("windows-1251") * 20)
    run = curated(tmp_path / "book.txt", "raw", tmp_path / "store")
    [row] = rows(run, run.pipeline.documents)
    assert row["text"].startswith("Первая глава.\n\nВторая")


def test_another_name_of_the_text_column(tmp_path):
    write_parquet(tmp_path / "a.parquet", [TEXT], 1)
    pq.write_table(pq.read_table(tmp_path / "a.parquet").rename_columns(["id", "content"]), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"no column `text` \(it has id, content\).*--text-column"):
        resolve(str(tmp_path / "a.parquet"))
    run = curated(tmp_path / "a.parquet", "raw", tmp_path / "store", text_column="content")
    assert [r["text"] for r in rows(run, run.pipeline.documents)] == [TEXT]


NO_TEXTS = {
    "a page.parquet": (b"<!DOCTYPE html><title>Sign in</title>", "HTML or XML page"),
    "a pointer.parquet": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "pointer of Git LFS"),
    "cut.parquet": (b"PAR1\0\0\0", "cut or damaged"),
    "empty.parquet": (b"", "it is empty"),
    "empty.jsonl": (b"\n", "no document at all"),
    "other.jsonl": (b'{"content": "a"}\n' * 3, r"no text in `text` in its first 3 rows \(they have content\).*--text-column"),
    "blank.jsonl": (b'{"text": ""}\n' * 3, "`text` is empty"),
    "a page.jsonl": (b"<!DOCTYPE html>\n<title>Sign in</title>", "no document in its first rows"),
    "other.csv": (b"id,body\n1,a\n", r"no column `text` \(it has id, body\)"),
}


@pytest.mark.parametrize("name", NO_TEXTS)
def test_files_without_texts_are_refused_before_anything_starts(tmp_path, name):
    data, says = NO_TEXTS[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadInput, match=says):
        resolve(str(tmp_path / name))


def test_one_bad_file_among_others_is_one_loss(tmp_path):
    write_parquet(tmp_path / "a.parquet", [TEXT], 1)
    (tmp_path / "b.parquet").write_bytes(NO_TEXTS["a pointer.parquet"][0])
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "c.parquet")
    run = curated(tmp_path, "raw", tmp_path / "store")
    reports = [run.context.store.report(run.pipeline.documents, key) for key in run.context.shard_keys]
    assert [r["dropped"] for r in reports] == [{}, {"file:not_parquet": 1}, {"file:no_text_column": 1}]


def test_a_damaged_row_group_costs_its_rows(tmp_path):
    texts = [f"{n} {TEXT} {random.Random(n).randbytes(200).hex()}" for n in range(300)]
    write_parquet(tmp_path / "a.parquet", texts, 100)
    meta = pq.ParquetFile(tmp_path / "a.parquet").metadata.row_group(1).column(1)
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    begin = meta.dictionary_page_offset or meta.data_page_offset
    data[begin : begin + meta.total_compressed_size] = bytes(meta.total_compressed_size)
    (tmp_path / "a.parquet").write_bytes(data)
    run = curated(tmp_path / "a.parquet", "raw", tmp_path / "store")
    made = report(run)
    assert (made["rows_in"], made["rows_out"], made["dropped"]) == (300, 200, {"damaged:row_group": 100})
    assert [r["offset"] for r in rows(run, run.pipeline.documents)] == [*range(100), *range(200, 300)]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(alphabet="ab\u00e9 ", max_size=30), max_size=20), st.integers(1, 60), st.booleans())
def test_lines_are_the_same_however_a_file_is_cut(tmp_path, texts, part_bytes, ends):
    data = "\n".join(json.dumps({"text": t}, ensure_ascii=False) for t in texts).encode() + b"\n" * ends
    (tmp_path / "a.jsonl").write_bytes(data)
    source = Source(str(tmp_path))
    parts = [r for b in range(0, len(data), part_bytes) for r in read_all(source, "a.jsonl", "text", b, min(len(data), b + part_bytes))]
    assert parts == (read_all(source, "a.jsonl") if data else [])


@pytest.mark.parametrize("rows_per_group", [7, 50, 1000])
@pytest.mark.parametrize("part_bytes", [600, 4000, 1 << 20])
def test_rows_are_the_same_however_a_file_is_cut(tmp_path, monkeypatch, rows_per_group, part_bytes):
    monkeypatch.setattr(readers, "FOOTER_ONLY_BYTES", 0)
    write_parquet(tmp_path / "a.parquet", [f"{n} {random.Random(n).randbytes(40).hex()}" for n in range(300)], rows_per_group)
    source = Source(str(tmp_path))
    whole = read_all(source, "a.parquet")
    assert [r.offset for r in whole] == list(range(300))
    parts = readers.Documents().parts(source, "a.parquet", part_bytes)
    assert [r for begin, end in parts for r in read_all(source, "a.parquet", "text", begin, end)] == (whole if parts else [])
    assert len(parts) > 3 or part_bytes > 600


@pytest.mark.slow
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_documents_and_corpus_are_the_same_for_any_split(tmp_path, monkeypatch, form):
    monkeypatch.setattr(readers, "FOOTER_ONLY_BYTES", 0)
    texts = [f"{TEXT} Number {n} of {random.Random(n).randint(0, 9)}." for n in range(60)]
    if form == "jsonl":
        (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    else:
        write_parquet(tmp_path / "a.parquet", texts, 10)
    seen = {}
    for part_bytes in (0, 3000, 9000):
        run = curated(tmp_path / f"a.{form}", "raw", tmp_path / f"store{part_bytes}", part_mib=part_bytes / 2**20)
        seen[len(run.context.shard_keys)] = ([r["id"] for r in rows(run, run.pipeline.documents)], release(run).digest)
    assert len(seen) == 3
    assert len({json.dumps(value) for value in seen.values()}) == 1


def test_a_long_line_costs_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(line_reader, "LINE_BYTES", 1 << 20)
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "a"}\n{"text": "' + b"x" * (3 << 20) + b'"}\n{"text": "b"}\n')
    found = read_all(Source(str(tmp_path)), "a.jsonl")
    assert [(r.values.get("text"), r.fault) for r in found] == [("a", ""), (None, "oversized"), ("b", "")]

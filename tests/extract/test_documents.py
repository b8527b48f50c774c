"""Documents that already are text: Parquet and JSONL, whole, compressed, broken."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.pipelines import curated, rows
from winnow.tasks.engine.errors import BadInput

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
    assert [r["id"] for r in rows(run, run.pipeline.documents)] == ["a", "a~a.jsonl:6"]
    dropped = pq.read_table(run.context.store.full(f"steps/{run.pipeline.documents.address}/{run.context.shard_keys[0]}.dropped.parquet"))
    assert sorted(dropped["offset"].to_pylist()) == [0, 1, 2, 3, 4]


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
        assert made["dropped"]["malformed"] >= 1


def test_lone_surrogates_and_nul_do_not_reach_a_table(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a\\ud800b\\u0000c ' + TEXT + '"}\n')
    run = curated(tmp_path / "a.jsonl", "raw", tmp_path / "store")
    assert rows(run, run.pipeline.documents)[0]["text"].startswith("a\ufffdbc")


def test_a_table_without_texts_says_so(tmp_path):
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"no column `text` \(it has body\)"):
        curated(tmp_path / "a.parquet", "raw", tmp_path / "store")

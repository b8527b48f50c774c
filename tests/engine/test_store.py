"""The store: atomic, conserving, and trusting nothing but digests."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pytest

from tests.engine.toys import chain, context
from winnow.tasks.engine.errors import BadInput, DamagedArtifact, WinnowError
from winnow.tasks.engine.parquet import to_parquet
from winnow.tasks.engine.root import TEMPORARY
from winnow.tasks.engine.step import StepResult
from winnow.tasks.engine.store import Store

FIGURES = {"seconds": 0, "cpu_s": 0, "peak_rss_bytes": 0}


def committed(tmp_path):
    count, *_ = chain()
    b = context(tmp_path)
    key = b.shard_keys[0]
    b.make([count], key, [count.address])
    return b.store, count, key


def test_a_step_that_loses_a_row_cannot_commit(tmp_path):
    count, below, *_ = chain(high=2, forgets=1)
    b = context(tmp_path)
    with pytest.raises(ValueError, match="lost rows without a reason"):
        b.make([count, below], b.shard_keys[0], [count.address, below.address])
    assert b.store.done(below, b.shard_keys) == set()


def test_done_needs_report_and_table(tmp_path):
    store, count, key = committed(tmp_path)
    assert store.done(count, [key]) == {key}
    os.truncate(store.full(count.data_path(key)), 0)
    assert store.done(count, [key]) == set()


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "report"])
def test_what_was_altered_is_noticed_and_made_again(tmp_path, damage):
    store, count, key = committed(tmp_path)
    path = Path(store.full(count.data_path(key)))
    raw = bytearray(path.read_bytes())
    if damage == "flip":
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    elif damage == "cut":
        path.write_bytes(raw[:-7])
    elif damage == "gone":
        path.unlink()
    else:
        Path(store.full(store.report_path(count, key))).write_text("{")
    with pytest.raises(DamagedArtifact, match="run the same command again"):
        store.read(count, key)
    assert store.done(count, [key]) == set()


def test_nothing_half_written_is_left_when_the_disk_is_full(tmp_path, monkeypatch):
    store = Store(str(tmp_path))

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WinnowError, match=r"No space left.*prune"):
        store.put("a/b", b"data")
    assert list((tmp_path / "a").iterdir()) == []


def test_a_killed_writer_leaves_only_what_clean_removes(tmp_path):
    store, count, key = committed(tmp_path)
    folder = Path(store.full(f"steps/{count.address}"))
    import socket

    dead = folder / f"{TEMPORARY}{socket.gethostname()}-999999999-ab-x.parquet"
    mine = folder / f"{TEMPORARY}{socket.gethostname()}-{os.getpid()}-ab-x.parquet"
    elsewhere, long_ago = folder / f"{TEMPORARY}other-host-17-ab-x.parquet", folder / f"{TEMPORARY}other-host-18-ab-x.parquet"
    for path in (dead, mine, elsewhere, long_ago):
        path.write_bytes(b"half")
    os.utime(long_ago, (0, 0))
    assert store.done(count, [key]) == {key}
    assert store.clean([f"steps/{count.address}", "no such folder"]) == 2
    assert not dead.exists()
    assert not long_ago.exists()
    assert mine.exists()
    assert elsewhere.exists()


def test_a_newer_store_is_refused(tmp_path):
    (tmp_path / "store.json").write_text(json.dumps({"schema": 99}))
    with pytest.raises(BadInput, match="newer winnow"):
        Store(str(tmp_path)).check()


def test_a_place_that_cannot_be_written_says_so():
    with pytest.raises(BadInput, match="--store"):
        Store("/proc/winnow").open_for_writing()


def test_an_unknown_protocol_says_so():
    with pytest.raises(BadInput, match="cannot be opened"):
        Store("nonsense://x").check()


def test_the_same_table_gives_the_same_bytes():
    table = pa.table({"id": ["a", "b"] * 100, "text": ["x", None] * 100})
    assert to_parquet(table, 64) == to_parquet(pa.concat_tables([table.slice(0, 77), table.slice(77)]), 64)


def test_options_are_not_shown():
    assert "hunter2" not in repr(Store("s3://b/p", (("secret", "hunter2"),)))


def test_made_is_counted_in_the_report(tmp_path):
    count, *_ = chain()
    store = Store(str(tmp_path))
    report = store.commit(count, "s", StepResult(pa.table({"n": [1]}), 3, 1, {"b": 1, "a": 1}), lambda: FIGURES)
    assert list(report["dropped"].items()) == [("a", 1), ("b", 1)]
    assert store.report(count, "s") == report


@pytest.mark.parametrize("where", ["page", "footer", "cut"])
def test_damage_is_found_when_only_some_row_groups_are_read(tmp_path, where):
    store, count, key = committed(tmp_path)
    path = Path(store.full(count.data_path(key)))
    raw = bytearray(path.read_bytes())
    with store.open_parquet(count, key) as file:
        column = file.metadata.row_group(0).column(0)
    last = (column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size - 1
    raw[last if where == "page" else -20] ^= 1
    path.write_bytes(bytes(raw[:40] if where == "cut" else raw))
    with pytest.raises(DamagedArtifact, match="run the same command again"), store.open_parquet(count, key) as file:
        file.read_row_group(0, use_threads=False)
    assert store.done(count, [key]) == set()


def test_names_are_those_of_the_files_directly_in_a_folder(tmp_path):
    store = Store(str(tmp_path))
    for path in ("a/x.json", "a/y.parquet", "a/deeper/z.json"):
        store.put(path, b"1")
    assert store.names("a") == {"x.json", "y.parquet"}
    assert store.names("nowhere") == set()

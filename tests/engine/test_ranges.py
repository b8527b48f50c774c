"""One range of the keys out of every shard, for keys of 128 bits and for whole numbers: the rows, what is held for them, and how often a shard is opened."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, context_of
from winnow.tasks.engine import number_ranges
from winnow.tasks.engine.number_ranges import in_pieces, key_range, part_of_keys, shards_in_ranges, taken
from winnow.tasks.engine.ranges import KEY, rows_of_partition, rows_of_partitions
from winnow.tasks.engine.row_numbers import numbered, shards_and_rows
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.store import Store

ROWS: dict[str, list] = {}
"""Of each file its keys."""


@dataclass(frozen=True)
class Sorted(ShardStep):
    """Keys in ascending order, in row groups of three."""

    name: ClassVar[str] = "sorted"

    kind_of_key: str = "uint64"
    rows: int = 3

    def run(self, shard, context):
        [file] = context.shard(shard).files
        keys = sorted(ROWS[file.path])
        kind = KEY if self.kind_of_key == "binary" else self.kind_of_key
        table = pa.table([pa.array(keys, kind), pa.array(range(len(keys)), pa.int64())], names=["key", "at"])
        return StepResult(table, len(keys), len(keys), row_groups=self.rows)


def made(root, step, files, memory_bytes=1 << 30):
    number_ranges._known.cache_clear()
    for known in (DOCS, ROWS):
        known.clear()
    DOCS.update({f"f{i}": [] for i in range(len(files))})
    ROWS.update({f"f{i}": keys for i, keys in enumerate(files)})
    context = context_of(root, memory_bytes=memory_bytes)
    for shard in context.shard_keys:
        context.make([step], shard, [step.address])
    return context


KEYS = st.integers(0, (1 << 64) - 1) | st.sampled_from([0, 1 << 53, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])


@given(st.lists(st.lists(KEYS, max_size=9), min_size=1, max_size=4), st.lists(st.tuples(KEYS, KEYS).map(sorted), min_size=1, max_size=4))
def test_each_range_has_its_rows_of_every_shard(tmp_path_factory, files, ranges):
    step = Sorted()
    context = made(tmp_path_factory.mktemp("store"), step, files)
    for _ in range(2):  # the second time the row groups are known
        found = [[] for _ in ranges]
        for number, tables in shards_in_ranges(context, step, ranges):
            for mine, table in zip(found, tables, strict=True):
                mine += [(number, key) for key in table["key"].to_pylist()]
        assert found == [[(n, k) for n, keys in enumerate(files) for k in sorted(keys) if low <= k <= high] for low, high in ranges]
    for (low, high), rows in zip(ranges, found, strict=True):
        assert taken(context, step, (low, high))[0] >= len(rows)


def test_a_shard_is_opened_once_to_know_and_to_read_it_and_not_at_all_if_it_holds_nothing(tmp_path, monkeypatch):
    step = Sorted()
    context = made(tmp_path, step, [[1, 5, 9, 12], [100, 200]])
    opened, real = [], Store.open_parquet
    monkeypatch.setattr(Store, "open_parquet", lambda self, step, shard: opened.append(shard) or real(self, step, shard))
    assert [n for n, _ in shards_in_ranges(context, step, [(0, 20), (5, 9)])] == [0]
    assert opened == list(context.shard_keys)
    assert taken(context, step, (10, 20))[0] == 1  # the second row group of the first shard
    assert [n for n, _ in shards_in_ranges(context, step, [(150, 300)])] == [1]
    assert opened[2:] == [context.shard_keys[1]]


@pytest.mark.parametrize(("cost_bytes", "ranges"), [(1000, [[(0, (1 << 63) - 1)]]), (2500, [[key_range(piece, 6)] for piece in range(3)])])
def test_a_partition_that_does_not_fit_comes_in_pieces(tmp_path, cost_bytes, ranges):
    context, asked = made(tmp_path, Sorted(), [[]], memory_bytes=1000), []
    found = list(in_pieces(context, "step", "00000", part_of_keys(2), lambda _: cost_bytes, lambda wanted: [asked.append(list(wanted))]))
    assert asked == ranges
    assert len(found) == len(ranges)


@given(st.integers(0, (1 << 31) - 1), st.lists(st.integers(0, (1 << 31) - 1)))
def test_a_number_tells_shard_and_row(shard, rows):
    numbers = numbered(shard, np.array(rows, np.int32))
    assert numbers.dtype == np.int64
    shards, again = shards_and_rows(numbers)
    assert again.tolist() == rows
    assert set(shards.tolist()) <= {shard}


@pytest.mark.parametrize("kind", ["uint64", "binary"])
def test_a_partition_holds_its_own_rows_and_not_what_was_read_with_them(tmp_path, kind):
    """One row group of 4,096 keys per shard, of which a partition of a hundred needs about 40."""
    step = Sorted(kind, 4096)
    keys = [(1 << 64) * n // 4096 for n in range(4096)]
    context = made(tmp_path, step, [[k.to_bytes(8, "big") + bytes(8) for k in keys] if kind == "binary" else keys] * 5)
    if kind == "binary":
        table = rows_of_partition(context.store, step, context.shard_keys, pa.schema([("key", KEY), ("at", pa.int64())]), 7, 100)
        assert table.num_rows == 5 * 41
        parts = [table]
    else:
        parts = [table for _, [table] in shards_in_ranges(context, step, [key_range(7, 100)])]
        assert [table.num_rows for table in parts] == [41] * 5
    assert all(table.get_total_buffer_size() < 2 * table.nbytes for table in parts)


def test_partitions_are_read_together(tmp_path):
    step, schema = Sorted("binary"), pa.schema([("key", KEY), ("at", pa.int64())])
    context = made(tmp_path, step, [[bytes([n]) + bytes(15) for n in range(0, 256, 16)], []])
    together = rows_of_partitions(context.store, step, context.shard_keys, schema, range(4), 4)
    assert [table["at"].to_pylist() for table in together] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]

"""How a step over the whole crawl hands rows back to their shards."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import context as context_of
from winnow.tasks.dedup import resolve
from winnow.tasks.dedup.resolve import group_sizes, rows_of_shard
from winnow.tasks.engine.step import StepResult, WholeStep
from winnow.tasks.engine.store import Store

SCHEMA = pa.schema([pa.field("shard", pa.int32()), pa.field("row", pa.int32())])


@dataclass(frozen=True)
class Scattered(WholeStep):
    """Partitions of rows that the test has chosen."""

    name: ClassVar[str] = "scattered"

    def shards(self, context):
        return ("0", "1")

    def run(self, shard, context):
        rows = sorted(ROWS[int(shard)])
        table = pa.Table.from_pylist([{"shard": s, "row": n} for n, s in enumerate(rows)], schema=SCHEMA)
        return StepResult(table, len(rows), len(rows), row_groups=list(group_sizes(table["shard"].to_numpy())))


ROWS: list[list[int]] = [[], []]
numbers = st.lists(st.integers(0, 150), max_size=40)


@given(first=numbers, second=numbers, order=st.permutations(range(151)), memory_bytes=st.sampled_from([1, 3000, 1 << 30]))
def test_every_shard_gets_its_own_rows_whatever_is_kept(tmp_path_factory, first, second, order, memory_bytes):
    ROWS[:] = [first, second]
    context = context_of(tmp_path_factory.mktemp("store"), (1,) * 151)
    context.memory_bytes = memory_bytes
    step = Scattered("crawl")
    for partition in "01":
        context.make([step], partition, [step.address])
    for number in order[:20]:
        found = rows_of_shard(step, SCHEMA, context.shard_keys[number], context)
        assert found.to_pylist() == [{"shard": number, "row": n} for rows in ROWS for n, s in enumerate(sorted(rows)) if s == number]
        assert sum(table.nbytes for table in resolve._blocks.values()) <= memory_bytes // resolve.SHARE_FOR_BLOCKS
        assert len(resolve._blocks) <= resolve.BLOCKS_KEPT


@pytest.mark.slow
@pytest.mark.parametrize(("memory_bytes", "opened"), [(1 << 30, 3 * 2), (1, 150 * 2)])
def test_partitions_are_opened_once_per_block_of_shards(tmp_path, monkeypatch, memory_bytes, opened):
    ROWS[:] = [list(range(150)), list(range(150))]
    context = context_of(tmp_path, (1,) * 150)
    context.memory_bytes = memory_bytes
    step = Scattered("crawl")
    for partition in "01":
        context.make([step], partition, [step.address])
    opens = []
    monkeypatch.setattr(Store, "open", lambda self, path, real=Store.open: opens.append(path) or real(self, path))
    for key in context.shard_keys:
        assert rows_of_shard(step, SCHEMA, key, context).num_rows == 2
    assert len(opens) == opened

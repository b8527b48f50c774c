"""The shuffle of MapReduce as artifacts: a step shard by shard writes its rows sorted by a key of 128 bits, a step over the whole crawl reads one range of the
keys out of every shard. Which rows share a key, and what follows from it, belongs to the steps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from winnow.tasks.engine.step import Step
from winnow.tasks.engine.store import Store

KEY = pa.binary(16)
ROWS_PER_GROUP = 4096
SHARD = pa.field("shard", pa.int32())


def _key_range(partition: int, partitions: int) -> tuple[bytes, bytes | None]:
    """The keys of one of ``partitions`` equal parts: the first, and the first of the next part (None behind the last)."""

    def bound(p: int) -> bytes:
        return ((1 << 128) * p // partitions).to_bytes(16, "big")

    return bound(partition), bound(partition + 1) if partition + 1 < partitions else None


def rows_of_partition(store: Store, step: Step, shards: Sequence[str], schema: pa.Schema, partition: int, partitions: int) -> pa.Table:
    """The rows of one partition out of every one of these shards of a step, with their number among the shards as the column ``shard``. Raises
    DamagedArtifact."""
    return rows_of_partitions(store, step, shards, schema, [partition], partitions)[0]


def rows_of_partitions(
    store: Store, step: Step, shards: Sequence[str], schema: pa.Schema, wanted: Sequence[int], partitions: int
) -> list[pa.Table]:
    """As ``rows_of_partition``, for several partitions: each shard is opened once. Raises DamagedArtifact."""
    ranges = [_key_range(partition, partitions) for partition in wanted]
    empty = schema.empty_table().append_column(SHARD, pa.array([], SHARD.type))
    parts = [[empty] for _ in wanted]
    for number, shard in enumerate(shards):
        for mine, table in zip(parts, _rows_in_ranges(store, step, shard, ranges), strict=True):
            mine.append(table.append_column(SHARD, pa.array(np.full(table.num_rows, number, np.int32))))
    return [pa.concat_tables(mine) for mine in parts]


def _rows_in_ranges(store: Store, step: Step, shard: str, ranges: Sequence[tuple[bytes, bytes | None]]) -> list[pa.Table]:
    """Rows of one shard of a step whose key lies in each range [low, high), read from the row groups that overlap any. Its first column is the key, by which it
    is sorted. Raises DamagedArtifact."""
    with store.open_parquet(step, shard) as file:
        groups = [g for g in range(file.num_row_groups) if _overlaps(file.metadata.row_group(g), ranges)]
        table = file.read_row_groups(groups, use_threads=False) if groups else file.schema_arrow.empty_table()
    keys = table.column(0).combine_chunks()
    raw = np.frombuffer(keys.buffers()[1], dtype="S16", offset=keys.offset * 16, count=len(keys)) if len(keys) else np.zeros(0, "S16")
    found = []
    for low, high in ranges:
        # numpy compares S16 after stripping trailing NULs, which keeps the order of equal-length keys
        start, stop = np.searchsorted(raw, low), np.searchsorted(raw, high) if high is not None else len(raw)
        found.append(between(table, int(start), int(stop)))
    return found


def between(table: pa.Table, begin: int, end: int) -> pa.Table:
    """Some rows of a table, as a copy. A slice would hold all of it: a partition that needs 40 rows of each of 90,000 shards then holds a whole row group of each."""
    return table.slice(begin, end - begin).take(np.arange(end - begin))


def _overlaps(group: Any, ranges: Sequence[tuple[bytes, bytes | None]]) -> bool:
    statistics = group.column(0).statistics
    return bool(group.num_rows) and (
        not statistics or any(statistics.max >= low and (high is None or statistics.min < high) for low, high in ranges)
    )

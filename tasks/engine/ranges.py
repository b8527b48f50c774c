"""The shuffle of MapReduce as artifacts: a step shard by shard writes its rows sorted by a key of 128 bits, a step over the whole crawl reads one range of the
keys out of every shard. Which rows share a key, and what follows from it, belongs to the steps."""

from collections.abc import Sequence

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
    low, high = _key_range(partition, partitions)
    parts = [schema.empty_table().append_column(SHARD, pa.array([], SHARD.type))]
    for number, shard in enumerate(shards):
        table = _rows_in_range(store, step, shard, low, high)
        parts.append(table.append_column(SHARD, pa.array(np.full(table.num_rows, number, np.int32))))
    return pa.concat_tables(parts)


def _rows_in_range(store: Store, step: Step, shard: str, low: bytes, high: bytes | None) -> pa.Table:
    """Rows of one shard of a step whose key lies in [low, high), read from the row groups that overlap it. Its first column is the key, by which it is
    sorted. Raises DamagedArtifact."""
    with store.open_parquet(step, shard) as file:
        groups = []
        for g in range(file.num_row_groups):
            statistics = file.metadata.row_group(g).column(0).statistics
            if file.metadata.row_group(g).num_rows and (
                not statistics or (statistics.max >= low and (high is None or statistics.min < high))
            ):
                groups.append(g)
        table = file.read_row_groups(groups, use_threads=False) if groups else file.schema_arrow.empty_table()
    keys = table.column(0).combine_chunks()
    if len(keys) and (low > bytes(16) or high is not None):
        raw = np.frombuffer(keys.buffers()[1], dtype="S16", offset=keys.offset * 16, count=len(keys))
        # numpy compares S16 after stripping trailing NULs, which keeps the order of equal-length keys
        start, stop = np.searchsorted(raw, low), np.searchsorted(raw, high) if high is not None else len(raw)
        table = table.slice(int(start), int(stop - start))
    return table

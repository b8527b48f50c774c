"""Clusters found component by component: how the candidates of a range of components come together from all shards, in pieces that fit the memory
bound. What makes a cluster of a component is the business of the kind of deduplication."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from winnow.tasks.dedup.ranges import key_range
from winnow.tasks.dedup.resolve import ClusterStep, group_sizes, overlaps
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.step import Step, StepResult

MEMBERS = pa.schema(
    [
        pa.field("shard", pa.int32()),
        pa.field("row", pa.int32()),
        pa.field("cluster", pa.string()),
        pa.field("cluster_size", pa.int32()),
        pa.field("cluster_rank", pa.int32()),
        pa.field("similarity", pa.float64()),
        pa.field("kept_url", pa.string()),
    ]
)
"""The columns of every table of such clusters, first."""


@dataclass(frozen=True)
class ComponentClusters(ClusterStep):
    """Candidates of one range of components of every shard in; the members of clusters out. ``candidates`` has a table per shard whose first column
    is ``component``, by which it is sorted."""

    candidates: Step
    ranges: int

    @property
    def label(self) -> str:
        return f"cluster-{self.by}"

    @property
    def candidate_schema(self) -> pa.Schema:
        """That of the table of ``candidates``."""
        raise NotImplementedError

    def clusters_of(self, rows: pa.Table) -> pa.Table:
        """The clusters of whole components. ``rows`` are candidates with the number of their ``shard``, sorted by component, shard and row."""
        raise NotImplementedError

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{p:05d}" for p in range(self.ranges))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        part = int(shard)
        pieces = -(-3 * self._size_bytes(context, *key_range(part, self.ranges)) // context.memory_bytes) or 1
        tables, read = [self.schema.empty_table()], 0
        for piece in range(pieces):
            rows = self._rows(context, *key_range(part * pieces + piece, self.ranges * pieces))
            read += rows.num_rows
            tables.append(self.clusters_of(rows))
        table = pa.concat_tables(tables).sort_by([("shard", "ascending"), ("row", "ascending")])
        return StepResult(table, read, table.num_rows, row_groups=list(group_sizes(table["shard"].to_numpy())))

    def _size_bytes(self, context: ShardContext, low: int, high: int) -> int:
        total = 0
        for key in context.shard_keys:
            with context.store.open_parquet(self.candidates, key) as file:
                total += sum(file.metadata.row_group(g).total_byte_size for g in _overlapping(file, low, high))
        return total

    def _rows(self, context: ShardContext, low: int, high: int) -> pa.Table:
        parts = [self.candidate_schema.append(pa.field("shard", pa.int32())).empty_table()]
        for number, key in enumerate(context.shard_keys):
            with context.store.open_parquet(self.candidates, key) as file:
                if groups := _overlapping(file, low, high):
                    table = file.read_row_groups(groups, use_threads=False)
                    component = table["component"].to_numpy()
                    table = table.filter(pa.array((component >= np.uint64(low)) & (component <= np.uint64(high))))
                    parts.append(table.append_column("shard", pa.array(np.full(table.num_rows, number, np.int32))))
        return pa.concat_tables(parts).sort_by([("component", "ascending"), ("shard", "ascending"), ("row", "ascending")]).combine_chunks()


def components_of(rows: pa.Table) -> Iterator[tuple[int, int]]:
    """Where each component begins and ends in rows sorted by it."""
    component: Any = rows["component"].to_numpy()
    if len(component):
        edges = [0, *(np.flatnonzero(component[1:] != component[:-1]) + 1).tolist(), len(component)]
        yield from pairwise(edges)


def _overlapping(file: Any, low: int, high: int) -> list[int]:
    return [g for g in range(file.num_row_groups) if overlaps(file.metadata.row_group(g), low, high)]

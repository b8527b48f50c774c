"""Clusters found component by component: how the candidates of a range of components come together from all shards, in pieces that fit the memory
bound. What makes a cluster of a component is the business of the kind of deduplication."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.dedup.resolve import ClusterStep, for_shards
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.number_ranges import Range, in_pieces, key_range, part_of_keys, shards_in_ranges, taken
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

    in_a_row: ClassVar[bool] = True

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
        tables, read = [], 0
        cost, part = partial(self._cost, context), part_of_keys(self.ranges)
        for rows in in_pieces(context, self.address, shard, part, cost, partial(self._rows, context)):
            read += rows.num_rows
            tables.append(self.clusters_of(_in_order(rows)))
        return for_shards(self.schema, tables, read)

    def _cost(self, context: ShardContext, shard: str) -> int:
        """How many bytes a partition takes: as read, sorted, and as clusters."""
        return 3 * taken(context, self.candidates, key_range(int(shard), self.ranges))[1]

    def _rows(self, context: ShardContext, ranges: Sequence[Range]) -> list[pa.Table]:
        parts = [[self.candidate_schema.append(pa.field("shard", pa.int32())).empty_table()] for _ in ranges]
        for number, tables in shards_in_ranges(context, self.candidates, ranges):
            for mine, table in zip(parts, tables, strict=True):
                mine.append(table.append_column("shard", pa.array(np.full(table.num_rows, number, np.int32))))
        return [pa.concat_tables(mine) for mine in parts]


def _in_order(rows: pa.Table) -> pa.Table:
    return rows.sort_by([("component", "ascending"), ("shard", "ascending"), ("row", "ascending")]).combine_chunks()


def components_of(rows: pa.Table) -> Iterator[tuple[int, int]]:
    """Where each component begins and ends in rows sorted by it."""
    component: Any = rows["component"].to_numpy()
    if len(component):
        edges = [0, *(np.flatnonzero(component[1:] != component[:-1]) + 1).tolist(), len(component)]
        yield from pairwise(edges)

"""Clusters become decisions, for every kind of deduplication; and how a step over the whole crawl hands rows back to their shards."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.number_ranges import overlaps
from winnow.tasks.engine.step import ShardStep, Step, StepResult, WholeStep
from winnow.tasks.signals.limit import Limit, apply_limits
from winnow.tasks.signals.select import DecidedLimit, add_crossed, decision_result

SHARDS_PER_GROUP = 64
BLOCKS_KEPT = 4
SHARE_FOR_BLOCKS = 8
"""Which part of the memory bound the kept blocks of shards may take."""
Decisions = Step  # one whose table begins with id, kept, reason, crossed: ApplyLimits, or what follows it


@dataclass(frozen=True)
class ClusterStep(WholeStep):
    """Base of the steps that find clusters. Its table has one row per member of a cluster of two or more, sorted by shard and row: shard
    (number) and row, then ``size``, ``rank`` (0 stays) and whatever tells why."""

    @property
    def by(self) -> str:
        """What the members of a cluster share: url, text, minhash. It names the columns of the decisions table."""
        raise NotImplementedError

    @property
    def schema(self) -> pa.Schema:
        raise NotImplementedError

    @property
    def copies(self) -> str:
        """What people call the members that do not stay: "near-duplicates"."""
        raise NotImplementedError

    @property
    def stays(self) -> str:
        """What people call the one that stays, beside another: "a document with nearly the same text"."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        return f"{self.copies}: clusters"

    @property
    def about(self) -> str:
        return f"finds {self.copies}"


@stable("step/resolve-clusters")
@dataclass(frozen=True)
class ResolveClusters(ShardStep):
    """Decisions and clusters in, decisions out: each row with its cluster's columns as ``<by>_<column>`` (null when alone), and, if
    ``drop``, a limit on them applied like any other: ``<by>_cluster_rank <= 0``, or ``<by>_cluster_size <= 1`` where no member stays. ``by`` is the kind of
    deduplication, or the ``entry`` that the recipe calls it by. With ``max_domains``, the limit ``<by>_domains <= max_domains`` goes before: it drops every member of a cluster that is
    spread over more."""

    name: ClassVar[str] = "dedup"
    version: ClassVar[str] = "2"

    decisions: Decisions
    clusters: ClusterStep
    drop: bool = True
    keep_one: bool = True
    entry: str | None = None
    max_domains: int | None = None

    @property
    def by(self) -> str:
        return self.entry or self.clusters.by

    @property
    def decided_limits(self) -> tuple[DecidedLimit, ...]:
        """The limit on the spread of clusters, for ``winnow what-if``."""
        signal = f"{self.by}_domains"
        return (DecidedLimit(signal, self.max_domains, f"{signal}:high"),) if "domains" in self.clusters.schema.names else ()

    @property
    def label(self) -> str:
        return f"dedup-{self.by}"

    @property
    def title(self) -> str:
        return f"drop {self.clusters.copies}"

    @property
    def about(self) -> str:
        return f"drops {self.clusters.copies}"

    @property
    def reasons(self) -> Mapping[str, str]:
        return {
            f"{self.by}_cluster_rank:high": f"{self.clusters.stays} stays",
            f"{self.by}_cluster_size:high": "it has copies, of which the recipe keeps none",
            f"{self.by}_domains:high": "its copies stand on more domains than the recipe allows",
        }

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        found = rows_of_shard(self.clusters, self.clusters.schema, shard, context)
        place = np.full(before.num_rows, -1)
        place[found["row"].to_numpy()] = np.arange(found.num_rows)
        index = pa.array(place, mask=place < 0)
        columns = {f"{self.by}_{name}": found[name].combine_chunks().take(index) for name in found.column_names[2:]}
        after = self._without_bursts(before, columns)
        after = self._dropped(after, columns) if self.drop else after
        for name, column in columns.items():
            after = after.append_column(name, pa.array([k.hex() if k else None for k in column.to_pylist()]) if _is_key(column) else column)
        return decision_result(after, before["kept"])

    def _without_bursts(self, before: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
        if self.max_domains is None:
            return before
        limit = Limit(f"{self.by}_domains", high=self.max_domains)
        values = pa.chunked_array([pc.fill_null(columns[limit.signal], 0)])
        return add_crossed(before, *apply_limits({limit.signal: values}, (limit,), before.num_rows, self.label))

    def _dropped(self, before: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
        signal, neutral = (f"{self.by}_cluster_rank", 0) if self.keep_one else (f"{self.by}_cluster_size", 1)
        values = pa.chunked_array([pc.fill_null(columns[signal], neutral)])
        return add_crossed(before, *apply_limits({signal: values}, (Limit(signal, high=neutral),), before.num_rows, self.label))


def _is_key(column: pa.Array) -> bool:
    return bool(pa.types.is_fixed_size_binary(column.type))


def for_shards(schema: pa.Schema, tables: Sequence[pa.Table], rows_in: int, *then_by: str) -> StepResult:
    """What a step over the whole crawl found, in the form that ``rows_of_shard`` reads: sorted by shard and row (and what comes then), grouped by ``group_sizes``."""
    table = pa.concat_tables([schema.empty_table(), *tables]).sort_by([(name, "ascending") for name in ("shard", "row", *then_by)])
    return StepResult(table, rows_in, table.num_rows, row_groups=list(group_sizes(table["shard"].to_numpy())))


def group_sizes(shards: np.ndarray[Any, Any]) -> Iterator[int]:
    """Row groups that end where a block of shards ends, for a table sorted by shard: a shard finds its rows in one group."""
    blocks = shards // SHARDS_PER_GROUP
    edges = np.flatnonzero(np.diff(blocks)) + 1
    return (int(n) for n in np.diff(np.concatenate([[0], edges, [len(shards)]])))


def rows_of_shard(step: WholeStep, schema: pa.Schema, shard: str, context: ShardContext) -> pa.Table:
    """The rows of one crawl shard out of every partition of a step whose first column is the shard's number, grouped by ``group_sizes``. Raises DamagedArtifact.

    A worker makes shards that lie near each other, and a block of them shares its row groups: those of the last blocks are kept, so that the partitions are
    opened once per block and worker, not once per shard.
    """
    number = context.shard_keys.index(shard)
    key = (context.store.root, step.address, number // SHARDS_PER_GROUP)
    table = _blocks.pop(key, None)
    if table is None:
        table = _rows_of_block(step, schema, key[2], context)
    _blocks[key] = table
    while len(_blocks) > BLOCKS_KEPT or sum(t.nbytes for t in _blocks.values()) > context.memory_bytes // SHARE_FOR_BLOCKS:
        _blocks.popitem(last=False)
    return table.filter(pc.equal(table["shard"], number))


def _rows_of_block(step: WholeStep, schema: pa.Schema, block: int, context: ShardContext) -> pa.Table:
    low, high = block * SHARDS_PER_GROUP, (block + 1) * SHARDS_PER_GROUP - 1
    parts = [schema.empty_table()]
    for partition in step.shards(context) or ():
        with context.store.open_parquet(step, partition) as file:
            parts += [
                file.read_row_group(g, use_threads=False)
                for g in range(file.num_row_groups)
                if overlaps(file.metadata.row_group(g), low, high)
            ]
    return pa.concat_tables(parts)


_blocks: OrderedDict[tuple[str, str, int], pa.Table] = OrderedDict()
"""Root, address and block -> its rows, the last used last. Artifacts never change under their address, so what is kept stays true."""

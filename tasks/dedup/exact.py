"""Exact deduplication over the whole crawl, by URL and by normalised text, in bounded memory.

Four small steps, the shuffle of MapReduce written as artifacts:
``Fingerprint`` (per shard: keys of each document) -> ``Scatter`` (per shard: rows sorted by key) -> ``Clusters`` (per range of keys: who
shares a key) -> ``Resolve`` (per shard: ranks become decisions). A partition holds one key range of every shard, never a text. Fuzzy and
paragraph deduplication take the same place in the graph. Nothing here knows which document is *better*: the keep policy is a field.

Keys have 128 bits: at 3 billion documents a false match is expected once in 10^19 runs; 64 bits would make one in every fourth.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from tasks.core.bench import Bench
from tasks.core.limit import Limit, judge
from tasks.core.step import Kind, Made, ShardStep, Step, WholeStep
from tasks.measure import Correct, Signals, final_texts
from tasks.select import Judge, account

By = Literal["url", "text"]
KEY = pa.binary(16)
ROWS_PER_GROUP = 4096
SHARDS_PER_GROUP = 64
FINGERPRINTS = pa.schema([pa.field("id", pa.string()), pa.field("url_key", KEY), pa.field("text_key", KEY)])
SCATTERED = pa.schema([pa.field("key", KEY), pa.field("row", pa.int32()), pa.field("kept", pa.bool_()), pa.field("score", pa.float64())])
CLUSTERED = pa.schema(
    [
        pa.field("shard", pa.int32()),
        pa.field("row", pa.int32()),
        pa.field("cluster", KEY),
        pa.field("size", pa.int32()),
        pa.field("rank", pa.int32()),
    ]
)
SPACE = re.compile(r"\s+")


def url_key(url: str) -> bytes | None:
    """128-bit key of a URL; None if there is none. Scheme, fragment, default port and case of the host do not count."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
        same = f"{parts.hostname or ''}{port}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    except ValueError:
        same = url
    return xxhash.xxh3_128_digest(same.encode("utf-8", "surrogatepass"))


def text_key(text: str) -> bytes:
    """128-bit key of a text: NFC, lower case, runs of white space as one space."""
    folded = SPACE.sub(" ", unicodedata.normalize("NFC", text).lower()).strip()
    return xxhash.xxh3_128_digest(folded.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Fingerprint(ShardStep):
    """Documents in, their URL and text keys out (schema FINGERPRINTS), in the same order."""

    name: ClassVar[str] = "fingerprint"

    documents: Step
    corrected: Correct | None = None

    def run(self, shard: str, bench: Bench) -> Made:
        documents = bench.read(self.documents, shard, ["id", "url", "text"])
        texts = final_texts(documents, bench.read(self.corrected, shard) if self.corrected else None)
        urls = pa.array([url_key(u or "") for u in documents["url"].to_pylist()], KEY)
        table = pa.table([documents["id"], urls, pa.array([text_key(t) for t in texts.to_pylist()], KEY)], schema=FINGERPRINTS)
        return Made(table, table.num_rows, table.num_rows)


@dataclass(frozen=True)
class Scatter(ShardStep):
    """Fingerprints and decisions in, rows sorted by key out (schema SCATTERED), in row groups that a partition can pick from.

    ``best`` names the signal whose largest value is kept; empty keeps the first in crawl order.
    """

    name: ClassVar[str] = "scatter"
    kind: ClassVar[Kind] = "join"

    by: By
    fingerprints: Fingerprint
    decisions: "Judge | Resolve"
    signals: Signals | None = None
    best: str = ""

    @property
    def label(self) -> str:
        return f"scatter-{self.by}"

    def run(self, shard: str, bench: Bench) -> Made:
        keys = bench.read(self.fingerprints, shard, [f"{self.by}_key"]).column(0).combine_chunks()
        kept = bench.read(self.decisions, shard, ["kept"])["kept"]
        scores = pa.nulls(len(keys), pa.float64())
        if self.signals and self.best:
            scores = pc.cast(bench.read(self.signals, shard, [self.best])[self.best], pa.float64())
        rows = pa.array(np.arange(len(keys), dtype=np.int32))
        table = pa.table([keys, rows, kept, scores], schema=SCATTERED).filter(pc.is_valid(keys))
        table = table.sort_by([("key", "ascending"), ("row", "ascending")])
        return Made(table, len(keys), table.num_rows, row_groups=ROWS_PER_GROUP)


@dataclass(frozen=True)
class Clusters(WholeStep):
    """Scattered rows of one key range of every shard in; the members of clusters of two or more out (schema CLUSTERED).

    Rank 0 is the member that stays: one that no limit dropped before one that was, then the best signal, then crawl order (shard number,
    row). ``partitions`` bounds the memory and changes no result.
    """

    name: ClassVar[str] = "cluster"

    scattered: Scatter
    partitions: int

    @property
    def label(self) -> str:
        return f"cluster-{self.scattered.by}"

    def shards(self, bench: Bench) -> tuple[str, ...]:
        return tuple(f"{p:05d}" for p in range(self.partitions))

    def run(self, shard: str, bench: Bench) -> Made:
        low, high = self._range(int(shard))
        parts = [self._rows(number, key, bench, low, high) for number, key in enumerate(bench.shard_keys)]
        table = pa.concat_tables(parts)
        clustered = _rank(table)
        return Made(clustered, table.num_rows, clustered.num_rows, row_groups=list(_group_sizes(clustered["shard"].to_numpy())))

    def _range(self, partition: int) -> tuple[bytes, bytes | None]:
        def bound(p: int) -> bytes:
            return ((1 << 128) * p // self.partitions).to_bytes(16, "big")

        return bound(partition), bound(partition + 1) if partition + 1 < self.partitions else None

    def _rows(self, number: int, key: str, bench: Bench, low: bytes, high: bytes | None) -> pa.Table:
        """Rows of one shard whose key lies in [low, high), read from the row groups that overlap it."""
        with bench.store.open_parquet(self.scattered, key) as file:
            groups = []
            for g in range(file.num_row_groups):
                statistics = file.metadata.row_group(g).column(0).statistics
                if file.metadata.row_group(g).num_rows and (
                    not statistics or (statistics.max >= low and (high is None or statistics.min < high))
                ):
                    groups.append(g)
            table = file.read_row_groups(groups, use_threads=False) if groups else SCATTERED.empty_table()
        keys = table["key"].combine_chunks()
        if len(keys) and (low > bytes(16) or high is not None):
            raw = np.frombuffer(keys.buffers()[1], dtype="S16", offset=keys.offset * 16, count=len(keys))
            # numpy compares S16 after stripping trailing NULs, which keeps the order of equal-length keys
            start, stop = np.searchsorted(raw, low), np.searchsorted(raw, high) if high is not None else len(raw)
            table = table.slice(int(start), int(stop - start))
        return table.append_column(pa.field("shard", pa.int32()), pa.array(np.full(table.num_rows, number, np.int32)))


def _rank(table: pa.Table) -> pa.Table:
    """Members of clusters of two or more, ranked; sorted by shard and row."""
    keys = table["key"].combine_chunks()
    if not len(keys):
        return CLUSTERED.empty_table()
    raw = np.frombuffer(keys.buffers()[1], dtype=">u8", offset=keys.offset * 16, count=2 * len(keys)).reshape(-1, 2)
    shard, row = table["shard"].to_numpy(), table["row"].to_numpy()
    kept = table["kept"].to_numpy(zero_copy_only=False).astype(bool)
    score = table["score"].to_numpy(zero_copy_only=False)
    score = np.where(np.isnan(score), -np.inf, score)
    order = np.lexsort((row, shard, -score, ~kept, raw[:, 1], raw[:, 0]))
    a, b = raw[order, 0], raw[order, 1]
    starts = np.flatnonzero(np.concatenate([[True], (a[1:] != a[:-1]) | (b[1:] != b[:-1])]))
    sizes = np.diff(np.append(starts, len(order)))
    size, rank = np.repeat(sizes, sizes), np.arange(len(order)) - np.repeat(starts, sizes)
    member = size > 1
    where = order[member]
    final = np.lexsort((row[where], shard[where]))
    clustered = pa.table(
        [
            pa.array(shard[where][final], pa.int32()),
            pa.array(row[where][final], pa.int32()),
            keys.take(pa.array(where[final])),
            pa.array(size[member][final], pa.int32()),
            pa.array(rank[member][final], pa.int32()),
        ],
        schema=CLUSTERED,
    )
    return clustered


def _group_sizes(shards: np.ndarray[Any, Any]) -> Iterator[int]:
    """Row groups end where a block of shards ends, so that a shard finds its rows in one group."""
    blocks = shards // SHARDS_PER_GROUP
    edges = np.flatnonzero(np.diff(blocks)) + 1
    return (int(n) for n in np.diff(np.concatenate([[0], edges, [len(shards)]])))


@dataclass(frozen=True)
class Resolve(ShardStep):
    """Decisions and clusters in, decisions out: each row with its cluster, size and rank (null when alone), and, if ``drop``, the limit
    ``<by>_cluster_rank <= 0`` applied like any other limit."""

    name: ClassVar[str] = "dedup"

    decisions: "Judge | Resolve"
    clusters: Clusters
    drop: bool = True

    @property
    def by(self) -> By:
        return self.clusters.scattered.by

    @property
    def label(self) -> str:
        return f"dedup-{self.by}"

    def run(self, shard: str, bench: Bench) -> Made:
        before = bench.read(self.decisions, shard)
        found = self._members(shard, bench)
        rows, n = found["row"].to_numpy(), before.num_rows
        place = np.full(n, -1)
        place[rows] = np.arange(len(rows))
        index = pa.array(place, mask=place < 0)
        names = {"cluster": f"{self.by}_cluster", "size": f"{self.by}_cluster_size", "rank": f"{self.by}_cluster_rank"}
        columns = {name: found[column].combine_chunks().take(index) for column, name in names.items()}
        columns[names["cluster"]] = pa.array(
            [k.hex() if k is not None else None for k in columns[names["cluster"]].to_pylist()], pa.string()
        )
        after = before
        if self.drop:
            rank = pc.fill_null(columns[names["rank"]], 0)
            crossed, reason = judge({names["rank"]: pa.chunked_array([rank])}, (Limit(names["rank"], high=0),), n)
            joined = [a + b for a, b in zip(before["crossed"].to_pylist(), crossed.to_pylist(), strict=True)]
            reason = pc.coalesce(before["reason"], reason)
            after = pa.table(
                {
                    "id": before["id"],
                    "kept": pc.is_null(reason),
                    "reason": reason,
                    "crossed": pa.array(joined, before.schema.field("crossed").type),
                }
            )
            for name in before.column_names[4:]:
                after = after.append_column(name, before[name])
        for name, column in columns.items():
            after = after.append_column(name, column)
        return account(after, before["kept"])

    def _members(self, shard: str, bench: Bench) -> pa.Table:
        """This shard's rows of every partition."""
        number = bench.shard_keys.index(shard)
        parts = []
        for partition in self.clusters.shards(bench):
            with bench.store.open_parquet(self.clusters, partition) as file:
                for g in range(file.num_row_groups):
                    group = file.metadata.row_group(g)
                    statistics = group.column(0).statistics
                    if group.num_rows and (not statistics or statistics.min <= number <= statistics.max):
                        table = file.read_row_group(g, use_threads=False)
                        parts.append(table.filter(pc.equal(table["shard"], number)))
        return pa.concat_tables(parts) if parts else CLUSTERED.empty_table()

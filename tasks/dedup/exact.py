"""Exact deduplication over the whole crawl, by URL and by normalised text, in bounded memory.

Four small steps, the shuffle of MapReduce written as artifacts:
``Fingerprint`` (per shard: keys of each document) -> ``Scatter`` (per shard: rows sorted by key) -> ``Clusters`` (per range of keys: who
shares a key) -> ``ResolveClusters`` (per shard: ranks become decisions). A partition holds one key range of every shard, never a text. ``ResolveClusters`` (``resolve.py``) is
shared by all kinds of deduplication. Nothing here knows which document is *better*: the keep policy is a field.

Keys have 128 bits: at 3 billion documents a false match is expected once in 10^19 runs; 64 bits would make one in every fourth.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from winnow.tasks.dedup.keep import scores
from winnow.tasks.dedup.resolve import ClusterStep, Decisions, group_sizes
from winnow.tasks.engine.ahead import evenly_spread, read_together
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.ranges import KEY, ROWS_PER_GROUP, rows_of_partitions
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult
from winnow.tasks.engine.text_column import TextColumn

By = Literal["url", "text", "domain"]
FINGERPRINTS = pa.schema([pa.field("id", pa.string()), pa.field("url_key", KEY), pa.field("text_key", KEY)])
SCATTERED = pa.schema([pa.field("key", KEY), pa.field("row", pa.int32()), pa.field("kept", pa.bool_()), pa.field("score", pa.float64())])
CLUSTERED = pa.schema(
    [
        pa.field("shard", pa.int32()),
        pa.field("row", pa.int32()),
        pa.field("cluster", KEY),
        pa.field("cluster_size", pa.int32()),
        pa.field("cluster_rank", pa.int32()),
    ]
)
ROW_BYTES = 128  # of a scattered row while it is ranked: key, row, shard, score, order, and copies while sorting
SPACE = re.compile(r"\s+")


def url_key(url: str) -> bytes | None:
    """128-bit key of a URL; None if there is none. Scheme, default port, case of the host and a fragment do not count, but for a fragment that
    names another page of a single-page application: ``#!...`` and ``#/...``."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
        page = f"#{parts.fragment}" if parts.fragment.startswith(("!", "/")) else ""
        same = f"{parts.hostname or ''}{port}{parts.path or '/'}{'?' + parts.query if parts.query else ''}{page}"
    except ValueError:
        same = url
    return xxhash.xxh3_128_digest(same.encode("utf-8", "surrogatepass"))


def text_key(text: str) -> bytes:
    """128-bit key of a text: NFC, without case, runs of white space as one space."""
    folded = SPACE.sub(" ", unicodedata.normalize("NFC", text).casefold()).strip()
    return xxhash.xxh3_128_digest(folded.encode("utf-8", "surrogatepass"))


@stable("step/fingerprint")
@dataclass(frozen=True)
class Fingerprint(ShardStep):
    """Documents in, their URL and text keys out (schema FINGERPRINTS), in the same order."""

    name: ClassVar[str] = "fingerprint"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "makes the keys that copies share"
    version: ClassVar[str] = "2"

    text: TextColumn

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["id", "url", "text"])
        texts = self.text.of(documents, shard, context)
        urls = pa.array([url_key(u or "") for u in documents["url"].to_pylist()], KEY)
        table = pa.table([documents["id"], urls, pa.array([text_key(t) for t in texts.to_pylist()], KEY)], schema=FINGERPRINTS)
        return StepResult(table, table.num_rows, table.num_rows)


@stable("step/scatter")
@dataclass(frozen=True)
class Scatter(ShardStep):
    """Fingerprints (keys called ``<by>_key``) and decisions in, rows sorted by key out (schema SCATTERED), in row groups that a partition can pick from.

    ``keep`` is a policy of ``tasks/dedup/keep.py``, ``ranked_by`` the table that it reads, if any.
    """

    name: ClassVar[str] = "scatter"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "sorts the keys for the comparison across shards"
    kind: ClassVar[Kind] = "join"

    by: By
    fingerprints: Step
    decisions: Decisions
    keep: str = "first"
    ranked_by: Step | TextColumn | None = None

    @property
    def label(self) -> str:
        return f"scatter-{self.by}"

    def run(self, shard: str, context: ShardContext) -> StepResult:
        keys = context.read(self.fingerprints, shard, [f"{self.by}_key"]).column(0).combine_chunks()
        kept = context.read(self.decisions, shard, ["kept"])["kept"]
        ranks = scores(self.keep, self.ranked_by, shard, context)
        rows = pa.array(np.arange(len(keys), dtype=np.int32))
        table = pa.table([keys, rows, kept, pa.nulls(len(keys), pa.float64()) if ranks is None else ranks], schema=SCATTERED).filter(
            pc.is_valid(keys)
        )
        table = table.sort_by([("key", "ascending"), ("row", "ascending")])
        return StepResult(table, len(keys), table.num_rows, row_groups=ROWS_PER_GROUP)


@stable("step/clusters")
@dataclass(frozen=True)
class Clusters(ClusterStep):
    """Scattered rows of one key range of every shard in; the members of clusters of two or more out (schema CLUSTERED).

    Rank 0 is the member that stays: one that no limit dropped before one that was, then the best signal, then crawl order (shard number,
    row). ``partitions`` bounds the memory and changes no result.
    """

    name: ClassVar[str] = "cluster"
    in_a_row: ClassVar[bool] = True

    scattered: Scatter
    partitions: int

    @property
    def label(self) -> str:
        return f"cluster-{self.by}"

    @property
    def by(self) -> By:
        return self.scattered.by

    @property
    def copies(self) -> str:
        return f"duplicates by {'URL' if self.by == 'url' else 'text'}"

    @property
    def stays(self) -> str:
        return "another capture of the same URL" if self.by == "url" else "another document with the same text"

    @property
    def title(self) -> str:
        return f"exact duplicates: {'URL' if self.by == 'url' else 'text'}"

    @property
    def schema(self) -> pa.Schema:
        return CLUSTERED

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{p:05d}" for p in range(self.partitions))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        cost = evenly_spread(context, self.scattered, ROW_BYTES, self.partitions)
        table = read_together(context, self.address, shard, cost, partial(self._rows, context))
        clustered = _rank(table)
        return StepResult(clustered, table.num_rows, clustered.num_rows, row_groups=list(group_sizes(clustered["shard"].to_numpy())))

    def _rows(self, context: ShardContext, shards: Sequence[str]) -> list[pa.Table]:
        return rows_of_partitions(context.store, self.scattered, context.shard_keys, SCATTERED, [int(s) for s in shards], self.partitions)


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

"""Across snapshots: the steps that find near copies of what earlier runs kept, without computing old snapshots again.

``Lookup`` (per band and key range: matches) -> ``ResolveKnown`` (per shard: the best match becomes a decision). What an index holds is in ``index.py``. A
snapshot is never held against itself, so that a run which was remembered stays a finished run.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.dedup.band_buckets import kept_rows
from winnow.tasks.dedup.index import Index
from winnow.tasks.dedup.minhash import ComputeSignatures, shingle_sets
from winnow.tasks.dedup.resolve import Decisions, group_sizes, rows_of_shard
from winnow.tasks.dedup.verified import Proof, jaccard_of, shared_count
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.number_ranges import key_range
from winnow.tasks.engine.row_numbers import shards_and_rows
from winnow.tasks.engine.step import ShardStep, StepResult, WholeStep
from winnow.tasks.signals.limit import Limit, apply_limits
from winnow.tasks.signals.select import add_crossed, decision_result

MOST_PER_KEY = 8
MOST_COMPARED = 8  # of the known documents that share a bucket, those that share most are compared
MATCHES = pa.schema(
    [pa.field("shard", pa.int32()), pa.field("row", pa.int32()), pa.field("part", pa.int32()), pa.field("known", pa.int32())]
)
COLUMNS = {
    "known": pa.string(),
    "known_url": pa.string(),
    "known_snapshot": pa.string(),
    "known_similarity": pa.float64(),
    "known_containment": pa.float64(),
}


@stable("step/look-up-known")
@dataclass(frozen=True)
class Lookup(WholeStep):
    """Signatures of one band and key range of the crawl and of an index in; for each document of the crawl with a known key the
    documents that have it, ``MOST_PER_KEY`` of each part, out (schema MATCHES: numbers of the crawl's shard and of the index's part, sorted by shard and row)."""

    name: ClassVar[str] = "lookup"
    title: ClassVar[str] = "look up in the index of earlier snapshots"
    about: ClassVar[str] = "looks up what earlier snapshots kept"
    version: ClassVar[str] = "3"

    signatures: ComputeSignatures
    decisions: Decisions
    index: Index
    ranges: int

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{band:03d}-{r:05d}" for band in range(self.signatures.minhash.bands) for r in range(self.ranges))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        band, part = map(int, shard.split("-"))
        low, high = key_range(part, self.ranges)
        [(keys, numbers)] = kept_rows(context, self.signatures, self.decisions, [(band, low, high)])
        found = [np.zeros((4, 0), np.int64)]
        for number in range(len(self.index.parts)):
            known, rows = self.index.keys(context.store, number, band, low, high)
            place = np.searchsorted(known, keys)
            for nth in range(MOST_PER_KEY):  # an index seldom has near copies, so that most keys have one document
                met = np.flatnonzero(place + nth < len(known))
                met = met[known[place[met] + nth] == keys[met]]
                at = numbers[met]
                found.append(np.stack([*shards_and_rows(at), np.full(len(met), number), rows[place[met] + nth]]))
        matches = np.concatenate(found, axis=1)
        matches = matches[:, np.lexsort(matches[::-1])].astype(np.int32)
        table = pa.table(list(matches), schema=MATCHES)
        return StepResult(table, len(keys), table.num_rows, row_groups=list(group_sizes(table["shard"].to_numpy())))


@stable("step/resolve-known")
@dataclass(frozen=True)
class ResolveKnown(ShardStep):
    """Decisions and matches in, decisions out: of each document the known one that it is a near copy of (``minhash_known`` its id,
    ``minhash_known_url``, ``minhash_known_snapshot``, ``minhash_known_similarity`` and ``minhash_known_containment``, as ``FuzzyClusters`` has them),
    and in how many bands they share a bucket (``minhash_known_bands``, 0 for none). If ``drop``, the limit ``minhash_known_bands <= 0`` is applied.

    With ``min_similarity`` (or ``min_containment``) only a known document with which this is reached counts; without, the one that shares most buckets.
    """

    name: ClassVar[str] = "known"
    title: ClassVar[str] = "drop what earlier snapshots kept"
    about: ClassVar[str] = "drops near copies of what earlier snapshots kept"
    reasons: ClassVar[Mapping[str, str]] = {"minhash_known_bands:high": "an earlier snapshot kept a document with nearly the same text"}
    version: ClassVar[str] = "4"

    decisions: Decisions
    lookup: Lookup
    drop: bool = True
    min_similarity: float = 0.0
    min_containment: float | None = None

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        matches = rows_of_shard(self.lookup, MATCHES, shard, context)
        columns = np.stack([matches[c].to_numpy().astype(np.int64) for c in ("row", "part", "known")])
        after = before
        values, shared = self._near_copies(columns, before.num_rows, shard, context)
        if self.drop:
            limit = Limit("minhash_known_bands", high=0)
            after = add_crossed(after, *apply_limits({limit.signal: pa.chunked_array([shared])}, (limit,), before.num_rows, self.label))
        after = after.append_column("minhash_known_bands", pa.array(shared))
        for name, kind in COLUMNS.items():
            after = after.append_column(f"minhash_{name}", pa.array(values[name], kind))
        return decision_result(after, before["kept"])

    def _near_copies(self, matches: Any, n: int, shard: str, context: ShardContext) -> tuple[dict[str, list[Any]], Any]:
        index, minhash = self.lookup.index, self.lookup.signatures.minhash
        values: dict[str, list[Any]] = {name: [None] * n for name in COLUMNS}
        shared_bands = np.zeros(n, np.int64)
        candidates = _most_shared(matches)
        rows = sorted(candidates)
        texts = self.lookup.signatures.text.read(shard, context).take(pa.array(rows, pa.int64())).to_pylist() if rows else []
        own = dict(zip(rows, (np.array(s.as_py(), np.uint32) for s in shingle_sets(minhash, texts)), strict=True))
        wanted: dict[int, set[int]] = defaultdict(set)
        for found in candidates.values():
            for part, known, _ in found:
                wanted[part].add(known)
        sets = {part: index.shingles(context.store, part, known) for part, known in wanted.items()}
        who = {part: {w["row"]: w for w in index.who(context.store, part).to_pylist()} for part in wanted}
        proof = Proof(self.min_similarity, self.min_containment or 0.0)
        for row, found in candidates.items():
            # max() takes the first of equals: the one that shares most buckets.
            part, known, bands = max(found, key=lambda m: proof.holds(own[row], sets[m[0]][m[1]])) if self.min_similarity else found[0]
            other = sets[part][known]
            if proof.holds(own[row], other) < 0:
                continue
            shared = shared_count(own[row], other)
            entry = who[part][known]
            shared_bands[row] = bands
            values["known"][row], values["known_url"][row] = entry["id"], entry["url"]
            values["known_snapshot"][row] = index.parts[part].snapshot
            values["known_similarity"][row] = jaccard_of(shared, len(own[row]), len(other))
            values["known_containment"][row] = shared / (len(own[row]) or 1)
        return values, shared_bands


def _most_shared(matches: Any) -> dict[int, list[tuple[int, int, int]]]:
    """Of each row the known documents (part, known, bands) that it meets in most bands, the earliest among equals first."""
    if not matches.shape[1]:
        return {}
    distinct, bands = np.unique(matches, axis=1, return_counts=True)
    order = np.lexsort((distinct[2], distinct[1], -bands, distinct[0]))
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for row, part, known, count in zip(*distinct[:, order].tolist(), bands[order].tolist(), strict=True):
        if len(found[row]) < MOST_COMPARED:
            found[row].append((part, known, count))
    return dict(found)

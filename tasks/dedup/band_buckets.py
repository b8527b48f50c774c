"""Which documents share a band key, over the whole crawl, in memory that the user bounds. Only documents that were kept so far take part; signatures are of all, so
that a moved limit does not touch them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.dedup.components import EDGES, PairStep
from winnow.tasks.dedup.minhash import ComputeSignatures
from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.dedup.signed_files import overlapping, signed_files
from winnow.tasks.engine.arrays import U64, Ints
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.number_ranges import in_pieces, part_of_keys
from winnow.tasks.engine.row_numbers import numbered
from winnow.tasks.engine.step import StepResult

BUCKET_ROW_BYTES = 64  # measured peak per row of a partition: key, number, order, and copies while sorting


@stable("step/band-buckets")
@dataclass(frozen=True)
class BandBuckets(PairStep):
    """Signatures of one band and key range of every shard in; an edge from the first document of each bucket to every other out (schema
    EDGES). ``ranges`` bounds what one partition reads and changes no result."""

    name: ClassVar[str] = "band-buckets"
    copies: ClassVar[str] = "near-duplicates"
    prefix: ClassVar[str] = ""
    in_a_row: ClassVar[bool] = True
    title: ClassVar[str] = "near-duplicates: compare signatures"
    about: ClassVar[str] = "finds which documents share a bucket"

    signatures: ComputeSignatures
    decisions: Decisions
    ranges: int

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{band:03d}-{r:05d}" for band in range(self.signatures.minhash.bands) for r in range(self.ranges))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        found, read = [], 0
        kept = partial(kept_rows, context, self.signatures, self.decisions)
        for keys, numbers in in_pieces(context, self.address, shard, self._part, partial(self._cost, context), kept):
            found.append(_edges(keys, numbers))
            read += len(keys)
        a, b = np.concatenate(found, axis=1)
        return StepResult(pa.table([a, b], schema=EDGES), read, len(a))

    def _part(self, shard: str, piece: int, pieces: int) -> tuple[int, int, int]:
        band, _, number = shard.partition("-")
        return (int(band), *part_of_keys(self.ranges)(number, piece, pieces))

    def _cost(self, context: ShardContext, shard: str) -> int:
        return sum(n for *_, n in _groups(context, self.signatures, self.decisions, *self._part(shard, 0, 1))) * BUCKET_ROW_BYTES


def _edges(keys: U64, numbers: Ints) -> Ints:
    order = np.argsort(keys, kind="stable")  # numbers ascend, so the first of a bucket is the first in crawl order
    k, n = keys[order], numbers[order]
    opens = np.concatenate([[True], k[1:] != k[:-1]]) if len(k) else np.zeros(0, bool)
    first = n[opens][np.cumsum(opens) - 1]
    return np.stack([first[~opens], n[~opens]])


def _groups(
    context: ShardContext, signatures: ComputeSignatures, decisions: Decisions, band: int, low: int, high: int
) -> Iterator[tuple[int, list[int], int]]:
    """Of each shard that has any: its number, the row groups that overlap keys [low, high] of the band, and their rows."""
    files = signed_files(context.store.root, signatures.address, decisions.address)
    for number, shard in enumerate(context.shard_keys):
        groups = files.groups(context, signatures, shard)
        if found := overlapping(groups, band, low, high):
            yield number, found, int(groups["rows"][found].sum())


def kept_rows(
    context: ShardContext, signatures: ComputeSignatures, decisions: Decisions, ranges: Sequence[tuple[int, int, int]]
) -> list[tuple[U64, Ints]]:
    """For each range (band, first key, last key) the keys of the documents kept so far, and their numbers, in crawl order. A file is opened once for all ranges."""
    files = signed_files(context.store.root, signatures.address, decisions.address)
    wanted: dict[int, dict[int, list[int]]] = {}  # shard -> range -> row groups
    for at, (band, low, high) in enumerate(ranges):
        for number, groups, _ in _groups(context, signatures, decisions, band, low, high):
            wanted.setdefault(number, {})[at] = groups
    found = [([np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]) for _ in ranges]
    for number in sorted(wanted):
        shard = context.shard_keys[number]
        with context.store.open_parquet(signatures, shard) as file:
            tables = {at: file.read_row_groups(groups, use_threads=False) for at, groups in wanted[number].items()}
        kept = files.kept(context, decisions, shard)
        for at, table in tables.items():
            band, low, high = ranges[at]
            k, row = table["key"].to_numpy(), table["row"].to_numpy()
            mine = (table["band"].to_numpy() == band) & (k >= np.uint64(low)) & (k <= np.uint64(high)) & kept[row]
            keys, numbers = found[at]
            keys.append(k[mine])
            numbers.append(numbered(number, row[mine]))
    return [(np.concatenate(keys), np.concatenate(numbers)) for keys, numbers in found]

"""Removal rates: which share of a site, a language or a source near-duplicate removal took, so that nobody finds out later that one is gone.

A *source* is where a document came from as its file's path tells: the crawl that it names (``CC-MAIN-2026-43``), else the folder that holds it (``no folder``). Beside sources,
documents are counted by host, by registered domain and by language. A group is *outstanding* if it had at least ``warn_documents`` documents and lost more than
``warn_share`` of them.

``CountRemovals`` (per shard: counts by name) -> ``RemovalRates`` (per range of names: sums, and which are outstanding).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import pyarrow as pa
import xxhash

from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.engine.ahead import evenly_spread, read_together
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.number_ranges import key_range, shards_in_ranges
from winnow.tasks.engine.rows import table_of_rows
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult, WholeStep
from winnow.tasks.sources.crawl_ids import CRAWL_ID
from winnow.tasks.sources.domains import registered_domain

DIMENSIONS = ("source", "language", "domain", "host")
NAMES_PER_GROUP = 4096
NO_FOLDER = "no folder"
NAME_BYTES = 256  # per row of counts: as read, and as a key of the sums
LARGEST = 200
NAMED = 3
COUNTS = pa.schema(
    [
        pa.field("key", pa.uint64()),
        pa.field("dimension", pa.string()),
        pa.field("name", pa.string()),
        pa.field("documents", pa.int64()),
        pa.field("removed", pa.int64()),
    ]
)
RATES = pa.schema(
    [
        pa.field("dimension", pa.string()),
        pa.field("name", pa.string()),
        pa.field("documents", pa.int64()),
        pa.field("removed", pa.int64()),
        pa.field("removed_share", pa.float64()),
        pa.field("outstanding", pa.bool_()),
    ]
)


def source_of(file: str) -> str:
    """The source that a file's path names: a crawl, else the folder of the file."""
    crawl = CRAWL_ID.search(file)
    return crawl[0] if crawl else file.rpartition("/")[0] or NO_FOLDER


@stable("step/count-removals")
@dataclass(frozen=True)
class CountRemovals(ShardStep):
    """Decisions before and after a pass in; of each host, domain, language and source the documents that took part and those that the pass removed out
    (schema COUNTS), sorted by ``key``, a hash of dimension and name."""

    name: ClassVar[str] = "count-removals"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "counts what near-duplicate removal took, by source, language, domain and host"
    kind: ClassVar[Kind] = "aggregate"

    before: Decisions
    after: Decisions
    documents: Step
    entry: str

    @property
    def label(self) -> str:
        return f"count-removals-{self.entry}"

    def run(self, shard: str, context: ShardContext) -> StepResult:
        took_part = context.read(self.before, shard, ["kept"])["kept"].to_numpy(zero_copy_only=False).astype(bool)
        removed = took_part & ~context.read(self.after, shard, ["kept"])["kept"].to_numpy(zero_copy_only=False).astype(bool)
        documents = context.read(self.documents, shard, ["host", "language", "source_file"])
        sums: dict[tuple[str, str], list[int]] = {}
        columns = [[value or "" for value in documents[name].to_pylist()] for name in ("host", "language", "source_file")]
        rows = zip(*columns, took_part.tolist(), removed.tolist(), strict=True)
        for (host, language, file, _, gone), n in Counter(row for row in rows if row[3]).items():
            names = (source_of(file), language or "unknown", registered_domain(host) or "unknown", host or "unknown")
            for where in zip(DIMENSIONS, names, strict=True):
                known = sums.setdefault(where, [0, 0])
                known[0] += n
                known[1] += n * gone
        found = sorted((xxhash.xxh3_64_intdigest("\n".join(where)), *where, *counts) for where, counts in sums.items())
        table = table_of_rows(found, COUNTS)
        return StepResult(table, len(took_part), table.num_rows, row_groups=NAMES_PER_GROUP)


@stable("step/removal-rates")
@dataclass(frozen=True)
class RemovalRates(WholeStep):
    """The counts of every shard in; the outstanding groups, and of the others those that lost most documents, out (schema RATES).

    ``ranges`` bounds what one partition holds: names are spread over partitions by their hash. The notes say per dimension how many groups are outstanding, and name some.
    """

    name: ClassVar[str] = "removal-rates"
    in_a_row: ClassVar[bool] = True
    title: ClassVar[str] = "near-duplicates: rates of removal"
    about: ClassVar[str] = "finds sources, languages, domains and hosts that lost an outstanding share"

    counts: CountRemovals
    ranges: int
    warn_share: float
    warn_documents: int

    @property
    def label(self) -> str:
        return f"removal-rates-{self.counts.entry}"

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{p:05d}" for p in range(self.ranges))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for table in read_together(
            context, self.address, shard, evenly_spread(context, self.counts, NAME_BYTES, self.ranges), partial(self._read, context)
        ):
            for dimension, name, documents, removed in zip(*(table[c].to_pylist() for c in COUNTS.names[1:]), strict=True):
                known = sums[dimension, name]
                known[0] += documents
                known[1] += removed
        by_loss = sorted(sums.items(), key=lambda kv: (DIMENSIONS.index(kv[0][0]), -kv[1][1], kv[0]))
        rows: list[tuple[Any, ...]] = []
        told: Counter[str] = Counter()
        for (dimension, name), (documents, removed) in by_loss:
            told[dimension] += 1
            outstanding = documents >= self.warn_documents and removed > self.warn_share * documents
            if removed and (outstanding or told[dimension] <= LARGEST):
                rows.append((dimension, name, documents, removed, removed / documents, outstanding))
        notes: dict[str, Any] = {"outstanding": dict(Counter(row[0] for row in rows if row[5]))}
        for dimension in DIMENSIONS:
            notes[f"outstanding_{dimension}"] = {row[1]: row[3] for row in [r for r in rows if r[5] and r[0] == dimension][:NAMED]}
        table = table_of_rows(rows, RATES)
        return StepResult(table, len(sums), table.num_rows, notes=notes)

    def _read(self, context: ShardContext, shards: Sequence[str]) -> list[list[pa.Table]]:
        ranges = [key_range(int(shard), self.ranges) for shard in shards]
        found = [tables for _, tables in shards_in_ranges(context, self.counts, ranges)]
        return [[tables[at] for tables in found] for at in range(len(ranges))]

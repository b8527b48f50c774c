"""Publish: the redacted rows of all shards become the corpus: few files of a sensible size, in crawl order within a partition.

Which file a row goes into depends on the number of rows only, so the files are the same however the crawl was cut into shards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.corpus.leaves import LEAVES, leaves_of
from winnow.tasks.corpus.redact import BUCKET, Redact, folder_of
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import Kind, Step, StepResult, WholeStep

ROWS_PER_GROUP = 10_000
LAYOUT = pa.schema(
    [
        pa.field("file", pa.string()),
        pa.field("partition", pa.string()),
        pa.field("shard", pa.string()),
        pa.field("start", pa.int64()),
        pa.field("stop", pa.int64()),
    ]
)


@stable("step/layout")
@dataclass(frozen=True)
class Layout(WholeStep):
    """The row counts of every shard and partition in; which rows go into which file out (schema LAYOUT). ``start`` and ``stop`` count the rows of
    one partition in one shard."""

    name: ClassVar[str] = "layout"
    title: ClassVar[str] = "lay out the corpus"
    about: ClassVar[str] = "plans which rows go into which file"

    redacted: Redact
    rows_per_file: int

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        counts = [(r["shard"], r["notes"]["languages"]) for r in context.store.reports_of(self.redacted, context.shard_keys)]
        rows = []
        for partition in sorted({name for _, by in counts for name in by}):
            placed = 0
            for key, by in counts:
                start, total = 0, by.get(partition, 0)
                while start < total:
                    number, used = divmod(placed, self.rows_per_file)
                    take = min(total - start, self.rows_per_file - used)
                    rows.append(
                        {"file": f"{partition}-{number:05d}", "partition": partition, "shard": key, "start": start, "stop": start + take}
                    )
                    start, placed = start + take, placed + take
        return StepResult(pa.Table.from_pylist(rows, schema=LAYOUT), sum(sum(by.values()) for _, by in counts), len(rows))


@stable("step/publish")
@dataclass(frozen=True)
class Publish(WholeStep):
    """The files of the corpus: Parquet, zstd, under ``corpora/<snapshot>/<recipe>-<short address>/data/lang=<xx>/``, with
    ``bucket=<name>/`` below it where the recipe has buckets. The table ``leaves`` (schema LEAVES) has the Merkle leaf of each document, so that heads and proofs
    need not read the corpus."""

    name: ClassVar[str] = "publish"
    title: ClassVar[str] = "write the corpus"
    about: ClassVar[str] = "writes the corpus"
    version: ClassVar[str] = "2"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"leaves": LEAVES}
    kind: ClassVar[Kind] = "filter"

    layout: Layout
    snapshot: str
    recipe: str

    @property
    def home(self) -> str:
        """The corpus's folder, relative to the store's root."""
        return f"corpora/{self.snapshot}/{self.recipe}-{self.address.rsplit('-', 1)[1][:8]}"

    def data_path(self, shard: str) -> str:
        partition, number = shard.rsplit("-", 1)
        return f"{self.home}/data/{folder_of(partition)}/{number}.parquet"

    def shards(self, context: ShardContext) -> tuple[str, ...] | None:
        # Asked for by name: a listing that lags would say that there is nothing to publish.
        if not context.store.has(self.layout, "all"):
            return None
        return tuple(dict.fromkeys(context.read(self.layout, "all", ["file"])["file"].to_pylist()))

    @property
    def inputs(self) -> tuple[Step, ...]:
        return (self.layout, self.layout.redacted)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        redacted = self.layout.redacted
        plan = context.read(self.layout, "all")
        parts = []
        for entry in plan.filter(pc.equal(plan["file"], shard)).to_pylist():
            with context.store.open_parquet(redacted, entry["shard"]) as file:
                column = file.schema.names.index("partition")  # among the leaves: a nested column has several
                groups = [
                    g for g in range(file.num_row_groups) if file.metadata.row_group(g).column(column).statistics.min == entry["partition"]
                ]
                rows = file.read_row_groups(groups, use_threads=False)
            parts.append(rows.slice(entry["start"], entry["stop"] - entry["start"]).drop_columns(["partition"]))
        table = pa.concat_tables(parts)
        return StepResult(table, table.num_rows, table.num_rows, row_groups=ROWS_PER_GROUP, tables={"leaves": leaves_of(table)})


def file_shard(path: str) -> str:
    """The shard of ``Publish`` that made a file of the corpus: the reverse of ``data_path``."""
    *folders, number = path.removesuffix(".parquet").split("/")
    values = [folder.partition("=")[2] for folder in folders if "=" in folder]
    return f"{BUCKET.join(values)}-{number}"

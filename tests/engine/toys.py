"""Small steps over numbers, for tests of the machinery: what a shard holds is derived from the names of its files."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.crawl import Crawl, SourceFile
from winnow.tasks.engine.step import Kind, ShardStep, StepResult, WholeStep
from winnow.tasks.engine.store import Store
from winnow.tasks.sources.source import Source


@dataclass(frozen=True)
class Count(ShardStep):
    """File ``x`` with the fingerprint '7' -> rows 0..6."""

    name: ClassVar[str] = "count"

    def run(self, shard: str, context: ShardContext) -> StepResult:
        rows = [n for file in context.shard(shard).files for n in range(int(file.fingerprint))]
        return StepResult(pa.table({"n": pa.array(rows, pa.int64())}), len(rows), len(rows))


@dataclass(frozen=True)
class Below(ShardStep):
    name: ClassVar[str] = "below"

    numbers: Count
    high: int
    forgets: int = 0

    def run(self, shard: str, context: ShardContext) -> StepResult:
        table = context.read(self.numbers, shard)
        kept = table.filter(pa.compute.less(table["n"], self.high))
        lost = table.num_rows - kept.num_rows
        return StepResult(kept, table.num_rows, kept.num_rows, {"n:high": lost - self.forgets} if lost else {})


@dataclass(frozen=True)
class Sum(WholeStep):
    name: ClassVar[str] = "sum"
    kind: ClassVar[Kind] = "aggregate"

    numbers: Below

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        total = sum(sum(context.read(self.numbers, key)["n"].to_pylist()) for key in context.shard_keys)
        return StepResult(pa.table({"sum": [total]}), 1, 1)


@dataclass(frozen=True)
class Share(ShardStep):
    name: ClassVar[str] = "share"

    numbers: Below
    total: Sum

    def run(self, shard: str, context: ShardContext) -> StepResult:
        total = context.read(self.total, "all")["sum"][0].as_py()
        part = sum(context.read(self.numbers, shard)["n"].to_pylist())
        return StepResult(pa.table({"share": [part / total]}), 1, 1)


def context(root, sizes=(3, 5, 7), files_per_shard=1) -> ShardContext:
    files = tuple(SourceFile(i, f"f{i}.warc", str(n)) for i, n in enumerate(sizes))
    return ShardContext(Crawl("toy", "warc", files, files_per_shard), Source("/nowhere"), Store(str(root)))


def chain(high=4, forgets=0) -> tuple[Count, Below, Sum, Share]:
    count = Count()
    below = Below(count, high, forgets)
    total = Sum("crawl", below)
    return count, below, total, Share(below, total)

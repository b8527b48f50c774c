"""Small steps over numbers, for tests of the machinery: what a shard holds is derived from the names of its files."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from winnow.tasks.engine.context import Bench
from winnow.tasks.engine.crawl import Crawl, SourceFile
from winnow.tasks.engine.step import Kind, Made, ShardStep, WholeStep
from winnow.tasks.engine.store import Store
from winnow.tasks.sources.source import Source


@dataclass(frozen=True)
class Count(ShardStep):
    """File ``x`` with the fingerprint '7' -> rows 0..6."""

    name: ClassVar[str] = "count"

    def run(self, shard: str, bench: Bench) -> Made:
        rows = [n for file in bench.shard(shard).files for n in range(int(file.fingerprint))]
        return Made(pa.table({"n": pa.array(rows, pa.int64())}), len(rows), len(rows))


@dataclass(frozen=True)
class Below(ShardStep):
    name: ClassVar[str] = "below"

    numbers: Count
    high: int
    forgets: int = 0

    def run(self, shard: str, bench: Bench) -> Made:
        table = bench.read(self.numbers, shard)
        kept = table.filter(pa.compute.less(table["n"], self.high))
        lost = table.num_rows - kept.num_rows
        return Made(kept, table.num_rows, kept.num_rows, {"n:high": lost - self.forgets} if lost else {})


@dataclass(frozen=True)
class Sum(WholeStep):
    name: ClassVar[str] = "sum"
    kind: ClassVar[Kind] = "aggregate"

    numbers: Below

    def shards(self, bench: Bench) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, bench: Bench) -> Made:
        total = sum(sum(bench.read(self.numbers, key)["n"].to_pylist()) for key in bench.shard_keys)
        return Made(pa.table({"sum": [total]}), 1, 1)


@dataclass(frozen=True)
class Share(ShardStep):
    name: ClassVar[str] = "share"

    numbers: Below
    total: Sum

    def run(self, shard: str, bench: Bench) -> Made:
        total = bench.read(self.total, "all")["sum"][0].as_py()
        part = sum(bench.read(self.numbers, shard)["n"].to_pylist())
        return Made(pa.table({"share": [part / total]}), 1, 1)


def bench(root, sizes=(3, 5, 7), files_per_shard=1) -> Bench:
    files = tuple(SourceFile(i, f"f{i}.warc", str(n)) for i, n in enumerate(sizes))
    return Bench(Crawl("toy", "warc", files, files_per_shard), Source("/nowhere"), Store(str(root)))


def chain(high=4, forgets=0) -> tuple[Count, Below, Sum, Share]:
    count = Count()
    below = Below(count, high, forgets)
    total = Sum("crawl", below)
    return count, below, total, Share(below, total)

"""Documents for the tests of deduplication: plain rows as steps, and a run of whatever is asked for on them."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.crawl import Crawl, SourceFile
from winnow.tasks.engine.plan import Plan
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.store import Store
from winnow.tasks.signals.limit import CROSSED
from winnow.tasks.sources.source import Source

DOCS: dict[str, list[dict]] = {}
"""Of each file its documents: url, text, and optionally kept, quality, date."""


def ids(path):
    return [f"{path}:{n}" for n in range(len(DOCS[path]))]


@dataclass(frozen=True)
class Documents(ShardStep):
    name: ClassVar[str] = "documents"

    def run(self, shard: str, context: ShardContext) -> StepResult:
        rows = [(i, d) for f in context.shard(shard).files for i, d in zip(ids(f.path), DOCS[f.path], strict=True)]
        names = ("url", "host", "text", "date")
        table = pa.table(
            {"id": pa.array([i for i, _ in rows], pa.string()), "source_file": pa.array([i.split(":")[0] for i, _ in rows], pa.string())}
            | {k: pa.array([d.get(k, "") for _, d in rows], pa.string()) for k in names}
        )
        return StepResult(table, len(rows), len(rows))


@dataclass(frozen=True)
class Decided(ShardStep):
    name: ClassVar[str] = "decided"

    def run(self, shard: str, context: ShardContext) -> StepResult:
        rows = [(i, d) for f in context.shard(shard).files for i, d in zip(ids(f.path), DOCS[f.path], strict=True)]
        kept = [d.get("kept", True) for _, d in rows]
        table = pa.table(
            {
                "id": pa.array([i for i, _ in rows], pa.string()),
                "kept": pa.array(kept, pa.bool_()),
                "reason": pa.array([None if k else "bad:high" for k in kept], pa.string()),
                "crossed": pa.array([[] if k else [{"reason": "bad:high"}] for k in kept], CROSSED),
                "quality": pa.array([d.get("quality") for _, d in rows], pa.float64()),
            }
        )
        return StepResult(table, len(rows), len(rows))


def context_of(root, files_per_shard=1, memory_bytes=1 << 30):
    files = tuple(SourceFile(i, path, str(len(repr(DOCS[path]))) + path) for i, path in enumerate(DOCS))
    return ShardContext(Crawl("c", "warc", files, files_per_shard), Source("/nowhere"), Store(str(root)), memory_bytes)


def decided(step, context):
    """Run everything that a step needs; its rows in crawl order."""
    plan = Plan([step], context)
    while works := plan.missing():
        for shard, addresses in works[0].todo.items():
            for report in context.make(works[0].stage.steps, shard, addresses):
                plan.mark(report["address"], shard)
    return [row for key in context.shard_keys for row in context.read(step, key).to_pylist()]

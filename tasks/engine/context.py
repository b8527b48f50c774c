"""The ShardContext: what a worker has in front of it while it makes one shard. It connects a step to its inputs, wherever they are.

A table that the same worker just made is taken from memory, any other from the store; steps cannot tell the difference.
"""

import resource
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from winnow.tasks.engine.crawl import Crawl, FileSource, Shard
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.store import Store


@dataclass
class ShardContext:
    """``crawl`` says what there is, ``source`` where it lies, ``store`` where artifacts lie. Picklable: it is sent to worker processes.

    ``memory_bytes`` is what a step over the whole crawl may hold at a time; it takes its partition in pieces of that size and never gives
    another result. ``ahead`` are the shards of the same step that this worker is given next (ahead.py); none if nobody knows.
    """

    crawl: Crawl
    source: FileSource
    store: Store
    memory_bytes: int = 1 << 30
    ahead: tuple[str, ...] = ()
    _memory: dict[tuple[str, str, str], pa.Table] = field(default_factory=dict, repr=False)
    _ready: set[str] = field(default_factory=set, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "crawl": self.crawl,
            "source": self.source,
            "store": self.store,
            "memory_bytes": self.memory_bytes,
            "_memory": {},
            "_ready": set(),
        }

    @cached_property
    def shard_keys(self) -> tuple[str, ...]:
        """In crawl order."""
        return tuple(s.key for s in self.crawl.shards)

    @cached_property
    def _by_key(self) -> dict[str, Shard]:
        return {s.key: s for s in (*self.crawl.shards, *self.crawl.beside)}

    def keys_beside(self, kind: str) -> tuple[str, ...]:
        """The shards of another listing of the crawl, in its order."""
        return tuple(s.key for s in self.crawl.beside if s.kind == kind)

    def shard(self, key: str) -> Shard:
        return self._by_key[key]

    def files_of(self, key: str) -> tuple[str, ...]:
        """Paths of a shard of the crawl or beside it; none for a partition of a step over the whole crawl."""
        return tuple(file.path for file in self._by_key[key].files) if key in self._by_key else ()

    def read(self, step: Step, shard: str, columns: list[str] | None = None, *, table: str = "") -> pa.Table:
        """The table of one shard of an input, or the one of its tables with this name. Raises DamagedArtifact."""
        found = self._memory.get((step.address, shard, table))
        if found is None:
            return self.store.read(step, shard, columns, table=table)
        return found.select(columns) if columns else found

    def make(self, steps: Sequence[Step], shard: str, redo: Iterable[str], ahead: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Run the steps of one stage on one shard, each committed under its own address before the next begins.

        ``redo`` holds the addresses that were not done when the run was planned; the others are read from the store when a later step asks
        for them, and so is what somebody else has made since then: another run, or a worker that died before it could tell.
        Returns the reports of what was made. Raises what a step raises: WinnowError, Transient, or a bug.
        """
        wanted, reports = set(redo), []
        self.ahead = tuple(ahead)
        try:
            for step in steps:
                if step.address not in wanted or self.store.has(step, shard):
                    continue
                if step.address not in self._ready:  # models are loaded once per worker: that is no cost of its first shard
                    step.check()
                    self._ready.add(step.address)
                clock = _Clock()
                made = step.run(shard, self)
                reports.append(self.store.commit(step, shard, made, clock.figures))
                self._memory[step.address, shard, ""] = made.table
                for name, schema in step.tables.items():
                    self._memory[step.address, shard, name] = made.tables.get(name, schema.empty_table())
        finally:
            self._memory.clear()
            self.ahead = ()
        return reports


class _Clock:
    """What a shard of a step has cost since the clock was made, the writing of its table included."""

    def __init__(self) -> None:
        self._begin, self._cpu = time.perf_counter(), time.process_time()

    def figures(self) -> dict[str, Any]:
        return {
            "seconds": round(time.perf_counter() - self._begin, 3),
            "cpu_s": round(time.process_time() - self._cpu, 3),
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }

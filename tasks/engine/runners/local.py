"""The runner ``local``: worker processes of this machine, spawned, bounded in memory, replaced when one dies. Knows neither steps nor Prefect.

Spawn, because s3fs is not fork-safe; no ``max_tasks_per_child``, because it deadlocks in CPython 3.11 to 3.13 (docs/design.md).
Each worker is an executor of its own: the death of one breaks nothing but the shard it was making, and says which one that was.
"""

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import ShardKilled
from winnow.tasks.engine.runners.base import ATTEMPTS, Outcome
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.worker import Job, settle

WATCH_EVERY_S = 0.2
SHARE_OF_MACHINE = 0.9
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

_job: Job | None = None


def _begin(job: Job, parent: int) -> None:
    """Set a worker process up: it dies with its parent, leaves Ctrl-C to it, and uses one core."""
    global _job
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settle()
    _job = job


def _die_with(parent: int) -> None:
    """End this process when its parent is gone. Not PR_SET_PDEATHSIG: that fires when the *thread* ends that made the process."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _make(addresses: Sequence[str], shard: str, redo: Sequence[str]) -> list[dict[str, Any]]:
    assert _job is not None
    return _job.make(addresses, shard, redo)


def machine_bytes() -> int:
    """Memory of this machine, or of the container this process is in."""
    total = PAGE_BYTES * os.sysconf("SC_PHYS_PAGES")
    for path in CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(Path(path).read_text()))
    return total


def rss_bytes(pid: int) -> int:
    """Resident memory of a process without what it shares with files; 0 if it is gone."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE_BYTES


@dataclass
class _Slot:
    """One worker process. ``over_bytes`` is what it held when the watch ended it."""

    executor: ProcessPoolExecutor
    over_bytes: int = 0

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(self.executor._processes or ())

    def end(self) -> None:
        processes = list((self.executor._processes or {}).values())
        self.executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()


class Pool:
    """``workers`` processes that make shards. ``memory_bytes`` bounds each; 0 gives each an equal share of this machine."""

    def __init__(self, job: Job, workers: int, memory_bytes: int = 0) -> None:
        self._job = job
        self.slots = workers
        self.memory_bytes = memory_bytes or int(machine_bytes() * SHARE_OF_MACHINE / workers)
        self._all = [_Slot(self._new()) for _ in range(workers)]
        self._free: queue.SimpleQueue[_Slot] = queue.SimpleQueue()
        for slot in self._all:
            self._free.put(slot)
        self._threads = ThreadPoolExecutor(workers, "winnow-pool")
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._watch_memory, daemon=True, name="winnow-memory")
        self._watch.start()

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(self._job, os.getpid()))

    def run(self, steps: Sequence[Step], todo: Mapping[str, tuple[str, ...]]) -> Iterator[Outcome]:
        """As Runner.run; never raises Transient itself. Raises CancelledError when the pool is closed meanwhile."""
        if self._closed.is_set():
            raise CancelledError
        addresses = [step.address for step in steps]
        futures: dict[Future[list[dict[str, Any]]], str] = {
            self._threads.submit(self._one, addresses, steps[0].label, shard, redo): shard for shard, redo in todo.items()
        }
        try:
            for future in as_completed(futures):
                error = future.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error
                yield Outcome(futures[future], () if error else tuple(future.result()), error)
        finally:
            for future in futures:
                future.cancel()

    def _one(self, addresses: Sequence[str], label: str, shard: str, redo: Sequence[str]) -> list[dict[str, Any]]:
        """Make one shard in the next free worker. Raises ShardKilled, or what a step raises."""
        slot = self._free.get()
        deaths = overruns = 0
        try:
            while True:
                try:
                    return slot.executor.submit(_make, addresses, shard, redo).result()
                except RuntimeError as e:
                    if self._closed.is_set():
                        raise CancelledError from None
                    if not isinstance(e, BrokenProcessPool):
                        raise
                    deaths, overruns = deaths + 1, overruns + (slot.over_bytes > 0)
                    over_bytes = slot.over_bytes
                    slot.end()
                    slot.executor, slot.over_bytes = self._new(), 0
                    # The first overrun may be due to what earlier shards left in the process; a fresh one has no such excuse.
                    if overruns > 1:
                        raise ShardKilled(
                            f"Shard {shard} of {label} needed more than {over_bytes / 2**30:.1f} GiB and its worker was ended, twice; the bound is "
                            f"{self.memory_bytes / 2**30:.1f} GiB a worker. Use fewer --workers, a higher --worker-memory-gib or fewer "
                            "--files-per-shard, then run the same command again; what is finished is kept."
                        ) from None
                    if deaths > ATTEMPTS:
                        raise ShardKilled(
                            f"A worker process was killed {deaths} times at shard {shard} of {label}, most often for lack of memory "
                            "(see `dmesg`). Use fewer workers (--workers) or smaller shards, then run the same command again; what is finished is kept."
                        ) from None
        finally:
            self._free.put(slot)

    def _watch_memory(self) -> None:
        """End a worker that holds more than it may, before the kernel ends something else."""
        while not self._closed.wait(WATCH_EVERY_S):
            for slot in self._all:
                for pid in slot.pids:
                    if (held := rss_bytes(pid)) > self.memory_bytes:
                        slot.over_bytes = held
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End the workers now; a shard in the making is lost and will be redone."""
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for slot in self._all:
            slot.end()
        self._threads.shutdown()

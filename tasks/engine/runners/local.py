"""The runner ``local``: worker processes of this machine, spawned, bounded in memory, replaced when one dies. Knows neither steps nor Prefect.

Spawn, because s3fs is not fork-safe; no ``max_tasks_per_child``, because it deadlocks in CPython 3.11 to 3.13 (docs/design.md).
Each worker is an executor of its own: the death of one breaks nothing but the shard it was making, and says which one that was.
"""

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import Any

from winnow.tasks.engine.errors import ShardKilled
from winnow.tasks.engine.runners.base import ATTEMPTS, Outcome
from winnow.tasks.engine.runners.machine import Registry, largest_over_share, rss_bytes, share_bytes
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.worker import Job, settle

WATCH_EVERY_S = 0.2

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


def _make(addresses: Sequence[str], shard: str, redo: Sequence[str], ahead: Sequence[str]) -> list[dict[str, Any]]:
    assert _job is not None
    return _job.make(addresses, shard, redo, ahead)


def _cancel_with(futures: Sequence[Future[Any]], begun: Future[None]) -> None:
    """Nobody waits for shards for ever that a closed pool does not begin."""
    for future in futures if begun.cancelled() else ():
        if future.cancel():
            future.set_running_or_notify_cancel()


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
    """``workers`` processes that make shards. ``memory_bytes`` bounds each; 0 gives the workers of all runs equal shares of this machine, which one may
    overstep while the others leave room."""

    def __init__(self, job: Job, workers: int, memory_bytes: int = 0) -> None:
        self._job = job
        self.slots = workers
        self._fixed = memory_bytes > 0
        self.memory_bytes = memory_bytes or share_bytes(workers)
        self._machine = Registry(workers)
        self._all = [_Slot(self._new()) for _ in range(workers)]
        # The last one that was used first: it has loaded what the next shard needs, and where there are few shards no other has to start.
        self._free: queue.LifoQueue[_Slot] = queue.LifoQueue()
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
        deaths: Counter[str] = Counter()
        rows = [tuple(todo)] if steps[0].in_a_row else [(shard,) for shard in todo]
        futures: dict[Future[list[dict[str, Any]]], str] = {}
        for row in rows:
            mine: list[Future[list[dict[str, Any]]]] = [Future() for _ in row]
            futures.update(zip(mine, row, strict=True))
            begun = self._threads.submit(self._row, addresses, steps[0].label, {shard: todo[shard] for shard in row}, deaths, mine)
            begun.add_done_callback(partial(_cancel_with, mine))
        try:
            for future in as_completed(futures):
                error, shard = future.exception(), futures[future]
                if error is not None and not isinstance(error, Exception):
                    raise error
                yield Outcome(shard, () if error else tuple(future.result()), error, deaths[shard])
        finally:
            for future in futures:
                future.cancel()

    def _row(
        self,
        addresses: Sequence[str],
        label: str,
        todo: Mapping[str, tuple[str, ...]],
        died: Counter[str],
        futures: Sequence[Future[list[dict[str, Any]]]],
    ) -> None:
        """Make shards one after the other in the next free worker; what came of each is in its future."""
        slot = self._free.get()
        try:
            shards = tuple(todo)
            for n, (shard, future) in enumerate(zip(shards, futures, strict=True)):
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    future.set_result(self._one(slot, addresses, label, shard, todo[shard], shards[n + 1 :], died))
                except BaseException as e:
                    future.set_exception(e)
        finally:
            self._free.put(slot)

    def _one(
        self, slot: _Slot, addresses: Sequence[str], label: str, shard: str, redo: Sequence[str], ahead: Sequence[str], died: Counter[str]
    ) -> list[dict[str, Any]]:
        """Make one shard in a worker. Raises ShardKilled, CancelledError when the pool is closed, or what a step raises."""
        deaths = overruns = 0
        while True:
            if self._closed.is_set():  # its workers may still take work for a moment
                raise CancelledError
            try:
                return slot.executor.submit(_make, addresses, shard, redo, ahead).result()
            except RuntimeError as e:
                if self._closed.is_set():
                    raise CancelledError from None
                if not isinstance(e, BrokenProcessPool):
                    raise
                deaths, overruns = deaths + 1, overruns + (slot.over_bytes > 0)
                over_bytes = slot.over_bytes
                died[shard] += 1
                held = f" It held {over_bytes / 2**30:.1f} GiB, more than it may." if over_bytes else ""
                print(
                    f"A worker process was killed at shard {shard} of {label}; another takes its place.{held}",
                    file=sys.stderr,
                    flush=True,
                )
                slot.end()
                slot.executor, slot.over_bytes = self._new(), 0
                ahead = ()
                # The first overrun may be due to what earlier shards left in the process, or was read ahead; a fresh one has no such excuse.
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

    def _watch_memory(self) -> None:
        """End a worker that holds more than it may, before the kernel ends something else."""
        told: tuple[int, ...] = ()
        while not self._closed.wait(WATCH_EVERY_S):
            slots = {pid: slot for slot in self._all for pid in slot.pids}
            if tuple(slots) != told:
                told = tuple(slots)
                self._machine.tell(told)
            held = {pid: rss_bytes(pid) for pid in slots}
            if self._fixed:
                over = [pid for pid, n in held.items() if n > self.memory_bytes]
            else:
                pools = self._machine.pools()
                self.memory_bytes = share_bytes(sum(p.workers for p in pools))
                found = largest_over_share(held, pools)
                over = [] if found is None else [found]
            for pid in over:
                slots[pid].over_bytes = held[pid]
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End the workers now; a shard in the making is lost and will be redone."""
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for slot in self._all:
            slot.end()
        self._threads.shutdown()
        self._machine.close()

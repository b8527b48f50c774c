"""Worker processes of this machine: spawned, each with its own Bench, replaced when one dies. Knows neither steps nor Prefect.

Spawn, because s3fs is not fork-safe; no ``max_tasks_per_child``, because it deadlocks in CPython 3.11 to 3.13 (research/prefect.md).
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tasks.core.bench import Bench
from tasks.core.errors import WinnowError
from tasks.core.step import Step

ATTEMPTS = 3

_bench: Bench | None = None


def _begin(bench: Bench, parent: int) -> None:
    """Set a worker process up: it dies with its parent, leaves Ctrl-C to it, and uses one core."""
    global _bench
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(2)
    _bench = bench


def _die_with(parent: int) -> None:
    """End this process when its parent is gone. Not PR_SET_PDEATHSIG: that fires when the *thread* ends that made the process."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _make(steps: Sequence[Step], shard: str, redo: Sequence[str]) -> list[dict[str, Any]]:
    assert _bench is not None
    return _bench.make(steps, shard, redo)


class Pool:
    """``workers`` processes that make shards. Thread-safe: several batches may share it."""

    def __init__(self, bench: Bench, workers: int) -> None:
        self._bench, self._workers = bench, workers
        self._lock = threading.Lock()
        self._executor = self._new()

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, mp_context=context, initializer=_begin, initargs=(self._bench, os.getpid()))

    def run(self, steps: Sequence[Step], todo: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Make all shards of ``todo`` (shard -> addresses), yielding each with its reports as it is finished.

        Raises:
            WinnowError: a shard killed its worker three times. And whatever a step raises, after cancelling what has not begun.
        """
        left, deaths = dict(todo), 0
        while left:
            executor = self._executor
            futures: dict[Future[list[dict[str, Any]]], str] = {}
            try:
                # After a death, one shard at a time: only the one at fault can die again.
                for shard in list(left)[: 1 if deaths else None]:
                    futures[executor.submit(_make, steps, shard, left[shard])] = shard
                for future in as_completed(futures):
                    reports = future.result()
                    del left[futures[future]]
                    deaths = 0
                    yield futures[future], reports
            except BrokenProcessPool:
                deaths += 1
                self._replace(executor)
                if deaths > ATTEMPTS:
                    raise WinnowError(
                        f"A worker process was killed {deaths} times at shard {next(iter(left))} of {steps[0].label}, most often for lack of memory "
                        "(see `dmesg`). Use fewer workers (--workers) or smaller shards, then run the same command again; what is finished is kept."
                    ) from None
            finally:
                for future in futures:
                    future.cancel()

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._executor is broken:
                broken.shutdown(wait=False, cancel_futures=True)
                self._executor = self._new()

    def close(self) -> None:
        """End the workers now; a shard in the making is lost and will be redone."""
        processes = list((self._executor._processes or {}).values())
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

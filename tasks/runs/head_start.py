"""The first shards of a command's run, begun while Prefect starts: its engine takes seconds in which the workers would stand still.

The flow then takes over the run with its plan and its workers, and is handed what was begun before as if it had asked for it. So nothing is
planned, counted or made twice.
"""

import contextlib
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from winnow.tasks.engine.plan import Work
from winnow.tasks.engine.runners.base import Outcome, Runner
from winnow.tasks.engine.step import Step
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.room import check_room
from winnow.tasks.runs.run import Run, clean


@dataclass(frozen=True)
class Begun:
    """A prepared run, which the flow takes over. With a ``runner`` it is on record already, and its workers are at work. ``warning`` is that of ``begin``."""

    run: Run
    runner: Runner | None = None
    warning: str = ""


def begin(run: Run) -> str:
    """What comes before the first shard: the store can be written to and has room, the models are there, the run is on record. A warning if the disk may be
    too small for it, or nothing.

    Raises:
        BadInput: the store or a model cannot be used. WinnowError: the store's disk is nearly full, or too small for what the run's forecast expects at least.
    """
    warning = check_room(run)
    run.context.store.open_for_writing()
    run.pipeline.check()
    record(run)
    clean(run)
    return warning


@contextlib.contextmanager
def head_start(run: Run) -> Iterator[Begun]:
    """Begin the run, and its first missing shards, for the flow that it is handed to inside. The workers end with the context.

    A cluster is left to the flow: its workers may be many, and start without us.

    Raises:
        BadInput: as :func:`begin`.
    """
    works = run.plan.missing() if run.runner == "local" else []
    if not works:
        yield Begun(run)
        return
    warning = begin(run)
    ahead = Ahead(run.open_runner(), works[0])
    try:
        yield Begun(run, ahead, warning)
    finally:
        ahead.close()


class Ahead:
    """A runner that has begun with some shards of ``work``, one per slot, and goes on by itself until it is asked for something."""

    def __init__(self, inner: Runner, work: Work) -> None:
        self._inner, self.slots = inner, inner.slots
        self._steps = work.stage.steps
        shards = list(work.todo)
        # Somewhere, so that two commands that begin at the same time begin with different shards.
        first = secrets.randbelow(len(shards))
        self._next = iter([*shards[first:], *shards[:first]])
        self._todo = work.todo
        self._futures: dict[str, Future[Outcome]] = {}
        self._lock = threading.Lock()
        self._taken_over = False
        for _ in range(min(self.slots, len(shards))):
            threading.Thread(target=self._go_on, daemon=True, name="winnow-ahead").start()

    def _go_on(self) -> None:
        while True:
            with self._lock:
                shard = None if self._taken_over else next(self._next, None)
                if shard is None:
                    return
                future = self._futures[shard] = Future()
            try:
                [outcome] = self._inner.run(self._steps, {shard: self._todo[shard]})
            except BaseException as e:
                future.set_exception(e)
                return
            future.set_result(outcome)

    def run(self, steps: Sequence[Step], todo: Mapping[str, tuple[str, ...]]) -> Iterator[Outcome]:
        """As Runner.run. A shard that was begun before is waited for; asked for again, as after an error, it is made again."""
        with self._lock:
            self._taken_over = True
            known = steps[0].address == self._steps[0].address
            mine = {shard: self._futures.pop(shard) for shard in todo if known and shard in self._futures}
        for future in mine.values():
            yield future.result()
        if rest := {shard: addresses for shard, addresses in todo.items() if shard not in mine}:
            yield from self._inner.run(steps, rest)

    def close(self) -> None:
        """As Runner.close."""
        with self._lock:
            self._taken_over = True
        self._inner.close()

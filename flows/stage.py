"""One stage of a run as a subflow: batches of its missing shards as task runs, a runner's workers below them, and what is told of it while it goes on.

As many batches at a time as keep every worker busy. What a batch may be tried again for is ``Transient`` alone.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, cast

from prefect import flow, get_run_logger, tags, task
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.futures import PrefectConcurrentFuture
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff

from winnow.flows import names
from winnow.tasks.engine.errors import Transient, WinnowError
from winnow.tasks.engine.plan import Stage, Work
from winnow.tasks.engine.root import MIN_FREE_BYTES, no_space
from winnow.tasks.engine.runners.base import Runner
from winnow.tasks.runs.account import Account, Whole, why
from winnow.tasks.runs.housekeeping import command
from winnow.tasks.runs.run import Run
from winnow.tasks.runs.stages import numbered, stage_title

MAX_BATCHES = 60
PROGRESS_EVERY_S = 2.0
SAVE_EVERY_S = 10.0

Listener = Callable[[str, int, int, dict[str, int]], None]
listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
"""Called with (stage, shards done, shards, figures) while a run goes on; the command line draws its progress bar with it."""


def make_stage(run: Run, works: Sequence[Work], runner: Runner, progress: Any) -> None:
    """Make the missing shards of the first stage of ``works``. ``progress`` is the artifact of the whole run. Raises what it failed with."""
    free_bytes = run.context.store.free_bytes()
    if free_bytes is not None and free_bytes < MIN_FREE_BYTES:
        raise no_space(run.context.store, free_bytes)
    batches = _Batches(run, works, runner, progress)
    with tags(*_tags(run, batches.work.stage)):
        state = cast("State[Any]", batches.subflow()(batches.name, len(batches.shards), len(batches.work.todo), return_state=True))
    get_run_logger().info("%s", batches.whole.line())
    if not state.is_completed() or batches.account.stop:
        raise _failure(batches.account, f"The stage {batches.name} ended as {state.name}: {state.message}")


def cached_stage(run: Run, stage: Stage) -> None:
    """A row for a stage whose every shard was found in the store."""

    @flow(
        name="curate-stage",
        flow_run_name=lambda: names.title(run, numbered(stage, run.plan.stages)),
        description="A stage whose every shard was found in the store.",
    )
    def cached(shards: int) -> State[Any]:
        return Completed(name="Cached", message=f"All {shards} shards were found in the store.")

    with tags(*_tags(run, stage)):
        cached(len(stage.steps[0].shards(run.context) or ()))


def _tags(run: Run, stage: Stage) -> tuple[str, ...]:
    return (run.context.crawl.snapshot, run.pipeline.recipe.name, stage_title(stage))


def _is_transient(task: Any, task_run: Any, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), Transient)


def _failure(account: Account, message: str) -> BaseException:
    """What a stage failed with; ``message`` if no shard says more."""
    if account.stop:
        return account.stop
    # A bug, or a Transient that outlived its retries, comes first and is raised as it was.
    failures = sorted(account.failed.values(), key=lambda e: isinstance(e, WinnowError))
    if failures and not isinstance(failures[0], WinnowError):
        return failures[0]
    more = f" ({len(failures)} shards failed; `winnow status` names them all.)" if len(failures) > 1 else ""
    return WinnowError(f"{failures[0] if failures else message}{more}")


class _Batches:
    """The shards of one stage in batches, and the account of what became of them."""

    def __init__(self, run: Run, works: Sequence[Work], runner: Runner, progress: Any) -> None:
        self.run, self.work, self.runner, self.progress = run, works[0], runner, progress
        first = self.work.stage.steps[0]
        self.name = numbered(self.work.stage, run.plan.stages)
        self.shards = list(first.shards(run.context) or ())
        self.account = Account(self.work, len(self.shards))
        self.whole = Whole.of(run, works, self.account)
        self._is_reading = not first.inputs  # only there does a rate of documents say how fast the run is
        # In a row, a batch is one worker's.
        self._size = -(-len(self.shards) // (min(runner.slots, MAX_BATCHES) if first.in_a_row else MAX_BATCHES))
        self._batches = [self.shards[i : i + self._size] for i in range(0, len(self.shards), self._size)]
        # As many batches at a time as keep every worker busy, and one more, so that none waits for the last shard of a batch.
        self._at_once = min(len(self._batches), runner.slots, runner.slots if first.in_a_row else -(-runner.slots // self._size) + 1)
        self._warned = False

    def subflow(self) -> Any:
        """The flow that makes them."""

        @task(
            name=stage_title(self.work.stage),
            task_run_name="{shards}",
            cache_policy=NO_CACHE,
            persist_result=False,
            retries=4,
            retry_delay_seconds=exponential_backoff(backoff_factor=5),
            retry_jitter_factor=0.5,
            retry_condition_fn=_is_transient,
            tags=[step.label for step in self.work.stage.steps],
        )
        def materialise(shards: str, batch: int) -> Any:
            return self._make(self._batches[batch])

        @flow(
            name="curate-stage",
            flow_run_name=lambda: names.title(self.run, self.name),
            description="Shards of one stage, in batches: " + ", ".join(step.label for step in self.work.stage.steps),
            task_runner=cast("TaskRunner[Any]", ThreadPoolTaskRunner(max_workers=self._at_once)),
        )
        def stage_flow(stage: str, shards: int, missing: int) -> Any:
            about = f"{stage}: {self.account.line()}"
            artifact = create_progress_artifact(0.0, key=f"progress-{self.work.stage.steps[0].label}", description=about)
            try:
                # Each run begins somewhere else, so that two that work on the same at the same time share it: what the other made is not made again.
                first = secrets.randbelow(len(self._batches))
                order = [*range(first, len(self._batches)), *range(first)]
                futures = [cast("PrefectConcurrentFuture[Any]", materialise.submit(shards=self._said(i), batch=i)) for i in order]
                self._follow(futures, artifact)
            except BaseException:
                # Cancelled, or Ctrl-C: end the workers first, or Prefect waits here for every shard of the batches that run.
                self.account.stop = self.account.stop or WinnowError("Cancelled.")
                self.runner.close()
                raise
            get_run_logger().info("%s: %s", stage, self.account.line())
            if self.account.failed:
                self._show_failed()
            for future in futures:
                future.wait()  # now they know their states; before, they would ask a server that lags behind
            failed = [f.state for f in futures if f.state.is_failed() or f.state.is_crashed()]
            if failed:
                return Failed(message=failed[0].message or "A batch failed.", data=failed[0].data)
            return Completed(message=f"{len(self.account.finished)} shards made, {shards - missing} found in the store.")

        return stage_flow

    def _said(self, batch: int) -> str:
        begin, shards = batch * self._size, self._batches[batch]
        return f"shard {begin}" if len(shards) == 1 else f"shards {begin} to {begin + len(shards) - 1}"

    def _make(self, shards: Sequence[str]) -> Any:
        """What one task run does: the state of a batch, or raises what it may be tried again for and bugs."""
        account, work = self.account, self.work
        mine = [s for s in shards if s in work.todo]
        todo = {s: work.todo[s] for s in mine if account.is_to_do(s)}
        if account.stop and todo:
            return Failed(message="Not begun: another batch of this stage failed.")
        for outcome in self.runner.run(work.stage.steps, todo) if todo else ():
            account.add(outcome)
            for address in () if outcome.error else todo[outcome.shard]:
                self.run.plan.mark(address, outcome.shard, made=address in outcome.made)
            if account.stop:
                return Failed(message=str(account.stop))
        failed = {s: account.failed[s] for s in mine if s in account.failed}
        if passing := [e for e in failed.values() if isinstance(e, Transient)]:
            raise passing[0]
        if bugs := [e for e in failed.values() if not isinstance(e, WinnowError)]:
            raise bugs[0]
        if failed:
            return Failed(message="; ".join(f"{shard}: {why(e)}" for shard, e in failed.items()))
        return None if todo else Completed(name="Cached", message="Every shard was found in the store.")

    def _follow(self, pending: Sequence[Any], artifact: Any) -> None:
        """Wait for all batches, and tell meanwhile."""
        tell, told, saved = listener.get(), time.monotonic(), time.monotonic()
        while True:
            # Waited for one by one: the timeout of prefect.futures.wait is an alarm that may go off while a lock is held, and then all wait for ever.
            if pending:
                pending[0].wait(timeout=0.2)
            pending = [f for f in pending if not f.wrapped_future.done()]
            if tell:
                tell(self.name, self.account.done, len(self.shards), {"rows": self.account.documents} if self._is_reading else {})
            if not pending or time.monotonic() - told > PROGRESS_EVERY_S:
                self._check_space()
                share = 100.0 * self.account.done / max(1, len(self.shards))
                update_progress_artifact(artifact, progress=share, description=f"{self.name}: {self.account.line()}")
                update_progress_artifact(self.progress, progress=self.whole.percent, description=self.whole.line())
                told = time.monotonic()
            if not pending or time.monotonic() - saved > SAVE_EVERY_S:
                self.account.save(self.run)
                saved = time.monotonic()
            if not pending:
                return

    def _check_space(self) -> None:
        """Stop the stage while there is still room to say so; warn once if the disk is too small for the stage going on as so far."""
        account, store = self.account, self.run.context.store
        free_bytes = store.free_bytes()
        if free_bytes is None:
            return
        if free_bytes < MIN_FREE_BYTES:
            account.stop = account.stop or no_space(store, free_bytes)
        elif account.bytes_to_come > free_bytes - MIN_FREE_BYTES and not self._warned:
            self._warned = True
            get_run_logger().warning(
                "%s will need about %.1f GiB more at this rate, %.1f GiB are free. `winnow prune` deletes what no corpus needs.",
                stage_title(self.work.stage), account.bytes_to_come / 2**30, free_bytes / 2**30,
            )  # fmt: skip

    def _show_failed(self) -> None:
        """The shards that failed, why, and how to try just these again, in the UI."""
        create_table_artifact(
            [
                {"shard": shard, "files": ", ".join(self.run.context.files_of(shard)), "step": self.work.stage.label, "why": why(error)}
                for shard, error in self.account.failed.items()
            ],
            key="failed-shards",
            description=f"Shards of {self.run.id} that failed. What is finished is kept; this makes just these: `{command(self.run.request)}`",
        )

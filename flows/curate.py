"""The flow ``curate-snapshot``: all that Prefect knows of a run. What is retried, what things are called, what a finished batch looks like.

One subflow per stage, batches of shards as its task runs (under a hundred each), a spawn pool of worker processes below them
(docs/design.md). The Store alone decides what is done; Prefect's caches are off.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import asdict
from typing import Any, cast

from prefect import flow, get_run_logger, tags, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.futures import PrefectConcurrentFuture
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff

from winnow.flows import names
from winnow.flows.entry import entry
from winnow.tasks.engine.errors import DamagedArtifact, Transient, WinnowError
from winnow.tasks.engine.plan import Stage, Work
from winnow.tasks.engine.runners.base import Runner
from winnow.tasks.engine.store import MIN_FREE_BYTES, no_space
from winnow.tasks.report import artifacts
from winnow.tasks.report.section import contents
from winnow.tasks.report.serving import report_link
from winnow.tasks.report.summary import Summary
from winnow.tasks.runs.account import Account, Whole, why
from winnow.tasks.runs.head_start import Begun, begin
from winnow.tasks.runs.housekeeping import command
from winnow.tasks.runs.parameters import Request, takes_request
from winnow.tasks.runs.run import Run, clean, evidence, prepare, release, result
from winnow.tasks.runs.stages import numbered, stage_title

MAX_BATCHES = 60
REPAIRS = 3
PROGRESS_EVERY_S = 2.0
SAVE_EVERY_S = 10.0

Listener = Callable[[str, int, int, dict[str, int]], None]
listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
"""Called with (stage, shards done, shards, figures) while a run goes on; the command line draws its progress bar with it."""


def _is_transient(task: Any, task_run: Any, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), Transient)


ENTRY: dict[str, Any] = {
    "flow_run_name": names.name_of_request,
    "description": "A Common Crawl snapshot in, a curated corpus out. Run it again to resume: what is finished is found in the store and never made twice.",
    "validate_parameters": True,
}


@entry(name="curate-snapshot", **ENTRY)
@takes_request
def curate_snapshot(*, notify: str = "", **request: Any) -> Any:
    """Curate a snapshot with a recipe into a store. The same parameters again do nothing and say so.

    Args:
        notify: The notification block that is told when the run ends, as SLUG/NAME (custom-webhook/ops); empty for nobody.
    """  # Prefect makes the form from this docstring and drops the descriptions of Field.
    return _curate(Begun(prepare(Request(**request))))


def curate_begun(begun: Begun) -> State[Any]:
    """Run the flow for a run that was prepared before, and perhaps begun. Its parameters are those of that run's request, and no others."""

    @entry(name="curate-snapshot", **ENTRY)
    @takes_request
    def curate_snapshot(**request: Any) -> Any:
        return _curate(begun)

    return cast("State[Any]", curate_snapshot(**asdict(begun.run.request), return_state=True))


def _curate(begun: Begun) -> State[Any]:
    """Work off what the run misses, and release it. Raises WinnowError."""
    run = begun.run
    names.show_snapshot(run)
    if not run.plan.missing() and run.is_released():
        get_run_logger().info("Nothing to do: all %d shards x steps are in the store.", run.plan.total())
        return Completed(name="Cached", message=f"Nothing to do, see {run.context.store.uri(run.home)}", data=result(run))
    if warning := begun.warning if begun.runner else begin(run):
        get_run_logger().log(logging.INFO if begun.runner else logging.WARNING, "%s", warning)  # the terminal has said it
    work_off(run, begun.runner)
    summary = release(run)
    _publish_artifacts(run, summary)
    return Completed(message=f"Corpus at {run.context.store.uri(run.home)}", data=result(run))


def work_off(run: Run, runner: Runner | None = None) -> None:
    """Run every stage that misses something. What is found damaged on the way is made anew, a bounded number of times."""
    repairs = 0
    try:
        shown: set[str] = set()
        progress: Any = None
        while works := run.plan.missing():
            runner = runner or run.open_runner()
            for stage in run.plan.stages:
                if stage is works[0].stage:
                    break
                run.plan.fold(stage)
                if stage.label not in shown:
                    shown.add(stage.label)
                    _cached_stage(run, stage)
            shown.add(works[0].stage.label)
            progress = progress or create_progress_artifact(0.0, key="progress", description=f"{names.title(run)}: {run.id}")
            try:
                _stage(run, works, runner, progress)
            except DamagedArtifact:
                repairs += 1
                if repairs > REPAIRS:
                    raise
                run.plan.forget()
        for stage in run.plan.stages:
            run.plan.fold(stage)
        if progress:
            update_progress_artifact(
                progress, progress=100.0, description=f"{names.title(run)}: all {len(run.plan.stages)} stages are done."
            )
    finally:
        if runner:
            runner.close()
    if runner:
        clean(run)  # what a worker left that was killed on the way


def _cached_stage(run: Run, stage: Stage) -> None:
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


def _stage(run: Run, works: Sequence[Work], runner: Runner, progress: Any) -> None:
    """One subflow: the missing shards of the first stage of ``works``, in batches. ``progress`` is the artifact of the whole run. Raises what it failed
    with."""
    work = works[0]
    name = numbered(work.stage, run.plan.stages)
    reads = not work.stage.steps[0].inputs  # only there does a rate of documents say how fast the run is
    shards = list(work.stage.steps[0].shards(run.context) or ())
    account = Account(work, len(shards))
    whole = Whole.of(run, works, account)
    free_bytes = run.context.store.free_bytes()
    if free_bytes is not None and free_bytes < MIN_FREE_BYTES:
        raise no_space(run.context.store, free_bytes)
    in_a_row = work.stage.steps[0].in_a_row  # a batch is one worker's then
    size = -(-len(shards) // (min(runner.slots, MAX_BATCHES) if in_a_row else MAX_BATCHES))
    batches = [shards[i : i + size] for i in range(0, len(shards), size)]
    # As many batches at a time as keep every worker busy, and one more, so that none waits for the last shard of a batch.
    at_once = min(len(batches), runner.slots, runner.slots if in_a_row else -(-runner.slots // size) + 1)

    @task(
        name=stage_title(work.stage),
        task_run_name="{shards}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=4,
        retry_delay_seconds=exponential_backoff(backoff_factor=5),
        retry_jitter_factor=0.5,
        retry_condition_fn=_is_transient,
        tags=[step.label for step in work.stage.steps],
    )
    def materialise(shards: str, batch: int) -> Any:
        mine = [s for s in batches[batch] if s in work.todo]
        todo = {s: work.todo[s] for s in mine if account.is_to_do(s)}
        if account.stop and todo:
            return Failed(message="Not begun: another batch of this stage failed.")
        for outcome in runner.run(work.stage.steps, todo) if todo else ():
            account.add(outcome)
            for address in () if outcome.error else todo[outcome.shard]:
                run.plan.mark(address, outcome.shard, made=address in outcome.made)
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

    @flow(
        name="curate-stage",
        flow_run_name=lambda: names.title(run, name),
        description="Shards of one stage, in batches: " + ", ".join(step.label for step in work.stage.steps),
        task_runner=cast("TaskRunner[Any]", ThreadPoolTaskRunner(max_workers=at_once)),
    )
    def stage_flow(stage: str, shards: int, missing: int) -> Any:
        artifact = create_progress_artifact(0.0, key=f"progress-{work.stage.steps[0].label}", description=f"{stage}: {account.line()}")
        ranges = [f"shard {i * size}" if len(b) == 1 else f"shards {i * size} to {i * size + len(b) - 1}" for i, b in enumerate(batches)]
        tell, told, saved = listener.get(), time.monotonic(), time.monotonic()
        warned: set[str] = set()
        try:
            # Each run begins somewhere else, so that two that work on the same at the same time share it: what the other made is not made again.
            first = secrets.randbelow(len(batches))
            # Waited for one by one: the timeout of prefect.futures.wait is an alarm that may go off while a lock is held, and then all wait for ever.
            order = [*range(first, len(batches)), *range(first)]
            futures = [cast("PrefectConcurrentFuture[Any]", materialise.submit(shards=ranges[i], batch=i)) for i in order]
            pending = futures
            while True:
                if pending:
                    pending[0].wait(timeout=0.2)
                pending = [f for f in pending if not f.wrapped_future.done()]
                if tell:
                    tell(stage, account.done, shards, {"rows": account.documents} if reads else {})
                if not pending or time.monotonic() - told > PROGRESS_EVERY_S:
                    _check_space(run, account, warned)
                    share = 100.0 * account.done / max(1, shards)
                    update_progress_artifact(artifact, progress=share, description=f"{stage}: {account.line()}")  # type: ignore[arg-type]
                    update_progress_artifact(progress, progress=whole.percent, description=whole.line())
                    told = time.monotonic()
                if not pending or time.monotonic() - saved > SAVE_EVERY_S:
                    account.save(run)
                    saved = time.monotonic()
                if not pending:
                    break
        except BaseException:
            # Cancelled, or Ctrl-C: end the workers first, or Prefect waits here for every shard of the batches that run.
            account.stop = account.stop or WinnowError("Cancelled.")
            runner.close()
            raise
        get_run_logger().info("%s: %s", stage, account.line())
        if account.failed:
            _show_failed(run, account)
        for future in futures:
            future.wait()  # now they know their states; before, they would ask a server that lags behind
        failed = [f.state for f in futures if f.state.is_failed() or f.state.is_crashed()]
        if failed:
            return Failed(message=failed[0].message or "A batch failed.", data=failed[0].data)
        return Completed(message=f"{len(account.finished)} shards made, {shards - missing} found in the store.")

    with tags(*_tags(run, work.stage)):
        state = cast("State[Any]", stage_flow(name, len(shards), len(work.todo), return_state=True))
    get_run_logger().info("%s", whole.line())
    if account.stop:
        raise account.stop
    if not state.is_completed():
        # A bug, or a Transient that outlived its retries, comes first and is raised as it was.
        failures = sorted(account.failed.values(), key=lambda e: isinstance(e, WinnowError))
        if failures and not isinstance(failures[0], WinnowError):
            raise failures[0]
        more = f" ({len(failures)} shards failed; `winnow status` names them all.)" if len(failures) > 1 else ""
        raise WinnowError(f"{failures[0] if failures else f'The stage {name} ended as {state.name}: {state.message}'}{more}")


def _check_space(run: Run, account: Account, warned: set[str]) -> None:
    """Stop the stage while there is still room to say so; warn once if the disk is too small for the stage going on as so far."""
    free_bytes = run.context.store.free_bytes()
    if free_bytes is None:
        return
    if free_bytes < MIN_FREE_BYTES:
        account.stop = account.stop or no_space(run.context.store, free_bytes)
    elif account.bytes_to_come > free_bytes - MIN_FREE_BYTES and not warned:
        warned.add(account.work.stage.label)
        get_run_logger().warning(
            "%s will need about %.1f GiB more at this rate, %.1f GiB are free. `winnow prune` deletes what no corpus needs.",
            stage_title(account.work.stage), account.bytes_to_come / 2**30, free_bytes / 2**30,
        )  # fmt: skip


def _show_failed(run: Run, account: Account) -> None:
    """The shards that failed, why, and how to try just these again, in the UI."""
    create_table_artifact(
        [
            {"shard": shard, "files": ", ".join(run.context.files_of(shard)), "step": account.work.stage.label, "why": why(error)}
            for shard, error in account.failed.items()
        ],
        key="failed-shards",
        description=f"Shards of {run.id} that failed. What is finished is kept; this makes just these: `{command(run.request)}`",
    )


def _publish_artifacts(run: Run, summary: Summary) -> None:
    """The run's essentials in the UI: a table per section of the report, and what came out."""
    for table in artifacts.tables(summary, contents(evidence(run, summary))):
        create_table_artifact([dict(row) for row in table.rows], key=table.key, description=table.about)
    link = report_link(run.context.store, run.home)
    create_markdown_artifact(
        artifacts.result(summary, f"[report.html]({link})" if link else f"`{run.context.store.uri(f'{run.home}/report.html')}`"),
        key="report",
        description=f"Result of {run.id}: what was kept, where it lies",
    )

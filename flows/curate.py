"""The flow ``curate-snapshot``: all that Prefect knows of a run. What is retried, what things are called, what a finished batch looks like.

One subflow per stage, batches of shards as its task runs (under a hundred each), a spawn pool of worker processes below them
(docs/design.md, measured in research/prefect.md). The Store alone decides what is done; Prefect's caches are off.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.futures import wait
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff
from pydantic import Field

from flows.housekeeping import record
from flows.release import essentials
from flows.run import Request, Run, prepare, release, result
from tasks.core.errors import DamagedArtifact, Transient, WinnowError
from tasks.core.plan import Work
from tasks.core.pool import Pool

MAX_BATCHES = 60
REPAIRS = 3
PROGRESS_EVERY_S = 2.0

Listener = Callable[[str, int, int, dict[str, int]], None]
listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
"""Called with (stage, shards done, shards, figures) while a run goes on; the command line draws its progress bar with it."""


@dataclass
class _Account:
    """What the batches of one stage have reported so far. Threads only append."""

    finished: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    documents: int = 0


def _is_transient(task: Any, task_run: Any, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), Transient)


@flow(
    name="curate-snapshot",
    flow_run_name="{source} · {recipe}",
    description="A Common Crawl snapshot in, a curated corpus out. Run it again to resume: what is finished is found in the store and never made twice.",
    validate_parameters=True,
)
def curate_snapshot(
    source: str,
    recipe: str = "fineweb",
    store: str = "winnow-store",
    workers: Annotated[int, Field(ge=1, le=256)] = 2,
    snapshot: str = "",
    kind: Annotated[str, Field(pattern="^(warc|wet)$")] = "warc",
    limit: Annotated[int, Field(ge=0)] = 0,
    sample_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0,
    seed: int = 0,
    files_per_shard: Annotated[int, Field(ge=1)] = 1,
    base_url: str = "",
    anonymous: bool = False,
    memory_gib: Annotated[float, Field(gt=0)] = 1.0,
    remember: str = "",
) -> Any:
    """Curate a snapshot with a recipe into a store. The same parameters again do nothing and say so.

    Args:
        source: A crawl id (CC-MAIN-2026-43), the root of a mirror, a folder or file of WARC/WET/ARC, Parquet or JSONL. Path or URI.
        recipe: A shipped recipe (fineweb, refinedweb, c4, gopher, raw) or the path of a YAML file.
        store: Folder or URI (s3://bucket/prefix) where artifacts and corpora are kept, or a winnow-store block as block:NAME.
        workers: Worker processes on this machine; never changes a result.
        snapshot: Which crawl of a mirror that has several; a name for plain files.
        kind: warc or wet, which files of a crawl.
        limit: Only the first N files; 0 for all.
        sample_fraction: A random share of the files, the same for the same seed.
        seed: Seed of the sample.
        files_per_shard: How many files one worker takes at a time; never changes a result.
        base_url: Where crawl ids are looked up, if not data.commoncrawl.org.
        anonymous: Read S3 without credentials.
        memory_gib: What one worker may hold while it compares documents of the whole crawl; never changes a result.
        remember: Put the kept documents into this index, which later snapshots can be deduplicated against.
    """  # Prefect makes the form from this docstring and drops the descriptions of Field.
    log = get_run_logger()
    request = Request(
        source, recipe, store, workers, snapshot, kind, limit, sample_fraction, seed, files_per_shard, base_url, anonymous, memory_gib, remember
    )  # fmt: skip
    try:
        run = prepare(request)
        if not run.plan.missing() and run.is_released():
            log.info("Nothing to do: all %d shards x steps are in the store.", run.plan.total())
            return Completed(name="Cached", message=f"Nothing to do, see {run.bench.store.uri(run.home)}", data=result(run))
        run.bench.store.open_for_writing()
        run.pipeline.check()
        record(run)
        work_off(run)
        summary = release(run)
    except WinnowError as e:
        # Named, explained failures end the flow without a traceback; anything else is a bug and shows one.
        return Failed(message=str(e), data=e)
    _publish_artifacts(run, summary)
    return Completed(message=f"Corpus at {run.bench.store.uri(run.home)}", data=result(run))


def work_off(run: Run) -> None:
    """Run every stage that misses something. What is found damaged on the way is made anew, a bounded number of times."""
    for step in run.plan.steps:
        run.bench.store.clean(step)
    pool = Pool(run.bench, run.request.workers)
    repairs = 0
    try:
        shown: set[str] = set()
        while works := run.plan.missing():
            for stage in run.plan.stages:
                if stage is works[0].stage:
                    break
                if stage.label not in shown:
                    shown.add(stage.label)
                    _cached_stage(stage.label, len(stage.steps[0].shards(run.bench) or ()))
            shown.add(works[0].stage.label)
            try:
                _stage(run, works[0], pool)
            except DamagedArtifact:
                repairs += 1
                if repairs > REPAIRS:
                    raise
                run.plan.forget()
    finally:
        pool.close()


@flow(name="curate-stage", flow_run_name="{stage}", description="A stage whose every shard was found in the store.")
def _cached_stage(stage: str, shards: int) -> State[Any]:
    return Completed(name="Cached", message=f"All {shards} shards were found in the store.")


def _stage(run: Run, work: Work, pool: Pool) -> None:
    """One subflow: the missing shards of one stage, in batches. Raises what a batch failed with."""
    account = _Account()
    shards = list(work.stage.steps[0].shards(run.bench) or ())
    size = -(-len(shards) // MAX_BATCHES)
    batches = [shards[i : i + size] for i in range(0, len(shards), size)]

    @task(
        name=work.stage.label,
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
        mine = set(batches[batch])
        todo = {s: addresses for s, addresses in work.todo.items() if s in mine and s not in account.finished}
        if not todo:
            return Completed(name="Cached", message="Every shard was found in the store.")
        if account.failures:
            return Failed(message="Not begun: another batch of this stage failed.")
        try:
            for shard, reports in pool.run(work.stage.steps, todo):
                for report in reports:
                    run.plan.mark(report["address"], shard)
                account.finished.append(shard)
                account.documents += reports[-1]["rows_in"] if reports else 0
        except WinnowError as e:
            account.failures.append(e)
            return Failed(message=str(e))
        return None

    @flow(
        name="curate-stage",
        flow_run_name="{stage}",
        description="Shards of one stage, in batches: " + ", ".join(step.label for step in work.stage.steps),
        task_runner=cast("TaskRunner[Any]", ThreadPoolTaskRunner(max_workers=run.request.workers)),
    )
    def stage_flow(stage: str, shards: int, missing: int) -> Any:
        artifact = create_progress_artifact(
            0.0, key=f"progress-{work.stage.steps[0].label}", description=f"{work.stage.label}: shards done"
        )
        names = [f"shard {i * size}" if len(b) == 1 else f"shards {i * size} to {i * size + len(b) - 1}" for i, b in enumerate(batches)]
        futures = [materialise.submit(shards=name, batch=i) for i, name in enumerate(names)]
        tell, told = listener.get(), 0.0
        begin = time.monotonic()
        while True:
            pending = wait(futures, timeout=0.2).not_done
            done = len(account.finished)
            if tell:
                tell(work.stage.label, shards - missing + done, shards, {"rows": account.documents})
            if not pending or time.monotonic() - told > PROGRESS_EVERY_S:
                update_progress_artifact(artifact, progress=100.0 * (shards - missing + done) / max(1, shards))  # type: ignore[arg-type]
                told = time.monotonic()
            if not pending:
                break
        get_run_logger().info("%s: %d shards made, %d found, %.1f s", work.stage.label, done, shards - missing, time.monotonic() - begin)
        failed = [f.state for f in futures if f.state.is_failed() or f.state.is_crashed()]
        if failed:
            return Failed(message=failed[0].message or "A batch failed.", data=failed[0].data)
        return Completed(message=f"{done} shards made, {shards - missing} found in the store.")

    state = cast("State[Any]", stage_flow(work.stage.label, len(shards), len(work.todo), return_state=True))
    if account.failures:
        raise account.failures[0]
    if not state.is_completed():
        state.result()  # a bug, or a Transient that outlived its retries: raises it as it was
        raise WinnowError(f"The stage {work.stage.label} ended as {state.name}: {state.message}")


def _publish_artifacts(run: Run, summary: dict[str, Any]) -> None:
    """The run's essentials in the UI: funnel, drops by reason, rules, languages, diversity, cost, forecast, where the report lies."""
    manifest = summary["manifest"]
    for key, (about, rows) in essentials(summary).items():
        create_table_artifact(rows, key=key, description=f"{about} ({run.id})")
    counted = [s for s in manifest["steps"] if s["kind"] == "filter"]
    create_table_artifact(
        [{"step": s["name"], "rows in": s["rows_in"], "rows out": s["rows_out"], "dropped": s["rows_in"] - s["rows_out"]} for s in counted],
        key="funnel",
        description=f"Funnel of {run.id}: rows in and out of every step that drops",
    )
    drops = sorted(((n, s["name"], reason) for s in counted for reason, n in s["dropped"].items()), reverse=True)
    create_table_artifact(
        [{"step": step, "reason": reason, "rows": n} for n, step, reason in drops],
        key="drops",
        description=f"Why rows were dropped in {run.id}",
    )
    uri = run.bench.store.uri(f"{run.home}/report.html")
    if "://" in uri:
        create_link_artifact(uri, link_text="report.html", key="report", description=f"Report of {run.id}")
    else:
        create_markdown_artifact(
            f"Report: `{uri}`\n\nCorpus: `{run.bench.store.uri(run.home)}`\n\nDigest: `{manifest['digest']}`",
            key="report",
            description=f"Report of {run.id}",
        )

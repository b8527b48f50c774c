"""The flow ``curate-snapshot``: all that Prefect knows of a run. What is retried, what things are called, what a finished batch looks like.

One subflow per stage, batches of shards as its task runs (under a hundred each), a spawn pool of worker processes below them
(docs/design.md). The Store alone decides what is done; Prefect's caches are off.
"""

import logging
from dataclasses import asdict
from typing import Any, cast

from prefect import get_run_logger
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.client.schemas import State
from prefect.states import Completed

from winnow.flows import names
from winnow.flows.entry import entry
from winnow.flows.stage import cached_stage, make_stage
from winnow.tasks.engine.errors import DamagedArtifact
from winnow.tasks.engine.runners.base import Runner
from winnow.tasks.report import artifacts
from winnow.tasks.report.section import contents
from winnow.tasks.report.serving import report_link
from winnow.tasks.report.summary import Summary
from winnow.tasks.runs.head_start import Begun, begin
from winnow.tasks.runs.parameters import Request, takes_request
from winnow.tasks.runs.run import Run, clean, evidence, prepare, release, result

REPAIRS = 3

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
                    cached_stage(run, stage)
            shown.add(works[0].stage.label)
            progress = progress or create_progress_artifact(0.0, key="progress", description=f"{names.title(run)}: {run.id}")
            try:
                make_stage(run, works, runner, progress)
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

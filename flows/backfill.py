"""The flow ``backfill``: curates a list or range of snapshots, the newest first, so many at once. Each is a run of the deployment curate-snapshot.

Which worker makes them, and where, is the deployment's business. Retrying a backfill goes on with the same runs; a new one finds in the store
what the old one finished.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, cast

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.futures import PrefectConcurrentFuture
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import Field

from winnow.flows.deployed import Runs, ServerRuns, key
from winnow.flows.entry import entry
from winnow.tasks.runs.parameters import takes_request
from winnow.tasks.sources.snapshots import COMMON_CRAWLS_LIST, chosen, listed

LOOK_EVERY_S = 5.0


def follow(runs: Runs, name: str, parameters: dict[str, Any], sleep: Callable[[float], None] = time.sleep) -> tuple[bool, str]:
    """Start the run of this key, or find it, and wait for its end: whether it completed, and its message. One that ended badly is resumed once."""
    seen = runs.start(name, parameters)
    if seen.ended and seen.ended != "COMPLETED":
        runs.resume(seen.id)
    while True:
        now = runs.look(seen.id)
        if now is None:
            return False, "The server no longer knows the run; start the backfill again."
        if now.ended:
            return now.ended == "COMPLETED", now.message or now.ended.lower()
        sleep(LOOK_EVERY_S)


@task(name="curate", task_run_name="{snapshot}", cache_policy=NO_CACHE, persist_result=False)
def _curate(snapshot: str, parameters: dict[str, Any]) -> Any:
    well, message = follow(ServerRuns(as_subflow=True), key(str(flow_run.get_id()), snapshot), {"source": snapshot, **parameters})
    return Completed(message=message) if well else Failed(message=message)


@entry(
    later="Run the backfill again later.",
    name="backfill",
    flow_run_name="{snapshots} · {recipe}",
    description="Curates a list or range of snapshots, the newest first, so many at once.",
    task_runner=cast("TaskRunner[Any]", ThreadPoolTaskRunner(max_workers=16)),
)
@partial(takes_request, leaving_out=("source", "snapshot"))
def backfill(
    snapshots: Annotated[str, Field(min_length=1)],
    *,
    at_once: Annotated[int, Field(ge=1, le=16)] = 1,
    crawls: str = COMMON_CRAWLS_LIST,
    notify: str = "",
    **request: Any,
) -> Any:
    """Curate many snapshots.

    Args:
        snapshots: Ids such as CC-MAIN-2026-43, and ranges OLDEST..NEWEST (CC-MAIN-2026-04..CC-MAIN-2026-43), with commas or spaces between.
        at_once: How many snapshots are curated at the same time, if the workers of the pool take so many.
        crawls: The list of crawls that ranges are taken from, Common Crawl's collinfo.json or a file like it. A path or a URI.
        notify: The notification block that is told when the backfill ends, as SLUG/NAME (custom-webhook/ops); empty for nobody.
    """
    log = get_run_logger()
    waiting = list(chosen(snapshots, listed(crawls)))
    log.info("%d snapshots, the newest first: %s", len(waiting), ", ".join(waiting))
    going: dict[str, PrefectConcurrentFuture[Any]] = {}
    states: dict[str, State[Any]] = {}
    while waiting or going:
        while waiting and len(going) < at_once:
            snapshot = waiting.pop(0)
            going[snapshot] = cast("PrefectConcurrentFuture[Any]", _curate.submit(snapshot=snapshot, parameters=request))
        next(iter(going.values())).wait(timeout=1.0)  # not prefect.futures.wait: see flows/stage.py
        for snapshot in [s for s, future in going.items() if future.wrapped_future.done()]:
            future = going.pop(snapshot)
            future.wait()  # now the future knows its state; before, it would ask a server that lags behind
            states[snapshot] = future.state
            log.info("%s: %s", snapshot, states[snapshot].name)
    rows = [{"snapshot": s, "state": state.name, "message": state.message or ""} for s, state in states.items()]
    create_table_artifact(rows, key="backfill", description="Snapshots of this backfill")
    if bad := [s for s, state in states.items() if not state.is_completed()]:
        why = f"{bad[0]}: {states[bad[0]].message}"
        return Failed(message=f"{len(bad)} of {len(states)} snapshots did not finish: {', '.join(bad)}. Retry goes on with these. {why}")
    return Completed(message=f"{len(states)} snapshots curated")

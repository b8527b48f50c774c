"""Room on the disk of a local store: what a run will still write, by its forecast, against what is free; before anything starts. What a stage writes as it goes
on is watched in ``flows/stage.py``."""

import contextlib
from typing import TYPE_CHECKING

from winnow.tasks.engine.errors import WinnowError
from winnow.tasks.engine.root import MIN_FREE_BYTES, no_space
from winnow.tasks.engine.store import Store
from winnow.tasks.report.words import size
from winnow.tasks.runs.forecast import Interval, Sample, forecast
from winnow.tasks.runs.plans import stored

if TYPE_CHECKING:
    from winnow.tasks.runs.run import Run

KEPT = f"{MIN_FREE_BYTES >> 30} GiB of the disk is always kept free"


def check_room(run: "Run") -> str:
    """A warning if the run may not fit on the disk of its store, empty if nothing speaks against it or there is no forecast (`winnow plan`).

    Raises:
        WinnowError: less than MIN_FREE_BYTES are free, or the run cannot fit: even the least that the forecast expects is more than there is.
    """
    store = run.context.store
    free = store.free_bytes()
    if free is None:
        return ""
    if free < MIN_FREE_BYTES:
        raise no_space(store, free)
    still = still_to_write(run)
    room = free - MIN_FREE_BYTES
    if still is None or still.value <= room:
        return ""
    about = (
        f"about {size(still.value)} ({size(still.low)} to {size(still.high)}) by its forecast, and {size(free)} are free for the store {store.root}, "
        f"of which {KEPT}. Free some space (`winnow prune --store {store.root}` deletes what no corpus needs), choose another place with --store, or take a part of "
        "the crawl with --limit"
    )
    if still.low > room:
        raise WinnowError(f"The run does not fit on the disk: it will write {about}. Nothing was begun.")
    return f"The run may not fit on the disk: it will write {about}. What is finished when the disk is full is kept."


def still_to_write(run: "Run") -> Interval | None:
    """Bytes by the forecast of the run's plan, in the share of its shards x steps that is not done; None without a plan that can be read."""
    with contextlib.suppress(KeyError, TypeError, ValueError):
        if plan := stored(run.context.store, run.id):
            whole = forecast(Sample.of(plan["sample"]), run.request.workers).figures["disk_bytes"]
            return whole.scaled(sum(work.size for work in run.plan.missing()) / max(1, run.plan.total()))
    return None


def said(store: Store, disk: Interval) -> str:
    """One line below a forecast: whether its bytes fit."""
    free = store.free_bytes()
    if free is None:
        return ""
    fits = "fits" if disk.high <= free - MIN_FREE_BYTES else "may not fit" if disk.low <= free - MIN_FREE_BYTES else "does not fit"
    return f"The disk of the store {store.root} has {size(free)} free, of which {KEPT}: the run {fits}."

"""Running a pipeline in this process, without Prefect: for tests that look at tables."""

from collections.abc import Callable
from pathlib import Path

from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.runners.base import Outcome, Runner
from winnow.tasks.recipes.load import model
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import Run, manifest, prepare, release
from winnow.tasks.signals.filter import Filter
from winnow.tasks.signals.sections import read_filter


def work_off(run: Run) -> int:
    """Make everything that is missing; how many shards x steps that was."""
    while works := run.plan.missing():
        shards = list(works[0].todo)
        for n, (shard, addresses) in enumerate(works[0].todo.items()):
            ahead = shards[n + 1 :] if works[0].stage.steps[0].in_a_row else ()
            made = {report["address"] for report in run.context.make(works[0].stage.steps, shard, addresses, ahead)}
            for address in addresses:
                run.plan.mark(address, shard, made=address in made)
        run.plan.fold(works[0].stage)
    return run.plan.computed


def work_off_with(run: Run, runner: Runner, seen: Callable[[Outcome], None] = lambda outcome: None) -> dict:
    """Make everything that is missing with a runner, and release; the manifest. ``seen`` is called with every outcome."""
    while works := run.plan.missing():
        for outcome in runner.run(works[0].stage.steps, works[0].todo):
            if outcome.error:
                raise outcome.error
            for address in works[0].todo[outcome.shard]:
                run.plan.mark(address, outcome.shard, made=address in outcome.made)
            seen(outcome)
        run.plan.fold(works[0].stage)
    return manifest(release(run))


def curated(source, recipe, store, **options) -> Run:
    run = prepare(Request(str(source), str(recipe), str(store), 1, **options))
    work_off(run)
    return run


def finished(source, recipe, store) -> Run:
    """A run with its record, manifest, card and report, as the command leaves it."""
    run = curated(source, recipe, store)
    run.context.store.open_for_writing()
    record(run)
    release(run)
    return run


def rows(run: Run, step) -> list[dict]:
    """All rows of a step, in crawl order."""
    return [row for shard in step.shards(run.context) for row in run.context.read(step, shard).to_pylist()]


def digests(run: Run) -> dict[tuple[str, str], str]:
    """Digest of every table of a run."""
    return {
        (step.label, shard): run.context.store.report(step, shard)["data"]["sha256"]
        for step in run.plan.steps
        for shard in step.shards(run.context)
    }


def filter_of(entry) -> Filter:
    """A filter as a recipe names it."""
    return read_filter(entry, Reader("test", Path(), lambda value: model(value, "test")))

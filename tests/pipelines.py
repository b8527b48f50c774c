"""Running a pipeline in this process, without Prefect: for tests that look at tables."""

from flows.run import Request, Run, prepare


def work_off(run: Run) -> int:
    """Make everything that is missing; how many shards x steps that was."""
    while works := run.plan.missing():
        for shard, addresses in works[0].todo.items():
            for report in run.bench.make(works[0].stage.steps, shard, addresses):
                run.plan.mark(report["address"], shard)
    return run.plan.computed


def curated(source, recipe, store, **options) -> Run:
    run = prepare(Request(str(source), str(recipe), str(store), 1, **options))
    work_off(run)
    return run


def rows(run: Run, step) -> list[dict]:
    """All rows of a step, in crawl order."""
    return [row for shard in step.shards(run.bench) for row in run.bench.read(step, shard).to_pylist()]

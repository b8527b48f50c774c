"""``winnow plan``: forecast a run from a sample of its shards."""

from dataclasses import asdict
from typing import Any

from winnow import in_process
from winnow.cli.commands.run import asked
from winnow.cli.options import print_json
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.runs.parameters import takes_request

PANEL = "Curate"


@takes_request
def command(
    source: str,
    /,
    *,
    sample: int = 10,
    sample_seed: int = 0,
    cluster_cores: int = 0,
    fresh: bool = False,
    workers: int | None = None,
    limit: int | None = None,
    json: bool = False,
    verbose: bool = False,
    **request: Any,
) -> None:
    """Forecast a run from a random sample of its shards: time, CPU-hours, disk, documents, tokens. The run goes on from the sample.

    Args:
        sample: How many shards are drawn.
        sample_seed: The seed of the draw.
        cluster_cores: Forecast the time on a cluster of so many cores, too.
        fresh: Measure anew, even if this sample was measured before.
        json: Print JSON.
        verbose: Show Prefect's log.
    """
    from winnow.tasks.engine.places import store_at
    from winnow.tasks.runs import room
    from winnow.tasks.runs.forecast import Sample, forecast
    from winnow.tasks.runs.plans import as_json, known, said
    from winnow.tasks.runs.run import prepare

    for name, value, low in (("sample", sample, 1), ("cluster-cores", cluster_cores, 0)):
        if value < low:
            raise BadInput(f"--{name} is {value}; it must be at least {low}.")
    whole = asked(source, workers, limit, request)
    measured = None if fresh else known(prepare(whole), sample, sample_seed)
    if measured is None:
        in_process.check_server()
        in_process.settings(verbose=verbose)

        def flow() -> Any:
            from winnow.flows.plan import plan_snapshot

            parameters = {"sample": sample, "sample_seed": sample_seed, "cluster_cores": cluster_cores, **asdict(whole)}
            return plan_snapshot(**parameters, return_state=True)

        measured = Sample.of(in_process.watched(flow, verbose=verbose))
    found = forecast(measured, whole.workers, cluster_cores)
    if json:
        print_json(as_json(measured, found))
    else:
        print("\n".join(said(measured, found)))
        if line := room.said(store_at(whole.store), found.figures["disk_bytes"]):
            print(line)

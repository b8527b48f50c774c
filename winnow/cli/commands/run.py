"""``winnow run``: curate a snapshot."""

import sys
from pathlib import Path
from typing import Any

from winnow import in_process
from winnow.cli.options import cores, print_json
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.runs.parameters import Request, takes_request

PANEL = "Curate"


@takes_request
def command(
    source: str,
    /,
    *,
    workers: int = cores(),
    limit: int | None = None,
    json: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    **request: Any,
) -> None:
    """Curate a snapshot with a recipe. The same command again resumes, or says that nothing is left to do.

    Args:
        json: Print one JSON object as the last line on stdout: the paths, what came out, and how much was made or reused.
        quiet: Print no progress and no figures, only warnings and errors.
        verbose: Show Prefect's log.
    """
    from winnow.tasks.runs.ending import said, warnings
    from winnow.tasks.runs.run import prepare, result, summary_of

    run = prepare(asked(source, workers, limit, request))
    if not run.plan.missing() and run.is_released():
        made = result(run)
        if not quiet:
            print(f"Nothing to do: all {run.plan.total()} shards x steps are in the store.", file=sys.stderr)
    else:
        made = in_process.curate(run, verbose=verbose, quiet=quiet)
    if summary := summary_of(run):
        for line in () if quiet else said(summary, made["work"]):
            print(line, file=sys.stderr)
        for warning in warnings(summary):
            print(f"WARNING     {warning}", file=sys.stderr)
    if json:
        print_json(made)


def asked(source: str, workers: int, limit: int | None, request: dict[str, Any]) -> Request:
    """The request of a command line. Raises BadInput."""
    if limit is not None and limit < 1:
        raise BadInput(f"--limit is {limit}; it must be at least 1 (leave it out for all files).")
    place = source if "://" in source or not Path(source).exists() else str(Path(source).absolute())
    return Request(place, workers=workers, limit=limit or 0, **request)

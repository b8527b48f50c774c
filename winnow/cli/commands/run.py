"""``winnow run``: curate a snapshot."""

import sys
from pathlib import Path
from typing import Any

from winnow import in_process
from winnow.cli.options import print_json
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.runs.parameters import Request, cores, takes_request

PANEL = "Curate"
INCOMPLETE = 3


@takes_request
def command(
    source: str,
    /,
    *,
    workers: int | None = None,
    limit: int | None = None,
    json: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    **request: Any,
) -> int:
    """Curate a snapshot with a recipe. The same command again resumes, or says that nothing is left to do.

    The exit status is 3 if the corpus was made without files that the source lists and that are not there.

    Args:
        json: Print one JSON object as the last line on stdout: the paths, what came out, and how much was made or reused.
        quiet: Print no progress and no figures, only warnings and errors.
        verbose: Show Prefect's log.
    """
    from winnow.tasks.runs.ending import lost_files, said, warnings
    from winnow.tasks.runs.run import prepare, result, summary_of

    def tell(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    wanted = asked(source, workers, limit, request)
    if sys.stderr.isatty():  # for whoever waits in front of it; in a log, bad input is one paragraph
        tell(f"Looking up {wanted.source} and the recipe {wanted.recipe} …")
    run = prepare(wanted)
    if not run.plan.missing() and run.is_released():
        made = result(run)
        tell(f"Nothing to do: all {run.plan.total()} shards x steps are in the store.")
    else:
        made = in_process.curate(run, verbose=verbose, quiet=quiet)
    if summary := summary_of(run):
        for line in said(summary, made["work"]):
            tell(line)
        for warning in warnings(summary):
            print(f"WARNING     {warning}", file=sys.stderr)
    if json:
        print_json(made)
    return INCOMPLETE if summary and lost_files(summary) else 0


def asked(source: str, workers: int | None, limit: int | None, request: dict[str, Any]) -> Request:
    """The request of a command line. Raises BadInput."""
    if limit is not None and limit < 1:
        raise BadInput(f"--limit is {limit}; it must be at least 1 (leave it out for all files).")
    place = source if "://" in source or not Path(source).exists() else str(Path(source).absolute())
    return Request(place, workers=cores() if workers is None else workers, limit=limit or 0, **request)

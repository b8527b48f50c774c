"""``winnow serve``: Prefect's server, the deployments and a worker on this machine."""

import sys

from winnow.cli.options import STORE, StoreOption, absolute
from winnow.tasks.engine.errors import BadInput

PANEL = "Operate"


def command(*, host: str = "127.0.0.1", port: int = 4200, watch: bool = False, at_once: int = 1, store: StoreOption = STORE) -> None:
    """A Prefect server with its UI, the deployments and a worker on this machine, until Ctrl-C.

    Args:
        host: The address to listen on; by default this machine alone.
        port: The port to listen on.
        watch: Switch the schedule of watch-snapshots on.
        at_once: How many runs may go on at the same time on this machine; the others wait their turn.
    """
    if at_once < 1:
        raise BadInput(f"--at-once is {at_once}; it must be at least 1.")
    from winnow.flows.serve import serve
    from winnow.tasks.report.serving import BESIDE, offered

    with offered(absolute(store), port + BESIDE) as reports:
        print(f"reports      {reports}", file=sys.stderr, flush=True)
        serve(absolute(store), host, port, watch=watch, at_once=at_once)

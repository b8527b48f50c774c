"""``winnow serve``: Prefect's server, the deployments and a worker on this machine."""

import sys

from winnow.cli.options import STORE, StoreOption, absolute

PANEL = "Operate"


def command(*, host: str = "127.0.0.1", port: int = 4200, watch: bool = False, store: StoreOption = STORE) -> None:
    """A Prefect server with its UI, the deployments and a worker on this machine, until Ctrl-C.

    Args:
        host: The address to listen on; by default this machine alone.
        port: The port to listen on.
        watch: Switch the schedule of watch-snapshots on.
    """
    from winnow.flows.serve import serve
    from winnow.tasks.report.serving import BESIDE, offered

    with offered(absolute(store), port + BESIDE) as reports:
        print(f"reports      {reports}", file=sys.stderr, flush=True)
        serve(absolute(store), host, port, watch=watch)

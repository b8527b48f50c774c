"""``winnow deploy``: make the deployments known to a Prefect server."""

import os

from winnow.cli.options import STORE, JsonOption, StoreOption, absolute, print_json
from winnow.tasks.engine.errors import BadInput

PANEL = "Operate"


def command(*, pool: str = "winnow", watch: bool = False, json: JsonOption = False, store: StoreOption = STORE) -> None:
    """Register blocks, work pool and deployments with the Prefect server in PREFECT_API_URL.

    Args:
        pool: The work pool whose workers run the flows; if there is none of this name, one of processes is made.
        watch: Switch the schedule of watch-snapshots on.
    """
    if not os.environ.get("PREFECT_API_URL"):
        raise BadInput(
            "PREFECT_API_URL is not set, so there is no server to register with. Set it, or start one on this machine: winnow serve."
        )
    from winnow.flows.deployments import register

    names = register(absolute(store), pool, watch=watch)
    if json:
        print_json({"deployments": names, "pool": pool})
    else:
        print("\n".join(names))

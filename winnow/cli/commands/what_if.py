"""``winnow what-if``: other limits on a finished run."""

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json
from winnow.tasks.engine.errors import BadInput

PANEL = "Look into a run"


def command(
    *,
    set_: Annotated[list[str] | None, Parameter(name="--set")] = None,
    sweep: str = "",
    recipe: str = "",
    run: RunOption = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Other limits on a finished run: which documents would enter and leave, in seconds.

    Args:
        set_: A bound to change, as SIGNAL.low=NUMBER or SIGNAL.high=NUMBER; =none lifts it. May be given several times.
        sweep: The kept share against every bound on this signal.
        recipe: The newest run of this recipe.
    """
    from winnow.tasks.ledger import show
    from winnow.tasks.ledger import what_if as ledger
    from winnow.tasks.ledger.find import open_run

    finished = open_run(store, run, recipe=recipe)
    out = show.console()
    if sweep:
        found = ledger.sweep(finished, sweep)
        if json:
            print_json([asdict(s) for s in found])
        else:
            show.swept(finished, sweep, found, out)
        return
    if not set_:
        raise BadInput("Say what to change: --set SIGNAL.low=NUMBER (again for more), or --sweep SIGNAL.")
    change = ledger.what_if(finished, ledger.changed(finished.movable, set_, finished.measured))
    if json:
        print_json(asdict(change))
    else:
        show.changed(change, out)

"""``winnow status``: the runs of a store."""

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Look into a run"


def command(*, json: JsonOption = False, store: StoreOption = STORE) -> None:
    """The runs of a store, the newest last: when they started, what went in, what was kept, and how far the unfinished ones are."""
    from winnow.tasks.runs.status import states

    found = states(store)
    if json:
        print_json({"store": store, "runs": [state.to_json() for state in found]})
    else:
        print("\n".join(line for state in found for line in state.said()) or f"The store {store} holds no run yet.")

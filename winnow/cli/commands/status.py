"""``winnow status``: the runs of a store."""

from winnow.cli.options import STORE, StoreOption

PANEL = "Look into a run"


def command(*, store: StoreOption = STORE) -> None:
    """The runs and corpora of a store: what is done, what is missing."""
    from winnow.tasks.runs.housekeeping import status

    print("\n".join(status(store)))

"""``winnow diff``: two runs beside each other."""

from dataclasses import asdict

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Look into a run"


def command(a: str, b: str, /, *, other_store: str = "", json: JsonOption = False, store: StoreOption = STORE) -> None:
    """What differs between two runs: recipe, steps, documents gained and lost, signals.

    Args:
        a: A run's id.
        b: The other's.
        other_store: The store of the second run, if it is another.
    """
    from winnow.tasks.ledger import diff as ledger
    from winnow.tasks.ledger import show
    from winnow.tasks.ledger.find import open_run

    first, second = open_run(store, a), open_run(other_store or store, b)
    found = ledger.diff(first, second)
    if json:
        print_json(asdict(found))
    else:
        show.differed(first, second, found, show.console())

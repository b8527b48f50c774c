"""``winnow split-view``: the same URLs at two times."""

from dataclasses import asdict
from pathlib import Path

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Look into a run"


def command(
    a: str,
    b: str,
    /,
    *,
    lapsed: Path | None = None,
    least_pages: int = 10,
    most_replaced: float = 0.5,
    other_store: str = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """The same URLs at two times: which pages are equal, near, changed or replaced, and which domains changed together.

    Args:
        a: A run's id: the earlier snapshot.
        b: The other's: the later one, or a mirror of today.
        lapsed: A CSV file of registered domains and the days on which their registration lapsed.
        least_pages: A domain is flagged only if both runs have so many of its pages.
        most_replaced: A domain is flagged if more than this share of them was replaced.
        other_store: The store of the second run, if it is another.
    """
    from winnow.tasks.ledger import show
    from winnow.tasks.ledger.find import open_run
    from winnow.tasks.ledger.split_view import read_lapsed, split_view

    days = read_lapsed(lapsed) if lapsed else {}
    found = split_view(open_run(store, a), open_run(other_store or store, b), days, least_pages=least_pages, most_replaced=most_replaced)
    if json:
        print_json(asdict(found))
    else:
        show.split(found, show.console())

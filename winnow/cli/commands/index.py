"""``winnow index``: the indexes of kept documents that later snapshots are deduplicated against."""

from typing import Literal

from winnow.cli.options import STORE, StoreOption

PANEL = "Operate"


def command(
    action: Literal["list", "take-down", "drop"], name: str = "", what: str = "", /, *, reason: str = "", store: StoreOption = STORE
) -> None:
    """Indexes of kept documents, which later snapshots are deduplicated against.

    Args:
        action: list; take-down, to forget one document; or drop, to forget a snapshot.
        name: The index.
        what: For take-down, the id or URL of a document; for drop, the snapshot.
        reason: Why a document is taken down; recorded in the index.
    """
    from winnow.tasks.runs.housekeeping import change_index

    print("\n".join(change_index(store, action, name, what, reason)))

"""``winnow index``: the indexes of kept documents that later snapshots are deduplicated against."""

from typing import Literal

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Operate"


def command(
    action: Literal["list", "take-down", "drop"],
    name: str = "",
    what: str = "",
    /,
    *,
    file: str = "",
    reason: str = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Indexes of kept documents, which later snapshots are deduplicated against.

    Args:
        action: list; take-down, to forbid documents that an index holds in all later runs of the store, as `winnow take-downs` does for those of a run; or
            drop, to take out a snapshot.
        name: The index.
        what: For take-down, the id or URL of a document; for drop, the snapshot.
        file: For take-down, a file of ids or URLs, one on each line.
        reason: Why documents are taken down; recorded in the decisions and manifests of later runs.
    """
    from winnow.tasks.dedup.index import indexes
    from winnow.tasks.runs.housekeeping import change_index, opened

    said = change_index(store, action, name, what, reason, file)
    if json:
        print_json({"indexes": indexes(opened(store))})
    else:
        print("\n".join(said))

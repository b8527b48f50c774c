"""``winnow take-downs``: documents that no run of a store may keep again."""

from typing import Literal

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json

PANEL = "Operate"


def command(
    action: Literal["list", "add", "lift"],
    doc: str = "",
    /,
    *,
    file: str = "",
    reason: str = "",
    run: RunOption = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Documents that were taken down: every later run of the store drops them and their near copies, whatever its recipe.

    Args:
        action: list; add, to take documents down; or lift, to let later runs keep them again.
        doc: The id or URL of a document of the run. A URL that no crawl has met yet is forbidden too.
        file: A file of ids or URLs, one on each line.
        reason: Why documents are taken down; recorded in the decisions and manifests of later runs.
    """
    from winnow.tasks.dedup.take_downs import listed, shown
    from winnow.tasks.runs.housekeeping import change_take_downs, opened

    said = change_take_downs(store, action, doc, file=file, reason=reason, run=run)
    if json:
        print_json({"take_downs": [shown(entry) for entry in listed(opened(store))]})
    else:
        print("\n".join(said))

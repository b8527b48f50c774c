"""``winnow prune``: free the disk of what no run needs."""

from dataclasses import asdict

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Operate"


def command(
    *, drop: list[str] | None = None, models: bool = False, dry_run: bool = False, json: JsonOption = False, store: StoreOption = STORE
) -> None:
    """Delete what no kept run of a store needs.

    Args:
        drop: Forget this run and delete its corpus too (see `winnow status`); may be given several times.
        models: Delete older versions of models trained here, too, which no kept run of this store was begun with. Runs of other stores are not looked at.
        dry_run: Only say what would be deleted.
    """
    from winnow.tasks.runs.housekeeping import prune

    pruned = prune(store, drop=tuple(drop or ()), dry_run=dry_run, models=models)
    if json:
        print_json(asdict(pruned))
    else:
        print("\n".join([*pruned.places, pruned.said()]))

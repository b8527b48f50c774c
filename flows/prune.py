"""The flow ``prune``: `winnow prune` from the UI or a schedule. What may go is decided in tasks/runs/housekeeping.py."""

from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed

from winnow.flows.entry import entry
from winnow.tasks.runs import housekeeping

SHOWN = 200


@entry(
    name="prune",
    flow_run_name="{store}",
    description="Deletes from a store what no recorded run needs.",
)
def prune(store: str = "winnow-store", drop: str = "", models: bool = False, dry_run: bool = False, notify: str = "") -> Any:
    """Delete what no recorded run of a store needs.

    Args:
        store: Folder or URI (s3://bucket/prefix) of the artifacts, or a winnow-store block as block:NAME.
        drop: Runs to forget with their corpora, ids with commas or spaces between (winnow status lists them). Empty - none.
        models: Delete older versions of models trained on this machine, too, which no kept run of this store was begun with. Runs of other stores are not looked at.
        dry_run: Only say what would be deleted.
        notify: Notification block that is told when this ends, as SLUG/NAME (custom-webhook/ops). Empty - nobody.
    """
    pruned = housekeeping.prune(store, drop=tuple(drop.replace(",", " ").split()), dry_run=dry_run, models=models)
    places, summary = pruned.places, pruned.said()
    listed = [f"- `{place}`" for place in places[:SHOWN]] + ([f"- and {len(places) - SHOWN} more"] if len(places) > SHOWN else [])
    create_markdown_artifact("\n".join([summary, "", *listed]), key="prune", description=f"Pruned {store}")
    return Completed(message=summary)

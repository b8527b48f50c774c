"""``winnow threshold``: where to cut a signal."""

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Look into a run"


def command(
    signal: str,
    /,
    *,
    run: Annotated[str, Parameter(help="A run of the store (see `winnow status`).")],
    language: str = "",
    svg: str = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Where to cut a signal of a finished run whose values form two groups.

    Args:
        signal: A column of the run's signals.
        language: Only documents of this language.
        svg: The file of the plot; threshold-SIGNAL.svg if left out.
    """
    from winnow.tasks.ledger.threshold import threshold

    found = threshold(store, run, signal, language=language, svg=svg)
    if json:
        cuts = {name: {"value": value, "share_below": below} for name, (value, below) in found.thresholds.items()}
        print_json({**asdict(found), "thresholds": cuts})
    else:
        print("\n".join(found.said()))

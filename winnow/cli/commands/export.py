"""``winnow export``: a finished run in the files of another project, or of a trainer."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json

PANEL = "Curate"


def command(
    *,
    out: Annotated[Path, Parameter(help="The folder where the files go.")],
    format_: Annotated[str, Parameter(name="--format")] = "redpajama-v2",
    tokenizer: str = "",
    seed: int = 0,
    run: RunOption = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Write a finished run in the files of another project.

    Args:
        format_: The format; an unknown one, such as `list`, names those that there are.
        tokenizer: For formats that hold tokens, the tokenizer.
        seed: For formats in random order, the seed.
    """
    from winnow.tasks.exporters.base import export, exporter
    from winnow.tasks.ledger.find import open_run

    to = exporter(format_, tokenizer, seed)
    made = export(open_run(store, run), to, out)
    if made.nothing_to_do:
        print(f"Nothing to do: {out} holds this run.", file=sys.stderr)
    if json:
        files = [str(out.absolute() / path) for path in made.files]
        print_json(
            {**made.counts, "format": made.format, "run_id": made.run, "files": files, "digest": made.digest, "remarks": made.remarks}
        )
        return
    said = ", ".join(f"{n:,} {name}" for name, n in made.counts.items())
    print(f"{made.run} as {made.format}: {said}, in {len(made.files):,} files below {out}")
    for remark in made.remarks:
        print(remark)

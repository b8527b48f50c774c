"""``winnow export``: a finished run in the files of another project."""

import sys
from typing import Annotated

from cyclopts import Parameter

from winnow.cli.options import STORE, RunOption, StoreOption

PANEL = "Curate"


def command(
    *, out: Annotated[str, Parameter(help="The folder where the files go.")], run: RunOption = "", store: StoreOption = STORE
) -> None:
    """Write a finished run in the files of RedPajama-V2: documents, quality signals, duplicates."""
    from winnow.tasks.exporters.redpajama import export

    made = export(store, run, out)
    if made.get("nothing_to_do"):
        print(f"Nothing to do: {out} holds this run.", file=sys.stderr)
    print(
        f"{made['documents']} documents of {made['run']}, {made['duplicates']} of them exact copies, in {made['files']} files below {out}"
    )
    if made["missing"]:
        print(f"null, since the run has no such signal: {', '.join(made['missing'])}")

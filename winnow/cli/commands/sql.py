"""``winnow sql``: ask the tables of a run."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json
from winnow.tasks.engine.errors import BadInput

PANEL = "Look into a run"


def command(
    query: str = "",
    /,
    *,
    file: Annotated[str, Parameter(name=["--file", "-f"])] = "",
    list_: Annotated[bool, Parameter(name="--list")] = False,
    csv: bool = False,
    memory_gib: float = 1.0,
    recipe: str = "",
    run: RunOption = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Ask the tables of a run: documents, signals, decisions, clusters, corpus. Read-only.

    Args:
        query: A SELECT, or the name of a shipped query.
        file: Read the query from a file.
        list_: List the shipped queries.
        csv: Print CSV.
        memory_gib: What DuckDB may hold in memory.
        recipe: The newest run of this recipe.
    """
    from winnow.tasks.ledger import show
    from winnow.tasks.ledger import sql as ledger
    from winnow.tasks.ledger.find import open_run

    queries = ledger.named()
    if list_:
        for name, text in queries.items():
            print(f"{name:<22} {text.splitlines()[0].removeprefix('-- ')}")
        return
    text = Path(file).read_text(encoding="utf-8") if file else queries.get(query, query)
    if not text.strip():
        raise BadInput("Give a SELECT, the name of a shipped query (winnow sql --list), or a file with -f.")
    names, rows = ledger.query(open_run(store, run, recipe=recipe), text, memory_gib)
    if json:
        for row in rows:
            print_json(dict(zip(names, row, strict=True)))
    elif csv:
        from csv import writer

        writer(sys.stdout).writerows([names, *rows])
    else:
        show.console().print(show.table(names, rows))

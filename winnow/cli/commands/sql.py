"""``winnow sql``: ask the tables of a run."""

import sys
from difflib import get_close_matches
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
    if file and not Path(file).is_file():
        raise BadInput(f"There is no file {file}. -f takes the path of a file with one SELECT.")
    text = Path(file).read_text(encoding="utf-8", errors="replace") if file else queries.get(query, query)
    if not text.strip():
        raise BadInput("Give a SELECT, the name of a shipped query (winnow sql --list), or a file with -f.")
    if not file and query not in queries and len(query.split()) == 1:
        alike = get_close_matches(query, queries, n=2, cutoff=0.5)
        hint = f" Did you mean {' or '.join(alike)}?" if alike else ""
        raise BadInput(
            f"There is no shipped query {query}.{hint} `winnow sql --list` lists them; a query of your own is a SELECT in quotes."
        )
    names, rows = ledger.query(open_run(store, run, recipe=recipe), text, memory_gib)
    if json:
        for row in rows:
            print_json(dict(zip(names, row, strict=True)))
    elif csv:
        from csv import writer

        writer(sys.stdout).writerows([names, *rows])
    else:
        show.console().print(show.table(names, rows))

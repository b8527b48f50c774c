"""``winnow sql``: read-only queries over the tables of a run. The shipped queries are in ``queries/``, each with its source."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

import duckdb

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.find import Finished
from winnow.tasks.signals.dotted import quoted

VIEWS = ("documents", "signals", "decisions", "corpus")
ALLOWED = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def named() -> dict[str, str]:
    """The shipped queries: name -> SQL, whose first lines are comments that say what it answers and where its rule is from."""
    folder = files("winnow.tasks.ledger") / "queries"
    return {f.name.removesuffix(".sql"): f.read_text(encoding="utf-8") for f in sorted(folder.iterdir(), key=lambda f: f.name)}


def query(run: Finished, text: str, memory_gib: float = 1.0) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Column names and rows of one SELECT over documents, signals, decisions, clusters and corpus, and over the tables that steps made beside these, such as spans
    and links. A column whose name has a dot (``topic.label``) needs no quotes.

    Raises:
        BadInput: not one SELECT, or DuckDB's own complaint. DamagedArtifact: a table is missing.
    """
    try:
        statements = duckdb.extract_statements(text)
    except duckdb.Error as e:
        raise BadInput(f"This SQL cannot be read: {_first(e)}") from None
    if len(statements) != 1 or statements[0].type not in ALLOWED:
        raise BadInput("Give one SELECT. The tables of a run are read-only; only `winnow run` writes them.")
    try:
        return _result(run, text, memory_gib, {})
    except duckdb.CatalogException as e:
        # Whether a step made a table of that name takes a look through the store, so it is done for those that need it.
        there = run.side_tables()
        sides = {name: paths for name, paths in there.items() if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)}
        if not sides:
            raise _refused(e, there) from None
    except duckdb.Error as e:
        raise _refused(e) from None
    try:
        return _result(run, text, memory_gib, sides)
    except duckdb.Error as e:
        raise _refused(e, there) from None


def _result(run: Finished, text: str, memory_gib: float, sides: Mapping[str, Sequence[str]]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    with run.database(memory_gib, sides) as connection:
        columns = {str(row[0]) for table in (*VIEWS, *sides) for row in connection.execute(f"DESCRIBE {table}").fetchall()}
        result = connection.execute(quoted(text, columns))
        return [d[0] for d in result.description or ()], iter(result.fetchall())


def _refused(error: duckdb.Error, there: Iterable[str] = ()) -> BadInput:
    views = ", ".join((*VIEWS[:-1], "clusters", VIEWS[-1], *there))
    return BadInput(f"DuckDB refused this query: {_first(error)} Views: {views}.")


def _first(error: Exception) -> str:
    said = str(error).strip().split("\n\n")[0]
    return " ".join(said.split()).rstrip(".") + "."

"""``winnow sql``: read-only queries over the tables of a run. The shipped queries are in ``queries/``, each with its source."""

from collections.abc import Iterator
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
    """Column names and rows of one SELECT over documents, signals, decisions, clusters and corpus. A column whose name has a dot (``topic.label``) needs no quotes.

    Raises:
        BadInput: not one SELECT, or DuckDB's own complaint. DamagedArtifact: a table is missing.
    """
    try:
        statements = duckdb.extract_statements(text)
    except duckdb.Error as e:
        raise BadInput(f"This SQL cannot be read: {_first(e)}") from None
    if len(statements) != 1 or statements[0].type not in ALLOWED:
        raise BadInput("Give one SELECT. The tables of a run are read-only; only `winnow run` writes them.")
    with run.database(memory_gib) as connection:
        try:
            columns = {str(row[0]) for table in VIEWS for row in connection.execute(f"DESCRIBE {table}").fetchall()}
            result = connection.execute(quoted(text, columns))
            names = [d[0] for d in result.description or ()]
            rows = result.fetchall()
        except duckdb.Error as e:
            raise BadInput(f"DuckDB refused this query: {_first(e)} Views: documents, signals, decisions, clusters, corpus.") from None
    return names, iter(rows)


def _first(error: Exception) -> str:
    said = str(error).strip().split("\n\n")[0]
    return " ".join(said.split()).rstrip(".") + "."

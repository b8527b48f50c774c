"""A selection stated as SQL over signals: one condition that is checked before a run and decides like a limit. DuckDB evaluates it, row by row and
with nothing else in reach: no file, no other table, nothing that depends on time or chance."""

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.dotted import quoted

if TYPE_CHECKING:  # loaded by those who use it only: it takes time, and prints what it leaked as the process ends
    import duckdb

REASON = "where"


@stable("option/condition")
@dataclass(frozen=True)
class Condition:
    """``sql`` is true for the documents that stay; a document for which it is null goes.

    Raises:
        BadInput: on construction, SQL that cannot be read, that is more than a condition on one row (subqueries, aggregates, windows), or that
            calls a function which does not give the same value every time.
    """

    sql: str

    def __post_init__(self) -> None:
        if not self.sql.strip():
            raise BadInput("where: it is empty, which cannot be read. Leave the key out, or give a condition such as word_count >= 50.")
        with _locked() as connection:
            functions = connection.execute("SELECT function_name, function_type, stability FROM duckdb_functions()").fetchall()
        sorts: dict[str, set[str]] = {}
        unsteady = {name for name, _, stability in functions if stability not in (None, "CONSISTENT")}
        for name, sort, _ in functions:
            sorts.setdefault(name, set()).add(sort)
        for node in self._nodes:
            kind, name = node.get("class"), str(node.get("function_name", "")).lower()
            if kind in ("SUBQUERY", "WINDOW", "STAR", "PARAMETER"):
                raise BadInput(f"where: {self.sql!r} holds a {str(kind).lower()}; it must be a condition on the signals of one document.")
            if name in unsteady:
                raise BadInput(
                    f"where: {name}() does not give the same value every time, so that a run could not be repeated. Leave it out."
                )
            if name and sorts.get(name, set()) and not sorts[name] & {"scalar", "macro"}:
                raise BadInput(f"where: {name}() is not a function of one document's values ({', '.join(sorted(sorts[name]))}).")

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it names. One whose name has a dot may be written without quotes (``topic.label``)."""
        named = (node["column_names"] for node in self._nodes if node.get("class") == "COLUMN_REF")
        return tuple(sorted({".".join(parts[1:] if len(parts) > 1 and parts[0] == "signals" else parts) for parts in named}))

    @cached_property
    def _plain(self) -> str:
        """As DuckDB is asked."""
        return quoted(self.sql, self.columns)

    @cached_property
    def _nodes(self) -> list[dict[str, Any]]:
        with _locked() as connection:
            import duckdb

            try:
                [(text,)] = connection.execute("SELECT json_serialize_sql(?)", [f"SELECT ({self.sql}) FROM signals"]).fetchall()  # noqa: S608 it is what is being checked
            except duckdb.Error as e:
                raise BadInput(f"where: {self.sql!r} cannot be read: {_said(e)}") from None
        parsed = json.loads(text)
        if parsed["error"]:
            raise BadInput(
                f"where: {self.sql!r} cannot be read: {parsed.get('error_message')}. It is a condition such as word_count >= 50 AND language = 'en'."
            )
        [statement] = parsed["statements"]
        node = statement["node"]
        if (
            node.get("type") != "SELECT_NODE"
            or node.get("where_clause")
            or len(node["select_list"]) != 1
            or node["from_table"].get("table_name") != "signals"
        ):
            raise BadInput(f"where: {self.sql!r} is more than one condition.")
        return list(_walk(node["select_list"][0]))

    def check(self, schema: pa.Schema) -> None:
        """Raises BadInput for a column that is not among the signals, or a condition that is not true or false."""
        for name in self.columns:  # current_date and its like are read as columns, too
            if name not in schema.names:
                near = difflib.get_close_matches(name, schema.names, n=2)
                hint = f" Did you mean {' or '.join(near)}?" if near else ""
                raise BadInput(f"where: the recipe measures no signal {name!r}.{hint}")
        with _locked() as connection:
            connection.register("signals", schema.empty_table())
            import duckdb

            try:
                [described] = connection.execute(f"DESCRIBE SELECT ({self._plain}) FROM signals").fetchall()  # noqa: S608 checked on construction
            except duckdb.Error as e:
                raise BadInput(f"where: {self.sql!r} does not fit the signals: {_said(e)}") from None
        if described[1] != "BOOLEAN":
            raise BadInput(f"where: {self.sql!r} gives {described[1]}, not true or false. Compare it with something.")

    def holds(self, signals: pa.Table) -> npt.NDArray[np.bool_]:
        """Of each row whether it stays. ``signals`` has at least ``columns``."""
        with _locked() as connection:
            connection.register("signals", signals.append_column("__row", pa.array(np.arange(signals.num_rows))))
            kept = connection.execute(f"SELECT __row FROM signals WHERE coalesce(({self._plain}), false)").fetchnumpy()["__row"]  # noqa: S608 checked on construction
        found = np.zeros(signals.num_rows, bool)
        found[kept] = True
        return found


def _locked() -> "duckdb.DuckDBPyConnection":
    import duckdb

    connection = duckdb.connect(":memory:")
    for setting in ("threads=1", "autoinstall_known_extensions=false", "enable_external_access=false", "lock_configuration=true"):
        connection.execute(f"SET {setting}")
    return connection


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


def _said(error: Exception) -> str:
    return " ".join(str(error).strip().split("\n\n")[0].split()).rstrip(".") + "."

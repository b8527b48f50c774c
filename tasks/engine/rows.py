"""Rows as tuples become a table."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa


def table_of_rows(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """A table with this schema of rows that have a value for each of its columns."""
    return table_of_columns(list(zip(*rows, strict=True)) if rows else [()] * len(schema), schema)


def table_of_columns(columns: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """A table with this schema of plain values, column by column."""
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)

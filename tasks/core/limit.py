"""Limits: bounds on signals. They carry no code of their own; the reason of a drop is the name of the limit crossed.

Every limit is evaluated for every document (no short-circuit), with value and margin, so that thresholds can be studied afterwards.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.core.errors import BadInput

CROSSED = pa.list_(
    pa.struct(
        [
            pa.field("reason", pa.string()),
            pa.field("value", pa.float64()),
            pa.field("limit", pa.float64()),
            pa.field("margin", pa.float64()),
            pa.field("detail", pa.string()),
        ]
    )
)


@dataclass(frozen=True)
class Limit:
    """Bounds on one signal, both inclusive: a document crosses ``low`` with a smaller value, ``high`` with a larger one.

    ``one_of`` bounds a signal of words (a language); ``empty`` demands that a verdict signal (a datatrove block's) gave no reason.
    A missing or not finite value crosses the limit as ``<signal>:missing``.

    Raises:
        BadInput: no bound at all, ``low`` above ``high``, or a bound that is not a finite number.
    """

    signal: str
    low: float | None = None
    high: float | None = None
    one_of: tuple[str, ...] | None = None
    empty: bool | None = None

    def __post_init__(self) -> None:
        for side in (self.low, self.high):
            if side is not None and (isinstance(side, bool) or not isinstance(side, int | float) or not math.isfinite(side)):
                raise BadInput(f"The limit on {self.signal} is {side!r}, which is not a finite number. Give low and high as numbers.")
        if self.low is None and self.high is None and self.one_of is None and self.empty is None:
            raise BadInput(
                f"The limit on {self.signal} bounds nothing. Give low, high, one_of or empty; write `{self.signal}: null` to lift an inherited limit."
            )
        if self.low is not None and self.high is not None and self.low > self.high:
            raise BadInput(f"The limit on {self.signal} is impossible: low {self.low} is above high {self.high}, nothing could pass.")
        if self.one_of is not None and not self.one_of:
            raise BadInput(f"The limit on {self.signal} allows no value: one_of is empty.")


@dataclass(frozen=True)
class _Hit:
    """Rows that cross one side of one limit."""

    reason: str | list[str]
    rows: np.ndarray[Any, Any]
    value: np.ndarray[Any, Any]
    limit: float
    margin: np.ndarray[Any, Any]
    detail: list[str | None] | None = None


def judge(columns: Mapping[str, pa.ChunkedArray], limits: Sequence[Limit], rows: int) -> tuple[pa.Array, pa.Array]:
    """``crossed`` (type CROSSED, in the order of the limits) and ``reason`` (the first crossed, or null) of every row.

    Raises KeyError for a limit on a column that is not there: recipes are validated before anything runs.
    """
    hits = [hit for limit in limits for hit in _hits(columns[limit.signal], limit)]
    row = np.concatenate([h.rows for h in hits]) if hits else np.empty(0, np.int64)
    order = np.argsort(row, kind="stable")
    reasons: list[str] = []
    details: list[str | None] = []
    for h in hits:
        reasons += h.reason if isinstance(h.reason, list) else [h.reason] * len(h.rows)
        details += h.detail if h.detail is not None else [None] * len(h.rows)

    def stacked(parts: list[np.ndarray[Any, Any]]) -> pa.Array:
        numbers = np.concatenate(parts)[order] if parts else np.empty(0)
        return pa.array(numbers, pa.float64(), mask=np.isnan(numbers))

    entries = pa.StructArray.from_arrays(
        [
            pa.array(reasons, pa.string()).take(pa.array(order)),
            stacked([h.value for h in hits]),
            stacked([np.full(len(h.rows), h.limit) for h in hits]),
            stacked([h.margin for h in hits]),
            pa.array(details, pa.string()).take(pa.array(order)),
        ],
        fields=list(CROSSED.value_type),
    )
    counts = np.bincount(row, minlength=rows) if rows else np.empty(0, np.int64)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    crossed = pa.ListArray.from_arrays(pa.array(offsets), entries).cast(CROSSED)
    first = pa.array(np.where(counts > 0, offsets[:-1], 0), pa.int64(), mask=counts == 0)
    return crossed, entries.field(0).take(first) if len(entries) else pa.nulls(rows, pa.string())


def _hits(column: pa.ChunkedArray, limit: Limit) -> list[_Hit]:
    if limit.one_of is not None or limit.empty:
        return _word_hits(column, limit)
    values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False).astype(float, copy=True)
    hits = []
    missing = np.flatnonzero(~np.isfinite(values))
    values[missing] = np.nan
    if len(missing):
        nan = np.full(len(missing), np.nan)
        hits.append(_Hit(f"{limit.signal}:missing", missing, nan, math.nan, nan))
    if limit.low is not None and len(rows := np.flatnonzero(values < limit.low)):
        hits.append(_Hit(f"{limit.signal}:low", rows, values[rows], limit.low, limit.low - values[rows]))
    if limit.high is not None and len(rows := np.flatnonzero(values > limit.high)):
        hits.append(_Hit(f"{limit.signal}:high", rows, values[rows], limit.high, values[rows] - limit.high))
    return hits


def _word_hits(column: pa.ChunkedArray, limit: Limit) -> list[_Hit]:
    if limit.one_of is not None:
        rows = np.flatnonzero(~pc.fill_null(pc.is_in(column, pa.array(limit.one_of)), False).to_numpy(zero_copy_only=False))
    else:
        rows = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
    said = column.take(pa.array(rows)).to_pylist()
    nan = np.full(len(rows), np.nan)
    reason: str | list[str] = f"{limit.signal}:other" if limit.one_of is not None else [f"{limit.signal}:{word}" for word in said]
    return [_Hit(reason, rows, nan, math.nan, nan, said)] if len(rows) else []

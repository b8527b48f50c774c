"""Limits: bounds on signals. They carry no code of their own; the reason of a drop is the name of the limit crossed.

Every limit is evaluated for every document (no short-circuit), with value and margin, so that thresholds can be studied afterwards.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language_codes import which

CROSSED = pa.list_(
    pa.field(
        "element",  # as Parquet names it: a table is the same whether it comes from memory or from the store
        pa.struct(
            [
                pa.field("reason", pa.string()),
                pa.field("value", pa.float64()),
                pa.field("limit", pa.float64()),
                pa.field("margin", pa.float64()),
                pa.field("detail", pa.string()),
                pa.field("step", pa.string()),
            ]
        ),
    )
)


@stable("option/limit")
@dataclass(frozen=True)
class Limit:
    """Bounds on one signal, both inclusive: a document crosses ``low`` with a smaller value, ``high`` with a larger one.

    ``one_of`` bounds a signal of words; one of a signal of languages names languages, in whatever code (``language_codes.which``); ``empty`` demands that a verdict signal (a datatrove block's) gave no reason.
    ``by_language`` has (language, low, high) in place of ``low`` and ``high`` for documents of these languages (the column ``language``).
    A missing or not finite value crosses the limit as ``<signal>:missing``, unless the document's language has no bound.

    Raises:
        BadInput: no bound at all, ``low`` above ``high``, or a bound that is not a finite number.
    """

    signal: str
    low: float | None = None
    high: float | None = None
    one_of: tuple[str, ...] | None = None
    empty: bool | None = None
    by_language: tuple[tuple[str, float | None, float | None], ...] | None = None

    def __post_init__(self) -> None:
        for side in (self.low, self.high, *(side for _, *sides in self.by_language or () for side in sides)):
            if side is not None and (isinstance(side, bool) or not isinstance(side, int | float) or not math.isfinite(side)):
                raise BadInput(f"The limit on {self.signal} is {side!r}, which is not a finite number. Give low and high as numbers.")
        if self.low is None and self.high is None and self.one_of is None and self.empty is None and not self.by_language:
            raise BadInput(
                f"The limit on {self.signal} bounds nothing. Give low, high, one_of or empty; write `{self.signal}: null` to lift an inherited limit."
            )
        for language, low, high in (("", self.low, self.high), *(self.by_language or ())):
            if low is not None and high is not None and low > high:
                of = f" of {language}" if language else ""
                raise BadInput(f"The limit on {self.signal}{of} is impossible: low {low} is above high {high}, nothing could pass.")
        if self.one_of is not None and not self.one_of:
            raise BadInput(f"The limit on {self.signal} allows no value: one_of is empty.")

    def of(self, language: str | None) -> "Limit":
        """What it asks of documents of a language; bounds may both be None there."""
        bounds = {name: (low, high) for name, low, high in self.by_language or ()}
        own = which(language, tuple(bounds))
        return replace(self, low=bounds[own][0], high=bounds[own][1]) if own else self

    @property
    def of_languages(self) -> bool:
        """Whether the signal's words are labels of languages."""
        return self.signal == "language" or self.signal.startswith("language_")


@dataclass(frozen=True)
class _Hit:
    """Rows that cross one side of one limit."""

    reason: str | list[str]
    rows: np.ndarray[Any, Any]
    value: np.ndarray[Any, Any]
    limit: float | np.ndarray[Any, Any]
    margin: np.ndarray[Any, Any]
    detail: list[str | None] | None = None


def columns_of(limits: Sequence[Limit]) -> list[str]:
    """The columns of the signals table that ``apply_limits`` looks at for these limits."""
    by_language = any(limit.by_language for limit in limits)
    return list(dict.fromkeys([*(limit.signal for limit in limits), *(["language"] if by_language else [])]))


def apply_limits(
    columns: Mapping[str, pa.ChunkedArray], limits: Sequence[Limit], rows: int, step: str | None = None
) -> tuple[pa.Array, pa.Array]:
    """``crossed`` (type CROSSED, in the order of the limits) and ``reason`` (the first crossed, or null) of every row. ``step`` is who applies them.

    Raises KeyError for a limit on a column that is not there: recipes are validated before anything runs.
    """
    hits = [hit for limit in limits for hit in _hits(columns[limit.signal], limit, columns.get("language"))]
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
            pa.array([step] * len(row), pa.string()),
        ],
        fields=list(CROSSED.value_type),
    )
    counts = np.bincount(row, minlength=rows) if rows else np.empty(0, np.int64)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    crossed = pa.ListArray.from_arrays(pa.array(offsets), entries).cast(CROSSED)
    first = pa.array(np.where(counts > 0, offsets[:-1], 0), pa.int64(), mask=counts == 0)
    return crossed, entries.field(0).take(first) if len(entries) else pa.nulls(rows, pa.string())


def _hits(column: pa.ChunkedArray, limit: Limit, language: pa.ChunkedArray | None) -> list[_Hit]:
    if limit.one_of is not None or limit.empty:
        return _word_hits(column, limit)
    values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False).astype(float, copy=True)
    low, high = _bounds(limit, language, len(values))
    hits = []
    missing = np.flatnonzero(~np.isfinite(values) & ~(np.isnan(low) & np.isnan(high)))
    values[~np.isfinite(values)] = np.nan
    if len(missing):
        nan = np.full(len(missing), np.nan)
        hits.append(_Hit(f"{limit.signal}:missing", missing, nan, math.nan, nan))
    if len(rows := np.flatnonzero(values < low)):
        hits.append(_Hit(f"{limit.signal}:low", rows, values[rows], low[rows], low[rows] - values[rows]))
    if len(rows := np.flatnonzero(values > high)):
        hits.append(_Hit(f"{limit.signal}:high", rows, values[rows], high[rows], values[rows] - high[rows]))
    return hits


def _bounds(limit: Limit, language: pa.ChunkedArray | None, rows: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """``low`` and ``high`` of every row, NaN where there is none."""
    sides = [np.full(rows, math.nan if side is None else side, float) for side in (limit.low, limit.high)]
    if limit.by_language:
        if language is None:
            raise KeyError("language")
        names = tuple(name for name, *_ in limit.by_language)
        labels = language.combine_chunks().dictionary_encode()
        place = {name: i for i, name in enumerate(names)}
        places = pa.array([place.get(which(label, names) or "") for label in labels.dictionary.to_pylist()], pa.int32())
        own = places.take(labels.indices).to_numpy(zero_copy_only=False)
        mine = np.flatnonzero(np.isfinite(own))
        entries = own[mine].astype(np.int64)
        for n, side in enumerate(sides, start=1):
            side[mine] = np.array([math.nan if entry[n] is None else entry[n] for entry in limit.by_language], float)[entries]
    return sides[0], sides[1]


def _word_hits(column: pa.ChunkedArray, limit: Limit) -> list[_Hit]:
    if limit.one_of is not None:
        allowed = limit.one_of
        if limit.of_languages:
            allowed = tuple(label for label in pc.unique(column).to_pylist() if label and which(label, limit.one_of))
        rows = np.flatnonzero(~pc.fill_null(pc.is_in(column, pa.array(allowed, column.type)), False).to_numpy(zero_copy_only=False))
    else:
        rows = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
    said = column.take(pa.array(rows)).to_pylist()
    nan = np.full(len(rows), np.nan)
    reason: str | list[str] = f"{limit.signal}:other" if limit.one_of is not None else [f"{limit.signal}:{word}" for word in said]
    return [_Hit(reason, rows, nan, math.nan, nan, said)] if len(rows) else []

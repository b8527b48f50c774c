"""Predicate: limits as SQL. A test makes sure that both notations say the same of any signals, nulls and NaN included."""

from collections.abc import Sequence

from winnow.tasks.signals.limit import Limit

QUOTE = "'"


def predicate(limits: Sequence[Limit]) -> str:
    """The SQL condition that is true for exactly the rows that cross none of the limits; never null."""
    parts = [part for limit in limits for part in _conditions(limit)]
    return " AND ".join(parts) if parts else "true"


def _conditions(limit: Limit) -> list[str]:
    name = '"' + limit.signal.replace('"', '""') + '"'
    if limit.one_of is not None:
        words = ", ".join("'" + w.replace("'", "''") + "'" for w in limit.one_of)
        return [f"coalesce({name} IN ({words}), false)"]
    if limit.empty:
        return [f"{name} IS NULL"]
    value = f"CAST({name} AS DOUBLE)"
    general = _between(value, limit.low, limit.high)
    if not limit.by_language:
        return general
    cases = [
        f"WHEN '{language.replace(QUOTE, QUOTE * 2)}' THEN {' AND '.join(_between(value, low, high))}"
        for language, low, high in limit.by_language
    ]
    return [f'CASE "language" {" ".join(cases)} ELSE {" AND ".join(general)} END']


def _between(value: str, low: float | None, high: float | None) -> list[str]:
    if low is None and high is None:
        return ["true"]
    found = [f"coalesce(isfinite({value}), false)"]
    found += [f"coalesce({value} >= {low!r}, false)"] if low is not None else []
    found += [f"coalesce({value} <= {high!r}, false)"] if high is not None else []
    return found

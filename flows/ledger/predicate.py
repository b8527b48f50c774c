"""Limits as SQL: two notations of one thing. A test holds them together on any signals, nulls and NaN included."""

from collections.abc import Sequence

from tasks.core.limit import Limit


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
    found = [f"coalesce(isfinite({value}), false)"]
    found += [f"coalesce({value} >= {limit.low!r}, false)"] if limit.low is not None else []
    found += [f"coalesce({value} <= {limit.high!r}, false)"] if limit.high is not None else []
    return found

"""Predicate: limits as SQL. A test makes sure that both notations say the same of any signals, nulls and NaN included."""

from collections.abc import Sequence

from winnow.tasks.extract.language_codes import first_parts, script
from winnow.tasks.signals.limit import Limit

QUOTE = "'"


def predicate(limits: Sequence[Limit]) -> str:
    """The SQL condition that is true for exactly the rows that cross none of the limits; never null."""
    parts = [part for limit in limits for part in _conditions(limit)]
    return " AND ".join(parts) if parts else "true"


def _conditions(limit: Limit) -> list[str]:
    name = '"' + limit.signal.replace('"', '""') + '"'
    if limit.one_of is not None and limit.of_languages:
        return [f"coalesce({' OR '.join(_is_language(name, label) for label in limit.one_of)}, false)"]
    if limit.one_of is not None:
        words = ", ".join("'" + w.replace("'", "''") + "'" for w in limit.one_of)
        return [f"coalesce({name} IN ({words}), false)"]
    if limit.empty:
        return [f"{name} IS NULL"]
    value = f"CAST({name} AS DOUBLE)"
    general = _between(value, limit.low, limit.high)
    if not limit.by_language:
        return general
    # The same label goes before another one of the same language, as with ``language_codes.which``.
    exact = [(f'"language" = {_quoted(language)}', low, high) for language, low, high in limit.by_language]
    folded = [(_is_language('"language"', language), low, high) for language, low, high in limit.by_language]
    cases = [f"WHEN {condition} THEN {' AND '.join(_between(value, low, high))}" for condition, low, high in exact + folded]
    return [f"CASE {' '.join(cases)} ELSE {' AND '.join(general)} END"]


def _quoted(word: str) -> str:
    return f"'{word.replace(QUOTE, QUOTE * 2)}'"


def _is_language(name: str, label: str) -> str:
    """Whether a column names the language of a label, as ``language_codes.which`` has it."""
    parts = f"string_split(replace({name}, '-', '_'), '_')"
    same = f"lower({parts}[1]) IN ({', '.join(map(_quoted, first_parts(label)))})"
    if not script(label):
        return f"({name} = {_quoted(label)} OR {same})"
    written = f"list_filter({parts}[2:], lambda part: regexp_full_match(part, '[A-Za-z]{{4}}'))[1]"
    return f"({name} = {_quoted(label)} OR ({same} AND coalesce(lower({written}), {_quoted(script(label))}) = {_quoted(script(label))}))"


def _between(value: str, low: float | None, high: float | None) -> list[str]:
    if low is None and high is None:
        return ["true"]
    found = [f"coalesce(isfinite({value}), false)"]
    found += [f"coalesce({value} >= {low!r}, false)"] if low is not None else []
    found += [f"coalesce({value} <= {high!r}, false)"] if high is not None else []
    return found

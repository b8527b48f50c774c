"""Columns whose names have a dot (``topic.label``), written in SQL without quotes. DuckDB would read the dot as that of a table, so such names are quoted before
it sees them. What a column means is the business of the filter that makes it."""

from collections.abc import Iterable


def quoted(sql: str, names: Iterable[str]) -> str:
    """The same SQL with every one of ``names`` that has a dot in quotation marks, wherever it stands outside of texts, comments and quotation marks.

    A name is compared without regard to case, as SQL does; one that is longer goes before one that it begins with.
    """
    dotted = {name.lower(): name for name in names if "." in name}
    if not dotted:
        return sql
    parts: list[str] = []
    i, n = 0, len(sql)
    while i < n:
        c = sql[i]
        if c in "'\"":
            end = _closed(sql, i)
        elif sql.startswith("--", i):
            end = sql.find("\n", i) + 1 or n
        elif sql.startswith("/*", i):
            found = sql.find("*/", i)
            end = found + 2 if found >= 0 else n
        elif c.isalpha() or c == "_":
            end = i + 1
            while end < n and (sql[end].isalnum() or sql[end] in "_."):
                end += 1
            parts.append(_word(sql[i:end], dotted))
            i = end
            continue
        elif c.isdigit():  # 1.5e3 is no name
            end = i + 1
            while end < n and (sql[end].isalnum() or sql[end] in "_."):
                end += 1
        else:
            end = i + 1
        parts.append(sql[i:end])
        i = end
    return "".join(parts)


def _closed(sql: str, begin: int) -> int:
    """Behind the end of a text or a quoted name; a doubled mark is one of it."""
    mark, i = sql[begin], begin + 1
    while i < len(sql):
        if sql[i] == mark:
            if sql[i + 1 : i + 2] != mark:
                return i + 1
            i += 1
        i += 1
    return len(sql)


def _word(word: str, dotted: dict[str, str]) -> str:
    """A name, perhaps behind that of its table: ``s.topic.label`` is ``s."topic.label"``."""
    pieces = word.split(".")
    for skipped in range(len(pieces) - 1):
        rest = ".".join(pieces[skipped:])
        if rest.lower() in dotted:
            name = dotted[rest.lower()].replace('"', '""')
            return ".".join([*pieces[:skipped], f'"{name}"'])
    return word

"""TDMRep: whether the right to mine text and data is reserved, as a site says in ``/.well-known/tdmrep.json``, a response header or a ``meta`` tag.

W3C Text and Data Mining Reservation Protocol, final report of 2024-02-02. What stands closest to the page counts: its ``meta``, else its header, else the file.
"""

import json
from typing import Any, Literal, NamedTuple

from winnow.tasks.consent.robots import matches, normalised_path, normalised_pattern, path_of

MOST_ENTRIES = 1000
Reservation = Literal[0, 1]


class Reserved(NamedTuple):
    """Whether mining is reserved (1) or free (0), and the entry of the file that says so, as JSON in one line."""

    value: Reservation
    text: str


def reservation(value: Any) -> Reservation | None:
    """0 or 1; None for anything else, which says nothing."""
    if isinstance(value, str):
        value = {"0": 0, "1": 1}.get(value.strip())
    return value if isinstance(value, int) and not isinstance(value, bool) and value in (0, 1) else None  # type: ignore[return-value]


def rules_of(body: bytes) -> list[dict[str, Any]]:
    """The entries of a file in their order; none where it is no JSON array of objects."""
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return []
    if not isinstance(data, list):
        return []
    return [entry for entry in data if isinstance(entry, dict) and isinstance(entry.get("location"), str)][:MOST_ENTRIES]


def reserved(rules: list[dict[str, Any]], url: str) -> Reserved | None:
    """What the first entry whose location matches the URL says; None if none matches, or that one says nothing."""
    path = normalised_path(path_of(url))
    for entry in rules:
        if matches(normalised_pattern(entry["location"]), path):
            value = reservation(entry.get("tdm-reservation"))
            return None if value is None else Reserved(value, json.dumps(entry, ensure_ascii=False)[:1000])
    return None

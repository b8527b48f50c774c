"""Which snapshots Common Crawl has: its list ``collinfo.json``, and which of them a user means.

What a snapshot *is* belongs to tasks/engine/crawl.py. The list: https://index.commoncrawl.org/collinfo.json, a JSON array with one object per crawl,
the newest first, whose ``id`` is the crawl's.
"""

import json
from collections.abc import Sequence

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.crawl_ids import COLLINFO, CRAWL_ID, near_ids
from winnow.tasks.transport.open import read_all
from winnow.tasks.transport.politeness import POLITE, Transport
from winnow.tasks.transport.uri import shown

COMMON_CRAWLS_LIST = "/".join(COLLINFO)
RANGE = ".."


def listed(where: str = COMMON_CRAWLS_LIST, transport: Transport = POLITE) -> tuple[str, ...]:
    """Ids of all crawls in a list (path, https:// or s3://), the newest first.

    Ids sort by date as text: CC-MAIN-YEAR-WEEK, and the oldest ones CC-MAIN-YEAR.

    Raises:
        BadInput: no such file, or it is not a list of crawls. Transient: throttled or unreachable after bounded attempts.
    """
    root, _, name = where.removeprefix("file://").rpartition("/")
    data = read_all(root or ("/" if where.startswith("/") else "."), name, transport=transport)
    try:
        ids = [str(entry["id"]) for entry in json.loads(data)]
    except (ValueError, TypeError, KeyError):
        ids = []
    found = tuple(sorted({i for i in ids if CRAWL_ID.fullmatch(i)}, reverse=True))
    if not found:
        raise BadInput(
            f"{shown(where)} is not a list of crawls (a JSON array of objects with an id such as CC-MAIN-2026-43; it begins {data[:40]!r}). "
            f"Leave the list out for Common Crawl's own, {COMMON_CRAWLS_LIST}."
        )
    return found


def chosen(wanted: str, known: Sequence[str]) -> tuple[str, ...]:
    """The ids that ``wanted`` names, the newest first, each once: ids and ranges ``OLDEST..NEWEST`` with commas or spaces between.

    A range takes what ``known`` has between its ends, both included; an id must be in ``known``.

    Raises:
        BadInput: nothing named, an unknown id, or an empty range; names the nearest ids.
    """
    ids: set[str] = set()
    for part in wanted.replace(",", " ").split():
        low, dots, high = part.partition(RANGE)
        for end in (low, high) if dots else (low,):
            if end not in known:
                near = ", ".join(near_ids(end, known)) or f"{known[-1]} to {known[0]}"
                raise BadInput(f"There is no crawl {end!r} in the list of crawls. Near it: {near}.")
        between = {k for k in known if low <= k <= high} if dots else {low}
        if not between:
            raise BadInput(f"The range {part} is empty: write the older crawl first.")
        ids |= between
    if not ids:
        raise BadInput("No snapshot is named. Give ids such as CC-MAIN-2026-43, or a range CC-MAIN-2026-04..CC-MAIN-2026-43.")
    return tuple(sorted(ids, reverse=True))

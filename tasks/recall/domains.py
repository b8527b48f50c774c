"""The table of domains and paths: how much of each was collected, and what a person decides about it."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Bools
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recall.judge import NO, YES
from winnow.tasks.recall.pool import place_of

MARKED_SHARE = 0.1
"""From this share of collected pages on a domain is marked (DeepSeekMath)."""
COLUMNS = ("host", "path", "pages", "collected", "share", "marked", "decision")


def table(urls: Iterable[str], collected: Bools, decisions: Mapping[tuple[str, str], bool]) -> str:
    """As CSV: a row per host, with the path ``*``, and per host and first part of the path; the largest share first among those with two pages or more."""
    counts: dict[tuple[str, str], list[int]] = {}
    for url, hit in zip(urls, collected.tolist(), strict=True):
        host, path = place_of(url)
        for place in ((host, "*"), (host, path)):
            entry = counts.setdefault(place, [0, 0])
            entry[0] += 1
            entry[1] += int(hit)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    ranked = sorted(counts.items(), key=lambda kv: (kv[1][0] < 2, -kv[1][1] / kv[1][0], -kv[1][0], kv[0]))
    for (host, path), (pages, hits) in ranked:
        if host:
            decided = decisions.get((host, path))
            said = "" if decided is None else "yes" if decided else "no"
            writer.writerow([host, path, pages, hits, f"{hits / pages:.4f}", "yes" if hits / pages > MARKED_SHARE else "", said])
    return out.getvalue()


def read_decisions(path: Path) -> dict[tuple[str, str], bool]:
    """The decisions of such a table. Raises BadInput if it cannot be read."""
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except OSError as e:
        raise BadInput(f"The table of domains {path} cannot be read: {e.strerror or e}.") from None
    if rows and not {"host", "path", "decision"} <= rows[0].keys():
        raise BadInput(f"{path} is no table of domains: it needs the columns host, path and decision, as `winnow recall` writes them.")
    found = {}
    for row in rows:
        said = str(row["decision"] or "").strip().casefold()
        if said and said not in YES | NO:
            raise BadInput(f"{path}: the decision about {row['host']} {row['path']} is {said!r}; write yes or no, or leave it empty.")
        if said:
            found[str(row["host"]), str(row["path"])] = said in YES
    return found


def decided(urls: Iterable[str], decisions: Mapping[tuple[str, str], bool]) -> npt.NDArray[np.int8]:
    """1 for pages of a place that is decided to be of the topic, 0 for one that is not, -1 else. The path goes before the host."""
    found = []
    for url in urls:
        host, path = place_of(url)
        said = decisions.get((host, path), decisions.get((host, "*")))
        found.append(-1 if said is None else int(said))
    return np.array(found, np.int8)

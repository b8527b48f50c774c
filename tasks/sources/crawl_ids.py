"""Names of Common Crawl's crawls: what one looks like, which there are, and which is meant by a misspelt one."""

import json
import os
import re
from collections.abc import Sequence
from difflib import SequenceMatcher, get_close_matches

from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.transport.open import read_all
from winnow.tasks.transport.politeness import Transport

COLLINFO = ("https://index.commoncrawl.org", "collinfo.json")
# Crawls until the end of 2025 (collinfo.json); only for naming near ids when that file cannot be reached.
KNOWN_WEEKS = {
    2013: "20 48",
    2014: "10 15 23 35 41 42 49 52",
    2015: "06 11 14 18 22 27 32 35 40 48",
    2016: "07 18 22 26 30 36 40 44 50",
    2017: "04 09 13 17 22 26 30 34 39 43 47 51",
    2018: "05 09 13 17 22 26 30 34 39 43 47 51",
    2019: "04 09 13 18 22 26 30 35 39 43 47 51",
    2020: "05 10 16 24 29 34 40 45 50",
    2021: "04 10 17 21 25 31 39 43 49",
    2022: "05 21 27 33 40 49",
    2023: "06 14 23 40 50",
    2024: "10 18 22 26 30 33 38 42 46 51",
    2025: "05 08 13 18 21 26 30 33 38 43 47 51",
}
CRAWL_ID = re.compile(r"CC-MAIN-\d{4}(-\d{2}|-\d{4})?")


def near_ids(wanted: str, known: Sequence[str], count: int = 3) -> list[str]:
    """The known crawl ids most like a misspelt one: by letters, and by date if it has one."""
    by_letters = get_close_matches(wanted.upper(), known, n=count, cutoff=0.6)
    if (date := re.search(r"(\d{4})-(\d{1,2})$", wanted)) is None:
        return by_letters
    weeks = int(date[1]) * 52 + int(date[2])
    dated = [(abs(int(m[1]) * 52 + int(m[2]) - weeks), k) for k in known if (m := re.fullmatch(r"CC-MAIN-(\d{4})-(\d{2})", k))]
    by_date = [k for distance, k in sorted(dated)[:2] if distance < 52]
    return list(dict.fromkeys(by_letters[:1] + by_date + by_letters))[:count]


def like_an_id(source: str) -> bool:
    """Whether somebody who wrote this meant a crawl id, spelt right or not."""
    if "/" in source or os.sep in source or re.search(r"\.[A-Za-z]", source):
        return False
    return SequenceMatcher(None, re.sub(r"\d", "0", source.upper()), "CC-MAIN-0000-00").ratio() >= 0.7


def known_ids(transport: Transport) -> tuple[list[str], str]:
    """Crawl ids and who says so, '' for the list in this file. Asks once, for a few seconds at most."""
    once = transport.with_politeness(
        attempts=1, unreachable_attempts=1, page_attempts=1, timeout_s=min(5.0, transport.politeness.timeout_s)
    )
    try:
        ids = [str(c["id"]) for c in json.loads(read_all(*COLLINFO, transport=once))]
        return ids, COLLINFO[0].partition("://")[2]
    except (BadInput, Transient, ValueError, TypeError, KeyError):
        return [f"CC-MAIN-{year}-{week}" for year, weeks in KNOWN_WEEKS.items() for week in weeks.split()], ""


def should_be_known(crawl_id: str, known: Sequence[str]) -> bool:
    """True if an id that no list names is not simply newer than the list."""
    return crawl_id not in known and crawl_id < max(known)


def no_such_crawl(wanted: str, transport: Transport, known: Sequence[str] = (), said_by: str = "") -> BadInput:
    """The error for an id that no crawl has; names the nearest ids, looked up unless ``known`` is given."""
    if not known:
        known, said_by = known_ids(transport)
    near = near_ids(wanted, known)
    hint = f"Near it: {', '.join(near)}." if near else f"Ids look like {known[0]}."
    source = f"according to {said_by}" if said_by else "according to a list that ends with 2025, as index.commoncrawl.org cannot be reached"
    return BadInput(f"There is no crawl or file {wanted}. {hint} ({source}; all ids: https://commoncrawl.org/get-started)")

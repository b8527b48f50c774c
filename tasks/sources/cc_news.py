"""CC-NEWS: Common Crawl's daily crawl of news sites, WARC files in a folder per month (https://commoncrawl.org/news-crawl).

A month has a listing, ``crawl-data/CC-NEWS/<year>/<month>/warc.paths.gz``; no ``collinfo.json`` names it. It is written ``CC-NEWS-2024-05``, or given
by the address of its folder or listing, on Common Crawl's servers or in a mirror.
"""

import os
import re
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.base import Found, Listing, Wanted
from winnow.tasks.sources.credentials import options_for
from winnow.tasks.sources.listings import parse_listing
from winnow.tasks.sources.mirror import IMMUTABLE_BY_NAME, local_path, s3_uri
from winnow.tasks.transport.open import read_all
from winnow.tasks.transport.politeness import NotFound
from winnow.tasks.transport.uri import scheme, shown

FIRST_YEAR = 2016
_ID = re.compile(r"CC-NEWS-(\d{4})-?(\d{2})", re.IGNORECASE)
_PLACE = re.compile(r"(.*?)/crawl-data/CC-NEWS/(\d{4})/(\d{2})(?:/warc\.paths\.gz)?/*")


class CcNews(Listing):
    """A month of CC-NEWS."""

    name: ClassVar[str] = "cc-news"
    about: ClassVar[str] = "a month of news such as CC-NEWS-2024-05"
    order: ClassVar[int] = 5

    def find(self, wanted: Wanted) -> Found | None:
        if not (month := _month(wanted)):
            return None
        root, year, number = month
        if wanted.kind != "warc":
            raise BadInput(f"CC-NEWS has WARC files only, not {wanted.kind}. Leave the kind out.")
        name = f"CC-NEWS-{year}-{number}"
        if wanted.snapshot not in ("", name):
            raise BadInput(f"The source is {name} but --snapshot says {wanted.snapshot}. Leave one of them out.")
        if not (int(year) >= FIRST_YEAR and 1 <= int(number) <= 12):
            raise BadInput(f"There is no month {name}: CC-NEWS began in August {FIRST_YEAR}. Ids look like CC-NEWS-2024-05.")
        options = options_for(root, wanted)
        where = f"crawl-data/CC-NEWS/{year}/{number}/warc.paths.gz"
        try:
            paths = parse_listing(read_all(root, where, options, wanted.transport), f"{shown(root)}/{where}")
        except NotFound:
            if scheme(root) == "file" and os.path.isdir(f"{root}/{where.rpartition('/')[0]}"):
                return None  # a folder without a listing is a folder of files
            raise BadInput(
                f"There is no listing of {name} at {shown(root)}/{where}. Months begin with 2016-08 and end with the last one."
            ) from None
        return Found(root, "warc", paths, name, options, named=root.startswith(IMMUTABLE_BY_NAME))


def _month(wanted: Wanted) -> tuple[str, str, str] | None:
    """Root, year and month that are named; None if none is."""
    spec = wanted.spec
    if month := _ID.fullmatch(spec):
        if os.path.exists(local_path(spec)):
            return None
        root = wanted.base_url if scheme(wanted.base_url) != "file" else local_path(wanted.base_url)
        return root.rstrip("/"), month[1], month[2]
    match scheme(spec):
        case "file":
            place = _PLACE.fullmatch(local_path(spec).replace(os.sep, "/"))
            return (place[1], place[2], place[3]) if place else None
        case "http" | "https":
            parts = urlsplit(spec)
            place = _PLACE.fullmatch(parts.path)
            return (urlunsplit(parts._replace(path=place[1])), place[2], place[3]) if place else None
        case "s3":
            place = _PLACE.fullmatch(s3_uri(spec))
            return (place[1], place[2], place[3]) if place else None
    return None

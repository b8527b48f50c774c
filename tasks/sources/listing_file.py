"""A listing that somebody downloaded or made: a file ``*.paths.gz`` or ``*.paths`` of paths below Common Crawl's root, or below ``--base-url``."""

import os
import re
from typing import ClassVar

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.base import Found, Listing, Wanted
from winnow.tasks.sources.credentials import options_for
from winnow.tasks.sources.folder import plain_files
from winnow.tasks.sources.listings import parse_listing
from winnow.tasks.sources.mirror import local_path
from winnow.tasks.transport.uri import scheme

_CRAWL = re.compile(r"crawl-data/(?:(CC-NEWS)/(\d{4})/(\d{2})|([^/]+))/")


class ListingFile(Listing):
    """A local listing of paths; the files themselves lie at the base URL."""

    name: ClassVar[str] = "listing-file"
    about: ClassVar[str] = "a listing such as warc.paths.gz"
    order: ClassVar[int] = 25

    def find(self, wanted: Wanted) -> Found | None:
        path = local_path(wanted.spec) if scheme(wanted.spec) == "file" else ""
        if not path.endswith((".paths.gz", ".paths")) or not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            paths = parse_listing(file.read(), path)
        root = (wanted.base_url if scheme(wanted.base_url) != "file" else local_path(wanted.base_url)).rstrip("/")
        found = plain_files(wanted, root, paths, options_for(root, wanted))
        crawls = {"-".join(part for part in match.groups() if part) for p in found.paths if (match := _CRAWL.match(p))}
        if len(crawls) > 1:
            raise BadInput(
                f"{path} lists files of {len(crawls)} crawls: {', '.join(sorted(crawls)[:5])}. Make a listing of one crawl each."
            )
        return Found(root, found.kind, found.paths, crawls.pop() if crawls else wanted.snapshot, found.options)

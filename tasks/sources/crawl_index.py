"""The index of a crawl: what all of it holds, so that a corpus can be held against it. Only shares of domains are taken from it.

Layout: https://commoncrawl.org/cdxj-index. ``cdx-*.gz`` has a line per capture, sorted by SURT (``org,example)/path``). A whole crawl has 300 of some
hundred MB; ``cluster.idx`` beside them has every 3,000th line, an even sample of captures that says nothing of how many domains there are.
"""

import gzip
import io
import zlib
from collections import Counter
from dataclasses import dataclass

from winnow.tasks.engine.crawl import FileSource
from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.sources.domains import registered_domain, top_level
from winnow.tasks.sources.listings import listing
from winnow.tasks.transport.uri import scheme

MOST_BYTES = 256 << 20
SAMPLE = "cluster.idx"


@dataclass(frozen=True)
class IndexShares:
    """Captures by top-level domain, and distinct registered domains (None where only a sample of captures was read)."""

    captures: int
    tlds: dict[str, int]
    domains: int | None


def index_shares(source: FileSource, snapshot: str) -> IndexShares | None:
    """What the index beside the crawl says. None if there is none, it is not on this machine's disks, it cannot be read, or it is larger than 256 MiB
    without a ``cluster.idx``."""
    if scheme(source.root) != "file":
        return None
    try:
        paths = listing(source, snapshot, "cc-index")
        sampled = [p for p in paths if p.endswith(SAMPLE)]
        wanted = sampled or [p for p in paths if p.rsplit("/", 1)[-1].startswith("cdx-")]
        if not wanted or sum(source.size(p) or 0 for p in wanted) > MOST_BYTES:
            return None
        tlds, domains, captures = Counter[str](), set[str](), 0
        for path in wanted:
            with source.open(path) as raw, io.TextIOWrapper(raw if sampled else gzip.GzipFile(fileobj=raw), "utf-8", "replace") as lines:
                for line in lines:
                    host = host_of_surt(line)
                    captures += 1
                    tlds[top_level(host)] += 1
                    if not sampled:
                        domains.add(registered_domain(host))
    except (BadInput, Transient, OSError, EOFError, zlib.error):
        return None
    return IndexShares(captures, dict(tlds), None if sampled else len(domains)) if captures else None


def host_of_surt(line: str) -> str:
    """The host of an index line: ``www.example.org`` of ``org,example,www)/path 2024...``."""
    key = line.partition(")")[0].split(" ", 1)[0].partition(":")[0]
    return ".".join(reversed(key.split(",")))

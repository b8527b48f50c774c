"""A curated list of sites and pages as a label: the pages that Wikipedia cites (RedPajama's wikiref), sites of one kind (UT1's categories)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.domains import parents_of


@dataclass(frozen=True)
class Listed:
    """A line of the list is a domain, which covers its subdomains, or the URL of one page; # begins a comment."""

    domains: frozenset[str]
    pages: frozenset[str]

    def has(self, url: str) -> bool:
        """Whether the page, or the site it is on, is listed. The scheme, a leading www. and a final slash do not matter."""
        return bool(url) and (_page(url) in self.pages or any(p in self.domains for p in parents_of(url)))


def read_list(path: Path) -> Listed:
    """Raises BadInput if there is no such file, or nothing in it."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as e:
        raise BadInput(f"The list {path} cannot be read: {e.strerror or e}. Give a file with a domain or URL per line.") from None
    return listed(lines, path.name)


def listed(lines: Iterable[str], name: str) -> Listed:
    """Raises BadInput if nothing is listed."""
    entries = {entry for line in lines if (entry := line.split("#", 1)[0].strip())}
    pages = {_page(e) for e in entries}
    domains = {p.lower() for p in pages if "/" not in p}
    if not entries:
        raise BadInput(f"The list {name} is empty. Write a domain or a URL per line.")
    return Listed(frozenset(domains), frozenset(pages - domains))


def _page(url: str) -> str:
    host, slash, path = url.split("://", 1)[-1].rstrip("/").partition("/")
    return host.lower().removeprefix("www.") + slash + path

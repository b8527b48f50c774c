"""Domains: the registered domain and the top-level domain of a host, by the Public Suffix List that is shipped with tldextract."""

from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit


@cache
def _suffixes() -> Any:
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)  # the list in the package: no network, the same everywhere


@lru_cache(1 << 16)
def registered_domain(host: str) -> str:
    """The registered domain of a host (``bbc.co.uk`` of ``news.bbc.co.uk``), by the Public Suffix List; the host itself where it has none."""
    found = _suffixes().extract_str(host)
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else host


def top_level(host: str) -> str:
    """The last label of a host; ``unknown`` for an address and for a host without a dot."""
    last = host.rpartition(".")[2]
    return last if last and "." in host and not last.isdigit() and last.isprintable() and "]" not in last else "unknown"


def parents_of(url: str) -> list[str]:
    """The host and its parent domains, without the top level alone."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return []
    labels = host.split(".")
    return [".".join(labels[i:]) for i in range(len(labels) - 1)] or ([host] if host else [])

"""Domains: pages and the files that speak of them meet by the registered domain of their hosts."""

import xxhash

from winnow.tasks.consent.site import origin
from winnow.tasks.sources.domains import registered_domain


def domain_key(url: str) -> bytes:
    """128-bit key of the registered domain of a URL; zeros if it has no host."""
    host = origin(url).partition("://")[2].rpartition(":")[0]
    return xxhash.xxh3_128_digest(registered_domain(host).encode("utf-8", "surrogatepass")) if host else bytes(16)

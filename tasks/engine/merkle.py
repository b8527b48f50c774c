"""A Merkle tree over digests: one root vouches for all, and a part can be verified alone (Merkle 1987)."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any


def root(digests: Iterable[str]) -> str:
    """Root of the tree over hexadecimal digests in this order; leaves and nodes are hashed apart (RFC 6962), an odd one is carried up."""
    level = [hashlib.sha256(b"\0" + d.encode()).digest() for d in digests]
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        level = [
            hashlib.sha256(b"\1" + b"".join(level[i : i + 2])).digest() if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)
        ]
    return level[0].hex()


def tables_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a shard's report says of its tables that are objects of the store: the main one, then the named ones that are not empty."""
    return [report["data"], *(table for _, table in sorted(report.get("tables", {}).items()) if table["rows"])]


def report_digest(report: Mapping[str, Any]) -> str:
    """Digest of all tables of a shard: the table's own, where it is the only one."""
    digests = [table["sha256"] for table in tables_of(report)]
    return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()

"""A Merkle tree over digests: one root vouches for all, and a part can be verified alone (Merkle 1987)."""

import hashlib
from collections.abc import Iterable


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

"""Merkle trees (RFC 6962 and RFC 9162, section 2.1): one root vouches for all entries, and one entry can be proved alone.

Leaves and nodes are hashed apart, and an odd node is carried up, never doubled. Proofs are lists of SHA-256 digests that anyone can check with a few lines of
code; ``docs/integrity.md`` has them.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def leaf_hash(entry: bytes) -> bytes:
    """The digest of an entry."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The digest of two nodes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf digests in this order; of no leaves the digest of nothing."""
    level = list(leaves)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        level = _above(level)
    return level[0]


def root(digests: Iterable[str]) -> str:
    """The root over entries that are digests in hexadecimal, in hexadecimal."""
    return tree_root([leaf_hash(d.encode()) for d in digests]).hex()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What proves that the leaf at an index is in the tree: its siblings, from the bottom up. Raises IndexError for a leaf that is not there."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} in a tree of {len(leaves)}")
    proof, level = [], list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            proof.append(level[sibling])
        level, index = _above(level), index // 2
    return proof


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that a leaf is at an index of the tree of this size and root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != hashlib.sha256().digest_size:
        return False
    node, place, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + [level[-1]] * (len(level) % 2)


def tables_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a shard's report says of its tables that are objects of the store: the main one, then the named ones that are not empty."""
    return [report["data"], *(table for _, table in sorted(report.get("tables", {}).items()) if table["rows"])]


def report_digest(report: Mapping[str, Any]) -> str:
    """Digest of all tables of a shard: the table's own, where it is the only one."""
    digests = [table["sha256"] for table in tables_of(report)]
    return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()

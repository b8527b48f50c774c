"""Verified removal: of the documents of one component a document goes only if it is proved to be a near copy of one that *stays*.

Connected components join whoever is linked by a chain of resemblances, so that ends which share nothing become copies of each other; strong links
chain as well as weak ones. Here the members are walked in the order in which they are to be kept. Each is compared, by its whole set of shingles and not
by an estimate, with the members that stay so far; it goes if one of these is close enough, else it stays as well. What is left is a maximal
independent set of the graph of proved copies: no removed document lacks a proof, and no two that stay are copies of each other.

What a recipe makes of it is in ``minhash.py``. The complaint and its measure: the removal audits of large open corpora in 2026, where half of what
cluster-wise removal took was no copy of what it kept.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from winnow.tasks.dedup.shingles import U32
from winnow.tasks.engine.arrays import U64, Ints

ALL_PAIRS = 64  # components up to this size are compared pair by pair
MOST_COMPARED = 64  # of the members that stay and share a bucket, those that share most are compared


@dataclass(frozen=True)
class Proof:
    """What is enough to remove a document x for a document k that stays: ``similarity`` J(x, k) of at least this; or, if ``containment`` is above
    0, that at least this share of x's shingles is in k, and x has no more of them than k."""

    similarity: float
    containment: float = 0.0

    def holds(self, x: U32, k: U32) -> float:
        """The Jaccard similarity of x and k if it, or the containment of x, is enough to remove x; else -1."""
        inside = self.containment > 0 and len(x) <= len(k)
        if not inside and min(len(x), len(k)) < self.similarity * max(len(x), len(k)):
            return -1.0  # too different in size to be similar enough
        shared = shared_count(x, k)
        similarity = jaccard_of(shared, len(x), len(k))
        return similarity if similarity >= self.similarity or (inside and shared >= self.containment * len(x)) else -1.0


def jaccard_of(shared: int, a: int, b: int) -> float:
    """Jaccard similarity of two sets of a and b values that share so many; 1 for two empty ones."""
    return shared / (a + b - shared) if a or b else 1.0


def jaccard(a: U32, b: U32) -> float:
    """Jaccard similarity of two sets given as ascending distinct arrays."""
    return jaccard_of(shared_count(a, b), len(a), len(b))


def shared_count(a: U32, b: U32) -> int:
    """How many values two ascending arrays of distinct values share."""
    if len(a) > len(b):
        a, b = b, a
    place = np.searchsorted(b, a)
    place[place == len(b)] = 0
    return int(np.count_nonzero(b[place] == a)) if len(b) else 0


def stays_for(sets: list[U32], keys: U64, order: Ints, proof: Proof, exempt: npt.NDArray[np.bool_] | None = None) -> Ints:
    """Of each member of a component the number of the member that stays for it: its own if it stays itself.

    Args:
        sets: the shingles of each member, ascending and distinct.
        keys: the band keys of each member, shape (bands, members).
        order: the members in the order in which they are to be kept.
        proof: what is enough to remove one.
        exempt: members that always stay. They come before all others, so that others go for them.
    """
    if exempt is not None:
        order = np.concatenate([order[exempt[order]], order[~exempt[order]]])
    stays = np.arange(len(sets))
    same: dict[bytes, int] = {}
    leaders: list[int] = []  # those that stay, in order
    buckets: dict[tuple[int, int], list[int]] = {}  # band and key -> places in leaders
    for m in order.tolist():
        twin = same.get(sets[m].tobytes())
        best = twin
        if twin is None:
            near = range(len(leaders)) if len(sets) <= ALL_PAIRS else _sharing_most(buckets, keys[:, m])
            # max() takes the first of equals: the one that comes first in the order.
            similarity, place = max(((proof.holds(sets[m], sets[leaders[i]]), i) for i in near), key=lambda f: f[0], default=(-1.0, 0))
            best = leaders[place] if similarity >= 0 else None
        if best is not None and not (exempt is not None and exempt[m]):
            stays[m] = best
        elif twin is None:
            same[sets[m].tobytes()] = m
            if len(sets) > ALL_PAIRS:
                for bucket in enumerate(keys[:, m].tolist()):
                    buckets.setdefault(bucket, []).append(len(leaders))
            leaders.append(m)
    return stays


def _sharing_most(buckets: dict[tuple[int, int], list[int]], keys: U64) -> list[int]:
    """Places of the members that stay and share a bucket with these keys, ``MOST_COMPARED`` of those that share most, in order."""
    shared: Counter[int] = Counter()
    for bucket in enumerate(keys.tolist()):
        shared.update(buckets.get(bucket, ())[-MOST_COMPARED:])
    return sorted(sorted(shared, key=lambda place: (-shared[place], place))[:MOST_COMPARED])

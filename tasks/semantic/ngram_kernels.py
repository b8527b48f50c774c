"""Loops over characters that make vectors of texts: hashed character n-grams counted, weighted and projected, all in whole numbers.

Sums of whole numbers do not depend on their order, so that a vector is the same on every machine, for any batch and any number of threads.
"""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]

BASE = np.uint64(0x9E3779B97F4A7C15)
BORDER = np.uint64(0xD6E8FEB86659FD93)  # stands before and after a word
SPREAD = np.uint64(0xFF51AFD7ED558CCD)
DROPPED, LETTER, SINGLE = np.uint64(1), np.uint64(2), np.uint64(3)


@compiled
def _bucket(h: np.uint64, bits: int) -> np.int64:
    h ^= h >> np.uint64(32)
    h *= SPREAD
    return np.int64(h >> np.uint64(64 - bits))


@compiled
def _count(bucket: np.int64, counts: I32, touched: I32, n: int) -> int:
    if counts[bucket] == 0:
        touched[n] = bucket
        n += 1
    counts[bucket] += 1
    return n


@compiled
def features(values: U64, begin: int, end: int, bits: int, counts: I32, touched: I32) -> int:
    """Counts the n-grams of one text, whose characters have these values (``shingles.character_values``): of 3 to 5 characters within words and their borders,
    of 1 to 3 characters in scripts without spaces. The buckets that were met stand in ``touched``; returned is how many."""
    n = 0
    run, p1, p2, p3, p4 = 0, BORDER, BORDER, BORDER, BORDER  # length of the run so far, and the characters before this one
    before = np.uint64(0)
    for i in range(begin, end + 1):
        value = values[i] if i < end else np.uint64(0)
        kind = value & np.uint64(3)
        if kind == DROPPED:
            continue
        if before == LETTER and kind != LETTER:  # the border behind a word
            h = BORDER + BASE * (p1 + BASE * p2)
            if run >= 2:
                n = _count(_bucket(h + np.uint64(3), bits), counts, touched, n)
            if run >= 3:
                h += BASE * BASE * BASE * p3
                n = _count(_bucket(h + np.uint64(4), bits), counts, touched, n)
            if run >= 4:
                h += BASE * BASE * BASE * BASE * p4
                n = _count(_bucket(h + np.uint64(5), bits), counts, touched, n)
        if kind != before:
            run = 0
            if kind == LETTER:
                run, p1 = 1, BORDER
        if kind == LETTER:
            h = value + BASE * (p1 + BASE * p2)
            if run >= 2:
                n = _count(_bucket(h + np.uint64(3), bits), counts, touched, n)
            if run >= 3:
                h += BASE * BASE * BASE * p3
                n = _count(_bucket(h + np.uint64(4), bits), counts, touched, n)
            if run >= 4:
                h += BASE * BASE * BASE * BASE * p4
                n = _count(_bucket(h + np.uint64(5), bits), counts, touched, n)
        elif kind == SINGLE:
            h = value
            n = _count(_bucket(h + np.uint64(1), bits), counts, touched, n)
            if run >= 1:
                h += BASE * p1
                n = _count(_bucket(h + np.uint64(2), bits), counts, touched, n)
            if run >= 2:
                h += BASE * BASE * p2
                n = _count(_bucket(h + np.uint64(6), bits), counts, touched, n)
        run += 1
        p4, p3, p2, p1 = p3, p2, p1, value
        before = kind
    return n


@compiled
def count_documents(values: U64, starts: I64, bits: int, documents: I64) -> None:
    """Adds to each bucket in how many of these texts it occurs."""
    counts, touched = np.zeros(1 << bits, np.int32), np.empty(1 << bits, np.int32)
    for d in range(len(starts) - 1):
        n = features(values, starts[d], starts[d + 1], bits, counts, touched)
        for k in range(n):
            documents[touched[k]] += 1
            counts[touched[k]] = 0


@compiled
def project(values: U64, starts: I64, bits: int, idf: I64, often: I64, signs: int, size: int) -> I64:
    """Of each text the sum of its features, each with the weight ``often[count] * idf[bucket]`` at ``signs`` places with a sign, which its bucket
    determines: shape (texts, size). A feature that is more frequent than ``often`` is long counts as if it were that frequent."""
    counts, touched = np.zeros(1 << bits, np.int32), np.empty(1 << bits, np.int32)
    found = np.zeros((len(starts) - 1, size), np.int64)
    for d in range(len(starts) - 1):
        n = features(values, starts[d], starts[d + 1], bits, counts, touched)
        for k in range(n):
            bucket = touched[k]
            weight = often[min(counts[bucket], len(often) - 1)] * idf[bucket]
            counts[bucket] = 0
            h = np.uint64(bucket + 1) * BASE
            for _ in range(signs):
                h ^= h >> np.uint64(29)
                h *= SPREAD
                h ^= h >> np.uint64(32)
                place = np.int64((h >> np.uint64(1)) % np.uint64(size))
                if h & np.uint64(1):
                    found[d, place] += weight
                else:
                    found[d, place] -= weight
    return found

"""Pairs of documents to be judged: of one language and of similar length, so that neither earns a rater weight (MuRating, 2025, samples its pairs alike)."""

import math
from collections import defaultdict

import numpy as np
import xxhash

from winnow.tasks.rating.learn import Sample

MOST_LAGS = 16
"""In how many pairs of each side of the order a document stands at most."""


def drawn(sample: Sample, count: int) -> list[tuple[str, str]]:
    """At most so many pairs of the documents of a sample, which is in the order of its hashed ids. More of them begin with fewer of them.

    Documents of one language whose lengths lie between the same two powers of two are neighbours in that order; first each is paired with the next one, which connects
    all of a group, then with the one behind that, and so on. Which pairs come first depends on their ids alone.
    """
    groups: dict[tuple[str, int], list[str]] = defaultdict(list)
    lengths = np.nan_to_num(sample.lengths, nan=0.0).tolist()
    for identity, language, length in zip(sample.ids, sample.languages, lengths, strict=True):
        groups[language, int(math.log2(length)) if length >= 1 else -1].append(identity)
    found: list[tuple[str, str]] = []
    for lag in range(1, MOST_LAGS + 1):
        if len(found) >= count:
            break
        pairs = [pair for members in groups.values() for pair in zip(members, members[lag:], strict=False)]
        found += sorted(pairs, key=lambda pair: (xxhash.xxh3_64_intdigest("\0".join(pair).encode("utf-8", "surrogatepass")), pair))
    return found[:count]

"""Phrases: runs of one to three words, as hashes, over the tokens that deduplication has (``shingles.py``): no case, no accents, any script."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from winnow.tasks.dedup.shingles import span_hashes, tokenised
from winnow.tasks.engine.arrays import U64, Ints

LONGEST = 3


class Phrases(NamedTuple):
    """Every phrase of a batch of texts: its hash, the number of its text, and where it begins and ends in it. ``words`` are the words of each text of
    the batch, by its number."""

    hashes: U64
    text: Ints
    begin: Ints
    end: Ints
    words: dict[int, int]


def phrases(texts: Sequence[str]) -> Iterator[Phrases]:
    """Those of all texts, in batches. A phrase lies inside its text; that of a cut in a very long one is left out."""
    for tokens in tokenised(texts):
        upto = np.repeat(np.cumsum(tokens.counts), tokens.counts)
        text, offset = np.repeat(tokens.text, tokens.counts), np.repeat(tokens.offset, tokens.counts)
        place = np.arange(len(tokens.hashes))
        found: list[tuple[U64, Ints, Ints, Ints]] = []
        for size in range(1, LONGEST + 1):
            first = place[place + size <= upto]
            last = first + size - 1
            hashes = span_hashes(tokens.hashes, first, first + size)
            found.append((hashes, text[first], offset[first] + tokens.begin[first], offset[first] + tokens.end[last]))
        words: dict[int, int] = {}
        for number, count in zip(tokens.text.tolist(), tokens.counts.tolist(), strict=True):
            words[number] = words.get(number, 0) + count
        begin, end = (np.concatenate([part[n] for part in found]) for n in (2, 3))
        yield Phrases(np.concatenate([part[0] for part in found]), np.concatenate([part[1] for part in found]), begin, end, words)


def occurrences(texts: Sequence[str], known: U64) -> tuple[Ints, Ints, Ints, Ints]:
    """How often each text has each of the ``known`` phrases (ascending hashes): text, place in ``known``, count; and the words of each text."""
    text, place, count = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    words = np.zeros(len(texts), np.int64)
    for batch in phrases(texts):
        for number, n in batch.words.items():
            words[number] += n
        at = np.searchsorted(known, batch.hashes)
        hits = np.flatnonzero(known[np.minimum(at, len(known) - 1)] == batch.hashes) if len(known) else np.zeros(0, np.int64)
        pairs, counts = np.unique(batch.text[hits] * max(len(known), 1) + at[hits], return_counts=True)
        text.append(pairs // max(len(known), 1))
        place.append(pairs % max(len(known), 1))
        count.append(counts.astype(np.int64))
    return np.concatenate(text), np.concatenate(place), np.concatenate(count), words

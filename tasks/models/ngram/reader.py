"""Scoring with KenLM's binaries (probing tables) in numpy, for machines where PyPI's `kenlm` could not be compiled: the same bits, more slowly.

All n-grams of a sentence are looked up at once, per order. Sums are done in the order and the precision of KenLM's code, so that a corpus does
not depend on which of the two scored it. The layout is the one of tasks/models/ngram/kenlm_file.py; a test compares with `kenlm` where it is there.
"""

import mmap
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.memo import Memo
from winnow.tasks.models.ngram.kenlm_file import (
    LONGEST_ENTRY,
    MIDDLE_ENTRY,
    PARAMETERS,
    PROBING,
    SANITY,
    UNIGRAM,
    VOCABULARY_ENTRY,
    Keys,
    buckets,
    longer_keys,
    murmur,
)
from winnow.tasks.models.ngram.kneser_ney import UNK

Floats = npt.NDArray[np.float32]


class ProbingModel:
    """A KenLM binary mapped into memory. ``score`` is that of `kenlm.Model`.

    Raises:
        ValueError: another layout than probing tables; those need `kenlm`.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as f:
            data = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        order, multiplier, kind, _, _ = PARAMETERS.unpack_from(data, SANITY.size)
        if kind != PROBING:
            raise ValueError("it is not made of probing tables, the default of build_binary")
        counts = struct.unpack_from(f"<{order}Q", data, SANITY.size + PARAMETERS.size)
        at = -(-(SANITY.size + PARAMETERS.size + 8 * order) // 8) * 8 + 8

        def take(rows: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
            nonlocal at
            found = np.frombuffer(data, dtype, rows, at)
            at += rows * dtype.itemsize
            return found

        self._words = take(buckets(counts[0], multiplier), VOCABULARY_ENTRY)
        self._unigrams = take(counts[0] + 1, UNIGRAM)
        self._longer = [take(buckets(n, multiplier), MIDDLE_ENTRY) for n in counts[1:-1]]
        self._longer.append(take(buckets(counts[-1], multiplier), LONGEST_ENTRY))
        self._ids: Memo[int] = Memo(self._id)
        self._begin, self._end = self._ids["<s>"], self._ids["</s>"]

    def score(self, sentence: str) -> float:
        """log10 probability of a sentence of words between spaces, with its end."""
        ids = np.array([self._begin, *map(self._ids.__getitem__, sentence.split()), self._end], np.int64)
        unigrams = self._unigrams[ids]
        probability: Floats = -np.abs(unigrams["probability"])
        backoffs = [unigrams["backoff"]]
        matched = np.ones(len(ids), np.int64)
        keys: Keys = ids.astype(np.uint64)
        places = np.arange(len(ids))
        for n, table in enumerate(self._longer, start=2):
            places = places[places >= n - 1]
            keys[places] = longer_keys(keys[places], ids[places - n + 1])
            slots = _find(table, keys[places])
            places, slots = places[slots >= 0], slots[slots >= 0]
            probability[places] = -np.abs(table["probability"][slots])
            matched[places] = n
            if n <= len(self._longer):
                backoff = np.zeros(len(ids), np.float32)
                backoff[places] = table["backoff"][slots]
                backoffs.append(backoff)
        context = np.minimum(matched[:-1], len(backoffs))
        given = probability[1:]
        for n, backoff in enumerate(backoffs, start=1):
            fell_back = (n >= matched[1:]) & (n <= context)
            given[fell_back] += backoff[:-1][fell_back]
        return float(np.add.accumulate(given, dtype=np.float32)[-1])

    def _id(self, word: str) -> int:
        found = _find(self._words, np.array([murmur(word.encode("utf-8", "replace"))], np.uint64))[0]
        return int(self._words["word"][found]) if found >= 0 else UNK


def _find(table: npt.NDArray[Any], keys: Keys) -> npt.NDArray[np.int64]:
    """Where each key lies in a table, or -1: from its bucket on to the first free one."""
    slots = (keys % np.uint64(len(table))).astype(np.int64)
    open_ = np.arange(len(keys))
    while len(open_):
        there = table["key"][slots[open_]]
        missing = (there == 0) & (keys[open_] != 0)
        onward = (there != keys[open_]) & ~missing
        slots[open_[missing]] = -1
        open_ = open_[onward]
        slots[open_] = (slots[open_] + 1) % len(table)
    return slots

"""Model files that KenLM reads: its binary format (probing hash tables, version 5; Heafield 2011), and ARPA text. No smoothing here.

Written with numpy because PyPI's `kenlm` only reads. A binary file is mapped into memory by every worker, an ARPA file is parsed by each.
"""

import mmap
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.models.ngram.kneser_ney import Grams

SPECIAL = ("<unk>", "<s>", "</s>")
MAGIC = b"mmap lm http://kheafield.com/code format version 5\n\0\0"
SANITY = struct.Struct(f"<{-(-len(MAGIC) // 8) * 8}s3f3IQ")
PARAMETERS = struct.Struct("<B3xfIB3xI")
PROBING, SEARCH_VERSION, VOCABULARY_VERSION = 0, 0, 0
PROBING_MULTIPLIER = 1.5
VOCABULARY_ENTRY = np.dtype([("key", "<u8"), ("word", "<u4")])
MIDDLE_ENTRY = np.dtype([("key", "<u8"), ("probability", "<f4"), ("backoff", "<f4")])
LONGEST_ENTRY = np.dtype([("key", "<u8"), ("probability", "<f4")])
UNIGRAM = np.dtype([("probability", "<f4"), ("backoff", "<f4")])
NO_EXTENSION = np.float32(-0.0)

Keys = npt.NDArray[np.uint64]


def binary(grams: Sequence[Grams], vocabulary: Sequence[str]) -> bytes:
    """The model as KenLM's binary. ``vocabulary`` begins with <unk>, <s>, </s>. The same bytes for the same model."""
    order = len(grams)
    counts = [len(g) for g in grams]
    sanity = SANITY.pack(MAGIC, 0.0, 1.0, -0.5, 1, 0xFFFFFFFF, 0, 1)
    head = sanity + PARAMETERS.pack(order, PROBING_MULTIPLIER, PROBING, 1, SEARCH_VERSION) + struct.pack(f"<{order}Q", *counts)
    parts = [head, bytes(-len(head) % 8), struct.pack("<II", VOCABULARY_VERSION, len(vocabulary))]

    entries = np.zeros(len(vocabulary) - 1, VOCABULARY_ENTRY)
    entries["key"] = np.fromiter((murmur(w.encode()) for w in vocabulary[1:]), np.uint64, len(entries))
    entries["word"] = np.arange(1, len(vocabulary))
    parts.append(_table(entries, counts[0]))

    unigrams = np.zeros(counts[0] + 1, UNIGRAM)
    unigrams["probability"][:-1] = _signed(grams[0], keep_zero=True)
    unigrams["backoff"][:-1] = _backoffs(grams[0])
    parts.append(unigrams.tobytes())

    # A key begins with the last word and takes in those before it, one by one.
    keys: Keys = np.arange(counts[0], dtype=np.uint64)
    first = grams[0].word
    for n, g in enumerate(grams[1:], start=2):
        first = first[g.context]
        keys = longer_keys(keys[g.suffix], first)
        entries = np.zeros(len(g), MIDDLE_ENTRY if n < order else LONGEST_ENTRY)
        entries["key"], entries["probability"] = keys, _signed(g)
        if n < order:
            entries["backoff"] = _backoffs(g)
        parts.append(_table(entries, len(g)))
    parts.append(b"".join(w.encode() + b"\0" for w in vocabulary))
    return b"".join(parts)


def longer_keys(keys: Keys, words: npt.NDArray[Any]) -> Keys:
    """Keys of n-grams from those of their last n-1 words and their first words."""
    return (keys * np.uint64(8978948897894561157)) ^ ((words.astype(np.uint64) + np.uint64(1)) * np.uint64(17894857484156487943))


def _signed(grams: Grams, *, keep_zero: bool = False) -> npt.NDArray[np.float32]:
    """Log probabilities whose sign bit says that no longer n-gram ends with this one."""
    size = np.abs(grams.log_probability)
    free = ~grams.extends_left & ~((size == 0) & keep_zero)
    return np.where(free, -size, size).astype(np.float32)


def _backoffs(grams: Grams) -> npt.NDArray[np.float32]:
    """Log backoffs; a zero whose sign bit is set says that no longer n-gram begins with this one."""
    return np.where((grams.log_backoff == 0) & ~grams.extends_right, NO_EXTENSION, grams.log_backoff + np.float32(0)).astype(np.float32)


def buckets(entries: int, multiplier: float = PROBING_MULTIPLIER) -> int:
    """Of a table for so many entries, as KenLM rounds it."""
    return max(entries + 1, int(np.float32(multiplier) * np.float32(entries)))


def _table(entries: npt.NDArray[Any], sized_for: int) -> bytes:
    """A hash table with linear probing: every entry in its bucket or the next free one after it, around the end."""
    size = buckets(sized_for)
    table = np.zeros(size, entries.dtype)
    ideal = (entries["key"] % np.uint64(size)).astype(np.int64)
    order = np.argsort(ideal, kind="stable")
    ideal = ideal[order]
    while True:
        steps = np.arange(len(ideal))
        places = np.maximum.accumulate(ideal - steps) + steps
        beyond = int(np.searchsorted(places, size))
        if beyond == len(places):
            break
        # Those that fall off the end take the first buckets, before what belongs there.
        order = np.concatenate([order[beyond:], order[:beyond]])
        ideal = np.concatenate([np.zeros(len(places) - beyond, np.int64), ideal[:beyond]])
    table[places] = entries[order]
    return table.tobytes()


def murmur(data: bytes) -> int:
    """MurmurHash64A with seed 0 (Appleby), KenLM's hash of a word."""
    m, mask = 0xC6A4A7935BD1E995, 0xFFFFFFFFFFFFFFFF
    h = (len(data) * m) & mask
    whole = len(data) // 8 * 8
    for (k,) in struct.iter_unpack("<Q", data[:whole]):
        k = (k * m) & mask
        k = ((k ^ (k >> 47)) * m) & mask
        h = ((h ^ k) * m) & mask
    if rest := data[whole:]:
        h = ((h ^ int.from_bytes(rest, "little")) * m) & mask
    h = ((h ^ (h >> 47)) * m) & mask
    return h ^ (h >> 47)


def damage(path: Path) -> str:
    """Why KenLM could not use a file, or nothing: neither its binary nor ARPA, or shorter than its header says.

    Only probing tables (KenLM's default, and cc_net's) are measured; of other layouts KenLM checks the size itself.
    """
    size = path.stat().st_size
    if not size:
        return "the file is empty"
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:6] == b"\\data\\":
            return "" if b"\\end\\" in data[-64:] else "the file ends before \\end\\: it is truncated"
        if data[: len(MAGIC) - 1] != MAGIC[:-1]:
            return "it is neither a binary of KenLM (format 5) nor an ARPA file"
        try:
            order, multiplier, kind, _, _ = PARAMETERS.unpack_from(data, SANITY.size)
            counts = struct.unpack_from(f"<{order}Q", data, SANITY.size + PARAMETERS.size)
        except struct.error:
            return "its header is truncated"
        if kind != PROBING:
            return ""
        if not 2 <= order <= 6 or multiplier < 1:
            return f"its header makes no sense (order {order}, multiplier {multiplier})"

        def table(entries: int, dtype: np.dtype[Any]) -> int:
            return buckets(entries, multiplier) * dtype.itemsize

        least = -(-(SANITY.size + PARAMETERS.size + 8 * order) // 8) * 8 + 8 + table(counts[0], VOCABULARY_ENTRY)
        least += (counts[0] + 1) * UNIGRAM.itemsize + sum(table(c, MIDDLE_ENTRY) for c in counts[1:-1]) + table(counts[-1], LONGEST_ENTRY)
        return "" if size >= least else f"it is truncated: {size} bytes, its header asks for at least {least}"

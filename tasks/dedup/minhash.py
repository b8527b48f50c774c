"""MinHash: how documents are compared, and their signatures, one band key per band and document. What follows from shared keys is in ``band_buckets.py``.

Broder 1997; bands: Indyk and Motwani 1998; presets: FineWeb (Penedo et al. 2024, section 3.4), RefinedWeb (Penedo et al. 2023, appendix G.3),
RedPajama-V2 (Weber et al. 2024, appendix D). Permutations are x -> a x + b modulo 2^32 of well mixed 32-bit shingles.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.dedup.shingles import U32, Shingles, shingles
from winnow.tasks.engine.arrays import U64
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.mixing import mixed
from winnow.tasks.engine.ranges import ROWS_PER_GROUP
from winnow.tasks.engine.step import Kind, ShardStep, StepResult
from winnow.tasks.engine.text_column import TextColumn

SIGNED = pa.schema([pa.field("band", pa.int16()), pa.field("key", pa.uint64()), pa.field("row", pa.int32())])
SHINGLES = pa.list_(pa.field("element", pa.uint32()))


@stable("option/minhash")
@dataclass(frozen=True)
class MinHash:
    """How documents are compared. Two with Jaccard similarity s of their ``ngram``-shingles share a bucket with probability
    1 - (1 - s^rows)^bands. ``unspaced_as_words`` makes shingles of scripts without spaces as long as ``ngram`` words (``shingles.py``)."""

    ngram: int = 5
    bands: int = 14
    rows: int = 8
    fold_digits: bool = False
    seed: int = 1
    unspaced_as_words: bool | None = None

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name not in ("fold_digits", "seed", "unspaced_as_words") and (
                not isinstance(value, int) or isinstance(value, bool) or value < 1
            ):
                raise TypeError(f"minhash {f.name} is {value!r}; it must be a whole number of at least 1")

    def shingles(self, texts: Sequence[str]) -> Shingles:
        """The shingles of each text, as these options have them."""
        return shingles(texts, self.ngram, fold_digits=self.fold_digits, unspaced_as_words=bool(self.unspaced_as_words))

    def band_keys(self, found: Shingles) -> U64:
        """Keys of each band and document: uint64, shape (bands, documents). What texts without shingles get means nothing."""
        present = np.flatnonzero(found.counts)
        factor, summand = self._permutations()
        keys = np.zeros((self.bands, len(found.counts)), np.uint64)
        if not len(present):
            return keys
        begin, buffer = found.starts[present], np.empty_like(found.hashes)
        least = np.empty((self.rows, len(present)), np.uint32)
        for band in range(self.bands):
            for r in range(self.rows):
                np.multiply(found.hashes, factor[band, r], out=buffer)
                np.add(buffer, summand[band, r], out=buffer)
                np.minimum.reduceat(buffer, begin, out=least[r])
            key = np.full(len(present), band, np.uint64)
            for r in range(self.rows):
                key = mixed(key ^ least[r].astype(np.uint64)) + np.uint64(r)
            keys[band, present] = key
        return keys

    def _permutations(self) -> tuple[U32, U32]:
        numbers = mixed(
            np.arange(1, 2 * self.bands * self.rows + 1, dtype=np.uint64) + np.uint64(self.seed) * np.uint64(0x9E3779B97F4A7C15)
        )
        a, b = (numbers >> np.uint64(32)).astype(np.uint32).reshape(2, self.bands, self.rows)
        return a | np.uint32(1), b


PRESETS = {
    "verified": MinHash(5, 20, 7, unspaced_as_words=True),
    "fineweb": MinHash(5, 14, 8, fold_digits=True),
    "refinedweb": MinHash(5, 450, 20),
    "redpajama-0.7": MinHash(13, 14, 9),
    "redpajama-0.8": MinHash(13, 9, 13),
    "redpajama-0.9": MinHash(13, 5, 25),
}


@stable("step/compute-signatures")
@dataclass(frozen=True)
class ComputeSignatures(ShardStep):
    """Documents in, one row per band and document with any token out (schema SIGNED), sorted by band, key and row."""

    name: ClassVar[str] = "sign"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "computes MinHash signatures"
    version: ClassVar[str] = "2"
    kind: ClassVar[Kind] = "aggregate"

    text: TextColumn
    minhash: MinHash

    def run(self, shard: str, context: ShardContext) -> StepResult:
        texts = self.text.read(shard, context).to_pylist()
        parts = []
        for begin, batch in _batches(texts):
            found = self.minhash.shingles(batch)
            present = np.flatnonzero(found.counts)
            parts.append((present + begin, self.minhash.band_keys(found)[:, present]))
        rows = np.concatenate([p[0] for p in parts]) if parts else np.zeros(0, np.int64)
        keys = np.concatenate([p[1] for p in parts], axis=1) if parts else np.zeros((self.minhash.bands, 0), np.uint64)
        order = np.argsort(keys, axis=1, kind="stable")
        table = pa.table(
            [
                pa.array(np.repeat(np.arange(self.minhash.bands), len(rows)), pa.int16()),
                pa.array(np.take_along_axis(keys, order, axis=1).ravel()),
                pa.array(rows[order].ravel(), pa.int32()),
            ],
            schema=SIGNED,
        )
        sizes = [min(ROWS_PER_GROUP, len(rows) - i) for _ in range(self.minhash.bands) for i in range(0, len(rows), ROWS_PER_GROUP)]
        return StepResult(table, len(texts), table.num_rows, notes={"documents": len(texts), "signed": len(rows)}, row_groups=sizes or None)


def shingle_sets(minhash: MinHash, texts: list[str]) -> pa.ListArray:
    """The distinct shingles of each text, ascending: list<uint32>."""
    sets: list[U32] = []
    for _, batch in _batches(texts):
        of = minhash.shingles(batch)
        sets += [np.unique(of.hashes[i:j]) for i, j in zip(of.starts[:-1], of.starts[1:], strict=True)]
    offsets = pa.array(np.concatenate([[0], np.cumsum([len(s) for s in sets])]), pa.int32())
    return pa.ListArray.from_arrays(offsets, np.concatenate([*sets, np.zeros(0, np.uint32)]), type=SHINGLES)


def _batches(texts: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of texts with the number of the first, each of at most 2^20 characters or one text: signatures are then found inside the caches."""
    begin = chars = 0
    for i, text in enumerate(texts):
        chars += len(text)
        if chars >= 1 << 20:
            yield begin, texts[begin : i + 1]
            begin, chars = i + 1, 0
    if begin < len(texts):
        yield begin, texts[begin:]

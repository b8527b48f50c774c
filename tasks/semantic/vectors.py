"""Vectors of whole numbers: how an embedding is stored, and similarities that are the same on every machine.

A vector is one byte per number, scaled so that the largest is 127. Products of such vectors are whole numbers below 2^24 for up to 1,040 numbers, which
single precision holds exactly: whatever the order in which a library adds them up, and with however many threads, the sum is the same. Longer vectors are
multiplied in parts.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from winnow.tasks.engine.arrays import Floats, Ints

I8 = npt.NDArray[np.int8]

MOST = 127
EXACT = (1 << 24) // (MOST * MOST)  # numbers whose products add up to less than 2^24
BLOCK = 1024  # rows of a matrix of similarities that are held at a time


def quantised(vectors: npt.NDArray[np.float64] | Ints) -> I8:
    """Vectors as whole numbers from -127 to 127; a vector without a direction is all zeros."""
    largest = np.abs(vectors).max(axis=1, initial=0)
    scale = np.divide(MOST, largest, out=np.zeros(len(largest)), where=largest > 0)
    found: I8 = np.rint(vectors * scale[:, None]).astype(np.int8)
    return found


def norms(vectors: I8) -> Floats:
    """Their lengths; 1 for one without a direction, whose similarity to anything is then 0."""
    squares = (vectors.astype(np.int64) ** 2).sum(axis=1)
    return np.sqrt(np.where(squares > 0, squares, 1).astype(np.float64))


def dots(a: I8, b: I8) -> Floats:
    """The products of each vector of ``a`` with each of ``b``: exact."""
    found = np.zeros((len(a), len(b)))
    for at in range(0, a.shape[1], EXACT):
        part = slice(at, at + EXACT)
        found += a[:, part].astype(np.float32) @ b[:, part].astype(np.float32).T
    return found


def similarities(a: I8, b: I8) -> Floats:
    """Cosines of each vector of ``a`` with each of ``b``."""
    return dots(a, b) / norms(a)[:, None] / norms(b)[None, :]


def stored(vectors: I8) -> pa.Array:
    """As a column of bytes; null for a vector without a direction."""
    rows, size = vectors.shape
    offsets = pa.py_buffer((np.arange(rows + 1) * size).astype(np.int32))
    empty = ~vectors.any(axis=1)
    valid = pa.py_buffer(np.packbits(~empty, bitorder="little")) if empty.any() else None
    return pa.Array.from_buffers(
        pa.binary(), rows, [valid, offsets, pa.py_buffer(np.ascontiguousarray(vectors))], null_count=int(empty.sum())
    )


def loaded(column: pa.Array | pa.ChunkedArray) -> I8:
    """The vectors of a column of bytes; zeros for null. All have one length."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    known = array.drop_null()
    if not len(known):
        return np.zeros((len(array), 0), np.int8)
    size = len(known[0].as_py())
    flat = np.frombuffer(b"".join(known.to_pylist()), np.int8).reshape(len(known), size)
    if len(known) == len(array):
        return flat
    found = np.zeros((len(array), size), np.int8)
    found[array.is_valid().to_numpy(zero_copy_only=False)] = flat
    return found

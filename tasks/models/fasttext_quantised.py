"""Quantised fastText models (Joulin et al. 2016, "FastText.zip") with a tree of labels, as lid.176 is: read from their file, and asked by kernels.

fastText looks each piece of a word up in a hash map of strings and adds up vectors that it puts together anew from their codes; these take most of the time of its
answer. Here the vectors are put together once. Answers have the same bits as fastText's own.
"""

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from winnow.tasks.models import fasttext_kernels

SUPERVISED, HIERARCHICAL = 3, 1
HEADER = struct.Struct("<ii12id")
SIZES = struct.Struct("<iiiqq")
ENTRY_BYTES = 9  # behind a word: how often it was seen, and whether it is a label


@dataclass(frozen=True)
class Quantised:
    """A model, and the names of its labels with fastText's prefix."""

    model: "fasttext_kernels.Model"
    labels: tuple[str, ...]

    def best(self, line: str) -> tuple[str, float] | None:
        """The most likely label of a line without line feeds, and its probability; None if the line has nothing that the model knows."""
        from winnow.tasks.models.fasttext_kernels import best_label

        label, probability = best_label(self.model, np.frombuffer(bytearray(f" {line} ".encode()), np.uint8))
        return None if label < 0 else (self.labels[label], float(probability))


def read(data: Any) -> Quantised | None:
    """The model in the bytes of a whole fastText file; None if it is of another kind, which fastText itself answers for."""
    from winnow.tasks.models.fasttext_kernels import EMPTY, Model, fill_words

    header = HEADER.unpack_from(data)
    dimension, word_ngrams, loss, kind, buckets, least, most = (header[k] for k in (2, 7, 8, 9, 10, 11, 12))
    entries, words, _, _, pruned = SIZES.unpack_from(data, HEADER.size)
    if (word_ngrams, loss, kind) != (1, HIERARCHICAL, SUPERVISED) or pruned <= 0:
        return None
    at = HEADER.size + SIZES.size
    names: list[bytes] = []
    counts: list[int] = []
    for _ in range(entries):
        end = data.find(b"\0", at)
        names.append(data[at:end])
        counts += struct.unpack_from("<q", data, end + 1)
        at = end + 1 + ENTRY_BYTES
    kept = np.frombuffer(data, np.int32, 2 * pruned, at).reshape(pruned, 2)
    at += 8 * pruned
    if not data[at]:
        return None
    rows, at = _vectors(data, at + 1)
    if data[at]:
        return None
    shape = struct.unpack_from("<qq", data, at + 1)
    output = np.frombuffer(data, np.float32, shape[0] * shape[1], at + 17).reshape(shape).copy()
    word_at = np.full(1 << (2 * entries).bit_length(), EMPTY, np.int32)
    is_kept, piece_row = np.zeros(buckets, np.bool_), np.zeros(buckets, np.int32)
    is_kept[kept[:, 0]], piece_row[kept[:, 0]] = True, kept[:, 1] + words
    text, ends = np.frombuffer(b"".join(names), np.uint8), np.cumsum([len(name) for name in names], dtype=np.int32)
    fill_words(text, ends, word_at)
    left, right = _tree(counts[words:])
    assert rows.shape[1] == output.shape[1] == dimension
    model = Model(rows, text, ends, word_at, words, np.packbits(is_kept, bitorder="little"), piece_row, least, most, left, right, output)
    return Quantised(model, tuple(name.decode() for name in names[words:]))


def _vectors(data: Any, at: int) -> tuple[npt.NDArray[np.float32], int]:
    """The rows of a quantised matrix, and the place behind it."""
    has_norms, rows, columns, code_bytes = struct.unpack_from("<?qqi", data, at)
    codes = np.frombuffer(data, np.uint8, code_bytes, at + 21).reshape(rows, -1)
    centroids, at = _centroids(data, at + 21 + code_bytes)
    parts = [part[codes[:, k]] for k, part in enumerate(centroids)]
    vectors = np.concatenate(parts, axis=1)
    if has_norms:
        norms = np.frombuffer(data, np.uint8, rows, at)
        (of_norms,), at = _centroids(data, at + rows)
        vectors = of_norms[norms] * vectors
    assert vectors.shape == (rows, columns)
    return vectors, at


def _centroids(data: Any, at: int) -> tuple[list[npt.NDArray[np.float32]], int]:
    """The 256 vectors of each part of a product quantiser, and the place behind it."""
    dimension, parts, width, last = struct.unpack_from("<4i", data, at)
    values = np.frombuffer(data, np.float32, dimension * 256, at + 16)
    widths = [width] * (parts - 1) + [last]
    return [
        values[256 * width * k : 256 * width * k + 256 * of].reshape(256, of) for k, of in enumerate(widths)
    ], at + 16 + dimension * 1024


def _tree(counts: list[int]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The children of each node of the Huffman tree over labels that are sorted by how often they were seen; leaves first, which have none."""
    leaves = len(counts)
    weights = [*counts, *[10**15] * (leaves - 1)]
    children = np.full((2, 2 * leaves - 1), -1, np.int32)
    leaf, inner = leaves - 1, leaves
    for node in range(leaves, 2 * leaves - 1):
        for side in (0, 1):
            if leaf >= 0 and weights[leaf] < weights[inner]:
                children[side, node] = leaf
                leaf -= 1
            else:
                children[side, node] = inner
                inner += 1
        weights[node] = weights[children[0, node]] + weights[children[1, node]]
    return children[0], children[1]

"""Histograms of signals, of the length, and of perplexity by language."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from winnow.tasks.corpus.profile.limits import alone_by_signal
from winnow.tasks.corpus.profile.read import Read, floats_of
from winnow.tasks.corpus.profile.tables import Row
from winnow.tasks.engine.arrays import Bools, Floats

BINS_PER_UNIT = 50
BINS_PER_OCTAVE = 2
FINE_BINS_PER_OCTAVE = 8
TEXT_LENGTH = "text_chars"


def histograms(read: Read) -> Iterator[Row]:
    yield from _histogram(TEXT_LENGTH, read.documents["text_chars"], read.kept, read.kept)
    alone = alone_by_signal(read.decisions)
    for name in read.signals.column_names:
        kind = read.signals.schema.field(name).type
        if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
            yield from _histogram(name, read.signals[name], read.kept, read.kept | alone.get(name, read.kept))


def _histogram(signal: str, column: pa.ChunkedArray, kept: Bools, alone: Bools) -> Iterator[Row]:
    bins, inverse = np.unique(lower_edges(floats_of(column)), return_inverse=True, equal_nan=True)
    every, stayed, free = (np.bincount(inverse, weights, minlength=len(bins)).astype(np.int64) for weights in (None, kept, alone))
    for edge, documents, n, m in zip(bins.tolist(), every.tolist(), stayed.tolist(), free.tolist(), strict=True):
        yield {"signal": signal, "lower_edge": None if np.isnan(edge) else edge, "documents": documents, "kept": n, "alone": m}


def lower_edges(values: Floats) -> Floats:
    """The lower edge of the bin of each value; NaN stays NaN."""
    small = np.abs(values) <= 1
    with np.errstate(invalid="ignore", divide="ignore"):
        linear = np.floor(values * BINS_PER_UNIT + 1e-9) / BINS_PER_UNIT
        octave = np.exp2(np.floor(np.log2(np.abs(values)) * BINS_PER_OCTAVE) / BINS_PER_OCTAVE) * np.sign(values)
    return np.where(np.isnan(values), np.nan, np.where(small, linear, octave))


def perplexity(read: Read) -> Iterator[Row]:
    if "perplexity" not in read.signals.column_names:
        return
    values, names = floats_of(read.signals["perplexity"]), np.array(read.languages, object)
    for language in sorted(set(read.languages)):
        mine = (names == language) & np.isfinite(values) & (values > 0)
        edges = np.exp2(np.floor(np.log2(values[mine]) * FINE_BINS_PER_OCTAVE) / FINE_BINS_PER_OCTAVE)
        for edge in np.unique(edges):
            here = edges == edge
            yield {"language": language, "lower_edge": float(edge), "documents": int(here.sum()), "kept": int(read.kept[mine][here].sum())}

"""Profile: counts per shard that the report adds up, so that no report ever reads the documents again.

Here is what is counted; how it is drawn is in ``flows/release.py``. Nothing here decides or enters a corpus.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.buckets import Bucket
from tasks.core.bench import Bench
from tasks.core.step import Kind, Made, ShardStep, Step
from tasks.dedup.exact import Resolve
from tasks.measure import Signals
from tasks.select import Judge

HOSTS_PER_SHARD = 2000
BINS_PER_UNIT = 50
BINS_PER_OCTAVE = 2
PROFILE = pa.schema(
    [pa.field("what", pa.string()), pa.field("bin", pa.string()), pa.field("documents", pa.int64()), pa.field("kept", pa.int64())]
)


@dataclass(frozen=True)
class Profile(ShardStep):
    """Documents, signals and decisions in; (what, bin, documents, kept) out (schema PROFILE).

    ``what`` is ``language``, ``host`` (the most frequent of a shard), ``year``, ``text_chars`` or ``signal:<name>``. The bin of a number is
    the lower edge of its interval: 1/50 wide between 0 and 1, half an octave wide elsewhere; ``missing`` for null.
    """

    name: ClassVar[str] = "profile"
    kind: ClassVar[Kind] = "aggregate"

    documents: Step
    signals: Signals
    decisions: Judge | Resolve | Bucket

    def run(self, shard: str, bench: Bench) -> Made:
        documents = bench.read(self.documents, shard, ["host", "language", "date", "text_chars"])
        signals = bench.read(self.signals, shard)
        kept = bench.read(self.decisions, shard, ["kept"])["kept"].to_numpy(zero_copy_only=False).astype(bool)
        rows: list[dict[str, Any]] = []
        rows += _counted("language", documents["language"].to_pylist(), kept)
        rows += _counted("host", documents["host"].to_pylist(), kept, most=HOSTS_PER_SHARD)
        rows += _counted("year", [(d or "")[:4] for d in documents["date"].to_pylist()], kept)
        rows += _histogram("text_chars", documents["text_chars"], kept)
        for name in signals.column_names:
            kind = signals.schema.field(name).type
            if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
                rows += _histogram(f"signal:{name}", signals[name], kept)
        return Made(pa.Table.from_pylist(rows, schema=PROFILE), len(kept), len(rows))


def _counted(what: str, values: list[str | None], kept: np.ndarray[Any, Any], most: int | None = None) -> list[dict[str, Any]]:
    every = Counter(v or "unknown" for v in values)
    stayed = Counter(v or "unknown" for v, k in zip(values, kept, strict=True) if k)
    ranked = sorted(every.items(), key=lambda kv: (-kv[1], kv[0]))[:most]
    return [{"what": what, "bin": name, "documents": n, "kept": stayed[name]} for name, n in ranked]


def _histogram(what: str, column: pa.ChunkedArray, kept: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    edges = lower_edges(values)
    bins, inverse = np.unique(edges, return_inverse=True, equal_nan=True)
    every = np.bincount(inverse, minlength=len(bins))
    stayed = np.bincount(inverse, weights=kept, minlength=len(bins)).astype(int)
    names = ["missing" if np.isnan(b) else f"{b:.6g}" for b in bins]
    return [{"what": what, "bin": name, "documents": int(n), "kept": int(k)} for name, n, k in zip(names, every, stayed, strict=True)]


def lower_edges(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Lower edge of the bin of each value; NaN stays NaN."""
    small = np.abs(values) <= 1
    with np.errstate(invalid="ignore", divide="ignore"):
        linear = np.floor(values * BINS_PER_UNIT + 1e-9) / BINS_PER_UNIT
        octave = np.exp2(np.floor(np.log2(np.abs(values)) * BINS_PER_OCTAVE) / BINS_PER_OCTAVE) * np.sign(values)
    return np.where(np.isnan(values), np.nan, np.where(small, linear, octave))

"""Buckets: the documents of a language are cut into head, middle and tail by a signal, at given values or at percentiles of the run itself.

CCNet (Wenzek et al. 2020, section 3.4) publishes cut-offs for its own models; under another model the same number means something else, so
``Cutoffs`` finds them over the whole crawl. A document without a value, or of a language without cut-offs, is in the bucket ``all``.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, Step, StepResult, WholeStep
from winnow.tasks.extract.language_codes import which
from winnow.tasks.signals.limit import Limit, apply_limits
from winnow.tasks.signals.measure import Signals
from winnow.tasks.signals.select import add_crossed, decision_result

HEAD, MIDDLE, TAIL, ALL = "head", "middle", "tail", "all"
BUCKETS = (HEAD, MIDDLE, TAIL, ALL)
CUTOFFS = pa.schema(
    [
        pa.field("language", pa.string()),
        pa.field("head_below", pa.float64()),
        pa.field("tail_from", pa.float64()),
        pa.field("documents", pa.int64()),
    ]
)
READERS = 16
ROWS_BETWEEN_MERGES = 1 << 20


@stable("step/cutoffs")
@dataclass(frozen=True)
class Cutoffs(WholeStep):
    """Signals and decisions of every shard in; per language the two percentiles of the kept documents' values out (schema CUTOFFS).

    A percentile is the smallest value that at least that share of documents does not exceed: exact, so the order of shards does not matter.
    Held are counts per distinct value; perplexities have one decimal, so these are few.
    """

    name: ClassVar[str] = "cutoffs"
    title: ClassVar[str] = "limits of the buckets"
    about: ClassVar[str] = "finds the percentiles between head, middle and tail"

    signals: Signals
    decisions: Step
    signal: str
    percentiles: tuple[float, float]

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        counted = pa.table({"language": pa.array([], pa.string()), "value": pa.array([], pa.float64()), "n": pa.array([], pa.int64())})
        waiting: list[pa.Table] = []
        with ThreadPoolExecutor(READERS) as threads:
            for start in range(0, len(context.shard_keys), READERS):
                waiting += threads.map(lambda key: self._counts(key, context), context.shard_keys[start : start + READERS])
                if sum(t.num_rows for t in waiting) > ROWS_BETWEEN_MERGES:
                    counted, waiting = _added([counted, *waiting]), []
        counted = _added([counted, *waiting])
        rows = []
        for language in sorted(set(counted["language"].to_pylist())):
            mine = counted.filter(pc.equal(counted["language"], language))
            values, n = mine["value"].to_numpy(), mine["n"].to_numpy()
            head, tail = (percentile(values, n, p) for p in self.percentiles)
            rows.append({"language": language, "head_below": head, "tail_from": tail, "documents": int(n.sum())})
        total = sum(r["documents"] for r in rows)
        return StepResult(pa.Table.from_pylist(rows, schema=CUTOFFS), total, len(rows))

    def _counts(self, key: str, context: ShardContext) -> pa.Table:
        """How often each value occurs among the kept documents of one shard."""
        signals = context.read(self.signals, key, ["language", self.signal])
        kept = context.read(self.decisions, key, ["kept"])["kept"]
        value = pc.cast(signals[self.signal], pa.float64())
        table = pa.table({"language": signals["language"], "value": value, "n": pa.array(np.ones(len(value), np.int64))})
        return _added([table.filter(pc.and_(kept, pc.and_(pc.is_valid(value), pc.is_valid(signals["language"]))))])


def _added(tables: list[pa.Table]) -> pa.Table:
    added = pa.concat_tables(tables).group_by(["language", "value"]).aggregate([("n", "sum")])
    return added.rename_columns(["language", "value", "n"])


def percentile(values: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], percent: float) -> float:
    """The smallest of ``values`` (each occurring ``counts`` times) that ``percent`` of all do not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(counts[order])
    return float(values[order][np.searchsorted(reached, percent / 100 * reached[-1])])


@stable("step/bucket")
@dataclass(frozen=True)
class Bucket(ShardStep):
    """Decisions and signals in, decisions with the column ``<signal>_bucket`` out.

    Cut-offs come from the step ``found`` or are ``given`` as (language, head below, tail from). ``keep`` names the buckets that stay; empty
    keeps all.
    """

    name: ClassVar[str] = "bucket"
    title: ClassVar[str] = "sort into buckets"
    about: ClassVar[str] = "cuts documents into head, middle and tail"
    reasons: ClassVar[Mapping[str, str]] = {"*_bucket:other": "the page lies in a bucket that the recipe does not keep"}
    version: ClassVar[str] = "3"

    decisions: Step
    signals: Signals
    signal: str
    found: Cutoffs | None = None
    given: tuple[tuple[str, float, float], ...] = ()
    keep: tuple[str, ...] = ()

    @property
    def column(self) -> str:
        return f"{self.signal}_bucket"

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        signals = context.read(self.signals, shard, ["language", self.signal])
        cutoffs = {language: (head, tail) for language, head, tail in self.given}
        if self.found:
            cutoffs = {r["language"]: (r["head_below"], r["tail_from"]) for r in context.read(self.found, "all").to_pylist()}
        values = pc.cast(signals[self.signal], pa.float64()).to_pylist()
        buckets = pa.chunked_array(
            [[bucket_of(v, x, cutoffs) for x, v in zip(signals["language"].to_pylist(), values, strict=True)]], pa.string()
        )
        after = before
        if self.keep:
            crossed, reason = apply_limits({self.column: buckets}, (Limit(self.column, one_of=self.keep),), before.num_rows, self.label)
            after = add_crossed(before, crossed, reason)
        return decision_result(after.append_column(self.column, buckets), before["kept"])


def bucket_column(decisions: Step | None) -> str | None:
    """The column that says in which bucket a document lies, if any step of the chain of decisions makes one."""
    while decisions is not None:
        if isinstance(decisions, Bucket):
            return decisions.column
        decisions = getattr(decisions, "decisions", None)
    return None


def bucket_of(value: float | None, language: str | None, cutoffs: Mapping[str, tuple[float, float]]) -> str:
    """As cc_net: below the first cut-off head, below the second middle, else tail; ``all`` where there is no value or no cut-off."""
    own = which(language, tuple(cutoffs))
    if value is None or own is None:
        return ALL
    head, tail = cutoffs[own]
    return HEAD if value < head else MIDDLE if value < tail else TAIL

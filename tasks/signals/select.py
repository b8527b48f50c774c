"""Select: signals -> which documents stay, and for the others every limit they cross. Moving a limit reruns this and what follows.

The decisions table grows link by link: ``ApplyLimits`` bounds signals; later links bound what they find out themselves (ranks in clusters, benchmark items), which they
append as columns. Where such a bound is a plain number it is a ``DecidedLimit``, so that ``winnow what-if`` can move it too.
What a document crosses is added by ``add_crossed`` after ``apply_limits`` where a number is bounded, and by ``cross`` where none is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, Step, StepResult
from winnow.tasks.signals.condition import REASON, Condition
from winnow.tasks.signals.facts import read_facts
from winnow.tasks.signals.limit import CROSSED, Limit, apply_limits, columns_of
from winnow.tasks.signals.measure import Signals


@dataclass(frozen=True)
class DecidedLimit:
    """A bound that a link of the chain puts on a column of the decisions table that it appends: a document above ``high``, or below ``low``, goes for ``reason``. None:
    no bound now, but one may be tried. A null is 0. If ``meant`` names a column, only documents with more than 0 in it are bounded. Where ``low`` bounds what is left of a
    text, a text of which nothing is left goes whatever the bound (``left``)."""

    signal: str
    high: float | None
    reason: str
    low: float | None = None
    meant: str = ""
    left: bool = False


@stable("step/apply-limits")
@dataclass(frozen=True)
class ApplyLimits(ShardStep):
    """Signals in; id, kept, reason (the first crossed limit or null) and all crossed limits out, one row per document.

    ``where`` is one more limit, stated in SQL, and the last one. ``decisions`` are those made before, if any; ``entry`` is what the recipe calls this step,
    if not by its own name; ``facts`` are those of its columns that are no signals and are read from ``documents``. The rows counted as dropped are those not kept; their rows stay in the table, since explaining them is its purpose.
    """

    name: ClassVar[str] = "select"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "applies the limits of the recipe"
    reasons: ClassVar[Mapping[str, str]] = {
        REASON: "the condition of the recipe does not hold",
        "*:low": "below the limit",
        "*:high": "above the limit",
        "*:missing": "has no value",
        "*:other": "none of those allowed",
    }
    version: ClassVar[str] = "3"

    signals: Signals
    limits: tuple[Limit, ...]
    where: Condition | None = None
    decisions: Step | None = None
    entry: str | None = None
    facts: tuple[str, ...] | None = None
    documents: Step | None = None

    @property
    def label(self) -> str:
        return self.entry or self.name

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns that it looks at."""
        return tuple(dict.fromkeys([*columns_of(self.limits), *(self.where.columns if self.where else ())]))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        wanted, facts = list(self.wanted), self.facts or ()
        signals = context.read(self.signals, shard, ["id", *(name for name in wanted if name not in facts)])
        if self.documents is not None:
            for name, column in read_facts(facts, self.documents, shard, context).items():
                signals = signals.append_column(name, column)
        crossed, reason = apply_limits({name: signals[name] for name in wanted}, self.limits, signals.num_rows, self.label)
        table = pa.table({"id": signals["id"], "kept": pc.is_null(reason), "reason": reason, "crossed": crossed})
        if self.where:
            goes = ~self.where.holds(signals.select(wanted))
            table = cross(table, [REASON if g else None for g in goes], self.label, [self.where.sql] * len(goes))
        if self.decisions is None:
            return decision_result(table)
        before = context.read(self.decisions, shard)
        return decision_result(add_crossed(before, table["crossed"], table["reason"]), before["kept"])


def add_crossed(before: pa.Table, crossed: pa.ChunkedArray, reason: pa.ChunkedArray) -> pa.Table:
    """A decisions table after one more limit, which ``apply_limits`` was asked about; further columns stay behind the four."""
    joined = [a + b for a, b in zip(before["crossed"].to_pylist(), crossed.to_pylist(), strict=True)]
    reason = pc.coalesce(before["reason"], reason)
    columns = [before["id"], pc.is_null(reason), reason, pa.array(joined, before.schema.field("crossed").type)]
    after = pa.table(columns, names=["id", "kept", "reason", "crossed"])
    for name in before.column_names[len(columns) :]:
        after = after.append_column(name, before[name])
    return after


def cross(before: pa.Table, reasons: Sequence[str | None], step: str, details: Sequence[str | None] | None = None) -> pa.Table:
    """A decisions table after each document with a reason has crossed something that bounds no number; ``details`` say more about it."""
    entries = [
        [] if reason is None else [{"reason": reason, "value": None, "limit": None, "margin": None, "detail": detail, "step": step}]
        for reason, detail in zip(reasons, details or [None] * len(reasons), strict=True)
    ]
    return add_crossed(before, pa.chunked_array([pa.array(entries, CROSSED)]), pa.chunked_array([pa.array(reasons, pa.string())]))


def decision_result(table: pa.Table, already: pa.ChunkedArray | None = None) -> StepResult:
    """The account of a decisions table; ``already`` marks the rows that were kept before this step (all, if not given)."""
    reasons = table["reason"] if already is None else table["reason"].filter(already)
    dropped = Counter(r for r in reasons.to_pylist() if r is not None)
    return StepResult(table, len(reasons), len(reasons) - dropped.total(), dict(dropped))

"""Measure: documents -> signals, one row per document and no threshold anywhere. What a signal means is in ``tasks/signals/filters/``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.extract.language_codes import which
from winnow.tasks.signals.facts import FACTS, read_facts
from winnow.tasks.signals.filter import Filter, Signal
from winnow.tasks.signals.segmentation import Segmenter
from winnow.tasks.signals.text import Batch, Document, Segmented, batches

ARROW = {
    "float": pa.float64(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "str": pa.string(),
    "floats": pa.list_(pa.field("element", pa.float64())),
}  # as Parquet names it


@stable("option/signal-table")
@dataclass(frozen=True)
class SignalTable:
    """Columns of a step's table that are signals, under their names behind ``prefix``. A step that measures and does nothing else needs none."""

    step: Step
    columns: tuple[str, ...]
    prefix: str = ""

    @property
    def steps(self) -> tuple[Step, ...]:
        return (self.step,)

    def read(self, shard: str, context: ShardContext) -> pa.Table:
        """The id and these columns."""
        return context.read(self.step, shard, ["id", *self.columns]).rename_columns(["id", *(f"{self.prefix}{c}" for c in self.columns)])


@stable("step/measure")
@dataclass(frozen=True)
class Measure(ShardStep):
    """One group of signals: documents in, one row per document and one column per signal out. All filters of a group share one
    tokenisation; a filter in another group is measured without touching this one. ``given`` are signals of other groups that its filters need,
    ``segmenters`` cut the words of documents of their languages."""

    name: ClassVar[str] = "measure"
    title: ClassVar[str] = "measure"
    about: ClassVar[str] = "measures signals of every document"
    version: ClassVar[str] = "2"

    text: TextColumn
    group: str
    filters: tuple[Filter, ...]
    given: tuple[SignalTable, ...] | None = None
    segmenters: tuple[Segmenter, ...] | None = None

    @property
    def label(self) -> str:
        return f"measure-{self.group}"

    @property
    def signals(self) -> tuple[Signal, ...]:
        return tuple(s for f in self.filters for s in f.signals)

    def check(self) -> None:
        for f in self.filters:
            f.check()
        for segmenter in self.segmenters or ():
            segmenter.check()

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["id", "url", "language", "text"])
        texts = documents["text"].to_pylist()
        final = self.text.of(documents, shard, context).to_pylist() if self.text.edit else texts
        columns: dict[str, list[Any]] = {s.name: [] for s in self.signals}
        facts = [documents[name].to_pylist() for name in ("id", "url", "language")]
        facts.append(self._needed(documents["id"], shard, context))
        extracted = [f for f in self.filters if f.text == "extracted"]
        edited = [f for f in self.filters if f.text == "corrected"]
        for part in batches(texts):
            batch = Batch(texts[part])
            self._measure(extracted, part, facts, batch, columns)
            self._measure(edited, part, facts, Batch(final[part], originals=batch) if final is not texts else batch, columns)
        table = pa.table(
            [documents["id"], *(pa.array(columns[s.name], ARROW[s.kind]) for s in self.signals)],
            names=["id", *(s.name for s in self.signals)],
        )
        return StepResult(table, documents.num_rows, table.num_rows)

    def _needed(self, ids: pa.ChunkedArray, shard: str, context: ShardContext) -> list[dict[str, Any] | None]:
        """Of each document what the filters need beside its text, by name; None if they need nothing."""
        needs = {name for f in self.filters for name in f.needs}
        if not needs:
            return [None] * len(ids)
        columns: dict[str, list[Any]] = {}
        for part in self.given or ():
            table = part.read(shard, context)
            columns |= {name: table[name].to_pylist() for name in table.column_names[1:]}
        facts = read_facts(sorted(n for n in needs if n in FACTS and n not in columns), self.text.documents, shard, context)
        columns |= {name: column.to_pylist() for name, column in facts.items()}
        for name in sorted(needs - columns.keys()):
            rows: dict[str, list[dict[str, Any]]] = {}
            for row in context.read(self.text.documents, shard, table=name).to_pylist():
                rows.setdefault(row.pop("id"), []).append(row)
            columns[name] = [rows.get(identity) for identity in ids.to_pylist()]
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def _measure(
        self, filters: Sequence[Filter], part: slice, facts: Sequence[list[Any]], batch: Batch, columns: dict[str, list[Any]]
    ) -> None:
        """The signals of some filters on a batch of texts. ``facts``: ids, URLs, languages and needs of all documents, of which the batch has a part."""
        if not filters:
            return
        segmenters = {s.language: s for s in self.segmenters or ()}
        labels = tuple(segmenters)
        for place, (text, identity, url, language, needed) in enumerate(zip(batch.texts, *(fact[part] for fact in facts), strict=True)):
            own = which(language, labels) if labels else None
            words = (Segmented(text, segmenters[own].words(text)), 0) if own else (batch, place)
            doc = Document(text, id=identity, url=url or "", language=language or "", batch=words[0], place=words[1], facts=needed)
            for f in filters:
                for name, value in f.measure(doc).items():
                    columns[name].append(value)


@stable("step/signals")
@dataclass(frozen=True)
class Signals(ShardStep):
    """The signals table: id, language and its score, and side by side the figures of the edits and the signals of every group."""

    name: ClassVar[str] = "signals"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "puts all signals side by side"
    kind: ClassVar[Kind] = "join"

    documents: Step
    measured: tuple[Step | SignalTable, ...]

    def run(self, shard: str, context: ShardContext) -> StepResult:
        parts = [context.read(self.documents, shard, ["id", "language", "language_score"])]
        parts += [part.read(shard, context) if isinstance(part, SignalTable) else context.read(part, shard) for part in self.measured]
        joined = parts[0]
        for part in parts[1:]:
            if not part["id"].combine_chunks().equals(joined["id"].combine_chunks()):
                raise ValueError(
                    f"shard {shard}: the rows of {[p.column_names[1] for p in parts]} do not match; a step lost or reordered rows"
                )
            for name in part.column_names[1:]:
                joined = joined.append_column(part.schema.field(name), part[name])
        return StepResult(joined, joined.num_rows, joined.num_rows)

"""Deduplication inside texts: what its kinds share. Documents are edited here, never dropped; what an edit leaves is judged by ``RequireTextLeft``.

Which passages repeat is in ``paragraph.py`` and ``substring.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.signals.limit import Limit, apply_limits
from winnow.tasks.signals.select import DecidedLimit, add_crossed, cross, decision_result

EMPTY = "empty_text"
SPANS = pa.list_(pa.field("element", pa.struct([pa.field("start", pa.int32()), pa.field("end", pa.int32())])))
FIGURES = ("chars_removed", "chars_removed_share", "chars_left")
EDITED = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("corrected_text", pa.string()),
        pa.field("chars_removed", pa.int64()),
        pa.field("chars_removed_share", pa.float64()),
        pa.field("chars_left", pa.int64()),
        pa.field("removed", SPANS),
    ]
)


@dataclass(frozen=True)
class Edit(ShardStep):
    """Base of the steps that cut repeated passages out of the documents kept so far (all, without ``decisions``). Schema EDITED, one row per document: ``corrected_text`` as
    ``Correct`` has it (the final text, null where it is the extracted one), ``removed`` as offsets of characters in the text before."""

    version: ClassVar[str] = "2"

    figures: ClassVar[tuple[str, ...]] = FIGURES
    """The columns that the decisions table gets."""
    cuts: ClassVar[str] = "what was cut"
    """What people call that which it takes out."""

    text: TextColumn
    decisions: Decisions | None

    @property
    def by(self) -> str:
        """What repeats: paragraph, substring, sentence. It names the columns of the decisions table."""
        raise NotImplementedError

    @property
    def schema(self) -> pa.Schema:
        return EDITED

    def counted(self, after: str) -> dict[str, Any]:
        """Further figures of the text that is left, which the schema names behind those of EDITED."""
        return {}

    def spans(self, texts: list[str | None], shard: str, context: ShardContext) -> list[Sequence[tuple[int, int]]]:
        """Of each text (None if its document was not kept) what is to be cut, ascending and apart."""
        raise NotImplementedError

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["id", "text"])
        before = self.text.of(documents, shard, context).to_pylist()
        kept = context.read(self.decisions, shard, ["kept"])["kept"].to_pylist() if self.decisions else [True] * len(before)
        found = self.spans([t if k else None for t, k in zip(before, kept, strict=True)], shard, context)
        rows, edited, removed = [], 0, 0
        for identity, extracted, text, cuts in zip(documents["id"].to_pylist(), documents["text"].to_pylist(), before, found, strict=True):
            after = cut(text, cuts)
            chars = sum(end - start for start, end in cuts)
            edited, removed = edited + bool(cuts), removed + chars
            rows.append(
                {
                    "id": identity,
                    "corrected_text": None if after == extracted else after,
                    "chars_removed": chars,
                    "chars_removed_share": chars / len(text) if text else 0.0,
                    "chars_left": len(after),
                    "removed": [{"start": start, "end": end} for start, end in cuts],
                    **self.counted(after),
                }
            )
        notes = {"documents_edited": edited, "spans_removed": sum(len(c) for c in found), "chars_removed": removed}
        return StepResult(pa.Table.from_pylist(rows, schema=self.schema), len(rows), len(rows), notes=notes)


def cut(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text without the spans (ascending, apart). What stood on different lines stays on different lines, and no white space is doubled.

    Of the white space on both sides of a cut one run is left: as many line feeds as the side with more of them has, and the indentation of the
    line that follows; without a line feed, the longer of the two. Blank lines at the beginning and white space at the end are taken off.
    A text without spans is returned unchanged.
    """
    if not spans:
        return text
    parts, place = [], 0
    for start, end in spans:
        before = start
        while before > place and text[before - 1].isspace():
            before -= 1
        after = end
        while after < len(text) and text[after].isspace():
            after += 1
        line_before = text[before:start] if before else "\n"  # the beginning of a text begins a line
        parts += [text[place:before], _space_left(line_before, text[start:end], text[end:after])]
        place = after
    parts.append(text[place:])
    left = "".join(parts).rstrip()
    first = len(left) - len(left.lstrip())
    return left[left.rfind("\n", 0, first) + 1 :]


def _space_left(before: str, gone: str, after: str) -> str:
    """What is left of the white space around a cut; ``gone`` is what was cut."""
    feeds = max(before.count("\n"), after.count("\n") + gone.endswith("\n"), int("\n" in gone))
    if not feeds:
        return max(before, after, key=len)
    # Behind a line feed white space is indentation; in the middle of a line it only separated words.
    indented = after if "\n" in after or gone.endswith("\n") else before if "\n" in before else ""
    return "\n" * feeds + indented.rpartition("\n")[2]


@dataclass(frozen=True)
class RequireLeft(ShardStep):
    """Decisions and an edit in, decisions out: the figures of the edit as ``<by>_chars_removed`` and so on, and one limit on what is left of the
    documents kept so far."""

    name: ClassVar[str] = "enough"
    title: ClassVar[str] = "drop texts with nothing left"
    about: ClassVar[str] = "drops documents of which too little is left"
    version: ClassVar[str] = "2"

    decisions: Decisions
    edit: Edit

    @property
    def entry_name(self) -> str | None:
        """What the recipe calls the pass, if it is not ``by``."""
        raise NotImplementedError

    def bounded(self, edits: pa.Table, kept: Any) -> tuple[str, int, Any]:
        """The figure that is bounded, its lower limit, and its values; a document that the limit does not mean has the limit itself."""
        raise NotImplementedError

    @property
    def decided_limits(self) -> tuple[DecidedLimit, ...]:
        """The limit on what is left, for ``winnow what-if``."""
        raise NotImplementedError

    @property
    def by(self) -> str:
        return self.entry_name or self.edit.by

    def _decided(self, figure: str, low: int, meant: str = "") -> tuple[DecidedLimit, ...]:
        signal = f"{self.by}_{figure}"
        return (DecidedLimit(signal, None, f"{signal}:low", low=low or None, meant=meant and f"{self.by}_{meant}", left=True),)

    @property
    def label(self) -> str:
        return f"dedup-{self.by}"

    @property
    def reasons(self) -> Mapping[str, str]:
        return {f"{self.by}_*_left:low": f"too little is left without {self.edit.cuts}"}

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        edits = context.read(self.edit, shard, list(self.edit.figures))
        figure, low, left = self.bounded(edits, before["kept"])
        limit = Limit(f"{self.by}_{figure}", low=low)
        after = add_crossed(before, *apply_limits({limit.signal: left}, (limit,), before.num_rows, self.label))
        for name in self.edit.figures:
            after = after.append_column(f"{self.by}_{name}", edits[name])
        return decision_result(after, before["kept"])


@stable("step/require-text-left")
@dataclass(frozen=True)
class RequireTextLeft(RequireLeft):
    """The limit is ``<by>_chars_left >= min_chars_left``."""

    min_chars_left: int = 1
    entry: str | None = None

    @property
    def entry_name(self) -> str | None:
        return self.entry

    @property
    def decided_limits(self) -> tuple[DecidedLimit, ...]:
        return self._decided("chars_left", self.min_chars_left)

    def bounded(self, edits: pa.Table, kept: Any) -> tuple[str, int, Any]:
        # A document that was not kept was not edited: no limit on what is left of it.
        left: Any = pc.if_else(kept, edits["chars_left"], self.min_chars_left)
        return "chars_left", self.min_chars_left, left


@stable("step/require-text")
@dataclass(frozen=True)
class RequireText(ShardStep):
    """Decisions and the text after all edits in, decisions out: a document of which the edits left nothing but white space is dropped, reason
    ``empty_text``. It ends every chain of decisions behind which a text was edited, so that ``kept`` is true exactly for what the corpus holds."""

    name: ClassVar[str] = "require-text"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "drops documents whose text the edits left empty"
    reasons: ClassVar[Mapping[str, str]] = {EMPTY: "nothing was left of the text after the edits"}

    decisions: Decisions
    text: TextColumn

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        blank = pc.equal(pc.utf8_trim_whitespace(self.text.read(shard, context)), "")
        gone = pc.and_(before["kept"], pc.fill_null(blank, True))
        return decision_result(cross(before, [EMPTY if g else None for g in gone.to_pylist()], self.label), before["kept"])

"""The steps that act on harm: what is done with each document, and the marker in those that are tagged."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import xxhash

from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, Step, StepResult
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.safety.matrix import Safety
from winnow.tasks.signals.limit import CROSSED
from winnow.tasks.signals.measure import Signals
from winnow.tasks.signals.select import add_crossed, decision_result

ACTION = "safety_action"
REASON = "harmful:"
WORD = re.compile(r"\S+")
MARKED = pa.schema([pa.field("id", pa.string()), pa.field("corrected_text", pa.string()), pa.field("markers", pa.int64())])


@stable("step/safety-actions")
@dataclass(frozen=True)
class SafetyActions(ShardStep):
    """Decisions and signals in, decisions out: the column ``safety_action`` (keep, tag or drop) for every document, and the reason ``harmful:SIGNAL`` for those that are
    dropped. What was asked of the documents that were kept so far is counted by action, head and language."""

    name: ClassVar[str] = "safety"
    about: ClassVar[str] = "keeps, tags or drops documents by how harmful they are"
    reasons: ClassVar[Mapping[str, str]] = {f"{REASON}*": "too harmful by the head {}"}

    decisions: Decisions
    signals: Signals
    safety: Safety
    entry: str | None = None

    @property
    def label(self) -> str:
        return self.entry or self.name

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        wanted = self.safety.signals
        signals = context.read(self.signals, shard, list(dict.fromkeys(["language", *wanted])))
        languages, columns = signals["language"].to_pylist(), {name: signals[name].to_pylist() for name in wanted}
        kept = before["kept"].to_pylist()
        actions, crossed, reasons = [], [], []
        counts: dict[str, Counter[str]] = {"actions": Counter(), "actions_by_head": Counter(), "actions_by_language": Counter()}
        for row, language in enumerate(languages):
            values = {name: column[row] for name, column in columns.items()}
            asked = self.safety.asked(values, language)
            action = asked[0][1] if asked else "keep"
            actions.append(action)
            if kept[row]:
                counts["actions"][action] += 1
                counts["actions_by_language"][f"{language or 'unknown'} {action}"] += 1
                counts["actions_by_head"].update(f"{signal} {each}" for signal, each in asked)
            entries = []
            for signal in (signal for signal, each in asked if each == "drop"):
                value = values[signal]
                number = float(value) if isinstance(value, int | float) else None
                found = self.safety.row(signal, language)
                limit = next((least for least, each in found.steps if each == "drop"), None) if found else None
                margin = number - limit if number is not None and limit is not None else None
                detail = None if value is None else str(value)
                entries.append(
                    {"reason": f"{REASON}{signal}", "value": number, "limit": limit, "margin": margin, "detail": detail, "step": self.label}
                )
            crossed.append(entries)
            reasons.append(entries[0]["reason"] if entries else None)
        after = add_crossed(before, pa.chunked_array([pa.array(crossed, CROSSED)]), pa.chunked_array([pa.array(reasons, pa.string())]))
        after = after.append_column(ACTION, pa.array(actions, pa.string()))
        result = decision_result(after, before["kept"])
        return StepResult(
            result.table, result.rows_in, result.rows_out, result.dropped, {name: dict(sorted(c.items())) for name, c in counts.items()}
        )


@stable("step/mark-harmful")
@dataclass(frozen=True)
class MarkHarmful(ShardStep):
    """The texts with the marker in those that are tagged (schema MARKED). A marker that stands in a page already is taken out of every text first: no page may mark
    itself, or teach a model that marked text is harmless."""

    name: ClassVar[str] = "mark-harmful"
    about: ClassVar[str] = "puts the marker of harmful text into what was tagged"

    text: TextColumn
    decisions: Step
    safety: Safety

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["id", "text"])
        decided = context.read(self.decisions, shard, ["kept", ACTION])
        rows = []
        marked = removed = 0
        parts = (documents["id"], documents["text"], self.text.of(documents, shard, context), decided["kept"], decided[ACTION])
        for identity, extracted, before, kept, action in zip(*(p.to_pylist() for p in parts), strict=True):
            text = before.replace(self.safety.marker, "")
            removed += text != before
            markers = 0
            if kept and action == "tag":
                text, markers = mark(text, identity, self.safety)
                marked += markers > 0
            rows.append({"id": identity, "corrected_text": None if text == extracted else text, "markers": markers})
        notes = {"documents_marked": marked, "documents_with_a_marker_of_their_own": removed, "markers": sum(r["markers"] for r in rows)}
        return StepResult(pa.Table.from_pylist(rows, schema=MARKED), len(rows), len(rows), notes=notes)


def mark(text: str, identity: str, safety: Safety) -> tuple[str, int]:
    """The text with its markers, and how many; the same for the same id. Of a text that is chosen and of which no word is drawn, the beginning is marked."""
    seed = xxhash.xxh3_64_intdigest(identity.encode("utf-8", "replace"))
    draw = np.random.default_rng(seed)
    if draw.random() >= safety.rate:
        return text, 0
    if safety.word_rate:
        places = [m.start() for m in WORD.finditer(text)]
        chosen = [place for place, drawn in zip(places, draw.random(len(places)).tolist(), strict=True) if drawn < safety.word_rate]
        if chosen:
            pieces = [text[a:b] for a, b in zip([0, *chosen], [*chosen, len(text)], strict=True)]
            return f"{safety.marker} ".join(pieces), len(chosen)
    return f"{safety.marker} {text}", 1

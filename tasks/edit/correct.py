"""Correct: line-wise corrections of every text, before anything is measured. The rules are in ``tasks/edit/corrections.py``."""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from winnow.tasks.edit.corrections import LineRules
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.text_column import TextColumn

CORRECTED = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("corrected_text", pa.string()),
        pa.field("corrected_lines_in", pa.int64()),
        pa.field("corrected_lines_removed", pa.int64()),
        pa.field("corrected_words_removed_share", pa.float64()),
    ]
)


@stable("step/correct")
@dataclass(frozen=True)
class Correct(ShardStep):
    """Line-wise corrections: texts in, edited texts out (schema CORRECTED; ``corrected_text`` is null where it is the extracted one).

    No document is dropped here. Lines removed are counted per rule in the report's notes; the share of words lost is a signal.
    """

    name: ClassVar[str] = "correct"
    title: ClassVar[str] = "correct lines"
    about: ClassVar[str] = "takes single lines out of the text"
    version: ClassVar[str] = "2"

    text: TextColumn
    rules: LineRules

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["id", "text"])
        removed: Counter[str] = Counter()
        rows = []
        before = self.text.of(documents, shard, context)
        for identity, extracted, text in zip(documents["id"].to_pylist(), documents["text"].to_pylist(), before.to_pylist(), strict=True):
            corrected = self.rules.apply(text)
            removed.update(corrected.removed)
            removed["lines_in"] += corrected.lines_in
            rows.append(
                {
                    "id": identity,
                    "corrected_text": None if corrected.text == extracted else corrected.text,
                    "corrected_lines_in": corrected.lines_in,
                    "corrected_lines_removed": corrected.lines_in - corrected.lines_out,
                    "corrected_words_removed_share": corrected.words_removed_share,
                }
            )
        return StepResult(
            pa.Table.from_pylist(rows, schema=CORRECTED), len(rows), len(rows), notes={"lines": dict(sorted(removed.items()))}
        )

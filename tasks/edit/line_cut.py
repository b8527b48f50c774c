"""Cutting lines that a model calls noise, where the recipe chooses the threshold. Code, tables and formulas are left alone, and a heading stays with what it heads.

Which line is how good is a signal (tasks/signals/filters/line_quality.py); here is only what is done about it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from winnow.tasks.edit.edits import Edit
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import StepResult
from winnow.tasks.signals.measure import Signals

FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
FORMULA = re.compile(r"\$\$|\\\[|\\\]|\\\(|\\begin\{|\\end\{|\$[^$\n]+\$")
TABLE = re.compile(r"\s*\||.*\t.*\t")
HEADING = re.compile(r"\s*#{1,6}\s")


@stable("option/line-cut")
@dataclass(frozen=True)
class LineCut:
    """Lines below ``low`` go, where ``min_run`` of them or more stand together; a document with fewer than ``min_chars_left`` characters left is dropped."""

    low: float = 0.5
    min_run: int = 1
    min_chars_left: int = 1
    signal: str = "line_quality"


def exempt(lines: Sequence[str]) -> list[bool]:
    """Of each line whether it is of code, of a table or of a formula, and so never cut."""
    found, fence, formula = [], "", False
    for line in lines:
        match = FENCE.match(line)
        if fence:
            found.append(True)
            if match and match[1].startswith(fence):
                fence = ""
            continue
        if match:
            fence = match[1]
            found.append(True)
            continue
        opens = line.count("$$") % 2 == 1
        inside = formula or opens or bool(FORMULA.search(line))
        if opens or line.count("\\[") != line.count("\\]"):
            formula = not formula
        found.append(inside or bool(TABLE.match(line)))
    return found


def cuts(text: str, scores: Sequence[float], rule: LineCut) -> list[tuple[int, int]]:
    """What is to be cut, as offsets of characters, ascending and apart.

    Raises:
        ValueError: there is another number of scores than of lines that are not blank.
    """
    from winnow.tasks.models.classify.line_model import looked

    lines = text.split("\n")
    numbers = looked(text).lines.tolist()
    if len(numbers) != len(scores):
        raise ValueError(f"{len(numbers)} lines and {len(scores)} scores")
    spared = exempt(lines)
    gone = [score < rule.low and not spared[n] for n, score in zip(numbers, scores, strict=True)]
    for k in range(len(numbers) - 2, -1, -1):  # from below, so that a heading above a heading stays too
        if gone[k] and HEADING.match(lines[numbers[k]]) and not gone[k + 1]:
            gone[k] = False
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    spans, k = [], 0
    while k < len(numbers):
        end = k
        while end < len(numbers) and gone[end]:
            end += 1
        if end - k >= rule.min_run and end > k:
            last = numbers[end - 1]
            spans.append((starts[numbers[k]], starts[last] + len(lines[last])))
        k = max(end, k + 1)
    return spans


@stable("step/cut-noisy-lines")
@dataclass(frozen=True)
class CutNoisyLines(Edit):
    """The texts without their noisy lines. ``signals`` has the scores of the lines; another threshold runs this step anew, and nothing before it."""

    name: ClassVar[str] = "cut-noisy-lines"
    about: ClassVar[str] = "cuts noisy lines out"
    cuts: ClassVar[str] = "its noisy lines"

    signals: Signals
    rule: LineCut

    @property
    def by(self) -> str:
        return "line"

    def spans(self, texts: list[str | None], shard: str, context: ShardContext) -> list[Sequence[tuple[int, int]]]:
        column = context.read(self.signals, shard, [self.rule.signal])[self.rule.signal].to_pylist()
        try:
            return [
                cuts(text, scores, self.rule) if text is not None and scores is not None else []
                for text, scores in zip(texts, column, strict=True)
            ]
        except ValueError as e:
            raise BadInput(
                f"lines: the text has changed since its lines were measured ({e}). Let `lines` stand before other passes that cut passages out."
            ) from None

    def run(self, shard: str, context: ShardContext) -> StepResult:
        """With the characters before and of what was cut by language, since a model of lines may be hard on one."""
        made = super().run(shard, context)
        documents = context.read(self.text.documents, shard, ["language", "text_chars"])
        before, gone = Counter[str](), Counter[str]()
        for language, chars, cut_chars in zip(
            documents["language"].to_pylist(), documents["text_chars"].to_pylist(), made.table["chars_removed"].to_pylist(), strict=True
        ):
            before[language or "unknown"] += chars
            gone[language or "unknown"] += cut_chars
        return replace(
            made,
            notes={
                **made.notes,
                "chars_by_language": dict(sorted(before.items())),
                "chars_removed_by_language": dict(sorted(gone.items())),
            },
        )

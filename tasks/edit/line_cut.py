"""Cutting lines that a model calls noise, where the recipe chooses the threshold. Code, tables and formulas are left alone, and a heading stays with what it heads.

Which line is how good is a signal (tasks/signals/filters/line_quality.py); here is only what is done about it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from winnow.tasks.edit.edits import Edit
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import StepResult
from winnow.tasks.signals.measure import Signals

FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
FORMULA = re.compile(r"\$\$|\\\[|\\\]|\\\(|\\begin\{|\\end\{|\$[^$\n]+\$")
TABLE = re.compile(r"\s*\||.*\t.*\t")
REPEATS = "line_host_documents"
HEADING = re.compile(r"\s*#{1,6}\s")


@stable("option/line-cut")
@dataclass(frozen=True)
class LineCut:
    """Lines below ``low`` go, and those that more than ``max_host_documents`` documents of the host have, where ``min_run`` of them or more stand together; a document with fewer than
    ``min_chars_left`` characters left is dropped. With a ``low`` of 0 no scores are needed."""

    low: float = 0.5
    min_run: int = 1
    min_chars_left: int = 1
    signal: str = "line_quality"
    max_host_documents: int | None = None

    @property
    def signals(self) -> tuple[str, ...]:
        """The lists of a number per line that it reads: scores, and in how many documents of the host the line stands; empty where it does not look at them."""
        return (self.signal if self.low > 0 else "", REPEATS if self.max_host_documents is not None else "")


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


def cuts(text: str, scores: Sequence[float] | None, rule: LineCut, repeats: Sequence[float] | None = None) -> list[tuple[int, int]]:
    """What is to be cut, as offsets of characters, ascending and apart. ``scores`` and ``repeats`` have a number for each line that is not blank, or are not known.

    Raises:
        ValueError: there is another number of scores than of lines that are not blank.
    """
    from winnow.tasks.models.classify.line_model import looked

    lines = text.split("\n")
    numbers = looked(text).lines.tolist()
    for given in (scores, repeats):
        if given is not None and len(numbers) != len(given):
            raise ValueError(f"{len(numbers)} lines and {len(given)} scores")
    noisy = np.zeros(len(numbers), bool)
    if scores is not None:
        noisy |= np.asarray(scores) < rule.low
    if repeats is not None and rule.max_host_documents is not None:
        noisy |= np.asarray(repeats) > rule.max_host_documents
    spared = exempt(lines)
    gone = [bool(bad) and not spared[n] for n, bad in zip(numbers, noisy, strict=True)]
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
        names = self.rule.signals
        table = context.read(self.signals, shard, [name for name in names if name])
        nothing: list[None] = [None] * len(texts)
        scores, repeats = (table[name].to_pylist() if name else nothing for name in names)
        try:
            return [
                cuts(text, mine, self.rule, hosts) if text is not None else []
                for text, mine, hosts in zip(texts, scores, repeats, strict=True)
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

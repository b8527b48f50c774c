"""Paragraph deduplication: lines that many documents share are cut out of them (CCNet: Wenzek et al. 2020, section 3.2, and its published code).

``Paragraphs`` (per shard: a hash of each line) -> ``RepeatedParagraphs`` (per key range: which of them go) -> ``CutRepeatedParagraphs`` (per shard: the edit).
Mode ``cc_net`` does what cc_net does: within a group of files a line that two documents have goes from *every* document, the first included, blank
lines too; a line repeated in one document alone stays once. Mode ``global`` knows no groups, leaves one copy, and takes blank lines for the space
between paragraphs that they are; lines that one document alone repeats (refrains, rows of a table, closing braces) stay.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.dedup.keep import scores
from winnow.tasks.dedup.resolve import Decisions, for_shards, rows_of_shard
from winnow.tasks.edit.edits import Edit
from winnow.tasks.engine.ahead import evenly_spread
from winnow.tasks.engine.arrays import U64, Floats, Ints
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.number_ranges import Range, in_pieces, part_of_keys, shards_in_ranges
from winnow.tasks.engine.ranges import ROWS_PER_GROUP
from winnow.tasks.engine.row_numbers import numbered, shards_and_rows
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult, WholeStep
from winnow.tasks.engine.text_column import TextColumn

LINES = pa.schema([pa.field("key", pa.uint64()), pa.field("row", pa.int32()), pa.field("file", pa.int32())])
REPEATED = pa.schema([pa.field("shard", pa.int32()), pa.field("row", pa.int32()), pa.field("key", pa.uint64())])
Lines = tuple[U64, Ints, Ints, Floats]
"""Of lines: their keys, the numbers of their documents and of their files, and scores."""
LINE_BYTES = 96  # measured peak per line of a partition

# cc_net's list; it has the full-width digit one, which its rule for digits has already made a zero.
PUNCTUATION = "，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►"


class _Folding(dict[int, str | None]):
    """What each character of a lower-case line becomes: digits 0, cc_net's punctuation and control characters nothing."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        if unicodedata.category(char) == "Nd":
            value: str | None = "0"
        elif char in PUNCTUATION or code < 32 or 127 <= code < 160:
            value = None
        else:
            value = char
        self[code] = value
        return value


_folding = _Folding()


def folded(line: str) -> str:
    """The form in which two lines are the same (cc_net's ``normalize_for_dedup``)."""
    return line.strip().lower().translate(_folding)


def line_keys(text: str) -> list[int]:
    """Of each line the first 8 bytes of the SHA-1 of its folded form, as an unsigned little-endian number."""
    return [
        int.from_bytes(hashlib.sha1(folded(line).encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()[:8], "little")
        for line in text.split("\n")
    ]


@stable("step/paragraphs")
@dataclass(frozen=True)
class Paragraphs(ShardStep):
    """Documents in; each line that a document has, once, out (schema LINES, sorted by key). ``file`` is the number of the source file. Lines
    shorter than ``min_chars`` in their folded form are left out: they are never cut. With 0, blank lines count as lines."""

    name: ClassVar[str] = "paragraphs"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "makes the keys of lines"
    kind: ClassVar[Kind] = "aggregate"

    text: TextColumn
    min_chars: int = 0

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["text", "source_file"])
        texts = self.text.of(documents, shard, context).to_pylist()
        number = {f.path: f.number for f in context.shard(shard).files}
        files = [number[path] for path in documents["source_file"].to_pylist()]
        keys: list[int] = []
        rows: list[int] = []
        for row, text in enumerate(texts):
            found = set(_long_enough(text, self.min_chars))
            keys += found
            rows += [row] * len(found)
        key, at = np.array(keys, np.uint64), np.array(rows, np.int32)
        order = np.lexsort((at, key))
        table = pa.table([key[order], at[order], np.array(files, np.int32)[at[order]]], schema=LINES)
        return StepResult(table, len(texts), table.num_rows, row_groups=ROWS_PER_GROUP)


def _long_enough(text: str, min_chars: int) -> list[int]:
    keys = line_keys(text)
    return keys if not min_chars else [k for k, line in zip(keys, text.split("\n"), strict=True) if len(folded(line)) >= min_chars]


@stable("step/repeated-paragraphs")
@dataclass(frozen=True)
class RepeatedParagraphs(WholeStep):
    """The lines of one key range of all documents kept so far (all, without ``decisions``) in; which lines go from which document out (schema REPEATED, sorted by shard and row).

    ``group_files``: how many files form a group of mode ``cc_net`` (its ``hash_in_mem``); 0 for all. ``keep`` is for mode ``global``.
    """

    name: ClassVar[str] = "repeated-paragraphs"
    in_a_row: ClassVar[bool] = True
    title: ClassVar[str] = "repeated paragraphs"
    about: ClassVar[str] = "finds which lines repeat"

    paragraphs: Paragraphs
    decisions: Decisions | None
    ranges: int
    mode: str = "global"
    group_files: int = 0
    min_documents: int = 2
    keep: str = "first"
    ranked_by: Step | TextColumn | None = None

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{r:05d}" for r in range(self.ranges))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        tables, read = [], 0
        cost = evenly_spread(context, self.paragraphs, LINE_BYTES, self.ranges)
        for lines in in_pieces(context, self.address, shard, part_of_keys(self.ranges), cost, partial(self._lines, context)):
            tables.append(self._repeated(*lines))
            read += len(lines[0])
        return for_shards(REPEATED, tables, read, "key")

    def _lines(self, context: ShardContext, ranges: Sequence[Range]) -> list[Lines]:
        parts = [[(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))] for _ in ranges]
        for number, tables in shards_in_ranges(context, self.paragraphs, ranges):
            shard = context.shard_keys[number]
            kept = context.read(self.decisions, shard, ["kept"])["kept"].to_numpy(zero_copy_only=False) if self.decisions else None
            ranks = scores(self.keep, self.ranked_by, shard, context)
            for lines, table in zip(parts, tables, strict=True):
                row = table["row"].to_numpy()
                mine = np.ones(len(row), bool) if kept is None else kept[row]
                score = np.zeros(len(row)) if ranks is None else ranks.to_numpy()[row]
                file = table["file"].to_numpy().astype(np.int64)
                lines.append((table["key"].to_numpy()[mine], numbered(number, row[mine]), file[mine], score[mine]))
        found = []
        for lines in parts:
            key, number_row, file_number, score = (np.concatenate(column) for column in zip(*lines, strict=True))
            found.append((key, number_row, file_number, score))
        return found

    def _repeated(self, key: U64, number_row: Ints, file_number: Ints, score: Floats) -> pa.Table:
        group = file_number // self.group_files if self.mode == "cc_net" and self.group_files else np.zeros(len(key), np.int64)
        order = np.lexsort((number_row, -np.where(np.isnan(score), -np.inf, score), key, group))
        key, number_row, group = key[order], number_row[order], group[order]
        opens = np.ones(len(key), bool)
        opens[1:] = (key[1:] != key[:-1]) | (group[1:] != group[:-1])
        cluster = np.cumsum(opens) - 1
        goes = np.bincount(cluster)[cluster] >= self.min_documents if len(key) else np.zeros(0, bool)
        if self.mode == "global" and self.keep != "none":
            goes &= ~opens
        at = number_row[goes]
        return pa.table([*shards_and_rows(at), key[goes]], schema=REPEATED)


@stable("step/cut-repeated-paragraphs")
@dataclass(frozen=True)
class CutRepeatedParagraphs(Edit):
    """The edit: lines that ``RepeatedParagraphs`` names go. With ``within``, the copies of a line in one document go as well, but for the first."""

    name: ClassVar[str] = "unrepeat-paragraphs"
    title: ClassVar[str] = "cut repeated paragraphs"
    about: ClassVar[str] = "cuts repeated lines out"
    cuts: ClassVar[str] = "the lines that other documents have too"

    repeated: RepeatedParagraphs
    within: bool = False

    @property
    def by(self) -> str:
        return "paragraph"

    def spans(self, texts: list[str | None], shard: str, context: ShardContext) -> list[Sequence[tuple[int, int]]]:
        found = rows_of_shard(self.repeated, REPEATED, shard, context)
        go: dict[int, set[int]] = {}
        for row, key in zip(found["row"].to_pylist(), found["key"].to_pylist(), strict=True):
            go.setdefault(row, set()).add(key)
        min_chars = self.repeated.paragraphs.min_chars
        return [() if text is None else _cuts(text, go.get(row, set()), min_chars, self.within) for row, text in enumerate(texts)]


def _cuts(text: str, go: set[int], min_chars: int, within: bool) -> list[tuple[int, int]]:
    """Whole lines with their line breaks, adjoining ones as one span."""
    cuts: list[tuple[int, int]] = []
    seen: set[int] = set()
    start = 0
    for line, key in zip(text.split("\n"), line_keys(text), strict=True):
        end = min(start + len(line) + 1, len(text))
        if (key in go or key in seen) and (not min_chars or len(folded(line)) >= min_chars):
            if cuts and cuts[-1][1] == start:
                cuts[-1] = (cuts[-1][0], end)
            elif end > start:
                cuts.append((start, end))
        if within:
            seen.add(key)
        start += len(line) + 1
    return cuts

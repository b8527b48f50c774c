"""Exact substring deduplication: runs of at least ``min_tokens`` tokens that occur more than once anywhere in the kept documents are cut out
(Lee et al. 2022, section 4.1; RefinedWeb with 50 tokens), at the borders of tokens and never inside a character with its marks.

Instead of a suffix array over all text: ``Windows`` (per shard: a hash of every run of ``min_tokens`` tokens) -> ``RepeatedWindows`` (per key
range: which occur again) -> ``CutRepeatedSubstrings`` (per shard: their union is the edit). A run longer than the window is the union of its windows, so what is
found is the same; memory is a partition. Tokens are those of ``shingles.py``, valid for any script; a false match needs two different windows
with one 64-bit hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.dedup.resolve import Decisions, for_shards, rows_of_shard
from winnow.tasks.dedup.shingles import places, span_hashes, tokenised
from winnow.tasks.edit.edits import Edit
from winnow.tasks.engine.ahead import evenly_spread
from winnow.tasks.engine.arrays import I32, U64, Ints
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.number_ranges import Range, in_pieces, part_of_keys, shards_in_ranges
from winnow.tasks.engine.ranges import ROWS_PER_GROUP
from winnow.tasks.engine.row_numbers import numbered, shards_and_rows
from winnow.tasks.engine.step import Kind, ShardStep, StepResult, WholeStep
from winnow.tasks.engine.text_column import TextColumn

WINDOWS = pa.schema([pa.field("key", pa.uint64()), pa.field("row", pa.int32()), pa.field("token", pa.int32())])
REPEATED = pa.schema(
    [pa.field("shard", pa.int32()), pa.field("row", pa.int32()), pa.field("token", pa.int32()), pa.field("stays", pa.bool_())]
)
Found = tuple[U64, Ints, I32]
"""Of windows: their keys, the numbers of their documents, and of their first tokens."""
WINDOW_BYTES = 96  # measured peak per window of a partition


def windows(texts: list[str], size: int) -> tuple[U64, Ints, Ints]:
    """Of every run of ``size`` tokens its hash, the number of its text, and the number of its first token."""
    keys, rows, tokens = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    before = np.zeros(len(texts), np.int64)  # tokens of each text in earlier pieces
    for batch in tokenised(texts):
        counts = np.maximum(batch.counts - size + 1, 0)
        begin = np.repeat(np.cumsum(batch.counts) - batch.counts, counts) + places(counts)
        keys.append(span_hashes(batch.hashes, begin, begin + size))
        rows.append(np.repeat(batch.text, counts))
        tokens.append(places(counts) + np.repeat(_before(before, batch.text, batch.counts), counts))
    return np.concatenate(keys), np.concatenate(rows), np.concatenate(tokens)


def borders(texts: list[str]) -> list[tuple[Ints, Ints]]:
    """Of each text where its tokens begin and end, in characters."""
    begins: list[list[Ints]] = [[] for _ in texts]
    ends: list[list[Ints]] = [[] for _ in texts]
    for batch in tokenised(texts):
        upto = np.cumsum(batch.counts)
        for text, offset, stop, count in zip(batch.text, batch.offset, upto, batch.counts, strict=True):
            begins[text].append(batch.begin[stop - count : stop] + offset)
            ends[text].append(batch.end[stop - count : stop] + offset)
    return [(np.concatenate(b), np.concatenate(e)) for b, e in zip(begins, ends, strict=True)]


def _before(known: Ints, text: Ints, counts: Ints) -> Ints:
    """Tokens of the same text before each piece; brings ``known`` up to date. A batch seldom has two pieces of one text."""
    found = np.zeros(len(text), np.int64)
    for i, (t, n) in enumerate(zip(text, counts, strict=True)):
        found[i] = known[t]
        known[t] += n
    return found


@dataclass(frozen=True)
class WindowStep(ShardStep):
    """Base of the steps that find every run of a number of units in a text: documents in, a hash of each run out (schema WINDOWS, sorted by key). Units are
    tokens here, sentences in ``sentences.py``."""

    kind: ClassVar[Kind] = "aggregate"

    text: TextColumn

    @property
    def size(self) -> int:
        """Units of a run."""
        raise NotImplementedError

    def found(self, texts: list[str]) -> tuple[U64, Ints, Ints]:
        """Of every run its hash, the number of its text, and the number of its first unit; text by text."""
        raise NotImplementedError

    def borders(self, texts: list[str]) -> list[tuple[Ints, Ints]]:
        """Of each text where its units begin and end, in characters."""
        raise NotImplementedError

    def run(self, shard: str, context: ShardContext) -> StepResult:
        texts = self.text.read(shard, context).to_pylist()
        keys, rows, tokens = self.found(texts)
        order = np.argsort(keys, kind="stable")
        columns = [keys[order], rows[order].astype(np.int32), tokens[order].astype(np.int32)]
        return StepResult(pa.table(columns, schema=WINDOWS), len(texts), len(keys), row_groups=16 * ROWS_PER_GROUP)


@stable("step/windows")
@dataclass(frozen=True)
class Windows(WindowStep):
    """Every window of ``min_tokens`` tokens: 16 bytes per token before compression."""

    name: ClassVar[str] = "windows"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "makes the keys of runs of tokens"

    min_tokens: int = 50

    @property
    def size(self) -> int:
        return self.min_tokens

    def found(self, texts: list[str]) -> tuple[U64, Ints, Ints]:
        return windows(texts, self.min_tokens)

    def borders(self, texts: list[str]) -> list[tuple[Ints, Ints]]:
        return borders(texts)


@stable("step/repeated-windows")
@dataclass(frozen=True)
class RepeatedWindows(WholeStep):
    """The windows of one key range of all documents kept so far in; those that occur more than once out (schema REPEATED, sorted by shard and
    row). The first in crawl order ``stays``, unless ``keep`` is ``none``: then no copy does, as with Lee et al.'s tool."""

    name: ClassVar[str] = "repeated-windows"
    in_a_row: ClassVar[bool] = True
    title: ClassVar[str] = "repeated substrings"
    about: ClassVar[str] = "finds which runs of tokens repeat"

    windows: WindowStep
    decisions: Decisions
    ranges: int
    keep: str = "first"

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{r:05d}" for r in range(self.ranges))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        tables, read = [], 0
        cost = evenly_spread(context, self.windows, WINDOW_BYTES, self.ranges)
        for windows in in_pieces(context, self.address, shard, part_of_keys(self.ranges), cost, partial(self._windows, context)):
            tables.append(self._repeated(*windows))
            read += len(windows[0])
        return for_shards(REPEATED, tables, read, "token")

    def _windows(self, context: ShardContext, ranges: Sequence[Range]) -> list[Found]:
        parts = [[(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int32))] for _ in ranges]
        for number, tables in shards_in_ranges(context, self.windows, ranges):
            kept = context.read(self.decisions, context.shard_keys[number], ["kept"])["kept"].to_numpy(zero_copy_only=False)
            for windows, table in zip(parts, tables, strict=True):
                key, row, token = (table[name].to_numpy() for name in ("key", "row", "token"))
                mine = kept[row]
                windows.append((key[mine], numbered(number, row[mine]), token[mine]))
        found = []
        for windows in parts:
            key, at, token = (np.concatenate(column) for column in zip(*windows, strict=True))
            found.append((key, at, token))
        return found

    def _repeated(self, key: U64, at: Ints, token: I32) -> pa.Table:
        order = np.argsort(key, kind="stable")  # shards, rows and tokens ascend within a key
        key, at, token = key[order], at[order], token[order]
        opens = np.ones(len(key), bool)
        opens[1:] = key[1:] != key[:-1]
        cluster = np.cumsum(opens) - 1
        again = np.bincount(cluster)[cluster] > 1 if len(key) else np.zeros(0, bool)
        stays = opens[again] & (self.keep != "none")
        return pa.table([*shards_and_rows(at[again]), token[again], stays], schema=REPEATED)


@dataclass(frozen=True)
class CutRepeatedWindows(Edit):
    """The edit: units of repeated windows go, but for those of a window that stays. So with ``keep: first`` no repeated window is lost: each
    still stands somewhere in the documents."""

    repeated: RepeatedWindows

    def spans(self, texts: list[str | None], shard: str, context: ShardContext) -> list[Sequence[tuple[int, int]]]:
        windows = self.repeated.windows
        found = rows_of_shard(self.repeated, REPEATED, shard, context)
        row, token = found["row"].to_numpy(), found["token"].to_numpy()
        stays = found["stays"].to_numpy(zero_copy_only=False).astype(bool)
        order = np.lexsort((token, row))
        row, token, stays = row[order], token[order], stays[order]
        named = np.unique(row)
        cuts: list[Sequence[tuple[int, int]]] = [()] * len(texts)
        for r, (begin, end) in zip(named, windows.borders([texts[r] or "" for r in named]), strict=True):
            mine = slice(*np.searchsorted(row, [r, r + 1]))
            goes = _covered(token[mine][~stays[mine]], len(begin), windows.size)
            goes &= ~_covered(token[mine][stays[mine]], len(begin), windows.size)
            edges = np.flatnonzero(np.diff(np.concatenate([[False], goes, [False]]).astype(np.int8))).reshape(-1, 2)
            cuts[r] = [(int(begin[i]), int(end[j - 1])) for i, j in edges]
        return cuts


@stable("step/cut-repeated-substrings")
@dataclass(frozen=True)
class CutRepeatedSubstrings(CutRepeatedWindows):
    """Passages of tokens."""

    name: ClassVar[str] = "unrepeat-substrings"
    title: ClassVar[str] = "cut repeated substrings"
    about: ClassVar[str] = "cuts repeated passages out"
    cuts: ClassVar[str] = "the passages that stand elsewhere too"

    @property
    def by(self) -> str:
        return "substring"


def _covered(begin: Ints, tokens: int, size: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which tokens lie in a window that begins at one of ``begin``."""
    steps = np.zeros(tokens + 1, np.int64)
    np.add.at(steps, begin, 1)
    np.add.at(steps, begin + size, -1)
    return np.asarray(np.cumsum(steps)[:tokens] > 0)

"""Lines that a host repeats: of each line of a document, how many documents of its host have it. What the pages of a site share is its template (Bar-Yossef and Rajagopalan 2002); nothing is cut here (``line_cut.py`` does).

``HostLines`` (per shard: a hash of each line with its host) -> ``HostLineCounts`` (per key range: the lines that several documents of a host have) -> ``LineRepeats`` (per shard: the
signals). Lines are the same in their folded form (``paragraph.py``: lower case, digits alike, without punctuation). The counts are of the whole crawl, whatever its shards.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.dedup.resolve import for_shards, rows_of_shard
from winnow.tasks.edit.paragraph import folded
from winnow.tasks.engine.ahead import evenly_spread
from winnow.tasks.engine.arrays import U64, Ints
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.number_ranges import Range, in_pieces, part_of_keys, shards_in_ranges
from winnow.tasks.engine.ranges import ROWS_PER_GROUP
from winnow.tasks.engine.row_numbers import numbered, shards_and_rows
from winnow.tasks.engine.step import Kind, ShardStep, StepResult, WholeStep
from winnow.tasks.engine.text_column import TextColumn

KEYS = pa.schema([pa.field("key", pa.uint64()), pa.field("row", pa.int32())])
COUNTS = pa.schema(
    [pa.field("shard", pa.int32()), pa.field("row", pa.int32()), pa.field("key", pa.uint64()), pa.field("documents", pa.int64())]
)
REPEATS = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("line_host_documents", pa.list_(pa.field("element", pa.float64()))),
        pa.field("line_host_repeated_share", pa.float64()),
    ]
)
MEANINGS = {
    "line_host_documents": "of each line that is not blank: documents of the host that have it",
    "line_host_repeated_share": "share of the characters that stand in lines which other documents of the host have",
}
LINE_BYTES = 96  # as of the lines in paragraph.py


@stable("option/host-lines")
@dataclass(frozen=True)
class HostLineRules:
    """A line of fewer than ``min_documents`` documents of the host counts as one of this document alone."""

    min_documents: int = 2


def host_line_keys(host: str, text: str) -> Iterator[tuple[int, int]]:
    """Key and characters of each line that is not blank: the first 8 bytes of the SHA-1 of the host and its folded form. A line of punctuation alone has its own form."""
    from winnow.tasks.models.classify.line_model import looked

    seen = looked(text)
    lines = text.split("\n")
    for number, chars in zip(seen.lines.tolist(), seen.chars.tolist(), strict=True):
        form = f"{host}\n{folded(lines[number]) or lines[number].strip()}"
        yield int.from_bytes(hashlib.sha1(form.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()[:8], "little"), chars


@stable("step/host-lines")
@dataclass(frozen=True)
class HostLines(ShardStep):
    """Documents in; each line that a document has, once, out (schema KEYS, sorted by key)."""

    name: ClassVar[str] = "host-lines"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "makes the keys of lines of hosts"
    kind: ClassVar[Kind] = "aggregate"

    text: TextColumn

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["host", "text"])
        texts = self.text.of(documents, shard, context).to_pylist()
        keys: list[int] = []
        rows: list[int] = []
        for row, (host, text) in enumerate(zip(documents["host"].to_pylist(), texts, strict=True)):
            found = {key for key, _ in host_line_keys(host or "", text or "")}
            keys += found
            rows += [row] * len(found)
        key, at = np.array(keys, np.uint64), np.array(rows, np.int32)
        order = np.lexsort((at, key))
        table = pa.table([key[order], at[order]], schema=KEYS)
        return StepResult(table, len(texts), table.num_rows, row_groups=ROWS_PER_GROUP)


@stable("step/host-line-counts")
@dataclass(frozen=True)
class HostLineCounts(WholeStep):
    """The lines of one key range of all documents in; those that several documents of a host have out (schema COUNTS, sorted by shard and row)."""

    name: ClassVar[str] = "host-line-counts"
    in_a_row: ClassVar[bool] = True
    title: ClassVar[str] = "lines that hosts repeat"
    about: ClassVar[str] = "counts the documents of a host that have a line"

    lines: HostLines
    ranges: int
    min_documents: int = 2

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{r:05d}" for r in range(self.ranges))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        tables, read = [], 0
        cost = evenly_spread(context, self.lines, LINE_BYTES, self.ranges)
        for lines in in_pieces(context, self.address, shard, part_of_keys(self.ranges), cost, partial(self._lines, context)):
            tables.append(self._counted(*lines))
            read += len(lines[0])
        return for_shards(COUNTS, tables, read, "key")

    def _lines(self, context: ShardContext, ranges: Sequence[Range]) -> list[tuple[U64, Ints]]:
        parts = [[(np.zeros(0, np.uint64), np.zeros(0, np.int64))] for _ in ranges]
        for number, tables in shards_in_ranges(context, self.lines, ranges):
            for lines, table in zip(parts, tables, strict=True):
                lines.append((table["key"].to_numpy(), numbered(number, table["row"].to_numpy())))
        return [(np.concatenate([key for key, _ in lines]), np.concatenate([at for _, at in lines])) for lines in parts]

    def _counted(self, key: U64, number_row: Ints) -> pa.Table:
        _, same, counts = np.unique(key, return_inverse=True, return_counts=True)
        documents = counts[same].astype(np.int64)
        several = documents >= self.min_documents
        return pa.table([*shards_and_rows(number_row[several]), key[several], documents[several]], schema=COUNTS)


@stable("step/line-repeats")
@dataclass(frozen=True)
class LineRepeats(ShardStep):
    """Documents in; of each line that is not blank, in how many documents of the host it stands (1: in this one alone), and the share of the characters in lines that others have, too."""

    name: ClassVar[str] = "line-repeats"
    title: ClassVar[str] = "repeats of lines"
    about: ClassVar[str] = "tells how often a host repeats each line"

    counts: HostLineCounts

    @property
    def text(self) -> TextColumn:
        """The texts whose lines are counted."""
        return self.counts.lines.text

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["id", "host", "text"])
        texts = self.text.of(documents, shard, context).to_pylist()
        found = rows_of_shard(self.counts, COUNTS, shard, context)
        several: dict[int, dict[int, int]] = {}
        for row, key, count in zip(*(found[name].to_pylist() for name in ("row", "key", "documents")), strict=True):
            several.setdefault(row, {})[key] = count
        lists: list[list[float] | None] = []
        shares: list[float | None] = []
        for row, (host, text) in enumerate(zip(documents["host"].to_pylist(), texts, strict=True)):
            mine = several.get(row, {})
            counted = [(mine.get(key, 1), chars) for key, chars in host_line_keys(host or "", text or "")]
            lists.append([float(n) for n, _ in counted] or None)
            shares.append(sum(chars for n, chars in counted if n > 1) / sum(chars for _, chars in counted) if counted else None)
        table = pa.table([documents["id"], pa.array(lists, REPEATS.field(1).type), pa.array(shares, pa.float64())], schema=REPEATS)
        return StepResult(table, len(texts), table.num_rows)

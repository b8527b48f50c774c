"""What a shard is counted from, and what several counts ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.corpus.adult import LEAST, may_be_adult
from winnow.tasks.corpus.pii.find import redact
from winnow.tasks.corpus.pii.registry import kinds
from winnow.tasks.engine.arrays import Bools, Floats, Ints
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.step import Step
from winnow.tasks.sources.domains import registered_domain


@dataclass(frozen=True)
class Read:
    """What a shard is counted from, and the columns that several counts need. ``texts`` are read only for the few documents that are shown."""

    documents: pa.Table
    signals: pa.Table
    decisions: pa.Table
    kept: Bools
    languages: list[str]
    domains: list[str]
    text_chars: Ints
    source: Step
    shard: str
    context: ShardContext

    @classmethod
    def of(cls, source: Step, measured: Step, decided: Step, shard: str, context: ShardContext) -> "Read":
        documents = context.read(source, shard, ["id", "url", "host", "language", "date", "text_chars", "truncated"])
        decisions = context.read(decided, shard)
        return cls(
            documents,
            context.read(measured, shard),
            decisions,
            flags_of(decisions),
            [language or "unknown" for language in documents["language"].to_pylist()],
            [registered_domain(host or "") or "unknown" for host in documents["host"].to_pylist()],
            documents["text_chars"].to_numpy(),
            source,
            shard,
            context,
        )

    def texts(self, rows: Sequence[int]) -> list[str]:
        column = self.context.read(self.source, self.shard, ["text"])["text"] if rows else None
        return [] if column is None else column.take(pa.array(rows)).to_pylist()

    def is_adult(self, row: int, url: str, text: str) -> bool:
        measured = {name: self.signals[name][row].as_py() for name in LEAST if name in self.signals.column_names}
        return may_be_adult(url, text, measured)


def shown(text: str, chars: int) -> str:
    """A bit of a text for people; reports are passed on, so personal data is replaced."""
    return redact(" ".join(text[: 2 * chars].split())[:chars], tuple(kinds())).text


def flags_of(decisions: pa.Table) -> Bools:
    return np.asarray(decisions["kept"].to_numpy(zero_copy_only=False), bool)


def floats_of(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)

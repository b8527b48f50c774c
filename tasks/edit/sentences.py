"""Deduplication of spans of sentences: of every span of three sentences that occurs more than once, one copy stays (C4: Raffel et al. 2020, section 2.2).

``SentenceWindows`` (per shard: a hash of every span) -> ``RepeatedWindows`` (per key range) -> ``CutRepeatedSentences`` (per shard: the edit); what
the first and the last share with substrings is in ``substring.py``. Two sentences are the same if they are so in lower case, whatever their white space.
C4's published code does something else than its paper says: it removes whole *lines* that occur elsewhere (deduplication by paragraph is like it).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from winnow.tasks.edit.edits import FIGURES, RequireLeft
from winnow.tasks.edit.substring import CutRepeatedWindows, WindowStep
from winnow.tasks.engine.arrays import U64, Ints
from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.filters.c4 import sentence_count, sentences
from winnow.tasks.signals.select import DecidedLimit

SENTENCE_FIGURES = (*FIGURES, "count_left")


def sentence_windows(texts: list[str], size: int) -> tuple[U64, Ints, Ints]:
    """Of every span of ``size`` sentences its hash, the number of its text, and the number of its first sentence."""
    keys: list[int] = []
    rows: list[int] = []
    places: list[int] = []
    for row, text in enumerate(texts):
        folded = [" ".join(text[begin:end].lower().split()) for begin, end in sentences(text)]
        for place in range(len(folded) - size + 1):
            span = "\n".join(folded[place : place + size])
            keys.append(xxhash.xxh3_64_intdigest(span.encode("utf-8", "surrogatepass")))
            rows.append(row)
            places.append(place)
    return np.array(keys, np.uint64), np.array(rows, np.int64), np.array(places, np.int64)


@stable("step/sentence-windows")
@dataclass(frozen=True)
class SentenceWindows(WindowStep):
    """Documents in, every span of ``sentences`` sentences of every document out (schema WINDOWS, sorted by key)."""

    name: ClassVar[str] = "sentence-windows"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "makes the keys of spans of sentences"

    sentences: int = 3

    @property
    def size(self) -> int:
        return self.sentences

    def found(self, texts: list[str]) -> tuple[U64, Ints, Ints]:
        return sentence_windows(texts, self.sentences)

    def borders(self, texts: list[str]) -> list[tuple[Ints, Ints]]:
        spans = [np.array(sentences(text), np.int64).reshape(-1, 2) for text in texts]
        return [(s[:, 0], s[:, 1]) for s in spans]


@stable("step/cut-repeated-sentences")
@dataclass(frozen=True)
class CutRepeatedSentences(CutRepeatedWindows):
    """The edit: sentences of repeated spans go, but for those of a span that stays. ``sentences_left`` counts what is left of each document."""

    name: ClassVar[str] = "unrepeat-sentences"
    title: ClassVar[str] = "cut repeated sentences"
    about: ClassVar[str] = "cuts repeated spans of sentences out"
    cuts: ClassVar[str] = "the sentences that stand elsewhere too"
    figures: ClassVar[tuple[str, ...]] = SENTENCE_FIGURES

    @property
    def by(self) -> str:
        return "sentence"

    def counted(self, after: str) -> dict[str, Any]:
        return {"count_left": sentence_count(after)}

    @property
    def schema(self) -> pa.Schema:
        return super().schema.append(pa.field("count_left", pa.int64()))


@stable("step/require-sentences-left")
@dataclass(frozen=True)
class RequireSentencesLeft(RequireLeft):
    """The limit is ``<by>_count_left >= min_sentences_left``, for documents that lost a sentence."""

    min_sentences_left: int = 3
    entry: str | None = None

    @property
    def entry_name(self) -> str | None:
        return self.entry

    @property
    def decided_limits(self) -> tuple[DecidedLimit, ...]:
        return self._decided("count_left", self.min_sentences_left, "chars_removed")

    def bounded(self, edits: pa.Table, kept: Any) -> tuple[str, int, Any]:
        meant = pc.and_(kept, pc.greater(edits["chars_removed"], 0))
        return "count_left", self.min_sentences_left, pc.if_else(meant, edits["count_left"], self.min_sentences_left)

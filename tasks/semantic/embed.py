"""Embedding as steps: what an embedding learns of a sample of the documents, and a vector of every document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.endpoint.cost import SENT_TEXTS, SENT_TOKENS
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.samples import sample_keys
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult, WholeStep
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.semantic.embeddings import Embedding
from winnow.tasks.semantic.vectors import quantised, stored

WEIGHTS = pa.schema([pa.field("weight", pa.int64())])
EMBEDDED = pa.schema([pa.field("id", pa.string()), pa.field("vector", pa.binary())])
TEXTS = 512  # texts that are embedded at a time


def sample_threshold(step: Step, context: ShardContext, size: int) -> int:
    """The largest key of a sample of ``size`` documents of all shards (or of all documents)."""
    smallest = np.zeros(0, np.uint64)
    for shard in step.shards(context) or ():
        smallest = np.sort(np.concatenate([smallest, sample_keys(context.read(step, shard, ["id"])["id"].to_pylist())]))[:size]
    return int(smallest[-1]) if len(smallest) else 0


@stable("step/fit-embedding")
@dataclass(frozen=True)
class FitEmbedding(WholeStep):
    """Texts of a sample in, the weights of the embedding out (schema WEIGHTS)."""

    name: ClassVar[str] = "fit-embedding"
    title: ClassVar[str] = "embedding: weigh n-grams"
    about: ClassVar[str] = "counts how rare each n-gram is"

    text: TextColumn
    embedding: Embedding

    def check(self) -> None:
        self.embedding.check()

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        seen: list[int] = []
        weights = self.embedding.fit(self._sampled(context, seen))
        return StepResult(pa.table([weights], schema=WEIGHTS), sum(seen), len(weights), notes={"documents": sum(seen)})

    def _sampled(self, context: ShardContext, seen: list[int]) -> Iterator[list[str]]:
        least = sample_threshold(self.text.documents, context, self.embedding.sample)
        for shard in context.shard_keys:
            mine = sample_keys(context.read(self.text.documents, shard, ["id"])["id"].to_pylist()) <= np.uint64(least)
            if mine.any():
                texts = self.text.read(shard, context).filter(pa.array(mine)).to_pylist()
                seen.append(len(texts))
                yield texts


@stable("step/embed")
@dataclass(frozen=True)
class Embed(ShardStep):
    """Documents in, one vector per document out (schema EMBEDDED: a byte per number; null for a text of which the embedding can say nothing)."""

    name: ClassVar[str] = "embed"
    title: ClassVar[str] = "embed documents"
    about: ClassVar[str] = "makes a vector of every document"
    kind: ClassVar[Kind] = "join"

    text: TextColumn
    embedding: Embedding
    fitted: FitEmbedding | None = None

    @property
    def asks(self) -> Endpoint | None:
        """The endpoint that each document is sent to."""
        return self.embedding.asks

    def check(self) -> None:
        self.embedding.check()

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["id", "text"])
        texts = self.text.of(documents, shard, context).to_pylist()
        weights = context.read(self.fitted, "all")["weight"].to_numpy() if self.fitted else np.zeros(0, np.int64)
        parts: list[Any] = [
            stored(quantised(self.embedding.vectors(texts[at : at + TEXTS], weights, context.store))) for at in range(0, len(texts), TEXTS)
        ]
        table = pa.table([documents["id"], pa.chunked_array(parts, pa.binary())], schema=EMBEDDED)
        tokens = self.embedding.sent_tokens(texts)
        notes = {SENT_TEXTS: len(tokens), SENT_TOKENS: sum(tokens)} if self.embedding.asks else {}
        return StepResult(table, documents.num_rows, table.num_rows, notes=notes)

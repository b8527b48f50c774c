"""Vectors of a model behind an OpenAI-compatible endpoint. Each text is asked once per store: answers are kept by what was asked, so that a killed run asks only for
the rest. Only the model and its revision are identity; where it runs never counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from winnow.tasks.endpoint.answers import Answers
from winnow.tasks.endpoint.client import ask
from winnow.tasks.endpoint.endpoint import Endpoint, endpoint
from winnow.tasks.endpoint.queries import Embed, query_digest
from winnow.tasks.engine.arrays import Floats, Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.store import Store
from winnow.tasks.semantic.embeddings import Embedding, embedding

MOST_CHARS = 8000  # of a text that are sent, if a recipe says nothing else


def _read(said: Mapping[str, Any], reader: Reader) -> Embedding:
    options = dict(said)
    place, chars = str(options.pop("endpoint")), options.pop("chars", MOST_CHARS)
    reader.whole_number(chars, "embedding.chars", 1)
    found = endpoint(place, **options)
    return EndpointEmbedding(found.model, found.revision, chars, place, tuple(sorted(options.items())))


@embedding("endpoint", _read)
@stable("embedding/endpoint")
@dataclass(frozen=True)
class EndpointEmbedding:
    """The first ``chars`` characters of each text are sent. ``place`` and ``options`` are those of ``endpoint`` (tasks/endpoint/endpoint.py)."""

    model: str
    revision: str
    chars: int
    place: str = field(default="", metadata={"identity": False})
    options: tuple[tuple[str, Any], ...] = field(default=(), metadata={"identity": False})

    @property
    def sample(self) -> int:
        return 0

    @property
    def asks(self) -> Endpoint:
        return endpoint(self.place, **dict(self.options))

    def sent_tokens(self, texts: Sequence[str]) -> list[int]:
        return [query.prompt_tokens for query in {query.texts: query for query in self._queries(texts).values()}.values()]

    def check(self) -> None:
        self.asks  # noqa: B018  raises

    def _queries(self, texts: Sequence[str]) -> dict[int, Embed]:
        """What is asked, by the number of the text."""
        return {n: Embed((text[: self.chars],)) for n, text in enumerate(texts) if any(c.isalnum() for c in text[: self.chars])}

    def fit(self, batches: Any) -> Ints:
        return np.zeros(0, np.int64)

    def vectors(self, texts: Sequence[str], weights: Ints, store: Store | None = None) -> Floats:
        """A text that the server will not embed, and one without a letter or digit, has no vector. Raises BadInput, Transient."""
        if store is None:
            raise BadInput("An embedding by an endpoint needs a store, where its answers are kept.")
        place, answers, queries = self.asks, Answers(store), self._queries(texts)
        ask(place, answers, queries.values())
        found: dict[int, Floats] = {}
        for n, query in queries.items():
            answer = answers.get(query_digest(query, place))
            if answer is not None and not answer.problem:
                found[n] = answer.arrays()[0].astype(np.float64)
        widths = {len(v) for v in found.values()}
        if len(widths) > 1:
            raise BadInput(
                f"The model {self.model} gives vectors of {', '.join(map(str, sorted(widths)))} numbers. Name one model and revision."
            )
        vectors = np.zeros((len(texts), max(widths, default=1)))
        for n, vector in found.items():
            vectors[n] = vector
        return vectors

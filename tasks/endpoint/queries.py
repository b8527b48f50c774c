"""Queries: what is asked of a model, as a value with a digest. The digest is the key under which the answer is kept, so it is made of everything that
may change the answer: the messages (prompt and text), the parameters of sampling, the model and its revision."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from winnow.tasks.endpoint.endpoint import Endpoint

BYTES_PER_TOKEN = 3.5
"""For estimates before a server has counted: between English prose (about 4) and other scripts (2 to 3)."""
MESSAGE_TOKENS = 8


@dataclass(frozen=True)
class Chat:
    """Messages (role, text), and the parameters of sampling as the API calls them (``max_tokens``, ``temperature``, ``seed``)."""

    messages: tuple[tuple[str, str], ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    path = "chat/completions"

    def body(self, model: str) -> dict[str, Any]:
        """The body of the request."""
        return {"model": model, "messages": [{"role": r, "content": c} for r, c in self.messages], **self.parameters}

    @cached_property
    def prompt_tokens(self) -> int:
        """An estimate."""
        return sum(tokens(text) + MESSAGE_TOKENS for _, text in self.messages)

    @property
    def most_answer_tokens(self) -> int:
        """What is asked for at most."""
        return int(self.parameters.get("max_tokens") or self.parameters.get("max_completion_tokens") or 0)


@dataclass(frozen=True)
class Embed:
    """Texts that become vectors, one each."""

    texts: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    path = "embeddings"

    def body(self, model: str) -> dict[str, Any]:
        """The body of the request."""
        return {"model": model, "input": list(self.texts), **self.parameters}

    @cached_property
    def prompt_tokens(self) -> int:
        """An estimate."""
        return sum(map(tokens, self.texts))

    @property
    def most_answer_tokens(self) -> int:
        """None: vectors are not paid for by token."""
        return 0


Query = Chat | Embed


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return int(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN) + 1


def query_digest(query: Query, endpoint: Endpoint) -> str:
    """SHA-256 in hex of the question, the model and its revision; not of the address."""
    asked = {"path": query.path, "revision": endpoint.revision, "body": query.body(endpoint.model)}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=True).encode()).hexdigest()

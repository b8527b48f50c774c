"""Answers, as they are read from a server's response, and the place in the store where they are kept by content: ``responses/<first two digits>/<digest of
the query>.json``. One answer is one object, written at once: a process that is killed has lost at most those that were under way.

A query that could not be answered leaves an answer with a ``problem``. Such a query is in quarantine: it is counted, and not asked again unless somebody
wants it to be.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.endpoint.queries import Chat, Query, tokens
from winnow.tasks.engine.store import Store

FOLDER = "responses"
PROBLEMS = {
    "rejected": "the server refused this query (HTTP 400, 413 or 422)",
    "filtered": "the server's content filter stopped the answer",
    "declined": "the model declined to answer",
    "unanswered": "no answer came: errors, hangs or broken connections at every attempt",
    "malformed": "what came was no answer of an OpenAI-compatible server: half a JSON, no choices, another shape",
    "wrong_count": "another number of answers came than was asked for",
    "too_large": "the response was larger than any answer may be",
}
"""What may be wrong with an answer as such. Whether it answers the question is up to those who asked."""
MOST_TOKENS = 10_000_000


class MalformedError(Exception):
    """A response that cannot be read as an answer: its problem (PROBLEMS), and what is wrong with it."""

    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(detail)
        self.problem, self.detail = problem, detail


@dataclass(frozen=True)
class Answer:
    """``text`` is what the model said, ``finish`` why it ended (``length``: it was cut), ``vectors`` its embeddings in base64 (float32, little-endian).
    Tokens are the server's count, or our own estimate (``counted`` is false) where that is absent or cannot be true."""

    text: str = ""
    finish: str = ""
    model: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    counted: bool = True
    vectors: tuple[str, ...] = ()
    problem: str | None = None
    detail: str = ""

    @property
    def cut(self) -> bool:
        """Whether the answer was cut at its greatest length."""
        return self.finish == "length"

    @property
    def digest(self) -> str:
        """SHA-256 in hex of what was said."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()

    def arrays(self) -> list[npt.NDArray[np.float32]]:
        """The vectors."""
        return [np.frombuffer(base64.b64decode(v), "<f4") for v in self.vectors]


def read_answer(body: Any, query: Query) -> Answer:
    """The answer in a response's JSON.

    Raises:
        MalformedError: it is none.
    """
    if not isinstance(body, dict):
        raise MalformedError("malformed", f"the response is {type(body).__name__}, not an object")
    said = _chat(body) if isinstance(query, Chat) else _vectors(body, len(query.texts))
    prompt, answer, counted = _usage(body.get("usage"), query, said.text)
    model = body.get("model")
    return Answer(
        said.text, said.finish, model if isinstance(model, str) else "", prompt, answer, counted, said.vectors, said.problem, said.detail
    )


def _chat(body: Mapping[str, Any]) -> Answer:
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        raise MalformedError("malformed", "there are no choices in the response")
    if len(choices) > 1:
        raise MalformedError("wrong_count", f"there are {len(choices)} choices, one was asked for")
    [choice] = choices
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise MalformedError("malformed", "the choice has no message")
    finish = str(choice.get("finish_reason") or "")
    content = message.get("content")
    if isinstance(content, list):  # parts, as some servers send them
        content = "".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    if finish == "content_filter":
        return Answer(str(content or ""), finish, problem="filtered")
    if message.get("refusal"):
        return Answer(str(content or ""), finish, problem="declined", detail=str(message["refusal"])[:200])
    if not isinstance(content, str):
        raise MalformedError("malformed", "the message has no text")
    return Answer(content, finish)


def _vectors(body: Mapping[str, Any], wanted: int) -> Answer:
    data = body.get("data")
    if not isinstance(data, list):
        raise MalformedError("malformed", "there is no data in the response")
    if len(data) != wanted:
        raise MalformedError("wrong_count", f"{len(data)} vectors came for {wanted} texts")
    try:
        found = {int(entry["index"]): np.asarray(entry["embedding"], "<f4") for entry in data}
    except (KeyError, TypeError, ValueError) as e:
        raise MalformedError("malformed", f"a vector cannot be read ({type(e).__name__})") from None
    widths = {v.shape for v in found.values()}
    if (
        sorted(found) != list(range(wanted))
        or len(widths) > 1
        or any(v.ndim != 1 or not len(v) or not np.isfinite(v).all() for v in found.values())
    ):
        raise MalformedError("malformed", "the vectors differ in length, repeat an index, or hold no numbers")
    return Answer(vectors=tuple(base64.b64encode(found[i].tobytes()).decode() for i in range(wanted)))


def _usage(usage: Any, query: Query, text: str) -> tuple[int, int, bool]:
    """Tokens of the prompt and the answer, and whether the server's count is taken: it is not if it is absent or impossible."""
    own = (query.prompt_tokens, tokens(text) if isinstance(query, Chat) else 0)
    if not isinstance(usage, dict):
        return *own, False
    prompt, answer = usage.get("prompt_tokens"), usage.get("completion_tokens", 0)
    for count in (prompt, answer):
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST_TOKENS:
            return *own, False
    assert isinstance(prompt, int)
    assert isinstance(answer, int)
    most = query.most_answer_tokens
    # No tokenizer makes a tenth of our estimate, or ten times as much; thoughts that are not shown count as answer.
    if not own[0] / 10 <= prompt <= 10 * own[0] + 1000 or (most and answer > 2 * most + 100):
        return *own, False
    return prompt, answer, True


class Answers:
    """The answers of a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._names: dict[str, set[str]] = {}

    def has(self, digest: str) -> bool:
        """Whether this query was answered, or is in quarantine. Each folder is listed once."""
        prefix = digest[:2]
        if prefix not in self._names:
            self._names[prefix] = {n.removesuffix(".json") for n in self.store.names(f"{FOLDER}/{prefix}") if n.endswith(".json")}
        return digest in self._names[prefix]

    def get(self, digest: str) -> Answer | None:
        """The answer to a query; None if there is none, or its object is damaged: then it is asked again."""
        if not self.has(digest):
            return None
        try:
            found = json.loads(self.store.get(_path(digest)))
            return Answer(**found | {"vectors": tuple(found.get("vectors", ()))})
        except (FileNotFoundError, ValueError, TypeError):
            self._names[digest[:2]].discard(digest)
            return None

    def put(self, digest: str, answer: Answer) -> None:
        """Keep an answer."""
        plain = {name: value for name, value in asdict(answer).items() if value not in ("", (), None)}
        self.store.put(_path(digest), json.dumps(plain, ensure_ascii=True).encode())
        if digest[:2] in self._names:
            self._names[digest[:2]].add(digest)


def _path(digest: str) -> str:
    return f"{FOLDER}/{digest[:2]}/{digest}.json"

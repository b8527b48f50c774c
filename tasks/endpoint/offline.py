"""Providers without a network, as transports of httpx, so that everything but the network is the same as with a server.

``echo`` answers with the last message. ``scripted:FILE`` answers from a JSONL file of ``{"contains": TEXT, "answer": TEXT}``: the first line whose text occurs in
the messages answers; a line without ``contains`` answers everything. ``"status"`` makes it an error, ``"finish"`` says why the answer ended. A query that no
line fits is refused (HTTP 422). Embeddings of both are vectors made of the digest of the text.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.endpoint.queries import tokens
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.parsing import parsed

EMBEDDING_WIDTH = 16
KEYS = {"contains", "answer", "status", "finish"}


def provider(endpoint: Endpoint) -> httpx.AsyncBaseTransport:
    """The transport of an offline endpoint. Raises BadInput if its script cannot be read."""
    script = read_script(Path(endpoint.script)) if endpoint.script else None

    def handle(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if request.url.path.endswith("/embeddings"):
            return httpx.Response(200, json=_embedded(body))
        texts = [m["content"] for m in body["messages"]]
        if script is None:
            return httpx.Response(200, json=_chat(body["model"], texts, {"answer": texts[-1]}))
        line = next((line for line in script if any(line.get("contains", "") in text for text in texts)), None)
        if line is None:
            return httpx.Response(422, json={"error": {"message": "the script has no answer to this query"}})
        if line.get("status", 200) != 200:
            return httpx.Response(line["status"], json={"error": {"message": line.get("answer", "")}})
        return httpx.Response(200, json=_chat(body["model"], texts, line))

    return httpx.MockTransport(handle)


def read_script(path: Path) -> list[dict[str, Any]]:
    """The lines of a script. Raises BadInput for a file that cannot be read or a line of another form."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # a text may hold other line separators
    except (OSError, UnicodeDecodeError) as e:
        raise BadInput(f"The script {path} cannot be read ({e}). It holds one JSON object a line.") from None
    found = []
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = parsed(text)
        except ValueError:
            line = None
        if (
            not isinstance(line, dict)
            or not line.keys() <= KEYS
            or not isinstance(line.get("answer"), str)
            or not isinstance(line.get("contains", ""), str)
        ):
            raise BadInput(
                f'Line {number} of the script {path} is not of the form {{"contains": TEXT, "answer": TEXT}}, with "status" and "finish" if wanted.'
            )
        if not isinstance(line.get("status", 200), int) or not isinstance(line.get("finish", ""), str):
            raise BadInput(f"Line {number} of the script {path}: status must be a number, finish a text.")
        found.append(line)
    return found


def _chat(model: str, texts: list[str], line: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": line["answer"]}, "finish_reason": line.get("finish", "stop")}],
        "usage": {"prompt_tokens": sum(map(tokens, texts)), "completion_tokens": tokens(line["answer"])},
    }


def _embedded(body: dict[str, Any]) -> dict[str, Any]:
    def vector(text: str) -> list[float]:
        seed = np.frombuffer(hashlib.sha256(text.encode("utf-8", "replace")).digest(), "<u2").astype(float)
        return [float(x) for x in seed[:EMBEDDING_WIDTH] / 65535 - 0.5]

    texts = body["input"]
    return {
        "data": [{"index": i, "embedding": vector(t)} for i, t in enumerate(texts)],
        "model": body["model"],
        "usage": {"prompt_tokens": sum(map(tokens, texts))},
    }

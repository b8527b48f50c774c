"""Batch files: the queries that are not answered yet as JSONL in the form of OpenAI's Batch API, and the answers read back from its output. Nothing is sent
here. The ``custom_id`` of a line is the digest of its query, so that results may come back in any order, in parts, or twice.

Form and limits: https://platform.openai.com/docs/guides/batch (50,000 requests and 200 MB per file).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from winnow.tasks.endpoint.answers import Answer, Answers, MalformedError, read_answer
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.endpoint.queries import Query, query_digest
from winnow.tasks.engine.errors import BadInput

MAX_REQUESTS = 50_000
MAX_BYTES = 200_000_000


def write_batch(
    queries: Iterable[Query],
    endpoint: Endpoint,
    answers: Answers,
    folder: Path,
    *,
    max_requests: int = MAX_REQUESTS,
    max_bytes: int = MAX_BYTES,
) -> list[Path]:
    """Write what is not known yet; the files, ``batch-00000.jsonl`` and on. Older batch files of the folder are replaced.

    Raises:
        BadInput: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("batch-*.jsonl"):
            old.unlink()
        files: list[Path] = []
        count = size = 0
        for line in _lines(queries, endpoint, answers):
            if not files or count == max_requests or size + len(line) > max_bytes:
                files.append(folder / f"batch-{len(files):05d}.jsonl")
                files[-1].write_bytes(b"")
                count = size = 0
            with files[-1].open("ab") as f:
                f.write(line)
            count, size = count + 1, size + len(line)
        return files
    except OSError as e:
        raise BadInput(f"The folder {folder} cannot be written: {e.strerror or e}. Choose another place.") from None


def _lines(queries: Iterable[Query], endpoint: Endpoint, answers: Answers) -> Iterator[bytes]:
    seen: set[str] = set()
    for query in queries:
        digest = query_digest(query, endpoint)
        if digest in seen or answers.has(digest):
            continue
        seen.add(digest)
        entry = {"custom_id": digest, "method": "POST", "url": f"/v1/{query.path}", "body": query.body(endpoint.model)}
        yield json.dumps(entry, ensure_ascii=True).encode() + b"\n"


@dataclass
class Read:
    """What a batch's output held: answers that were taken, those already there, lines by problem."""

    taken: int = 0
    known: int = 0
    problems: Counter[str] = field(default_factory=Counter)


def read_batch(files: Iterable[Path], queries: Iterable[Query], endpoint: Endpoint, answers: Answers) -> Read:
    """Keep the answers of output files (and error files) to these queries. A line that cannot be read, or answers something else, is counted; its query is still
    to be asked.

    Raises:
        BadInput: a file cannot be read.
    """
    wanted = {query_digest(query, endpoint): query for query in queries}
    found = Read()
    for path in files:
        try:
            with path.open("rb") as f:
                for line in f:
                    if line.strip():
                        _take(line, wanted, answers, found)
        except OSError as e:
            raise BadInput(f"The batch output {path} cannot be read: {e.strerror or e}.") from None
    return found


def _take(line: bytes, wanted: dict[str, Query], answers: Answers, found: Read) -> None:
    try:
        entry: Any = json.loads(line)
        digest = str(entry["custom_id"])
        response = entry.get("response") or {}
        status = int(response.get("status_code") or 0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        found.problems["unreadable line"] += 1
        return
    if digest not in wanted:
        found.problems["not asked"] += 1
    elif answers.has(digest):
        found.known += 1
    elif entry.get("error") or status != 200:
        if status in (400, 413, 422):
            answers.put(digest, Answer(problem="rejected", detail=f"HTTP {status}"))
        found.problems[f"HTTP {status}" if status else "error"] += 1
    else:
        try:
            answers.put(digest, read_answer(response.get("body"), wanted[digest]))
            found.taken += 1
        except MalformedError as e:
            found.problems[e.problem] += 1

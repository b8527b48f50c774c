"""Benchmarks: the items whose presence in a corpus would spoil a measurement.

A file is JSONL (``.gz`` too), an item per line: ``question``, and if it has them ``passage``, ``answer``, the suite as ``eval_key`` and its number as
``eval_instance_index`` (allenai/decon's format). Without those the suite is called after the file, and items are numbered by lines.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.jsonl import records


@dataclass(frozen=True)
class Item:
    """One item of a benchmark; parts that it lacks are empty."""

    suite: str
    instance: int | str
    question: str
    answer: str = ""
    passage: str = ""


def read_items(files: Iterable[str | Path | tuple[str, str]]) -> list[Item]:
    """The items of the files, equal ones once. A file may be a pair of its path and the SHA-256 that it must have. Raises BadInput."""
    items: dict[Item, None] = {}
    for entry in files:
        file, sha256 = (Path(entry[0]), entry[1]) if isinstance(entry, tuple) else (Path(entry), "")
        if sha256 and (not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256):
            raise BadInput(
                f"The benchmark file {file} is missing or has changed since the run was planned. Put it back, or plan the run anew."
            )
        name = file.name.removesuffix(".gz").removesuffix(".jsonl")
        for number, record in enumerate(records(file, "question")):
            passage, answer = (str(record.get(key) or "") for key in ("passage", "answer"))
            instance = record.get("eval_instance_index", record.get("doc_id", number))
            items[Item(str(record.get("eval_key") or name), instance, record["question"], answer, passage)] = None
    if not items:
        raise BadInput("The benchmark files hold no item. Give JSONL files with a `question` per line.")
    return list(items)

"""The pool: the documents of a run, among which those of a topic are looked for. It is read shard by shard, each time it is asked; in memory are numbers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import xxhash

from winnow.tasks.engine.arrays import Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.documents import host_of
from winnow.tasks.models.texts import Text


class Pooled(NamedTuple):
    """One document of the pool."""

    id: str
    document: Text


@dataclass(frozen=True)
class Pool:
    """``read`` gives the documents in their order, every time the same; ``described`` says by content which they are."""

    read: Callable[[], Iterator[Pooled]]
    described: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def ids(self) -> list[str]:
        return [each.id for each in self.read()]

    @cached_property
    def urls(self) -> list[str]:
        return [each.document.url for each in self.read()]

    @cached_property
    def hosts(self) -> list[str]:
        return [host_of(url) for url in self.urls]

    def order(self, what: str, number: int, seed: int) -> Ints:
        """The numbers of all documents in an order of its own for each purpose and round."""
        keys = [xxhash.xxh3_64_intdigest(f"{what} {number} {i}", seed) for i in self.ids]
        return np.argsort(np.array(keys, np.uint64), kind="stable")

    def texts(self, numbers: Iterable[int]) -> dict[int, Text]:
        """The documents of these numbers."""
        wanted = set(numbers)
        return {n: each.document for n, each in enumerate(self.read()) if n in wanted}


def pool_of_run(run: Any) -> Pool:
    """The documents of a finished run. Raises BadInput if there are none."""

    def read() -> Iterator[Pooled]:
        for table in run.shards("documents", ["id", "url", "text"]):
            for identity, url, text in zip(*(table[c].to_pylist() for c in ("id", "url", "text")), strict=True):
                yield Pooled(identity, Text(text or "", url or ""))

    pool = Pool(read, {"run": run.id, "documents": run.entry["tables"]["documents"], "shards": run.entry["shards"]})
    if not pool.ids:
        raise BadInput(f"The run {run.id} has no documents: there is nothing to look through.")
    return pool


def place_of(url: str) -> tuple[str, str]:
    """Host of a URL and the first part of its path, ``/`` for the rest: what a person decides about."""
    try:
        parts = [p for p in urlsplit(url).path.split("/") if p]
    except ValueError:
        parts = []
    return host_of(url), f"/{parts[0]}/" if len(parts) > 1 else "/"


def template_of(url: str) -> str:
    """What pages of one template have in common: the host, and the form of the path with its numbers and words left out. A text without a URL is its own."""
    if not url:
        return ""
    try:
        path = urlsplit(url).path
    except ValueError:
        return url
    parts = ["0" if any(c.isdigit() for c in p) else "w" for p in path.split("/") if p]
    first = path.strip("/").split("/")[0] if len(parts) > 1 else ""
    return f"{host_of(url)}/{first}/{'/'.join(parts)}"

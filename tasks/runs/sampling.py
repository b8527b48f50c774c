"""A sample of the documents of a finished run: those for which a condition holds, drawn by a digest of seed and id. The draw of 200 holds the draw of 100, so that
a larger sample asks about the new documents only; and it does not depend on the order of the shards."""

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.labels.annotation import Document
from winnow.tasks.ledger.find import Finished
from winnow.tasks.signals.condition import Condition


class NoDocument(BadInput):
    """The condition of a draw holds for no document of the run."""


@dataclass(frozen=True)
class Sample:
    """The documents of ``run`` that were drawn, as (shard, row) in crawl order, and how many there were to draw from."""

    run: Finished
    places: tuple[tuple[str, int], ...]
    candidates: int

    def __len__(self) -> int:
        return len(self.places)

    def documents(self, begin: int = 0, end: int | None = None) -> Iterator[Document]:
        """Those with these numbers, read shard by shard. Raises DamagedArtifact."""
        wanted: dict[str, list[int]] = {}
        for shard, row in self.places[begin:end]:
            wanted.setdefault(shard, []).append(row)
        for shard, rows in wanted.items():
            table = self.run.read(self.run.entry["tables"]["documents"], shard, ["id", "url", "text"]).take(rows)
            columns = (table[name].to_pylist() for name in ("id", "url", "text"))
            yield from (Document(i, url or "", text or "") for i, url, text in zip(*columns, strict=True))


@dataclass(frozen=True)
class Draw:
    """How a sample is drawn: ``size`` 0 takes all. ``where`` is SQL over the run's signals, url, host, kept and reason.

    Raises:
        BadInput: on construction, a condition that cannot be read, or a negative size.
    """

    size: int
    where: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.size < 0:
            raise BadInput(f"sample is {self.size}; it must be 0 (all documents) or more.")
        self._condition  # noqa: B018  raises

    @cached_property
    def _condition(self) -> Condition | None:
        return Condition(self.where) if self.where else None

    def address(self, run: Finished) -> str:
        """A digest of everything that the sample depends on."""
        tables = ("documents", "signals", "decisions") if self.where else ("documents",)
        read = {name: run.entry["tables"][name] for name in tables}
        return digest({"tables": read, "shards": run.entry["shards"], "size": self.size, "where": self.where, "seed": self.seed})

    def of(self, run: Finished) -> Sample:
        """The sample of a run. Holds its places and no text.

        Raises:
            BadInput: the condition does not fit the run's tables. NoDocument: it holds for no document. DamagedArtifact: a table is damaged.
        """
        drawn: list[tuple[int, int, int]] = []
        candidates = 0
        for number, shard in enumerate(run.entry["shards"]):
            ids, rows = self._candidates(run, shard)
            candidates += len(rows)
            for row in rows:
                rank = -int.from_bytes(hashlib.sha256(f"{self.seed}\n{ids[row]}".encode("utf-8", "surrogatepass")).digest()[:8])
                if not self.size or len(drawn) < self.size:
                    heapq.heappush(drawn, (rank, number, int(row)))
                else:
                    heapq.heappushpop(drawn, (rank, number, int(row)))
        if not drawn:
            raise NoDocument(
                f"No document of the run {run.id} fits{f' where {self.where}' if self.where else ''}. `winnow sql` shows what its columns hold."
            )
        shards = run.entry["shards"]
        places = tuple((shards[number], row) for number, row in sorted((number, row) for _, number, row in drawn))
        return Sample(run, places, candidates)

    def _candidates(self, run: Finished, shard: str) -> "tuple[list[str], list[int]]":
        """The ids of a shard, and the rows for which the condition holds."""
        ids = run.read(run.entry["tables"]["documents"], shard, ["id"])["id"].to_pylist()
        if self._condition is None:
            return ids, list(range(len(ids)))
        table = run.condition_table(shard)
        self._condition.check(table.schema)
        return ids, np.flatnonzero(self._condition.holds(table.select(list(self._condition.columns)))).tolist()

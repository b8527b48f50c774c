"""Removal sample: what near-duplicate removal took, measured on pairs of a removed document and the one that stays for it.

Pairs are drawn from strata by their similarity and by the size of their cluster, since it is the rare kinds (chains, large clusters) in which removal goes
wrong. The texts of a pair are compared word by word, by their longest common subsequence and not by n-grams or estimates, so that the measure shares nothing with
the rule that it judges. A removal is *false* if more than ``1 - FALSE_BELOW`` of the removed text's words are lost: they do not stand in the text that stays, in the same order.
"""

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.dedup.fuzzy_clusters import FuzzyClusters
from winnow.tasks.dedup.shingles import tokenised
from winnow.tasks.engine.arrays import U64
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.mixing import mixed
from winnow.tasks.engine.rows import table_of_rows
from winnow.tasks.engine.step import StepResult, WholeStep
from winnow.tasks.engine.text_column import TextColumn

FALSE_BELOW = 0.8
SIMILARITIES = (0.0, 0.5, 0.7, 0.8, 0.9, 1.0)
"""Lower edges of the strata by similarity; the last holds documents with the same n-grams."""
SIZES = (2, 4, 10)
"""Lower edges of the strata by the size of a cluster."""
LEAST_PER_STRATUM = 5
WORDS_COMPARED = 20_000
PAIRS = pa.schema(
    [
        pa.field("removed", pa.string()),
        pa.field("removed_url", pa.string()),
        pa.field("kept", pa.string()),
        pa.field("kept_url", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("cluster_size", pa.int32()),
        pa.field("stratum", pa.int32()),
        pa.field("words", pa.int64()),
        pa.field("words_kept_share", pa.float64()),
        pa.field("is_false", pa.bool_()),
    ]
)
STRATA = pa.schema(
    [
        pa.field("stratum", pa.int32()),
        pa.field("similarity_low", pa.float64()),
        pa.field("size_low", pa.int32()),
        pa.field("removed", pa.int64()),
        pa.field("sampled", pa.int64()),
        pa.field("is_false", pa.int64()),
        pa.field("words_kept_share", pa.float64()),
    ]
)


@dataclass(frozen=True)
class _Pair:
    """Where the two documents of a pair lie, as (number of the shard, row), and what the clusters table says of them."""

    removed: tuple[int, int]
    kept: tuple[int, int]
    similarity: float
    size: int
    stratum: int


@stable("step/removal-sample")
@dataclass(frozen=True)
class RemovalSample(WholeStep):
    """Clusters and texts in; at most ``pairs`` pairs out (schema PAIRS), drawn by a hash of where they lie; the table ``strata`` (STRATA) says how many removals each stratum has.

    The notes count all removals (``removed``), and those less similar to what stays than ``own_similarity`` (``below``): for verified removal that is its
    limit, for a published preset the similarity that its authors state. The table has one shard, so that notes need no sums.
    """

    name: ClassVar[str] = "removal-sample"
    title: ClassVar[str] = "near-duplicates: what removal lost"
    about: ClassVar[str] = "compares the words of removed texts with those that stay"
    tables: ClassVar[dict[str, pa.Schema]] = {"strata": STRATA}

    clusters: FuzzyClusters
    text: TextColumn
    pairs: int
    own_similarity: float
    entry: str

    @property
    def label(self) -> str:
        return f"removal-sample-{self.entry}"

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        drawn: dict[int, list[tuple[int, int, _Pair]]] = defaultdict(list)
        removed: Counter[int] = Counter()
        below = 0
        for partition in self.clusters.shards(context):
            table = context.read(self.clusters, partition)
            gone = table.filter(pc.greater(table["cluster_rank"], 0))
            below += int((gone["similarity"].to_numpy() < self.own_similarity).sum())
            strata = stratum_of(gone["similarity"].to_numpy(), gone["cluster_size"].to_numpy())
            removed.update(strata.tolist())
            self._draw(table, gone, strata, drawn)
        shares = allocation(removed, self.pairs)
        chosen = [pair for stratum in sorted(drawn) for *_, pair in sorted(drawn[stratum], reverse=True)[: shares[stratum]]]
        documents = _documents(self.text, [place for pair in chosen for place in (pair.removed, pair.kept)], context)
        rows: list[tuple[Any, ...]] = []
        for pair in chosen:
            (one, one_url, lost), (other, other_url, left) = documents[pair.removed], documents[pair.kept]
            words, stay = len(lost), words_in_order(lost, left)
            share = stay / words if words else 1.0
            rows.append((one, one_url, other, other_url, pair.similarity, pair.size, pair.stratum, words, share, share < FALSE_BELOW))
        counts: list[tuple[Any, ...]] = []
        for stratum in sorted(removed):
            mine = [row for row in rows if row[6] == stratum]
            mean = math.fsum(row[8] for row in mine) / len(mine) if mine else None
            low, size = SIMILARITIES[stratum // len(SIZES)], SIZES[stratum % len(SIZES)]
            counts.append((stratum, low, size, removed[stratum], len(mine), sum(row[9] for row in mine), mean))
        notes = {"removed": removed.total(), "below": below, "own_similarity": self.own_similarity}
        return StepResult(
            table_of_rows(rows, PAIRS), removed.total(), len(rows), notes=notes, tables={"strata": table_of_rows(counts, STRATA)}
        )

    def _draw(self, table: pa.Table, gone: pa.Table, strata: Any, drawn: dict[int, list[tuple[int, int, _Pair]]]) -> None:
        """Hold those removals that are drawn first, ``pairs`` of each stratum."""
        stays = table.filter(pc.equal(table["cluster_rank"], 0))
        place = {c: (s, r) for c, s, r in zip(*(stays[n].to_pylist() for n in ("cluster", "shard", "row")), strict=True)}
        shards, rows = (gone[n].to_numpy().astype(np.uint64) for n in ("shard", "row"))
        draws = mixed(mixed(shards) ^ rows)
        for stratum in np.unique(strata).tolist():
            mine = np.flatnonzero(strata == stratum)
            for i in mine[np.argsort(draws[mine], kind="stable")][: self.pairs].tolist():
                where = (int(shards[i]), int(rows[i]))
                pair = _Pair(
                    where, place[gone["cluster"][i].as_py()], gone["similarity"][i].as_py(), gone["cluster_size"][i].as_py(), stratum
                )
                entry = (-int(draws[i]), -(where[0] << 32 | where[1]), pair)
                held = drawn[stratum]
                (heapq.heappush if len(held) < self.pairs else heapq.heappushpop)(held, entry)


def stratum_of(similarity: Any, size: Any) -> Any:
    """The number of the stratum of each removal: by similarity first, by the size of its cluster second."""
    by_similarity = np.searchsorted(SIMILARITIES, similarity, side="right") - 1
    return by_similarity * len(SIZES) + np.searchsorted(SIZES, size, side="right") - 1


def allocation(removed: dict[int, int], pairs: int) -> dict[int, int]:
    """How many pairs each stratum gets: in proportion to the root of its size, at least ``LEAST_PER_STRATUM`` where there are so many, all where they fit."""
    left = {stratum: n for stratum, n in sorted(removed.items()) if n}
    given = {stratum: min(n, LEAST_PER_STRATUM) for stratum, n in left.items()} if pairs >= LEAST_PER_STRATUM * len(left) else {}
    given = {stratum: given.get(stratum, 0) for stratum in left}
    for _ in range(pairs - sum(given.values())):
        # the stratum that is furthest behind its share; the least number among equals
        behind = [(given[s] / math.sqrt(n), s) for s, n in left.items() if given[s] < n]
        if not behind:
            break
        given[min(behind)[1]] += 1
    return given


def words_in_order(lost: U64, left: U64) -> int:
    """How many words of the text that goes stand in the text that stays, in the same order: the length of their longest common subsequence.

    Bit-parallel (Hyyrö 2004): one whole number holds a row of the table. Texts are hashes of words.
    """
    places: dict[int, int] = defaultdict(int)
    for i, word in enumerate(lost.tolist()):
        places[word] |= 1 << i
    row = every = (1 << len(lost)) - 1
    for word in left.tolist():
        if met := row & places.get(word, 0):
            row = ((row + met) | (row - met)) & every
    return len(lost) - row.bit_count()


def _documents(text: TextColumn, places: Sequence[tuple[int, int]], context: ShardContext) -> dict[tuple[int, int], tuple[str, str, U64]]:
    """Id, URL and words of the documents at these places, shard by shard; of a text the first ``WORDS_COMPARED``."""
    wanted: dict[int, set[int]] = defaultdict(set)
    for number, row in places:
        wanted[number].add(row)
    found = {}
    for number, rows in sorted(wanted.items()):
        key, order = context.shard_keys[number], sorted(rows)
        table = context.read(text.documents, key, ["id", "url", "text"])
        texts = text.of(table, key, context).take(pa.array(order)).to_pylist()
        for row, one in zip(order, texts, strict=True):
            words = np.concatenate([np.zeros(0, np.uint64), *(tokens.hashes for tokens in tokenised([one or ""]))])[:WORDS_COMPARED]
            found[number, row] = (table["id"][row].as_py(), table["url"][row].as_py() or "", words)
    return found

"""Neighbours: of every document the most similar of those that come before it, within each cluster that it is a member of; and signals made of that.

What SemDeDup (Abbas et al. 2023) computes for one eps is here a number per document, so that every eps is a limit on it: the largest cosine to a document
that comes before. D4 (Tirumala et al. 2023) drops what is nearest to a centroid; density-based pruning (Abbas et al. 2024) gives each cluster
a quota by how spread out it and its surroundings are, and keeps the members farthest from the centroid: both are limits too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from winnow.tasks.dedup.resolve import group_sizes, rows_of_shard
from winnow.tasks.engine.arrays import Floats, Ints
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.number_ranges import Range, in_pieces, shards_in_ranges, taken
from winnow.tasks.engine.row_numbers import numbered, shards_and_rows
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult, WholeStep
from winnow.tasks.semantic.clusters import MEMBERS, MICRO, AssignClusters
from winnow.tasks.semantic.embed import Embed
from winnow.tasks.semantic.kmeans import centroids, nearest
from winnow.tasks.semantic.vectors import BLOCK, I8, dots, loaded, norms, similarities

MOST_COMPARED = 16_384  # members that are compared all with all
MEMBER_BYTES = 2048
SPREAD_OVER = 20  # nearest centroids that say how far a cluster lies from others
TEMPERATURE = 0.1
DECIMALS = 6

NEIGHBOURS = pa.schema(
    [
        pa.field("shard", pa.int32()),
        pa.field("row", pa.int32()),
        pa.field("cluster", pa.int32()),
        pa.field("home", pa.bool_()),
        pa.field("distance_micros", pa.int32()),
        pa.field("place", pa.int32()),
        pa.field("similarity", pa.float64()),
        pa.field("neighbour", pa.int64()),
        pa.field("neighbour_id", pa.string()),
        pa.field("overlap", pa.float64()),
    ]
)
CLUSTERS = pa.schema(
    [
        pa.field("cluster", pa.int32()),
        pa.field("documents", pa.int64()),
        pa.field("distance_micros", pa.int64()),
        pa.field("blocks", pa.int32()),
    ]
)
SIGNALS = {
    "semantic_cluster": pa.int64(),
    "semantic_distance": pa.float64(),
    "semantic_distance_rank": pa.float64(),
    "semantic_density_share": pa.float64(),
    "semantic_similarity": pa.float64(),
    "semantic_neighbour": pa.string(),
    "semantic_overlap": pa.float64(),
}


def members_of(context: ShardContext, step: Step, assigned: AssignClusters, shard: str, partitions: int) -> Iterator[pa.Table]:
    """The members of the clusters of one partition of a step in all shards, with the number of each document, in the order in which they are compared. They come in
    pieces of whole clusters, each with about as many members as the memory bound allows, or one cluster."""
    clusters = context.read(assigned.fitted, "all").num_rows

    def part(shard: str, piece: int, pieces: int) -> Range:
        number, numbers = int(shard) * pieces + piece, partitions * pieces
        return clusters * number // numbers, clusters * (number + 1) // numbers - 1

    def cost(shard: str) -> int:
        return taken(context, assigned, part(shard, 0, 1))[0] * MEMBER_BYTES

    yield from map(_in_order, in_pieces(context, step.address, shard, part, cost, partial(_members, context, assigned)))


def _members(context: ShardContext, assigned: AssignClusters, ranges: Sequence[Range]) -> list[pa.Table]:
    parts = [[MEMBERS.append(pa.field("number", pa.int64())).empty_table()] for _ in ranges]
    for number, tables in shards_in_ranges(context, assigned, ranges):
        for mine, table in zip(parts, tables, strict=True):
            mine.append(table.append_column("number", pa.array(numbered(number, table["row"].to_numpy()))))
    return [pa.concat_tables(mine) for mine in parts]


def _in_order(members: pa.Table) -> pa.Table:
    return members.sort_by([("cluster", "ascending"), ("priority", "ascending"), ("number", "ascending")]).combine_chunks()


def blocks(vectors: I8) -> list[Ints]:
    """Members of one cluster in sets of at most ``MOST_COMPARED`` that are compared all with all, each in ascending order. A larger cluster is split
    as the whole was, every member into its nearest two parts; what cannot be split is cut in order."""
    found: list[Ints] = []
    waiting = [np.arange(len(vectors))]
    while waiting:
        mine = waiting.pop()
        if len(mine) <= MOST_COMPARED:
            found.append(mine)
            continue
        sample = mine[:: max(1, len(mine) // MOST_COMPARED)]
        places, _ = nearest(vectors[mine], centroids(vectors[sample], -(-4 * len(mine) // MOST_COMPARED)), 2)
        parts = [mine[(places == c).any(axis=1)] for c in range(int(places.max()) + 1)]
        if max(map(len, parts)) < len(mine):
            waiting += parts
        else:
            found += [mine[at : at + MOST_COMPARED] for at in range(0, len(mine), MOST_COMPARED)]
    return found


def nearest_before(vectors: I8) -> tuple[Ints, Floats]:
    """Of each vector the most similar of those before it (the first of equals) and its cosine, rounded; -1 and 0 of the first one."""
    place, value = np.full(len(vectors), -1), np.zeros(len(vectors))
    for mine in blocks(vectors):
        own = vectors[mine]
        lengths = norms(own)
        for at in range(0, len(mine), BLOCK):
            upto = min(at + BLOCK, len(mine))
            found = dots(own[at:upto], own[:upto]) / lengths[None, :upto]
            found[np.arange(upto)[None, :] >= np.arange(at, upto)[:, None]] = -np.inf
            best = found.argmax(axis=1)
            similarity = np.round(found[np.arange(upto - at), best] / lengths[at:upto], DECIMALS)
            rows = mine[at:upto]
            better = np.isfinite(similarity) & ((place[rows] < 0) | (similarity > value[rows]))
            place[rows[better]], value[rows[better]] = mine[best[better]], similarity[better]
    return place, value


def overlap(a: npt.NDArray[np.uint32], b: npt.NDArray[np.uint32]) -> float:
    """The Jaccard similarity of two sets of shingles, estimated from the smallest of each (Broder 1997); exact for small ones. 0 if one is empty."""
    size = max(len(a), len(b))
    if not len(a) or not len(b):
        return 0.0
    smallest = np.union1d(a, b)[:size]
    return float(np.isin(smallest, np.intersect1d(a, b)).sum() / len(smallest))


@stable("step/neighbours")
@dataclass(frozen=True)
class Neighbours(WholeStep):
    """Members of a range of clusters in; of each the most similar member before it out (schema NEIGHBOURS, sorted by shard and row), and the sizes of
    the clusters (table ``clusters``). ``place`` counts the members of a cluster from the one farthest from its centroid, from 1; those that are members
    by their second nearest cluster (not ``home``) do not count."""

    name: ClassVar[str] = "neighbours"
    title: ClassVar[str] = "compare neighbours"
    in_a_row: ClassVar[bool] = True
    about: ClassVar[str] = "compares the documents of each cluster"

    assigned: AssignClusters
    partitions: int

    @property
    def tables(self) -> dict[str, pa.Schema]:
        return {"clusters": CLUSTERS}

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{p:05d}" for p in range(self.partitions))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        found, sizes, read = [NEIGHBOURS.empty_table()], [CLUSTERS.empty_table()], 0
        for members in members_of(context, self, self.assigned, shard, self.partitions):
            read += members.num_rows
            cluster = members["cluster"].to_numpy()
            for c in np.unique(cluster).tolist():
                begin, end = np.searchsorted(cluster, [c, c + 1]).tolist()
                rows, size = _neighbours(members.slice(begin, end - begin))
                found.append(rows)
                sizes.append(size)
        table = pa.concat_tables(found).sort_by([("shard", "ascending"), ("row", "ascending"), ("cluster", "ascending")])
        groups = list(group_sizes(table["shard"].to_numpy()))
        return StepResult(table, read, table.num_rows, tables={"clusters": pa.concat_tables(sizes)}, row_groups=groups)


def _neighbours(members: pa.Table) -> tuple[pa.Table, pa.Table]:
    vectors = loaded(members["vector"])
    best, value = nearest_before(vectors)
    number, home = members["number"].to_numpy(), members["nearness"].to_numpy() == 0
    micros = members["distance_micros"].to_numpy().astype(np.int64)
    place = np.zeros(len(number), np.int64)
    order = np.flatnonzero(home)
    order = order[np.argsort(-micros[order], kind="stable")]
    place[order] = np.arange(1, len(order) + 1)
    sketch = members["sketch"].combine_chunks()
    values, starts = sketch.values.to_numpy(), sketch.offsets.to_numpy()
    shared = [
        overlap(values[starts[m] : starts[m + 1]], values[starts[b] : starts[b + 1]]) if b >= 0 else 0.0
        for m, b in enumerate(best.tolist())
    ]
    known = pa.array(best, mask=best < 0)
    table = pa.table(
        [
            pa.array(shards_and_rows(number)[0]),
            members["row"],
            members["cluster"],
            pa.array(home),
            members["distance_micros"],
            pa.array(place, pa.int32()),
            pa.array(value),
            pa.array(number).take(known),
            members["id"].take(known),
            pa.array(np.round(shared, DECIMALS), pa.float64()),
        ],
        schema=NEIGHBOURS,
    )
    size = {"cluster": members["cluster"][0].as_py(), "documents": len(order), "distance_micros": int(micros[order].sum())}
    return table, pa.Table.from_pylist([size | {"blocks": len(blocks(vectors))}], CLUSTERS)


def quota_weights(centers: I8, documents: Ints, distances: Floats) -> Floats:
    """What part of a quota each cluster gets: softmax of its mean distance to its members times that to its nearest centroids (Abbas et al. 2024).
    ``distances`` are sums over the members."""
    between = np.zeros(len(centers))
    for at in range(0, len(centers) if len(centers) > 1 else 0, BLOCK):
        far = 1 - similarities(centers[at : at + BLOCK], centers)
        far[np.arange(len(far)), np.arange(at, at + len(far))] = np.inf
        near = np.sort(far, axis=1)[:, : min(SPREAD_OVER, len(centers) - 1)]
        between[at : at + BLOCK] = near.sum(axis=1) / near.shape[1]
    complexity = distances / np.maximum(documents, 1) * between / TEMPERATURE
    weights: Floats = np.maximum(np.round(np.exp(complexity - complexity.max(initial=0)), DECIMALS), 10.0**-DECIMALS) * (documents > 0)
    shares: Floats = weights / max(weights.sum(), 1e-9)
    return shares


def quota_shares(place: Ints | Floats, cluster: Ints, documents: Ints, weights: Floats) -> Floats:
    """Of each document the smallest share of all documents at which the quota of its cluster reaches its ``place``. A cluster that has fewer documents
    than its quota gives the rest to the others, in proportion."""
    factor = np.divide(documents, weights, out=np.zeros(len(weights)), where=weights > 0)  # at which a cluster is used up
    order = np.argsort(factor, kind="stable")
    own = place / weights[cluster]
    upto = np.searchsorted(factor[order], own, side="left")  # clusters that are used up before
    used = np.concatenate([[0], np.cumsum(documents[order])])[upto]
    open_weight = weights.sum() - np.concatenate([[0], np.cumsum(weights[order])])[upto]
    shares: Floats = np.minimum(np.round((used + own * np.maximum(open_weight, 0)) / max(documents.sum(), 1), DECIMALS), 1.0)
    return shares


@stable("step/semantic-signals")
@dataclass(frozen=True)
class SemanticSignals(ShardStep):
    """Neighbours in, one row per document and its signals out. A document without a vector has no cluster, and resembles nothing: similarity 0."""

    name: ClassVar[str] = "semantic"
    title: ClassVar[str] = "join what is measured of meaning"
    about: ClassVar[str] = "puts the figures of meaning side by side"
    kind: ClassVar[Kind] = "join"

    embed: Embed
    neighbours: Neighbours

    def run(self, shard: str, context: ShardContext) -> StepResult:
        ids = context.read(self.embed, shard, ["id"])["id"]
        found = rows_of_shard(self.neighbours, NEIGHBOURS, shard, context)
        home = found.filter(found["home"])
        sizes = pa.concat_tables([context.read(self.neighbours, p, table="clusters") for p in self.neighbours.shards(context)])
        centers = loaded(context.read(self.neighbours.assigned.fitted, "all")["vector"])
        documents, distances = np.zeros(len(centers), np.int64), np.zeros(len(centers))
        documents[sizes["cluster"].to_numpy()] = sizes["documents"].to_numpy()
        distances[sizes["cluster"].to_numpy()] = sizes["distance_micros"].to_numpy() / MICRO
        cluster, place = home["cluster"].to_numpy().astype(np.int64), home["place"].to_numpy().astype(np.int64)
        shares = quota_shares(place, cluster, documents, quota_weights(centers, documents, distances))
        at = np.full(len(ids), -1)
        at[home["row"].to_numpy()] = np.arange(home.num_rows)
        own = pa.array(at, mask=at < 0)
        best = _best(found, len(ids))
        near = pa.array(best, mask=best < 0)

        def of_neighbour(name: str) -> pa.ChunkedArray:
            return found[name].take(near).fill_null(0.0)

        columns = [
            pa.array(cluster).take(own),
            pa.array(home["distance_micros"].to_numpy() / MICRO).take(own),
            pa.array(np.round((documents[cluster] - place + 0.5) / np.maximum(documents[cluster], 1), DECIMALS)).take(own),
            pa.array(shares).take(own),
            of_neighbour("similarity"),
            found["neighbour_id"].take(near),
            of_neighbour("overlap"),
        ]
        table = pa.table([ids, *columns], schema=pa.schema([pa.field("id", pa.string()), *SIGNALS.items()]))
        return StepResult(table, len(ids), table.num_rows)


def _best(found: pa.Table, documents: int) -> Ints:
    """Of each document the row of ``found`` with its most similar neighbour; the first in crawl order of equals; -1 if it has none."""
    known = np.flatnonzero(found["neighbour"].is_valid().to_numpy(zero_copy_only=False))
    taken = found.take(pa.array(known))
    row = taken["row"].to_numpy()
    order = np.lexsort((taken["neighbour"].to_numpy(), -taken["similarity"].to_numpy(), row))
    first = order[np.concatenate([[True], row[order][1:] != row[order][:-1]])] if len(order) else order
    best = np.full(documents, -1)
    best[row[first]] = known[first]
    return best

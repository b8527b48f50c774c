"""Removal of semantic duplicates: a document goes only for one that stays, that lies near enough, and that shares enough of its words.

SemDeDup removes whatever is near any other document of its cluster, so that a chain of resemblances deletes texts that resemble nothing which is kept, and pages of
one template with different facts are one page to it. Here documents that lie near each other come together as components; within each the
documents are walked in the order in which they are to be kept, and each is held against those that stay so far, by its vector and by its word n-grams.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from winnow.tasks.dedup.component_clusters import MEMBERS, ComponentClusters, components_of
from winnow.tasks.dedup.components import EDGES, PairStep, components
from winnow.tasks.dedup.fuzzy_clusters import CANDIDATES, CANDIDATES_PER_GROUP, Candidates
from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.dedup.shingles import U32
from winnow.tasks.dedup.verified import jaccard
from winnow.tasks.engine.arrays import Ints
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.row_numbers import shards_and_rows
from winnow.tasks.engine.step import Kind, ShardStep, StepResult
from winnow.tasks.semantic.clusters import AssignClusters
from winnow.tasks.semantic.embed import Embed
from winnow.tasks.semantic.neighbours import DECIMALS, blocks, members_of
from winnow.tasks.semantic.vectors import BLOCK, I8, dots, loaded, norms

MOST_CHECKED = 64  # documents that stay, the most similar first, whose words are compared with those of a document
WITH_VECTOR = CANDIDATES.append(pa.field("vector", pa.binary()))
SEMANTIC = MEMBERS.append(pa.field("overlap", pa.float64()))


@stable("step/near-pairs")
@dataclass(frozen=True)
class NearPairs(PairStep):
    """Members of a range of clusters that are kept so far in; edges (schema EDGES) that join those with a cosine of at least ``min_similarity`` out:
    one per document, which is enough to tell the components."""

    name: ClassVar[str] = "near-pairs"
    copies: ClassVar[str] = "semantic duplicates"
    in_a_row: ClassVar[bool] = True
    title: ClassVar[str] = "semantic duplicates: find pairs"
    about: ClassVar[str] = "finds documents of nearly the same meaning"

    assigned: AssignClusters
    decisions: Decisions
    min_similarity: float
    partitions: int

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{p:05d}" for p in range(self.partitions))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        found, read = [np.zeros((2, 0), np.int64)], 0
        for every in members_of(context, self, self.assigned, shard, self.partitions):
            members = self._kept(every, context)
            read += members.num_rows
            cluster, number = members["cluster"].to_numpy(), members["number"].to_numpy()
            for c in np.unique(cluster).tolist():
                begin, end = np.searchsorted(cluster, [c, c + 1]).tolist()
                vectors = loaded(members["vector"].slice(begin, end - begin))
                own = number[begin:end]
                found += [own[mine][joined(vectors[mine], self.min_similarity)] for mine in blocks(vectors)]
        edges = np.concatenate(found, axis=1)
        return StepResult(pa.table([edges.min(axis=0), edges.max(axis=0)], schema=EDGES), read, edges.shape[1])

    def _kept(self, members: pa.Table, context: ShardContext) -> pa.Table:
        shards, rows = shards_and_rows(members["number"].to_numpy())
        kept = np.zeros(len(rows), bool)
        for n in np.unique(shards).tolist():
            mine = shards == n
            decided = context.read(self.decisions, context.shard_keys[n], ["kept"])["kept"].to_numpy(zero_copy_only=False)
            kept[mine] = decided[rows[mine]]
        return members.filter(pa.array(kept))


def joined(vectors: I8, least: float) -> Ints:
    """Pairs of places that join the vectors whose cosine is at least this, as few as do: shape (2, pairs)."""
    size, lengths = len(vectors), norms(vectors)
    label = np.arange(size)
    for at in range(0, size, BLOCK):
        upto = min(at + BLOCK, size)
        near = np.round(dots(vectors[at:upto], vectors[:upto]) / lengths[at:upto, None] / lengths[None, :upto], DECIMALS) >= least
        a, b = np.nonzero(near)
        links = np.unique(label[a + at] * size + label[b])
        component = components((links // size, links % size), size)
        label = component[label]
        first = np.full(size, size)
        np.minimum.at(first, label, np.arange(size))
        label = first[label]
    rest = np.flatnonzero(label != np.arange(size))
    return np.stack([label[rest], rest])


@stable("step/semantic-candidates")
@dataclass(frozen=True)
class SemanticCandidates(ShardStep):
    """Candidates of a shard (documents that lie near others) in, the same with their vectors out."""

    name: ClassVar[str] = "semantic-candidates"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "collects what they are compared by"
    kind: ClassVar[Kind] = "join"

    candidates: Candidates
    embed: Embed

    def run(self, shard: str, context: ShardContext) -> StepResult:
        found = context.read(self.candidates, shard)
        vectors = context.read(self.embed, shard, ["vector"])["vector"].take(found["row"])
        table = found.append_column(WITH_VECTOR.field("vector"), vectors)
        return StepResult(table, found.num_rows, table.num_rows, row_groups=CANDIDATES_PER_GROUP)


@stable("step/semantic-clusters")
@dataclass(frozen=True)
class SemanticClusters(ComponentClusters):
    """Candidates in; of every document that stays those that go for it out (schema SEMANTIC). ``similarity`` is the cosine of a document and the one that
    stays, ``overlap`` the Jaccard similarity of their word n-grams: a document goes if both reach ``min_similarity`` and ``min_overlap``."""

    name: ClassVar[str] = "cluster"
    copies: ClassVar[str] = "semantic duplicates"
    stays: ClassVar[str] = "a document with nearly the same meaning and words"

    min_similarity: float = 0.9
    min_overlap: float = 0.3

    @property
    def by(self) -> str:
        return "embedding"

    @property
    def schema(self) -> pa.Schema:
        return SEMANTIC

    @property
    def candidate_schema(self) -> pa.Schema:
        return WITH_VECTOR

    def clusters_of(self, rows: pa.Table) -> pa.Table:
        score = rows["score"].to_numpy(zero_copy_only=False)
        score = np.where(np.isnan(score), -np.inf, score)
        exempt = rows["exempt"].to_numpy(zero_copy_only=False)
        lists = rows["shingles"].combine_chunks()
        values, offsets = lists.values.to_numpy(), lists.offsets.to_numpy()
        vectors = loaded(rows["vector"])
        found: dict[str, list[Any]] = {name: [] for name in ("member", "kept", *SEMANTIC.names[3:6], "overlap")}
        for i, j in components_of(rows):
            own = [values[offsets[k] : offsets[k + 1]] for k in range(i, j)]
            order = np.lexsort((np.arange(j - i), -score[i:j], ~exempt[i:j]))
            stays, similarity, shared = walk(vectors[i:j], own, order, self.min_similarity, self.min_overlap, exempt[i:j])
            place = np.empty(j - i, np.int64)
            place[order] = np.arange(j - i)
            for kept in np.unique(stays).tolist():
                members = np.flatnonzero(stays == kept)
                if len(members) > 1:
                    members = members[np.lexsort((place[members], members != kept))]
                    found["member"] += (members + i).tolist()
                    found["kept"] += [kept + i] * len(members)
                    found["cluster_size"] += [len(members)] * len(members)
                    found["cluster_rank"] += range(len(members))
                    found["similarity"] += similarity[members].tolist()
                    found["overlap"] += shared[members].tolist()
        member, kept_rows = pa.array(found["member"], pa.int64()), pa.array(found["kept"], pa.int64())
        taken = {name: rows[name].take(member) for name in ("shard", "row")}
        taken |= {"cluster": rows["id"].take(kept_rows), "kept_url": rows["url"].take(kept_rows)}
        columns = [taken[f.name] if f.name in taken else pa.array(found[f.name], f.type) for f in SEMANTIC]
        return pa.table(columns, schema=SEMANTIC)


def walk(
    vectors: I8, sets: list[U32], order: Ints, min_similarity: float, min_overlap: float, exempt: npt.NDArray[np.bool_]
) -> tuple[Ints, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Of each member of a component the one that stays for it (its own number if it stays itself), their cosine, and their overlap in words.

    Members are walked in ``order``; one that is not exempt goes for the most similar of those that stay so far and are near enough by both measures.
    """
    lengths = norms(vectors)
    stays, similarity, shared = np.arange(len(vectors)), np.ones(len(vectors)), np.ones(len(vectors))
    leaders: list[int] = []
    held = np.zeros_like(vectors)  # vectors of the leaders, in their order
    for m in order.tolist():
        if leaders and not exempt[m]:
            near = dots(vectors[m : m + 1], held[: len(leaders)])[0] / lengths[m] / lengths[leaders]
            near = np.round(near, DECIMALS)
            places = np.flatnonzero(near >= min_similarity)
            for place in places[np.argsort(-near[places], kind="stable")][:MOST_CHECKED].tolist():
                words = jaccard(sets[m], sets[leaders[place]])
                if words >= min_overlap:
                    stays[m], similarity[m], shared[m] = leaders[place], near[place], round(words, DECIMALS)
                    break
        if stays[m] == m:
            held[len(leaders)] = vectors[m]
            leaders.append(m)
    return stays, similarity, shared

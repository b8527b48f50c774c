"""Clusters of documents by their vectors: centroids from a sample, and of every document the nearest of them.

SemDeDup (Abbas et al. 2023) looks for duplicates within a cluster alone, and so loses the pairs that a border parts. Here a document is a member of its
nearest two clusters, and is compared in both.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.dedup.shingles import shingles
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.samples import sample_keys
from winnow.tasks.engine.step import Kind, ShardStep, StepResult, WholeStep
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.semantic.embed import Embed
from winnow.tasks.semantic.kmeans import centroids, nearest
from winnow.tasks.semantic.vectors import I8, loaded, stored

MOST_CLUSTERS = 16_384
LEAST_SAMPLED, SAMPLED_EACH = 20_000, 32  # vectors that centroids are fitted on: in all, and per cluster
PROBES = 2  # clusters that a document is compared in
MICRO = 1_000_000
SKETCHED = 64  # shingles of a text that are kept to estimate overlap
NGRAM = 3  # words of a shingle
ORDERS = ("first", "longest", "far", "near")
ROWS_PER_GROUP = 4096

CENTROIDS = pa.schema([pa.field("vector", pa.binary())])
MEMBERS = pa.schema(
    [
        pa.field("cluster", pa.int32()),
        pa.field("row", pa.int32()),
        pa.field("nearness", pa.int8()),
        pa.field("id", pa.string()),
        pa.field("distance_micros", pa.int32()),
        pa.field("priority", pa.int64()),
        pa.field("vector", pa.binary()),
        pa.field("sketch", pa.list_(pa.field("element", pa.uint32()))),
    ]
)


@stable("step/fit-clusters")
@dataclass(frozen=True)
class FitClusters(WholeStep):
    """Vectors of a sample in, centroids out (schema CENTROIDS), about one per ``documents_per_cluster`` documents."""

    name: ClassVar[str] = "fit-clusters"
    title: ClassVar[str] = "find clusters"
    about: ClassVar[str] = "finds the centres of clusters of meaning"

    embed: Embed
    documents_per_cluster: int

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        total, least = 0, np.zeros(0, np.uint64)
        most = max(LEAST_SAMPLED, SAMPLED_EACH * MOST_CLUSTERS)
        for key in context.shard_keys:
            table = context.read(self.embed, key)
            mine = sample_keys(table["id"].filter(table["vector"].is_valid()).to_pylist())
            total += len(mine)
            least = np.sort(np.concatenate([least, mine]))[:most]
        clusters = min(MOST_CLUSTERS, max(1, round(total / self.documents_per_cluster)))
        least = least[: max(LEAST_SAMPLED, SAMPLED_EACH * clusters)]
        keys, vectors = [np.zeros(0, np.uint64)], []
        for key in context.shard_keys if len(least) else ():
            table = context.read(self.embed, key)
            table = table.filter(table["vector"].is_valid())
            found = sample_keys(table["id"].to_pylist())
            taken = found <= least[-1]
            keys.append(found[taken])
            vectors.append(loaded(table["vector"].filter(pa.array(taken))))
        sampled = [v for v in vectors if len(v)]
        found_centroids: I8 = np.zeros((0, 0), np.int8)
        if sampled:
            order = np.argsort(np.concatenate(keys), kind="stable")
            found_centroids = centroids(np.concatenate(sampled)[order], clusters)
        notes = {"documents": total, "sampled": len(least), "clusters": len(found_centroids)}
        return StepResult(pa.table([stored(found_centroids)], schema=CENTROIDS), total, len(found_centroids), notes=notes)


@stable("step/assign-clusters")
@dataclass(frozen=True)
class AssignClusters(ShardStep):
    """Vectors and centroids in; a row per document and cluster that it is compared in out (schema MEMBERS), sorted by cluster and row.

    ``nearness`` is 0 in the nearest cluster; ``distance_micros`` is 1 minus the cosine to the centroid, in millionths. Within a cluster documents come
    in the ``order``, by ``priority``: as in the crawl (``first``), the longest first, those ``far`` from their centroid first (as SemDeDup does), or
    those ``near`` it. ``sketch`` has the smallest hashes of the text's word n-grams.
    """

    name: ClassVar[str] = "assign-clusters"
    title: ClassVar[str] = "assign documents to clusters"
    about: ClassVar[str] = "names the cluster of every document"
    kind: ClassVar[Kind] = "aggregate"

    embed: Embed
    fitted: FitClusters
    text: TextColumn
    order: str

    def run(self, shard: str, context: ShardContext) -> StepResult:
        table = context.read(self.embed, shard)
        rows = np.flatnonzero(table["vector"].is_valid().to_numpy(zero_copy_only=False))
        taken = table.take(pa.array(rows))
        centers = loaded(context.read(self.fitted, "all")["vector"])
        texts = self.text.read(shard, context).take(pa.array(rows))
        places, values = nearest(loaded(taken["vector"]), centers, PROBES)
        micros = np.rint((1 - values) * MICRO).astype(np.int64)
        priority = np.zeros(len(rows), np.int64)
        if self.order == "longest":
            priority = -pc.utf8_length(texts).to_numpy().astype(np.int64)
        elif self.order in ("far", "near") and len(rows):
            priority = micros[:, 0] * (1 if self.order == "near" else -1)
        probes = places.shape[1]
        cluster, row = places.ravel(), np.repeat(rows, probes)
        order = np.lexsort((row, cluster))
        again = pa.array(order // max(probes, 1))
        members = pa.table(
            [
                pa.array(cluster[order], pa.int32()),
                pa.array(row[order], pa.int32()),
                pa.array(np.tile(np.arange(probes), len(rows))[order], pa.int8()),
                taken["id"].take(again),
                pa.array(micros.ravel()[order], pa.int32()),
                pa.array(priority).take(again),
                taken["vector"].take(again),
                sketches(texts.to_pylist()).take(again),
            ],
            schema=MEMBERS,
        )
        return StepResult(members, table.num_rows, members.num_rows, row_groups=ROWS_PER_GROUP)


def sketches(texts: list[str]) -> pa.Array:
    """The ``SKETCHED`` smallest distinct shingles of each text, ascending: list<uint32>."""
    found = shingles(texts, NGRAM, unspaced_as_words=True)
    sets = [np.unique(found.hashes[i:j])[:SKETCHED] for i, j in zip(found.starts[:-1], found.starts[1:], strict=True)]
    offsets = pa.array(np.concatenate([[0], np.cumsum([len(s) for s in sets])]), pa.int32())
    return pa.ListArray.from_arrays(offsets, np.concatenate([*sets, np.zeros(0, np.uint32)]), type=MEMBERS.field("sketch").type)

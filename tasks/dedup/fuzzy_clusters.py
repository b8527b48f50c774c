"""Near copies become clusters: what the members of a component are compared by, and who stays for whom.

The whole way: ``ComputeSignatures`` (per shard: band keys of each document) -> ``BandBuckets`` (per band and key range: who shares a key, as edges) ->
``Components`` (all: who hangs together) -> ``Candidates`` (per shard: what is needed to compare and rank them) -> ``FuzzyClusters`` (per range of components:
evidence, ranks) -> ``ResolveClusters`` (resolve.py). No step holds more than a partition, and a text is read where it lies, never shuffled: shingles of
candidates travel.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from winnow.tasks.dedup.component_clusters import MEMBERS, ComponentClusters, components_of
from winnow.tasks.dedup.components import COMPONENTS, Components
from winnow.tasks.dedup.keep import scores
from winnow.tasks.dedup.minhash import SHINGLES, MinHash, shingle_sets
from winnow.tasks.dedup.resolve import rows_of_shard
from winnow.tasks.dedup.shingles import Shingles
from winnow.tasks.dedup.verified import Proof, jaccard_of, shared_count, stays_for
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.extract.documents import host_of
from winnow.tasks.signals.condition import Condition
from winnow.tasks.sources.domains import registered_domain

CANDIDATES_PER_GROUP = 1024
CANDIDATES = pa.schema(
    [
        pa.field("component", pa.uint64()),
        pa.field("row", pa.int32()),
        pa.field("id", pa.string()),
        pa.field("url", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("exempt", pa.bool_()),
        pa.field("shingles", SHINGLES),
    ]
)
FUZZY = pa.schema(
    [
        *MEMBERS,
        pa.field("containment", pa.float64()),
        pa.field("ngrams_lost", pa.int32()),
        pa.field("shared_bands", pa.int32()),
        pa.field("domains", pa.int32()),
    ]
)


@stable("step/candidates")
@dataclass(frozen=True)
class Candidates(ShardStep):
    """The documents of a shard that share a bucket, with what is needed to compare and rank them (schema CANDIDATES), sorted by component.
    ``shingles`` are distinct and ascending. A document for which ``exempt`` holds, over the table ``signals``, is never removed."""

    name: ClassVar[str] = "candidates"
    about: ClassVar[str] = "collects what near copies are compared by"
    version: ClassVar[str] = "2"
    kind: ClassVar[Kind] = "aggregate"

    components: Components
    text: TextColumn
    minhash: MinHash
    keep: str = "first"
    ranked_by: Step | TextColumn | None = None
    exempt: Condition | None = None
    signals: Step | None = None

    @property
    def label(self) -> str:
        return self.components.label.replace(Components.name, self.name)

    @property
    def title(self) -> str:
        return f"{self.components.buckets.copies}: compare texts"

    def run(self, shard: str, context: ShardContext) -> StepResult:
        found = rows_of_shard(self.components, COMPONENTS, shard, context)
        documents = context.read(self.text.documents, shard, ["id", "url", "text"])
        texts = self.text.of(documents, shard, context)
        ranks = scores(self.keep, self.ranked_by, shard, context)
        order = np.lexsort((found["row"].to_numpy(), found["component"].to_numpy()))
        rows = found["row"].take(order).combine_chunks()
        table = pa.table(
            [
                found["component"].take(order),
                rows,
                documents["id"].take(rows),
                documents["url"].take(rows),
                pa.nulls(len(rows), pa.float64()) if ranks is None else ranks.take(rows),
                pa.array(self._exempted(shard, context, documents.num_rows)).take(rows),
                shingle_sets(self.minhash, texts.take(rows).to_pylist()),
            ],
            schema=CANDIDATES,
        )
        return StepResult(table, documents.num_rows, table.num_rows, row_groups=CANDIDATES_PER_GROUP)

    def _exempted(self, shard: str, context: ShardContext, documents: int) -> npt.NDArray[np.bool_]:
        if not self.exempt or not self.signals:
            return np.zeros(documents, np.bool_)
        return self.exempt.holds(context.read(self.signals, shard, list(self.exempt.columns)))


@stable("step/fuzzy-clusters")
@dataclass(frozen=True)
class FuzzyClusters(ComponentClusters):
    """Candidates of one range of components of every shard in; the members of clusters of two or more out (schema FUZZY).

    ``cluster`` is the id of the member that stays, ``kept_url`` its URL. The evidence against each member is held against that one: ``similarity``,
    the true Jaccard similarity of their shingles; ``containment``, the share of its shingles that the one that stays has too; ``ngrams_lost``, how many
    shingles that one has not; ``shared_bands``, in how many bands they share a bucket. ``domains`` is over how many registered domains the cluster is spread. With ``min_similarity`` (and ``min_containment``) a member
    goes only if that evidence reaches it (``verified.py``), and a cluster is one member that stays with those that go for it; without, a cluster is a
    whole component, as in the published pipelines.
    """

    name: ClassVar[str] = "cluster"
    copies: ClassVar[str] = "near-duplicates"
    stays: ClassVar[str] = "a document with nearly the same text"
    version: ClassVar[str] = "3"

    min_similarity: float = 0.0
    min_containment: float | None = None

    @property
    def by(self) -> str:
        return "minhash"

    @property
    def schema(self) -> pa.Schema:
        return FUZZY

    @property
    def candidate_schema(self) -> pa.Schema:
        return CANDIDATES

    def clusters_of(self, rows: pa.Table) -> pa.Table:
        assert isinstance(self.candidates, Candidates)
        proof = Proof(self.min_similarity, self.min_containment or 0.0) if self.min_similarity else None
        return _clusters(rows, self.candidates.minhash, proof)


def _clusters(rows: pa.Table, minhash: MinHash, proof: Proof | None) -> pa.Table:
    """Clusters of whole components; ``rows`` are sorted by component, shard and row."""
    score = rows["score"].to_numpy(zero_copy_only=False)
    score = np.where(np.isnan(score), -np.inf, score)
    exempt = rows["exempt"].to_numpy(zero_copy_only=False)
    sets = rows["shingles"].combine_chunks()
    values, offsets = sets.values.to_numpy(), sets.offsets.to_numpy()
    urls = rows["url"].to_pylist()
    keys = minhash.band_keys(Shingles(values, offsets.astype(np.int64)))
    found: dict[str, list[Any]] = {name: [] for name in ("member", "kept", *FUZZY.names[3:6], *FUZZY.names[7:])}
    for i, j in components_of(rows):
        own = [values[offsets[k] : offsets[k + 1]] for k in range(i, j)]
        order = np.lexsort((np.arange(j - i), -score[i:j]))
        stays = stays_for(own, keys[:, i:j], order, proof, exempt[i:j]) if proof else np.full(j - i, order[0])
        place = np.empty(j - i, np.int64)
        place[order] = np.arange(j - i)
        for kept in np.unique(stays).tolist():
            members = np.flatnonzero(stays == kept)
            if len(members) == 1:
                continue
            members = members[np.lexsort((place[members], members != kept))]
            domains = len({registered_domain(host_of(urls[m + i] or "")) for m in members.tolist()})
            for rank, m in enumerate(members.tolist()):
                shared = shared_count(own[m], own[kept])
                found["member"].append(m + i)
                found["kept"].append(kept + i)
                found["cluster_size"].append(len(members))
                found["cluster_rank"].append(rank)
                found["similarity"].append(jaccard_of(shared, len(own[m]), len(own[kept])))
                found["containment"].append(shared / len(own[m]) if len(own[m]) else 1.0)
                found["ngrams_lost"].append(len(own[m]) - shared)
                found["domains"].append(domains)
                found["shared_bands"].append(int((keys[:, m + i] == keys[:, kept + i]).sum()))
    member, kept = pa.array(found["member"], pa.int64()), pa.array(found["kept"], pa.int64())
    taken = {name: rows[name].take(member) for name in ("shard", "row")} | {
        "cluster": rows["id"].take(kept),
        "kept_url": rows["url"].take(kept),
    }
    return pa.table([taken[name] if name in taken else pa.array(found[name], FUZZY.field(name).type) for name in FUZZY.names], schema=FUZZY)

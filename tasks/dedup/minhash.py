"""Fuzzy deduplication over the whole crawl: MinHash signatures, LSH bands, connected components, in memory that the user bounds.

``ComputeSignatures`` (per shard: band keys of each document) -> ``BandBuckets`` (per band and key range: who shares a key, as edges) -> ``Components`` (all:
who hangs together) -> ``Candidates`` (per shard: what is needed to compare and rank them) -> ``FuzzyClusters`` (per range of components:
evidence, ranks) -> ``ResolveClusters`` (resolve.py). Only documents that were kept so far take part; signatures are of all, so that a moved limit does
not touch them. No step holds more than a partition, and a text is read where it lies, never shuffled: shingles of candidates travel.

Broder 1997; bands: Indyk and Motwani 1998; presets: FineWeb (Penedo et al. 2024, section 3.4), RefinedWeb (Penedo et al. 2023, appendix G.3),
RedPajama-V2 (Weber et al. 2024, appendix D). Permutations are x -> a x + b modulo 2^32 of well mixed 32-bit shingles.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from winnow.tasks.dedup.component_clusters import MEMBERS, ComponentClusters, components_of
from winnow.tasks.dedup.components import components
from winnow.tasks.dedup.keep import scores
from winnow.tasks.dedup.ranges import key_range
from winnow.tasks.dedup.resolve import Decisions, group_sizes, rows_of_shard
from winnow.tasks.dedup.shingles import I64, U32, U64, Shingles, shingles
from winnow.tasks.dedup.signed_files import overlapping, signed_files
from winnow.tasks.dedup.verified import Proof, jaccard_of, shared_count, stays_for
from winnow.tasks.engine.ahead import read_together
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.mixing import mixed
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult, WholeStep
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.extract.documents import host_of
from winnow.tasks.signals.condition import Condition
from winnow.tasks.sources.domains import registered_domain

ROWS_PER_GROUP = 4096
CANDIDATES_PER_GROUP = 1024
ROW_BITS = 32  # a document's number: shard << 32 | row
BUCKET_ROW_BYTES = 64  # measured peak per row of a partition: key, number, order, and copies while sorting
EDGE_BYTES = 128  # measured peak per edge while components are found
SIGNED = pa.schema([pa.field("band", pa.int16()), pa.field("key", pa.uint64()), pa.field("row", pa.int32())])
EDGES = pa.schema([pa.field("a", pa.int64()), pa.field("b", pa.int64())])
COMPONENTS = pa.schema([pa.field("shard", pa.int32()), pa.field("row", pa.int32()), pa.field("component", pa.uint64())])
CANDIDATES = pa.schema(
    [
        pa.field("component", pa.uint64()),
        pa.field("row", pa.int32()),
        pa.field("id", pa.string()),
        pa.field("url", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("exempt", pa.bool_()),
        pa.field("shingles", pa.list_(pa.field("element", pa.uint32()))),
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


@stable("option/minhash")
@dataclass(frozen=True)
class MinHash:
    """How documents are compared. Two with Jaccard similarity s of their ``ngram``-shingles share a bucket with probability
    1 - (1 - s^rows)^bands. ``unspaced_as_words`` makes shingles of scripts without spaces as long as ``ngram`` words (``shingles.py``)."""

    ngram: int = 5
    bands: int = 14
    rows: int = 8
    fold_digits: bool = False
    seed: int = 1
    unspaced_as_words: bool | None = None

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name not in ("fold_digits", "seed", "unspaced_as_words") and (
                not isinstance(value, int) or isinstance(value, bool) or value < 1
            ):
                raise TypeError(f"minhash {f.name} is {value!r}; it must be a whole number of at least 1")

    def probability(self, similarity: float) -> float:
        """That two documents of this similarity share a bucket."""
        return 1.0 - (1.0 - similarity**self.rows) ** self.bands

    def shingles(self, texts: Sequence[str]) -> Shingles:
        """The shingles of each text, as these options have them."""
        return shingles(texts, self.ngram, fold_digits=self.fold_digits, unspaced_as_words=bool(self.unspaced_as_words))

    def band_keys(self, found: Shingles) -> U64:
        """Keys of each band and document: uint64, shape (bands, documents). What texts without shingles get means nothing."""
        present = np.flatnonzero(found.counts)
        factor, summand = self._permutations()
        keys = np.zeros((self.bands, len(found.counts)), np.uint64)
        if not len(present):
            return keys
        begin, buffer = found.starts[present], np.empty_like(found.hashes)
        least = np.empty((self.rows, len(present)), np.uint32)
        for band in range(self.bands):
            for r in range(self.rows):
                np.multiply(found.hashes, factor[band, r], out=buffer)
                np.add(buffer, summand[band, r], out=buffer)
                np.minimum.reduceat(buffer, begin, out=least[r])
            key = np.full(len(present), band, np.uint64)
            for r in range(self.rows):
                key = mixed(key ^ least[r].astype(np.uint64)) + np.uint64(r)
            keys[band, present] = key
        return keys

    def _permutations(self) -> tuple[U32, U32]:
        numbers = mixed(
            np.arange(1, 2 * self.bands * self.rows + 1, dtype=np.uint64) + np.uint64(self.seed) * np.uint64(0x9E3779B97F4A7C15)
        )
        a, b = (numbers >> np.uint64(32)).astype(np.uint32).reshape(2, self.bands, self.rows)
        return a | np.uint32(1), b


PRESETS = {
    "verified": MinHash(5, 20, 7, unspaced_as_words=True),
    "fineweb": MinHash(5, 14, 8, fold_digits=True),
    "refinedweb": MinHash(5, 450, 20),
    "redpajama-0.7": MinHash(13, 14, 9),
    "redpajama-0.8": MinHash(13, 9, 13),
    "redpajama-0.9": MinHash(13, 5, 25),
}


@stable("step/compute-signatures")
@dataclass(frozen=True)
class ComputeSignatures(ShardStep):
    """Documents in, one row per band and document with any token out (schema SIGNED), sorted by band, key and row."""

    name: ClassVar[str] = "sign"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "computes MinHash signatures"
    version: ClassVar[str] = "2"
    kind: ClassVar[Kind] = "aggregate"

    text: TextColumn
    minhash: MinHash

    def run(self, shard: str, context: ShardContext) -> StepResult:
        texts = self.text.read(shard, context).to_pylist()
        parts = []
        for begin, batch in _batches(texts):
            found = self.minhash.shingles(batch)
            present = np.flatnonzero(found.counts)
            parts.append((present + begin, self.minhash.band_keys(found)[:, present]))
        rows = np.concatenate([p[0] for p in parts]) if parts else np.zeros(0, np.int64)
        keys = np.concatenate([p[1] for p in parts], axis=1) if parts else np.zeros((self.minhash.bands, 0), np.uint64)
        order = np.argsort(keys, axis=1, kind="stable")
        table = pa.table(
            [
                pa.array(np.repeat(np.arange(self.minhash.bands), len(rows)), pa.int16()),
                pa.array(np.take_along_axis(keys, order, axis=1).ravel()),
                pa.array(rows[order].ravel(), pa.int32()),
            ],
            schema=SIGNED,
        )
        sizes = [min(ROWS_PER_GROUP, len(rows) - i) for _ in range(self.minhash.bands) for i in range(0, len(rows), ROWS_PER_GROUP)]
        return StepResult(table, len(texts), table.num_rows, notes={"documents": len(texts), "signed": len(rows)}, row_groups=sizes or None)


@stable("step/band-buckets")
@dataclass(frozen=True)
class BandBuckets(WholeStep):
    """Signatures of one band and key range of every shard in; an edge from the first document of each bucket to every other out (schema
    EDGES, numbers are shard << 32 | row). ``ranges`` bounds what one partition reads and changes no result."""

    name: ClassVar[str] = "band-buckets"
    in_a_row: ClassVar[bool] = True
    title: ClassVar[str] = "near-duplicates: compare signatures"
    about: ClassVar[str] = "finds which documents share a bucket"

    signatures: ComputeSignatures
    decisions: Decisions
    ranges: int

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{band:03d}-{r:05d}" for band in range(self.signatures.minhash.bands) for r in range(self.ranges))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        cost_bytes = self._rows_in(context, shard) * BUCKET_ROW_BYTES
        if cost_bytes <= context.memory_bytes:
            cost = lambda other: self._rows_in(context, other) * BUCKET_ROW_BYTES  # noqa: E731
            rows = read_together(context, self.address, shard, cost, lambda shards: self._kept(context, [self._range(s) for s in shards]))
            edges = _edges(*rows)
            return StepResult(pa.table(list(edges), schema=EDGES), len(rows[0]), edges.shape[1])
        band, part = map(int, shard.split("-"))
        pieces, found, read = -(-cost_bytes // context.memory_bytes), [], 0
        for piece in range(pieces):
            [rows] = self._kept(context, [(band, *key_range(part * pieces + piece, self.ranges * pieces))])
            found.append(_edges(*rows))
            read += len(rows[0])
        a, b = np.concatenate(found, axis=1)
        return StepResult(pa.table([a, b], schema=EDGES), read, len(a))

    def _range(self, shard: str) -> tuple[int, int, int]:
        band, part = map(int, shard.split("-"))
        return (band, *key_range(part, self.ranges))

    def _rows_in(self, context: ShardContext, shard: str) -> int:
        return sum(n for *_, n in _groups(context, self.signatures, self.decisions, *self._range(shard)))

    def _kept(self, context: ShardContext, ranges: Sequence[tuple[int, int, int]]) -> list[tuple[U64, I64]]:
        return kept_rows(context, self.signatures, self.decisions, ranges)


def _edges(keys: U64, numbers: I64) -> I64:
    order = np.argsort(keys, kind="stable")  # numbers ascend, so the first of a bucket is the first in crawl order
    k, n = keys[order], numbers[order]
    opens = np.concatenate([[True], k[1:] != k[:-1]]) if len(k) else np.zeros(0, bool)
    first = n[opens][np.cumsum(opens) - 1]
    return np.stack([first[~opens], n[~opens]])


def _groups(
    context: ShardContext, signatures: ComputeSignatures, decisions: Decisions, band: int, low: int, high: int
) -> Iterator[tuple[int, list[int], int]]:
    """Of each shard that has any: its number, the row groups that overlap keys [low, high] of the band, and their rows."""
    files = signed_files(context.store.root, signatures.address, decisions.address)
    for number, shard in enumerate(context.shard_keys):
        groups = files.groups(context, signatures, shard)
        if found := overlapping(groups, band, low, high):
            yield number, found, int(groups["rows"][found].sum())


def kept_rows(
    context: ShardContext, signatures: ComputeSignatures, decisions: Decisions, ranges: Sequence[tuple[int, int, int]]
) -> list[tuple[U64, I64]]:
    """For each range (band, first key, last key) the keys of the documents kept so far, and their numbers, in crawl order. A file is opened once for all ranges."""
    files = signed_files(context.store.root, signatures.address, decisions.address)
    wanted: dict[int, dict[int, list[int]]] = {}  # shard -> range -> row groups
    for at, (band, low, high) in enumerate(ranges):
        for number, groups, _ in _groups(context, signatures, decisions, band, low, high):
            wanted.setdefault(number, {})[at] = groups
    found = [([np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]) for _ in ranges]
    for number in sorted(wanted):
        shard = context.shard_keys[number]
        with context.store.open_parquet(signatures, shard) as file:
            tables = {at: file.read_row_groups(groups, use_threads=False) for at, groups in wanted[number].items()}
        kept = files.kept(context, decisions, shard)
        for at, table in tables.items():
            band, low, high = ranges[at]
            k, row = table["key"].to_numpy(), table["row"].to_numpy()
            mine = (table["band"].to_numpy() == band) & (k >= np.uint64(low)) & (k <= np.uint64(high)) & kept[row]
            keys, numbers = found[at]
            keys.append(k[mine])
            numbers.append(np.int64(number) << ROW_BITS | row[mine].astype(np.int64))
    return [(np.concatenate(keys), np.concatenate(numbers)) for keys, numbers in found]


@stable("step/components")
@dataclass(frozen=True)
class Components(WholeStep):
    """Edges (schema EDGES) of all partitions of ``buckets`` in; every document that has one, with its component (a number that spreads over 64 bits) out (schema COMPONENTS,
    sorted by shard and row).

    Edges are taken in portions that fit the memory bound; between portions only one edge per document is carried on. So the floor is
    ``EDGE_BYTES`` per document that shares any bucket.
    """

    name: ClassVar[str] = "components"
    about: ClassVar[str] = "finds which documents hang together"

    buckets: WholeStep

    @property
    def label(self) -> str:
        # A recipe may have two such passes: of signatures, and of vectors.
        return self.name if isinstance(self.buckets, BandBuckets) else f"{self.buckets.label}-{self.name}"

    @property
    def copies(self) -> str:
        """What people call those that share a component: the first words of the title of the buckets."""
        return self.buckets.title.partition(":")[0]

    @property
    def title(self) -> str:
        return f"{self.copies}: connect pairs"

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        forest = np.zeros((2, 0), np.int64)
        waiting: list[I64] = []
        edges_in = 0
        for partition in self.buckets.shards(context) or ():
            table = context.read(self.buckets, partition)
            waiting.append(np.stack([table["a"].to_numpy(), table["b"].to_numpy()]))
            edges_in += table.num_rows
            if sum(w.shape[1] for w in waiting) * EDGE_BYTES > context.memory_bytes:
                forest, waiting = _forest(np.concatenate([forest, *waiting], axis=1)), []
        forest = _forest(np.concatenate([forest, *waiting], axis=1))
        root, node = forest
        number = (node >> ROW_BITS).astype(np.int32)
        table = pa.table([number, (node & ((1 << ROW_BITS) - 1)).astype(np.int32), mixed(root.astype(np.uint64))], schema=COMPONENTS)
        return StepResult(table, edges_in, table.num_rows, row_groups=list(group_sizes(number)))


def _forest(edges: I64) -> I64:
    """The same components as one edge (least member, member) per node, sorted by node; the least member has an edge to itself."""
    nodes, ends = np.unique(edges, return_inverse=True)
    ends = ends.reshape(edges.shape)
    label = components((ends[0], ends[1]), len(nodes))
    least = np.full(label.max(initial=-1) + 1, len(nodes))
    np.minimum.at(least, label, np.arange(len(nodes)))
    return np.stack([nodes[least[label]], nodes]) if len(nodes) else np.zeros((2, 0), np.int64)


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
        return f"{self.components.copies}: compare texts"

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


def shingle_sets(minhash: MinHash, texts: list[str]) -> pa.ListArray:
    """The distinct shingles of each text, ascending: list<uint32>."""
    sets: list[U32] = []
    for _, batch in _batches(texts):
        of = minhash.shingles(batch)
        sets += [np.unique(of.hashes[i:j]) for i, j in zip(of.starts[:-1], of.starts[1:], strict=True)]
    offsets = pa.array(np.concatenate([[0], np.cumsum([len(s) for s in sets])]), pa.int32())
    return pa.ListArray.from_arrays(offsets, np.concatenate([*sets, np.zeros(0, np.uint32)]), type=CANDIDATES.field("shingles").type)


def _batches(texts: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of texts with the number of the first, each of at most 2^20 characters or one text: signatures are then found inside the caches."""
    begin = chars = 0
    for i, text in enumerate(texts):
        chars += len(text)
        if chars >= 1 << 20:
            yield begin, texts[begin : i + 1]
            begin, chars = i + 1, 0
    if begin < len(texts):
        yield begin, texts[begin:]

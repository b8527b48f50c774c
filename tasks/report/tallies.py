"""Tallies: the profiles of all shards added up to typed counts. What is counted is said in ``tasks/corpus/profile/``.

Adding up holds counts, never documents: names that a crawl invents without bound (domains) are cut to the most frequent, and of samples and
clusters a few are held. The order of shards decides nothing but which of the very rare domains are named.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from winnow.tasks.corpus.profile.copies import LARGEST
from winnow.tasks.corpus.profile.samples import SAMPLES
from winnow.tasks.corpus.profile.tables import TABLES

NAMES_HELD = 200_000
NAMES_TOLD = 2_000
OVERLAPS_TOLD = 500

Row = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """Documents, and how many of them were kept, of one language, domain, top-level domain, hour or kind of truncation; and their characters."""

    name: str
    documents: int
    kept: int
    chars: int = 0
    chars_kept: int = 0


@dataclass(frozen=True)
class Dimension:
    """All groups of one dimension, the most documents first. ``others`` has those whose names are not told. ``names`` and ``names_kept``: how many
    there are among the documents and among those kept; at least so many, where ``left_out`` documents were never counted by name."""

    groups: tuple[Group, ...] = ()
    others: Group = Group("", 0, 0)
    names: int = 0
    names_kept: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Bin:
    """Documents with a signal in [``lower_edge``, the next edge); without a value where it is None. ``alone``: those that no other limit drops."""

    lower_edge: float | None
    documents: int
    kept: int
    alone: int


@dataclass(frozen=True)
class LimitCount:
    """Documents that cross a limit (or are dropped for another reason), and those that cross nothing else."""

    reason: str
    documents: int
    alone: int


@dataclass(frozen=True)
class OverlapCount:
    """Documents that cross both of two limits."""

    one: str
    other: str
    documents: int


@dataclass(frozen=True)
class StepCount:
    """What a deciding step found and left: documents by language and by the lower edge of their length. The entropies in bits are of registered
    domains within a shard, as a mean over documents."""

    step: str
    documents: int
    kept: int
    domain_bits: float
    domain_bits_kept: float
    languages: tuple[Group, ...] = ()
    lengths: tuple[Bin, ...] = ()


@dataclass(frozen=True)
class ClusterSize:
    """Clusters with ``size_from`` to twice as many members, and their members together."""

    size_from: int
    clusters: int
    members: int


@dataclass(frozen=True)
class LargeCluster:
    """One of the largest clusters, shown by the member that stays."""

    members: int
    url: str
    text: str
    adult: bool


@dataclass(frozen=True)
class Clusters:
    """The clusters of one kind of deduplication (``url``, ``text``, ``minhash``), by size; and the largest of them."""

    by: str
    sizes: tuple[ClusterSize, ...]
    largest: tuple[LargeCluster, ...] = ()

    @property
    def clusters(self) -> int:
        return sum(s.clusters for s in self.sizes)

    @property
    def members(self) -> int:
        return sum(s.members for s in self.sizes)


@dataclass(frozen=True)
class Sample:
    """A document shown as an example of a ``reason`` (empty: it was kept). ``value`` and ``limit`` where the reason has numbers."""

    reason: str
    draw: str
    id: str
    url: str
    text: str
    value: float | None = None
    limit: float | None = None
    adult: bool = False


@dataclass(frozen=True)
class Tallies:
    """The profile of a run. ``dimensions``: ``language``, ``domain``, ``tld``, ``hour``, ``truncated``; ``signals``: bins by signal, ascending, the
    length of documents as ``text_chars``; ``perplexity``: bins by language."""

    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    signals: Mapping[str, tuple[Bin, ...]] = field(default_factory=dict)
    limits: tuple[LimitCount, ...] = ()
    overlaps: tuple[OverlapCount, ...] = ()
    steps: tuple[StepCount, ...] = ()
    clusters: tuple[Clusters, ...] = ()
    copies: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    perplexity: Mapping[str, tuple[Bin, ...]] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()

    def of(self, dimension: str) -> Dimension:
        """One dimension; empty if nothing was counted of it."""
        return self.dimensions.get(dimension, Dimension())


def added(profiles: Iterable[pa.Table]) -> Tallies:
    """Add up the profiles of the shards of a run (schema ``PROFILE``), given in crawl order."""
    total = _Total()
    for profile in profiles:
        for name in TABLES:
            total.add(name, profile[name].combine_chunks().flatten())
    return total.tallies()


class _Total:
    """Sums while they are being made, by the key columns of their table."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[tuple[Any, ...], list[float]]] = {name: {} for name in TABLES}
        self.few: dict[str, list[Row]] = {"largest_clusters": [], "samples": []}
        self.steps: dict[str, None] = {}

    def add(self, name: str, rows: pa.Array) -> None:
        if name in self.few:
            self.few[name] = _fewest(name, [*self.few[name], *rows.to_pylist()])
            return
        summed = SUMMED[name]
        keys = [field.name for field in TABLES[name] if field.name not in summed]
        sums = self.sums[name]
        columns = [rows.field(column).to_pylist() for column in (*keys, *summed)]
        if name == "step_domains":
            self.steps |= dict.fromkeys(columns[0])
            columns[3] = [bits * n for bits, n in zip(columns[3], columns[1], strict=True)]
            columns[4] = [bits * n for bits, n in zip(columns[4], columns[2], strict=True)]
        for row in zip(*columns, strict=True):
            known = sums.setdefault(row[: len(keys)], [0] * len(summed))
            for i, value in enumerate(row[len(keys) :]):
                known[i] += value
        if name in ("groups", "copies") and len(sums) > 2 * NAMES_HELD:
            self.sums[name] = self._cut(sums)

    def _cut(self, sums: dict[tuple[Any, ...], list[float]]) -> dict[tuple[Any, ...], list[float]]:
        """The most frequent names by themselves, the rest under the name None."""
        ranked = sorted(sums.items(), key=lambda kv: (kv[0][1] is not None, -kv[1][0], str(kv[0])))
        held = dict(ranked[:NAMES_HELD])
        for (dimension, _), counts in ranked[NAMES_HELD:]:
            rest = held.setdefault((dimension, None), [0] * len(counts))
            for i, value in enumerate(counts):
                rest[i] += value
        return held

    def tallies(self) -> Tallies:
        return Tallies(
            dimensions=dict(self._dimensions()),
            signals=self._bins("signals"),
            limits=tuple(sorted((LimitCount(r, int(n), int(a)) for (r,), (n, a) in self.sums["limits"].items()), key=_by_documents)),
            overlaps=tuple(sorted((OverlapCount(a, b, int(n)) for (a, b), (n,) in self.sums["overlaps"].items()), key=_by_documents))[
                :OVERLAPS_TOLD
            ],
            steps=tuple(self._steps()),
            clusters=tuple(self._clusters()),
            copies={
                dimension: tuple(sorted(groups, key=_by_documents)[:NAMES_TOLD]) for dimension, groups in self._groups("copies").items()
            },
            perplexity=self._bins("perplexity"),
            samples=tuple(Sample(**{**row, "reason": row["reason"] or ""}) for row in self.few["samples"]),
        )

    def _groups(self, name: str) -> dict[str, list[Group]]:
        found: dict[str, list[Group]] = defaultdict(list)
        for (dimension, group), counts in self.sums[name].items():
            if group is not None:
                found[dimension].append(Group(group, *map(int, counts)))
        return found

    def _dimensions(self) -> Iterator[tuple[str, Dimension]]:
        for dimension, groups in self._groups("groups").items():
            ranked = sorted(groups, key=_by_documents)
            left = [int(n) for n in self.sums["groups"].get((dimension, None), (0, 0, 0, 0))]
            rest = ranked[NAMES_TOLD:]
            sums = (sum(getattr(g, count) for g in rest) + left[i] for i, count in enumerate(("documents", "kept", "chars", "chars_kept")))
            kept = sum(g.kept > 0 for g in ranked)
            yield dimension, Dimension(tuple(ranked[:NAMES_TOLD]), Group("", *sums), len(ranked), kept, left[0])

    def _bins(self, name: str) -> dict[str, tuple[Bin, ...]]:
        found: dict[str, list[Bin]] = defaultdict(list)
        for (what, edge), counts in self.sums[name].items():
            documents, kept = int(counts[0]), int(counts[1])
            found[what].append(Bin(edge, documents, kept, int(counts[2]) if len(counts) > 2 else kept))
        return {what: _ascending(bins) for what, bins in sorted(found.items())}

    def _steps(self) -> Iterator[StepCount]:
        for step in self.steps:
            documents, kept, bits, bits_kept = self.sums["step_domains"][step,]
            languages = [Group(name, int(n), int(k)) for (of, name), (n, k) in self.sums["step_languages"].items() if of == step]
            lengths = [Bin(edge, int(n), int(k), int(k)) for (of, edge), (n, k) in self.sums["step_lengths"].items() if of == step]
            yield StepCount(
                step,
                int(documents),
                int(kept),
                bits / documents if documents else 0.0,
                bits_kept / kept if kept else 0.0,
                tuple(sorted(languages, key=_by_documents)),
                _ascending(lengths),
            )

    def _clusters(self) -> Iterator[Clusters]:
        sizes: dict[str, list[ClusterSize]] = defaultdict(list)
        for (by, low), (clusters, members) in sorted(self.sums["cluster_sizes"].items()):
            sizes[by].append(ClusterSize(low, int(clusters), int(members)))
        for by, found in sizes.items():
            largest = [
                LargeCluster(**{k: v for k, v in row.items() if k != "by"}) for row in self.few["largest_clusters"] if row["by"] == by
            ]
            yield Clusters(by, tuple(found), tuple(largest))


SUMMED: Mapping[str, tuple[str, ...]] = {
    "groups": ("documents", "kept", "chars", "chars_kept"),
    "signals": ("documents", "kept", "alone"),
    "limits": ("documents", "alone"),
    "overlaps": ("documents",),
    "step_languages": ("documents", "kept"),
    "step_lengths": ("documents", "kept"),
    "step_domains": ("documents", "kept", "entropy_bits", "entropy_bits_kept"),
    "cluster_sizes": ("clusters", "members"),
    "copies": ("documents", "kept"),
    "perplexity": ("documents", "kept"),
}
"""The columns that add up; the others of a table say of what."""


def _fewest(name: str, rows: list[Row]) -> list[Row]:
    """The first few per kind: the largest clusters, the samples drawn first."""
    if name == "samples":
        return _first(sorted(rows, key=lambda r: (r["draw"], r["id"])), "reason", SAMPLES)
    return _first(sorted(rows, key=lambda r: (-r["members"], r["url"], r["text"])), "by", LARGEST)


def _first(rows: list[Row], key: str, most: int) -> list[Row]:
    taken: dict[Any, int] = defaultdict(int)
    found = []
    for row in rows:
        taken[row[key]] += 1
        if taken[row[key]] <= most:
            found.append(row)
    return found


def _ascending(bins: Iterable[Bin]) -> tuple[Bin, ...]:
    return tuple(sorted(bins, key=lambda b: (b.lower_edge is None, b.lower_edge or 0.0)))


def _by_documents(counted: Any) -> tuple[Any, ...]:
    names = [getattr(counted, name) for name in ("name", "reason", "one", "other") if hasattr(counted, name)]
    return (-counted.documents, *names)

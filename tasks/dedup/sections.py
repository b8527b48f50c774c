"""Deduplication in recipes: one section whose ``by`` names a kind. A kind is a frozen dataclass under ``@deduplicate_by``: its fields are its options,
and ``build`` adds its steps. Kinds that cut passages out of texts are in tasks/edit/sections.py."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar

import pyarrow as pa

from winnow.tasks.dedup.band_buckets import BandBuckets
from winnow.tasks.dedup.components import Components
from winnow.tasks.dedup.exact import Clusters, Fingerprint, Scatter
from winnow.tasks.dedup.fuzzy_clusters import FUZZY, Candidates, FuzzyClusters
from winnow.tasks.dedup.keep import BEST, PLAIN
from winnow.tasks.dedup.known import Lookup, ResolveKnown
from winnow.tasks.dedup.minhash import PRESETS, ComputeSignatures, MinHash
from winnow.tasks.dedup.removal_rates import CountRemovals, RemovalRates
from winnow.tasks.dedup.removal_sample import RemovalSample
from winnow.tasks.dedup.resolve import ClusterStep, ResolveClusters
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Section
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.signals.condition import Condition

SHARDS_PER_PARTITION = 512
DEFAULT_PRESET = "verified"
SHARDS_PER_RANGE = 2048
STATED = {"fineweb": 0.75, "refinedweb": 0.8, "redpajama-0.7": 0.7, "redpajama-0.8": 0.8, "redpajama-0.9": 0.9}
"""The similarity for which the authors of a published preset chose its bands; RefinedWeb's are Lee et al.'s (2022)."""
K = TypeVar("K", bound=type["Deduplicate"])

_kinds: dict[str, type["Deduplicate"]] = {}


@stable("option/deduplicate")
@dataclass(frozen=True)
class Deduplicate:
    """One pass of deduplication, among what the passes before it kept. ``keep`` is a policy of ``tasks/dedup/keep.py``; without ``drop`` it
    only annotates. This class is for ``by: url`` and ``by: text``; the other kinds have options of their own."""

    by: str
    keep: str = "first"
    drop: bool = True
    columns: ClassVar[tuple[str, ...]] = ("cluster", "cluster_size", "cluster_rank")
    """What it adds to the decisions table, behind the name of the pass."""

    @classmethod
    def said(cls, options: dict[str, Any], reader: Reader) -> dict[str, Any]:
        """Options as a recipe writes them to those of the class. Raises BadInput."""
        return options

    def written(self) -> dict[str, Any]:
        """What is written in other words than the fields: the reverse of ``said``."""
        return {}

    def conditions(self) -> Iterable[Condition]:
        """Conditions in SQL on the signals."""
        return ()

    def check(self, reader: Reader) -> None:
        """Raises BadInput for options that make no sense."""
        if self.keep not in PLAIN and not self.keep.startswith(BEST):
            raise reader.error(f"deduplicate keep {self.keep!r} is not known; keep is {', '.join(PLAIN)} or {BEST}<signal>.")
        for key, low in (("min_tokens", 1), ("min_documents", 2), ("group_files", 0), ("min_chars", 0), ("min_chars_left", 0)):
            reader.whole_number(getattr(self, key, low), f"deduplicate {key}", low)

    def build(self, draft: Draft, entry: str) -> None:
        """Add the steps of the pass to the draft."""
        assert draft.text is not None
        fingerprints = Fingerprint(draft.text)
        scattered = Scatter("url" if self.by == "url" else "text", fingerprints, draft.decisions, self.keep, ranked_by(self.keep, draft))
        self.resolve(draft, Clusters(draft.crawl_digest, scattered, draft.partitions(SHARDS_PER_PARTITION)), entry)

    def resolve(self, draft: Draft, clusters: ClusterStep, entry: str, max_domains: int | None = None) -> None:
        """Clusters become decisions. Columns of the decisions table are called after the entry."""
        own = None if entry == clusters.by else entry
        draft.decide(ResolveClusters(draft.decisions, clusters, self.drop, self.keep != "none", own, max_domains))


def deduplicate_by(by: str) -> Callable[[K], K]:
    """Above a kind of deduplication: its name in ``by``. Raises ValueError if the name is taken."""

    def declare(cls: K) -> K:
        known = _kinds.get(by)
        if known and known.__qualname__ != cls.__qualname__:
            raise ValueError(f"deduplication by {by!r} is {known.__qualname__}'s, not {cls.__qualname__}'s")
        _kinds[by] = cls
        return cls

    return declare


deduplicate_by("url")(Deduplicate)
deduplicate_by("text")(Deduplicate)


@deduplicate_by("minhash")
@stable("option/deduplicate-minhash")
@dataclass(frozen=True)
class ByMinHash(Deduplicate):
    """``against`` names an index of earlier snapshots. In a recipe, ``preset`` and single fields of ``MinHash`` stand for ``minhash``.

    A document goes only for one that stays and with which it has at least ``min_similarity`` in common, or which contains ``min_containment`` of its
    n-grams; with 0, as in the published pipelines, for any member of its connected component. ``exempt`` is a condition on signals: documents for
    which it holds are never removed. Near copies over more than ``max_domains`` registered domains all go, the one that stays too: a burst.

    What was removed is reported: groups (sources, languages, domains, hosts) of at least ``warn_documents`` documents that lost more than ``warn_share`` of them, and
    what was lost in ``audit_pairs`` pairs of a removed document and the one that stays; 0 compares none."""

    minhash: MinHash = PRESETS[DEFAULT_PRESET]
    min_similarity: float = 0.8
    min_containment: float | None = None
    exempt: Condition | None = None
    against: str = ""
    max_domains: int | None = None
    warn_share: float = 0.5
    warn_documents: int = 100
    audit_pairs: int = 200
    columns: ClassVar[tuple[str, ...]] = tuple(FUZZY.names[2:])

    @classmethod
    def said(cls, options: dict[str, Any], reader: Reader) -> dict[str, Any]:
        own = {f.name: options.pop(f.name) for f in fields(MinHash) if f.name in options}
        preset = options.pop("preset", DEFAULT_PRESET)
        if preset not in PRESETS:
            raise reader.error(f"there is no minhash preset {preset!r}. Choose one of {', '.join(PRESETS)}.")
        options["minhash"] = replace(PRESETS[preset], **own)
        if preset != DEFAULT_PRESET:
            options.setdefault("min_similarity", 0.0)  # as published
        if options.get("exempt") is not None:
            options["exempt"] = Condition(str(options["exempt"]))
        return options

    def written(self) -> dict[str, Any]:
        return {f.name: getattr(self.minhash, f.name) for f in fields(MinHash)}

    def conditions(self) -> Iterable[Condition]:
        return (self.exempt,) if self.exempt else ()

    def check(self, reader: Reader) -> None:
        super().check(reader)
        reader.whole_number(self.warn_documents, "deduplicate warn_documents", 1)
        reader.whole_number(self.audit_pairs, "deduplicate audit_pairs", 0)
        if self.max_domains is not None:
            reader.whole_number(self.max_domains, "deduplicate max_domains", 1)
        for key in ("min_similarity", "min_containment", "warn_share"):
            value = getattr(self, key) or 0
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
                raise reader.error(f"deduplicate {key} is {value!r}; it must lie between 0 and 1.")
        if not self.min_similarity and (self.min_containment or self.exempt):
            raise reader.error(
                "min_containment and exempt need verified removal. Set min_similarity above 0, 0.8 for example, or leave out the preset."
            )

    def build(self, draft: Draft, entry: str) -> None:
        assert draft.text is not None
        assert draft.documents is not None
        ranges, crawl, before = draft.partitions(SHARDS_PER_RANGE), draft.crawl_digest, draft.decisions
        signatures = ComputeSignatures(draft.text, self.minhash)
        if self.against:
            lookup = Lookup(crawl, signatures, draft.decisions, draft.indexes[self.against], ranges)
            draft.decide(ResolveKnown(draft.decisions, lookup, self.drop, self.min_similarity, self.min_containment))
        components = Components(crawl, BandBuckets(crawl, signatures, draft.decisions, ranges))
        exempted = (self.exempt, draft.signals) if self.exempt else (None, None)
        candidates = Candidates(components, draft.text, self.minhash, self.keep, ranked_by(self.keep, draft), *exempted)
        clusters = FuzzyClusters(crawl, candidates, ranges, self.min_similarity, self.min_containment)
        self.resolve(draft, clusters, entry, self.max_domains)
        if self.drop:
            counts = CountRemovals(before, draft.decisions, draft.documents, entry)
            rates = RemovalRates(crawl, counts, draft.partitions(SHARDS_PER_PARTITION), self.warn_share, self.warn_documents)
            draft.keep(rates.label, rates)
            if self.audit_pairs and self.keep != "none":
                sample = RemovalSample(crawl, clusters, draft.text, self.audit_pairs, self._own_similarity, entry)
                draft.keep(sample.label, sample)

    @property
    def _own_similarity(self) -> float:
        """From which similarity on two documents are meant to be copies: the limit of verified removal; what the authors of a published preset state; else the
        similarity at which the curve of the bands rises."""
        if self.min_similarity:
            return self.min_similarity
        published = next((STATED[name] for name, minhash in PRESETS.items() if minhash == self.minhash and name in STATED), None)
        return published or round((1 / self.minhash.bands) ** (1 / self.minhash.rows), 3)


def ranked_by(keep: str, draft: Draft) -> Step | TextColumn | None:
    """What a keep policy reads, if anything."""
    if keep.startswith(BEST):
        return draft.signals  # type: ignore[no-any-return]
    rankings: dict[str, Step | TextColumn | None] = {"newest": draft.documents, "random": draft.documents, "longest": draft.text}
    return rankings.get(keep)


def read_rule(value: Any, reader: Reader) -> Any:
    """The pass that an entry of ``deduplicate`` asks for. Raises BadInput."""
    options = reader.mapping(value, "deduplicate")
    if str(options.get("by")) not in _kinds:
        raise reader.error(f"deduplicate by {options.get('by')!r} is not known; by is {', '.join(_kinds)}.")
    kind = _kinds[str(options["by"])]
    rule = reader.options(kind, kind.said(options, reader), f"deduplicate by {options['by']}")
    rule.check(reader)
    return rule


class DeduplicateSection(Section):
    key = "deduplicate"
    order = 30
    about = "Drops copies: by URL, by text, nearly (minhash), by meaning (embedding), or cuts what repeats inside texts (paragraph, substring, sentence)."
    options = Deduplicate
    columns: ClassVar = {
        "*_cluster": "what the members of the page's cluster share",
        "*_cluster_size": "how many pages the cluster has",
        "*_cluster_rank": "the page's place in the cluster; 0 stays",
        "*_domains": "over how many registered domains the page's cluster is spread",
    }

    @property
    def example(self) -> list[dict[str, str]]:
        return [{"by": by} for by in _kinds]

    def read(self, value: Any, reader: Reader) -> Any:
        return read_rule(value, reader)

    def decided(self, options: Any, entry: str) -> Iterable[str]:
        return [f"{entry}_{column}" for column in options.columns]

    def uses(self, options: Any) -> Iterable[str]:
        return [options.keep.removeprefix(BEST)] if options.keep.startswith(BEST) else []

    def check(self, options: Any, signals: Mapping[str, Any], reader: Reader) -> None:
        for condition in options.conditions():
            condition.check(pa.schema(list(signals.items())))

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        options.build(draft, entry)

    def written(self, options: Any, said: Any) -> Any:
        own = {k: v for k, v in said.items() if k != "preset"}
        return super().written(options, own | options.written())

    def schema(self) -> dict[str, Any]:
        from pydantic import TypeAdapter

        found = []
        for by, kind in _kinds.items():
            one = dict(TypeAdapter(kind).json_schema())
            properties = {k: v for k, v in one["properties"].items() if k != "minhash"} | {"by": {"const": by}, "name": {"type": "string"}}
            if "exempt" in properties:
                properties["exempt"] = {"type": ["string", "null"]}
            if kind is ByMinHash:
                properties |= {"preset": {"enum": list(PRESETS)}} | TypeAdapter(MinHash).json_schema()["properties"]
            found.append({"type": "object", "properties": properties, "required": ["by"], "additionalProperties": False})
        return {"oneOf": found}

"""A cap on registered domains: at most so many documents of each stay, whatever else a recipe allows.

Whoever buys a few lapsed domains, or fills one, changes at most that many documents of a corpus: the cheapest defence that "Poisoning Web-Scale Training Datasets is Practical"
(Carlini et al. 2024) leads to. The documents of a domain are ranked over the whole crawl by a keep policy, as copies are; ``random`` favours nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import xxhash

from winnow.tasks.dedup.exact import Clusters, Scatter
from winnow.tasks.dedup.keep import BEST, PLAIN
from winnow.tasks.dedup.resolve import Decisions, rows_of_shard
from winnow.tasks.dedup.sections import SHARDS_PER_PARTITION, ranked_by
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.ranges import KEY
from winnow.tasks.engine.sections import Draft, Section
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult
from winnow.tasks.signals.limit import Limit, apply_limits
from winnow.tasks.signals.select import DecidedLimit, add_crossed, decision_result
from winnow.tasks.sources.domains import registered_domain

RANK, DOCUMENTS = "domain_rank", "domain_documents"


@stable("step/domain-keys")
@dataclass(frozen=True)
class DomainKeys(ShardStep):
    """Documents in, a key of each one's registered domain out, null where it has no host."""

    name: ClassVar[str] = "domain-keys"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "makes the keys of registered domains"
    kind: ClassVar[Kind] = "join"

    documents: Step

    def run(self, shard: str, context: ShardContext) -> StepResult:
        hosts = context.read(self.documents, shard, ["host"])["host"].to_pylist()
        keys = {host: xxhash.xxh3_128_digest(registered_domain(host)) if host else None for host in set(hosts)}
        table = pa.table({"domain_key": pa.array([keys[host] for host in hosts], KEY)})
        return StepResult(table, len(hosts), len(hosts))


@stable("step/cap-domains")
@dataclass(frozen=True)
class CapDomains(ShardStep):
    """Decisions and ranks in, decisions out: ``domain_rank``, the place of a document among those of its registered domain (those kept so far first), ``domain_documents``, how many there
    are, and the limit ``domain_rank < documents``, applied like any other."""

    name: ClassVar[str] = "cap-domains"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "drops what is beyond the cap of a registered domain"
    reasons: ClassVar[Mapping[str, str]] = {f"{RANK}:high": "the page's registered domain has more documents than the recipe takes of one"}

    decisions: Decisions
    clusters: Clusters
    documents: int
    entry: str | None = None

    @property
    def label(self) -> str:
        return self.entry or self.name

    @property
    def decided_limits(self) -> tuple[DecidedLimit, ...]:
        """The cap, for ``winnow what-if``."""
        return (DecidedLimit(RANK, self.documents - 1, f"{RANK}:high"),)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        found = rows_of_shard(self.clusters, self.clusters.schema, shard, context)
        rank, size = np.zeros(before.num_rows, np.int32), np.ones(before.num_rows, np.int32)
        rows = found["row"].to_numpy()
        rank[rows], size[rows] = found["cluster_rank"].to_numpy(), found["cluster_size"].to_numpy()
        limit = Limit(RANK, high=self.documents - 1)
        after = add_crossed(before, *apply_limits({RANK: pa.chunked_array([rank])}, (limit,), before.num_rows, self.label))
        after = after.append_column(RANK, pa.array(rank)).append_column(DOCUMENTS, pa.array(size))
        return decision_result(after, before["kept"])


@stable("option/cap-domains")
@dataclass(frozen=True)
class DomainCap:
    """At most ``documents`` of a registered domain stay: those that ``keep`` puts first (``random``, ``first``, ``newest``, ``longest`` or ``best:<signal>``)."""

    documents: int
    keep: str = "random"


class CapDomainsSection(Section):
    key = "cap_domains"
    order = 28
    example: ClassVar = {"documents": 3}
    about = "Keeps at most so many documents of a registered domain."
    options = DomainCap
    columns: ClassVar = {RANK: "the page's place among those of its registered domain", DOCUMENTS: "how many documents that domain has"}

    def read(self, value: Any, reader: Reader) -> DomainCap:
        options: DomainCap = reader.options(DomainCap, value if isinstance(value, dict) else {"documents": value}, self.key)
        reader.whole_number(options.documents, "cap_domains.documents", 1)
        if options.keep == "none" or (options.keep not in PLAIN and not options.keep.startswith(BEST)):
            raise reader.error(f"cap_domains keep {options.keep!r} is not known; keep is random, first, newest, longest or {BEST}<signal>.")
        return options

    def decided(self, options: Any, entry: str) -> Iterable[str]:
        return [RANK, DOCUMENTS]

    def uses(self, options: Any) -> Iterable[str]:
        return [options.keep.removeprefix(BEST)] if options.keep.startswith(BEST) else []

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.documents is not None
        scattered = Scatter("domain", DomainKeys(draft.documents), draft.decisions, options.keep, ranked_by(options.keep, draft))
        clusters = Clusters(draft.crawl_digest, scattered, draft.partitions(SHARDS_PER_PARTITION))
        draft.decide(CapDomains(draft.decisions, clusters, options.documents, None if entry == self.key else entry))

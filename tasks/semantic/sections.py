"""``semantic`` in recipes, which measures, and ``deduplicate: [{by: embedding}]``, which removes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import winnow.tasks.semantic.endpoint  # noqa: F401  (registers its kind of embedding)
from winnow.tasks.dedup.components import Components
from winnow.tasks.dedup.fuzzy_clusters import Candidates
from winnow.tasks.dedup.minhash import MinHash
from winnow.tasks.dedup.sections import Deduplicate, deduplicate_by, ranked_by
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Phase, Section
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.semantic.clusters import NGRAM, ORDERS, AssignClusters, FitClusters
from winnow.tasks.semantic.embed import Embed, FitEmbedding
from winnow.tasks.semantic.embeddings import Embedding, NgramEmbedding, read_embedding
from winnow.tasks.semantic.neighbours import SIGNALS, Neighbours, SemanticSignals
from winnow.tasks.semantic.removal import SEMANTIC, NearPairs, SemanticCandidates, SemanticClusters
from winnow.tasks.signals.condition import Condition

SHARDS_PER_PARTITION = 64
SHARDS_PER_RANGE = 2048


@stable("option/semantic")
@dataclass(frozen=True)
class SemanticOptions:
    """``order`` is that in which documents of a cluster are compared: each is held against those before it."""

    embedding: Embedding = field(default_factory=NgramEmbedding)
    documents_per_cluster: int = 1000
    order: str = "first"

    def embed(self, text: TextColumn, crawl: str) -> Embed:
        """The step that makes the vectors."""
        return Embed(text, self.embedding, FitEmbedding(crawl, text, self.embedding) if self.embedding.sample else None)

    def assigned(self, text: TextColumn, crawl: str) -> AssignClusters:
        """The steps up to the members of clusters."""
        embed = self.embed(text, crawl)
        return AssignClusters(embed, FitClusters(crawl, embed, self.documents_per_cluster), text, self.order)


class SemanticSection(Section):
    key = "semantic"
    phase: ClassVar[Phase] = "measure"
    order = 60
    about = "Embeds every document and measures its cluster, its distance from the centroid and its most similar neighbour."
    options = SemanticOptions
    example: ClassVar[Any] = {}
    _meanings: ClassVar[Mapping[str, tuple[str, str]]] = {
        "semantic_cluster": ("number", "the cluster whose centroid is nearest"),
        "semantic_distance": ("1 - cosine", "how far the document lies from that centroid (D4)"),
        "semantic_distance_rank": ("share", "how many of the cluster's documents lie nearer to the centroid"),
        "semantic_density_share": ("share", "the smallest share of all documents at which density-based pruning keeps this one"),
        "semantic_similarity": ("cosine", "nearness to the most similar document before it; above 1 - eps SemDeDup drops it"),
        "semantic_neighbour": ("id", "that document"),
        "semantic_overlap": ("share", "Jaccard similarity of the word 3-grams of the two, estimated"),
    }

    def read(self, value: Any, reader: Reader) -> SemanticOptions:
        said = {} if value in (None, True) else reader.mapping(value, self.key)
        said = said | {"embedding": read_embedding(said.get("embedding", "ngrams"), reader)}
        options = reader.options(SemanticOptions, said, self.key)
        reader.whole_number(options.documents_per_cluster, "semantic.documents_per_cluster", 2)
        if options.order not in ORDERS:
            raise reader.error(f"semantic.order is {options.order!r}; it is one of {', '.join(ORDERS)}.")
        return options

    def signals(self, options: Any) -> Mapping[str, Any]:
        return SIGNALS

    def unit(self, name: str) -> str:
        return self._meanings[name][0]

    def meaning(self, name: str) -> str:
        return self._meanings[name][1]

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.text is not None
        assigned = options.assigned(draft.text, draft.crawl_digest)
        neighbours = Neighbours(draft.crawl_digest, assigned, draft.partitions(SHARDS_PER_PARTITION))
        draft.signal_tables.append(SemanticSignals(assigned.embed, neighbours))

    def schema(self) -> dict[str, Any]:
        properties = {
            "embedding": {"type": ["string", "object"]},
            "documents_per_cluster": {"type": "integer", "minimum": 2},
            "order": {"enum": list(ORDERS)},
        }
        return {"type": ["object", "boolean", "null"], "properties": properties, "additionalProperties": False}


@deduplicate_by("embedding")
@stable("option/deduplicate-embedding")
@dataclass(frozen=True)
class ByEmbedding(Deduplicate):
    """A document goes only for one that stays, with a cosine of at least ``min_similarity`` (1 minus SemDeDup's eps) and of whose word n-grams it shares
    ``min_overlap`` (Jaccard). Vectors and clusters are those of the recipe's ``semantic``, or of its defaults. Documents for which ``exempt`` holds stay."""

    min_similarity: float = 0.9
    min_overlap: float = 0.3
    exempt: Condition | None = None
    columns: ClassVar[tuple[str, ...]] = tuple(SEMANTIC.names[2:])

    @classmethod
    def said(cls, options: dict[str, Any], reader: Reader) -> dict[str, Any]:
        if options.get("exempt") is not None:
            options["exempt"] = Condition(str(options["exempt"]))
        return options

    def conditions(self) -> Iterable[Condition]:
        return (self.exempt,) if self.exempt else ()

    def check(self, reader: Reader) -> None:
        super().check(reader)
        for key in ("min_similarity", "min_overlap"):
            value = getattr(self, key)
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
                raise reader.error(f"deduplicate {key} is {value!r}; it must lie between 0 and 1.")

    def build(self, draft: Draft, entry: str) -> None:
        assert draft.text is not None
        crawl = draft.crawl_digest
        measured = next((step for step in draft.signal_tables if isinstance(step, SemanticSignals)), None)
        assigned = measured.neighbours.assigned if measured else SemanticOptions().assigned(draft.text, crawl)
        pairs = NearPairs(crawl, assigned, draft.decisions, self.min_similarity, draft.partitions(SHARDS_PER_PARTITION))
        exempted = (self.exempt, draft.signals) if self.exempt else (None, None)
        words = MinHash(NGRAM, 1, 1, unspaced_as_words=True)
        near = Candidates(Components(crawl, pairs), draft.text, words, self.keep, ranked_by(self.keep, draft), *exempted)
        candidates = SemanticCandidates(near, assigned.embed)
        ranges = draft.partitions(SHARDS_PER_RANGE)
        self.resolve(draft, SemanticClusters(crawl, candidates, ranges, self.min_similarity, self.min_overlap), entry)

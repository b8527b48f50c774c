"""Signals and removal against the rules written plainly, for any shards, partitions and memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided, ids
from winnow.tasks.dedup.components import Components
from winnow.tasks.dedup.fuzzy_clusters import Candidates
from winnow.tasks.dedup.minhash import MinHash
from winnow.tasks.dedup.resolve import ResolveClusters
from winnow.tasks.dedup.shingles import shingles
from winnow.tasks.dedup.verified import jaccard
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.semantic import neighbours as module
from winnow.tasks.semantic.embeddings import NgramEmbedding
from winnow.tasks.semantic.neighbours import Neighbours, SemanticSignals, nearest_before, overlap, quota_shares
from winnow.tasks.semantic.removal import NearPairs, SemanticCandidates, SemanticClusters, joined
from winnow.tasks.semantic.sections import SemanticOptions
from winnow.tasks.semantic.vectors import loaded, quantised, similarities

pytestmark = pytest.mark.slow

WORDS = MinHash(2, 1, 1, unspaced_as_words=True)


def assigned(order="first", per_cluster=1000):
    return SemanticOptions(NgramEmbedding(64, 5), per_cluster, order).assigned(TextColumn(Documents()), "crawl")


def signals(order="first", partitions=1, per_cluster=1000):
    members = assigned(order, per_cluster)
    return SemanticSignals(members.embed, Neighbours("crawl", members, partitions))


def removal(least, shared, partitions=1):
    members, judged = assigned(), Decided()
    pairs = NearPairs("crawl", members, judged, least, partitions)
    near = Candidates(Components("crawl", pairs), TextColumn(Documents()), WORDS)
    return ResolveClusters(judged, SemanticClusters("crawl", SemanticCandidates(near, members.embed), partitions, least, shared))


def documents(*files):
    DOCS.clear()
    DOCS.update({f"f{i}": docs for i, docs in enumerate(files)})


def vectors_of(context):
    embed = assigned().embed
    return np.concatenate([loaded(context.read(embed, key)["vector"]) for key in context.shard_keys])


TEXTS = st.lists(st.sampled_from("red green blue one two three tax law".split()), min_size=1, max_size=5).map(" ".join)
FILES = st.lists(
    st.lists(st.fixed_dictionaries({"url": TEXTS, "text": TEXTS, "kept": st.booleans()}), min_size=1, max_size=5), min_size=1, max_size=3
)


@settings(max_examples=10)
@given(FILES, st.sampled_from([1, 2]), st.sampled_from([1, 3]), st.sampled_from([1000, 1 << 30]))
def test_the_most_similar_document_before(tmp_path_factory, files, files_per_shard, partitions, memory_bytes):
    documents(*files)
    context = context_of(tmp_path_factory.mktemp("store"), files_per_shard, memory_bytes)
    rows = decided(signals(partitions=partitions), context)
    vectors, every = vectors_of(context), [i for path in DOCS for i in ids(path)]
    found = np.round(similarities(vectors, vectors), 6)
    for n, row in enumerate(rows):
        assert row["id"] == every[n]
        assert row["semantic_similarity"] == (found[n, :n].max() if n else 0)
        assert row["semantic_neighbour"] == (every[int(found[n, :n].argmax())] if n else None)
    assert sorted(row["semantic_distance_rank"] for row in rows) == pytest.approx(
        [(n + 0.5) / len(rows) for n in range(len(rows))], abs=1e-5
    )
    assert sorted(row["semantic_density_share"] for row in rows) == pytest.approx([(n + 1) / len(rows) for n in range(len(rows))], abs=1e-5)


@settings(max_examples=10)
@given(FILES, st.sampled_from([0.3, 0.7]), st.sampled_from([0.0, 0.4]), st.sampled_from([1, 3]))
def test_a_document_goes_only_for_one_that_stays(tmp_path_factory, files, least, shared, partitions):
    documents(*files)
    context = context_of(tmp_path_factory.mktemp("store"))
    rows = decided(removal(least, shared, partitions), context)
    vectors = vectors_of(context)
    cosine = np.round(similarities(vectors, vectors), 6)
    sets = [np.unique(shingles([d["text"]], 2, unspaced_as_words=True).hashes) for path in DOCS for d in DOCS[path]]
    stay = []
    for n, row in enumerate(rows):
        if row["reason"] == "bad:high":
            continue
        near = [k for k in stay if cosine[n, k] >= least and jaccard(sets[n], sets[k]) >= shared]
        assert row["kept"] == (not near), row
        if near:
            best = max(near, key=lambda k: (cosine[n, k], -k))
            assert row["embedding_cluster"] == rows[best]["id"]
            assert row["embedding_similarity"] == cosine[n, best]
        else:
            stay.append(n)


def test_documents_without_a_vector_resemble_nothing(tmp_path):
    documents([{"url": "", "text": "..."}, {"url": "", "text": "one two"}, {"url": "", "text": ""}])
    rows = decided(signals(), context_of(tmp_path))
    assert [r["semantic_cluster"] for r in rows] == [None, 0, None]
    assert [r["semantic_similarity"] for r in rows] == [0, 0, 0]
    documents([{"url": "", "text": ""}])
    assert decided(signals(), context_of(tmp_path / "other"))[0]["semantic_cluster"] is None


def test_orders(tmp_path):
    documents([{"url": "", "text": "one two"}, {"url": "", "text": "one two three four"}])
    similarity = {
        order: [r["semantic_similarity"] > 0 for r in decided(signals(order), context_of(tmp_path))] for order in ("first", "longest")
    }
    assert similarity == {"first": [False, True], "longest": [True, False]}


def test_several_clusters_find_the_pairs(tmp_path):
    rng = np.random.default_rng(3)
    lexicon = ["".join(rng.choice(list("abcdefghij"), 6)) for _ in range(300)]
    texts = [" ".join(rng.choice(lexicon[t % 6 * 50 : t % 6 * 50 + 50], 40)) for t in range(60)]
    documents([{"url": "", "text": t} for t in texts], [{"url": "", "text": t + " more"} for t in texts])
    rows = decided(signals(partitions=4, per_cluster=20), context_of(tmp_path))
    assert len({r["semantic_cluster"] for r in rows}) > 3
    assert [r["semantic_neighbour"] for r in rows[60:]] == [r["id"] for r in rows[:60]]
    assert min(r["semantic_overlap"] for r in rows[60:]) > 0.8


def test_a_large_cluster_is_split(monkeypatch):
    rng = np.random.default_rng(5)
    base = rng.normal(size=(40, 32))
    vectors = quantised(np.concatenate([base, base + rng.normal(scale=0.01, size=base.shape)]))
    whole = nearest_before(vectors)
    monkeypatch.setattr(module, "MOST_COMPARED", 30)
    place, value = nearest_before(vectors)
    assert (place[40:] == whole[0][40:]).mean() > 0.9
    assert (value <= whole[1]).all()
    same = np.tile(vectors[:1], (100, 1))
    assert (nearest_before(same)[1][1:] == 1).mean() > 0.9


def test_joined_are_the_components():
    vectors = quantised(np.array([[1, 0], [0, 1], [1, 0.2], [0.2, 1], [1, 0.4], [-1, 0]]))
    assert joined(vectors, 0.95).tolist() == [[0, 1, 0], [2, 3, 4]]


def test_overlap_is_exact_for_small_sets():
    a, b = np.array([1, 2, 3], np.uint32), np.array([2, 3, 4, 5], np.uint32)
    assert overlap(a, b) == pytest.approx(2 / 4)  # of the four smallest of the union
    assert overlap(a, a) == 1
    assert overlap(a, b[:0]) == 0


def test_quotas_are_filled_in_proportion():
    place, cluster = np.array([1, 2, 3, 4, 1]), np.array([0, 0, 0, 0, 1])
    shares = quota_shares(place, cluster, np.array([4, 1]), np.array([0.5, 0.5]))
    assert shares.tolist() == [0.4, 0.6, 0.8, 1.0, 0.4]

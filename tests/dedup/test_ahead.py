"""Partitions that one worker makes in a row open each shard once, and hold what they would hold alone."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, Decided, Documents, context_of
from winnow.tasks.dedup.band_buckets import BandBuckets
from winnow.tasks.dedup.components import Components
from winnow.tasks.dedup.exact import Clusters, Fingerprint, Scatter
from winnow.tasks.dedup.fuzzy_clusters import Candidates, FuzzyClusters
from winnow.tasks.dedup.minhash import ComputeSignatures, MinHash
from winnow.tasks.dedup.signed_files import signed_files
from winnow.tasks.edit.paragraph import Paragraphs, RepeatedParagraphs
from winnow.tasks.edit.substring import RepeatedWindows, Windows
from winnow.tasks.engine import ahead, number_ranges
from winnow.tasks.engine.plan import Plan
from winnow.tasks.engine.store import Store
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.semantic.embeddings import NgramEmbedding
from winnow.tasks.semantic.neighbours import Neighbours
from winnow.tasks.semantic.removal import NearPairs
from winnow.tasks.semantic.sections import SemanticOptions

WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=8).map(" ".join)
FILES = st.lists(st.lists(st.fixed_dictionaries({"url": WORDS, "text": WORDS, "kept": st.booleans()}), max_size=6), min_size=1, max_size=4)


def gathering(ranges):
    documents, decided, minhash = Documents(), Decided(), MinHash(ngram=2, bands=4, rows=2)
    text = TextColumn(documents)
    buckets = BandBuckets("crawl", ComputeSignatures(text, minhash), decided, ranges)
    clusters = FuzzyClusters("crawl", Candidates(Components("crawl", buckets), text, minhash), ranges)
    members = SemanticOptions(NgramEmbedding(64, 2), 2).assigned(text, "crawl")
    return (
        buckets,
        Clusters("crawl", Scatter("text", Fingerprint(text), decided), ranges),
        clusters,
        RepeatedParagraphs("crawl", Paragraphs(text), decided, ranges),
        RepeatedWindows("crawl", Windows(text, 2), decided, ranges),
        Neighbours("crawl", members, ranges),
        NearPairs("crawl", members, decided, 0.5, ranges),
    )


def made(steps, context, *, in_a_row):
    ahead._held.clear()
    signed_files.cache_clear()
    number_ranges._known.cache_clear()
    plan = Plan(steps, context)
    while works := plan.missing():
        shards = list(works[0].todo)
        for n, shard in enumerate(shards):
            rest = shards[n + 1 :] if in_a_row and works[0].stage.steps[0].in_a_row else ()
            context.make(works[0].stage.steps, shard, works[0].todo[shard], rest)
            for address in works[0].todo[shard]:
                plan.mark(address, shard)
    return {
        (step.label, shard): {**context.store.report(step, shard), "seconds": 0, "cpu_s": 0, "peak_rss_bytes": 0}
        for step in steps
        for shard in step.shards(context)
    }


@pytest.mark.slow
@settings(max_examples=25)
@given(FILES, st.sampled_from([1, 3]), st.sampled_from([500, 3000, 1 << 30]))
def test_nothing_else_is_made(tmp_path_factory, files, ranges, memory_bytes):
    DOCS.clear()
    DOCS.update({f"f{i}": docs for i, docs in enumerate(files)})
    alone, together = (context_of(tmp_path_factory.mktemp("store"), 1, memory_bytes) for _ in range(2))
    assert made(gathering(ranges), alone, in_a_row=False) == made(gathering(ranges), together, in_a_row=True)
    assert together.ahead == ()
    assert not ahead._held


@pytest.mark.parametrize(("memory_bytes", "reads"), [(1 << 30, 1), (64 * 2 * 3 * 4, 2)])
def test_each_file_is_opened_once_for_its_groups_and_once_for_all_that_fits(tmp_path, monkeypatch, memory_bytes, reads):
    """Two documents in each of three files, four bands of six rows: two bands fit half of the smaller bound."""
    DOCS.clear()
    DOCS.update({f"f{i}": [{"url": f"{i}-{n}", "text": f"a{i} b{n} c{i} d"} for n in range(2)] for i in range(3)})
    buckets, *_ = gathering(1)
    context, opened = context_of(tmp_path, 1, memory_bytes), Counter()
    real = Store.open_parquet
    monkeypatch.setattr(Store, "open_parquet", lambda self, step, shard: opened.update([(step.label, shard)]) or real(self, step, shard))
    made([buckets], context, in_a_row=True)
    assert {n for (label, _), n in opened.items() if label == "sign"} == {1 + reads}


@pytest.mark.parametrize(("in_a_row", "opens"), [(True, 1), (False, 3)])
def test_each_scattered_file_is_opened_once_for_the_partitions_that_fit(tmp_path, monkeypatch, in_a_row, opens):
    DOCS.clear()
    DOCS.update({f"f{i}": [{"url": f"{i}-{n}", "text": f"a{i} b{n}"} for n in range(9)] for i in range(3)})
    _, clusters, *_ = gathering(3)
    context, opened = context_of(tmp_path), Counter()
    real = Store.open_parquet
    monkeypatch.setattr(Store, "open_parquet", lambda self, step, shard: opened.update([(step.label, shard)]) or real(self, step, shard))
    made([clusters], context, in_a_row=in_a_row)
    assert {n for (label, _), n in opened.items() if label == "scatter-text"} == {opens}


@pytest.mark.parametrize(
    ("number", "source", "opens"), [(2, "candidates", 2), (3, "paragraphs", 1), (4, "windows", 1), (5, "assign-clusters", 2)]
)
def test_each_sorted_file_is_opened_once_to_know_its_groups_and_once_for_all_that_fits(tmp_path, monkeypatch, number, source, opens):
    """Where the reports say what a partition takes, one opening serves both."""
    DOCS.clear()
    DOCS.update({f"f{i}": [{"url": f"{i}-{n}", "text": f"a b {n % 4} c\nd e"} for n in range(9)] for i in range(3)})
    step = gathering(3)[number]
    context, opened = context_of(tmp_path), Counter()
    real = Store.open_parquet
    monkeypatch.setattr(Store, "open_parquet", lambda self, step, shard: opened.update([(step.label, shard)]) or real(self, step, shard))
    made([step], context, in_a_row=True)
    assert {n for (label, _), n in opened.items() if label == source} == {opens}


def test_who_asks_for_others_than_were_read_ahead_gets_them(tmp_path):
    DOCS.clear()
    DOCS["f"] = [{"url": "", "text": "one two three"}, {"url": "", "text": "one two three"}]
    buckets, *_ = gathering(1)
    context = context_of(tmp_path)
    shards = buckets.shards(context)
    for step in (buckets.signatures.text.documents, buckets.decisions, buckets.signatures):
        context.make([step], context.shard_keys[0], [step.address])
    context.make([buckets], shards[0], [buckets.address], shards[1:])
    assert len(ahead._held) == len(shards) - 1
    for shard in reversed(shards[1:]):
        context.make([buckets], shard, [buckets.address])
    assert not ahead._held
    assert {context.store.report(buckets, shard)["rows_out"] for shard in shards} == {1}

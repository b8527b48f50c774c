"""MinHash: the published curve, clusters against the rule written plainly, and nothing that depends on shards, ranges or memory."""

import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided, ids
from winnow.tasks.dedup import resolve
from winnow.tasks.dedup.band_buckets import BandBuckets
from winnow.tasks.dedup.components import Components
from winnow.tasks.dedup.fuzzy_clusters import Candidates, FuzzyClusters
from winnow.tasks.dedup.minhash import PRESETS, ComputeSignatures, MinHash
from winnow.tasks.dedup.resolve import ResolveClusters
from winnow.tasks.dedup.shingles import Shingles, shingles
from winnow.tasks.dedup.verified import jaccard
from winnow.tasks.engine.errors import DamagedArtifact
from winnow.tasks.engine.plan import Plan
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.signals.condition import Condition

pytestmark = pytest.mark.slow

SMALL = MinHash(ngram=2, bands=6, rows=2)


def pipeline(minhash=SMALL, ranges=1, min_similarity=0.0, keep="first", ranked_by=None, exempt=None, min_containment=None):
    documents, judged = Documents(), Decided()
    components = Components("crawl", BandBuckets("crawl", ComputeSignatures(TextColumn(documents), minhash), judged, ranges))
    candidates = Candidates(components, TextColumn(documents), minhash, keep, ranked_by, exempt, Short(documents) if exempt else None)
    return ResolveClusters(judged, FuzzyClusters("crawl", candidates, ranges, min_similarity, min_containment), True, keep != "none")


def set_of(text, minhash=SMALL):
    return np.unique(shingles([text], minhash.ngram).hashes)


def plainly(minhash):
    """Clusters as lists of ids, the one that stays first."""
    members = [(i, d["text"]) for path in DOCS for i, d in zip(ids(path), DOCS[path], strict=True) if d.get("kept", True)]
    keys = [minhash.band_keys(shingles([t], minhash.ngram))[:, 0] if len(set_of(t, minhash)) else None for _, t in members]
    group = list(range(len(members)))
    for b in range(len(members)):
        for a in range(b):
            if keys[a] is not None and keys[b] is not None and (keys[a] == keys[b]).any():
                group = [group[a] if g == group[b] else g for g in group]
    clusters = defaultdict(list)
    for g, (i, _) in zip(group, members, strict=True):
        clusters[g].append(i)
    return sorted(c for c in clusters.values() if len(c) > 1)


def plainly_verified(low, minhash, exempt=()):
    """As ``plainly``, one document after the other: who is close enough to one that stays goes for the closest such, the others stay."""
    members = [(i, set_of(d["text"], minhash)) for path in DOCS for i, d in zip(ids(path), DOCS[path], strict=True)]
    members = [m for m in members if len(m[1])]
    clusters = {}
    for i, own in sorted(members, key=lambda m: m[0] not in exempt):
        near = [(jaccard(own, dict(members)[k]), k) for k in clusters]
        similarity, best = max(near, key=lambda n: n[0], default=(-1, None))
        if similarity >= low and i not in exempt:
            clusters[best].append(i)
        else:
            clusters[i] = [i]
    place = [i for i, _ in members]
    return sorted([c[0], *sorted(c[1:], key=place.index)] for c in clusters.values() if len(c) > 1)


def clusters_of(rows):
    found = defaultdict(list)
    for row in rows:
        if row["minhash_cluster"]:
            found[row["minhash_cluster"]].append((row["minhash_cluster_rank"], row["id"]))
            assert row["kept"] == (row["minhash_cluster_rank"] == 0)
    return sorted([i for _, i in sorted(members)] for members in found.values())


WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=8).map(" ".join)
FILES = st.lists(st.lists(st.fixed_dictionaries({"url": WORDS, "text": WORDS, "kept": st.booleans()}), max_size=6), min_size=1, max_size=4)


@settings(max_examples=15)
@given(FILES, st.sampled_from([1, 3]), st.sampled_from([1, 2]), st.sampled_from([1000, 1 << 30]))
def test_clusters_against_the_rule_written_plainly(tmp_path_factory, files, ranges, files_per_shard, memory_bytes):
    DOCS.clear()
    DOCS.update({f"f{i}": docs for i, docs in enumerate(files)})
    step, context = pipeline(ranges=ranges), context_of(tmp_path_factory.mktemp("store"), files_per_shard, memory_bytes)
    rows = decided(step, context)
    assert clusters_of(rows) == plainly(SMALL)
    text = {i: d for path in DOCS for i, d in zip(ids(path), DOCS[path], strict=True)}
    for row in rows:
        if row["minhash_cluster"]:
            stays = text[row["minhash_cluster"]]
            assert row["minhash_kept_url"] == stays["url"]
            assert row["minhash_similarity"] == jaccard(set_of(text[row["id"]]["text"]), set_of(stays["text"]))
    dropped = sum(sum(context.store.report(step, key)["dropped"].values()) for key in context.shard_keys)
    assert dropped == sum(r["reason"] == "minhash_cluster_rank:high" for r in rows)


@settings(max_examples=10)
@given(st.lists(WORDS, min_size=2, max_size=12), st.sampled_from([0.3, 0.8]))
def test_verified_clusters_hold_no_weak_link(tmp_path_factory, texts, low):
    DOCS.clear()
    DOCS["f"] = [{"url": "", "text": t} for t in texts]
    every = MinHash(ngram=2, bands=64, rows=1)  # so many buckets that no similar pair is missed
    rows = decided(pipeline(every, min_similarity=low), context_of(tmp_path_factory.mktemp("store")))
    assert clusters_of(rows) == plainly_verified(low, every)


@dataclass(frozen=True)
class Short(ShardStep):
    """A table of signals: how long each text is."""

    name: ClassVar[str] = "signals"
    documents: Documents

    def run(self, shard, context):
        documents = context.read(self.documents, shard)
        table = pa.table({"id": documents["id"], "chars": pc.utf8_length(documents["text"])})
        return StepResult(table, len(table), len(table))


def test_an_exempt_document_is_never_removed_and_others_go_for_it(tmp_path):
    DOCS.clear()
    text = "one two three four five six seven eight nine ten"
    DOCS["f"] = [{"url": "", "text": t} for t in (f"{text} eleven", text, f"{text} eleven twelve", text)]
    rows = decided(pipeline(min_similarity=0.7, exempt=Condition(f"chars = {len(text)}")), context_of(tmp_path))
    assert [r["kept"] for r in rows] == [False, True, False, True]
    assert {r["minhash_cluster"] for r in rows if not r["kept"]} == {"f:1"}


def test_chains_lose_no_document_without_a_near_one_that_stays(tmp_path):
    """Each text has 80 % in common with the next, the ends have nothing: of a chain the ends went as well, for a text that they share nothing with."""
    words = [f"w{i}" for i in range(400)]
    DOCS.clear()
    DOCS["f"] = [{"url": "", "text": " ".join(words[i * 10 : i * 10 + 100])} for i in range(30)]
    minhash = MinHash(ngram=1, bands=40, rows=3)
    rows = decided(pipeline(minhash, min_similarity=0.8), context_of(tmp_path))
    sets = {i: set_of(d["text"], minhash) for i, d in zip(ids("f"), DOCS["f"], strict=True)}
    kept = [r["id"] for r in rows if r["kept"]]
    assert len(kept) == 15
    for r in rows:
        if not r["kept"]:
            assert r["minhash_similarity"] == jaccard(sets[r["id"]], sets[r["minhash_cluster"]]) >= 0.8
            assert r["minhash_cluster"] in kept
            assert r["minhash_ngrams_lost"] == len(set(sets[r["id"]]) - set(sets[r["minhash_cluster"]]))
            assert r["minhash_containment"] == pytest.approx(1 - r["minhash_ngrams_lost"] / len(sets[r["id"]]))
            assert r["minhash_shared_bands"] > 0
    assert not [1 for a in kept for b in kept if a < b and jaccard(sets[a], sets[b]) >= 0.8]


def test_containment_is_enough_where_it_is_asked_for(tmp_path):
    DOCS.clear()
    page = [f"w{i}" for i in range(60)]
    DOCS["f"] = [
        {"url": "", "text": " ".join(t)} for t in (page, page[:30], [*page[10:20], "x", "y"], [*page, *(f"v{i}" for i in range(90))])
    ]
    every = MinHash(ngram=1, bands=64, rows=1)
    assert [r["kept"] for r in decided(pipeline(every, min_similarity=0.8), context_of(tmp_path / "a"))] == [True] * 4
    # The last holds the first whole, but is longer: nothing is removed for less than it has.
    rows = decided(pipeline(every, min_similarity=0.8, min_containment=0.95), context_of(tmp_path / "b"))
    assert [r["kept"] for r in rows] == [True, False, True, True]


def test_a_large_component_is_verified_by_its_buckets(tmp_path):
    rng = random.Random(3)
    bases = [[f"w{rng.randrange(10**6)}" for _ in range(60)] for _ in range(3)]
    shared = [f"s{i}" for i in range(60)]
    DOCS.clear()
    # Three families that share half of their words with each other, 40 members each, each with one word of its own.
    DOCS["f"] = [{"url": "", "text": " ".join([*shared, *base, f"own{i}"])} for i in range(40) for base in bases]
    minhash = MinHash(ngram=2, bands=30, rows=3)
    assert len(clusters_of(decided(pipeline(minhash), context_of(tmp_path / "a")))) == 1
    assert [len(c) for c in clusters_of(decided(pipeline(minhash, min_similarity=0.8), context_of(tmp_path / "b")))] == [40, 40, 40]


@pytest.mark.parametrize(
    ("keep", "stays"), [("first", ["f:0"]), ("newest", ["f:1"]), ("longest", ["f:2"]), ("best:quality", ["f:3"]), ("none", [])]
)
def test_keep_policies(tmp_path, keep, stays):
    DOCS.clear()
    text = "one two three four five six"
    DOCS["f"] = [
        {"url": "", "text": text, "date": "2024-01-01T00:00:00Z", "quality": 0.1},
        {"url": "", "text": text, "date": "2025-01-01T00:00:00Z", "quality": 0.2},
        {"url": "", "text": f"  {text}  ", "date": "", "quality": None},
        {"url": "", "text": text, "date": "not a date", "quality": 0.9},
        {"url": "", "text": "something else entirely that stays"},
    ]
    source = {"newest": Documents(), "longest": TextColumn(Documents()), "best:quality": Decided()}.get(keep)
    rows = decided(pipeline(keep=keep, ranked_by=source), context_of(tmp_path))
    assert [r["id"] for r in rows if r["kept"]] == [*stays, "f:4"]
    reasons = {r["reason"] for r in rows if r["reason"]}
    assert reasons == {"minhash_cluster_size:high" if keep == "none" else "minhash_cluster_rank:high"}


@pytest.mark.parametrize("preset", ["fineweb", "redpajama-0.7", "redpajama-0.8", "redpajama-0.9"])
@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.8, 0.9])
def test_the_curve_of_a_preset(preset, similarity):
    """As many pairs share a bucket as the bands promise, within 5 standard errors: the permutations are as good as independent."""
    minhash, rng, pairs, size = PRESETS[preset], np.random.default_rng(7), 1500, 300
    shared = round(2 * size * similarity / (1 + similarity))
    exact = shared / (2 * size - shared)
    sets = []
    for _ in range(pairs):
        values = rng.integers(0, 1 << 32, 2 * size - shared, dtype=np.uint32)
        sets += [values[:size], values[size - shared :]]
    keys = minhash.band_keys(Shingles(np.concatenate(sets), np.arange(2 * pairs + 1) * size))
    share = (keys[:, ::2] == keys[:, 1::2]).any(axis=0).mean()
    expected = 1.0 - (1.0 - exact**minhash.rows) ** minhash.bands
    assert abs(share - expected) < 5 * max(np.sqrt(expected * (1 - expected) / pairs), 1 / pairs)


def test_a_damaged_partition_is_found_and_made_again(tmp_path):
    DOCS.clear()
    DOCS.update({f: [{"url": "", "text": "one two three four five six"}] for f in ("f", "g")})
    step, context = pipeline(), context_of(tmp_path)
    before = decided(step, context)
    candidates = step.clusters.candidates
    for damaged, dependents in ((candidates.components, (candidates, step.clusters, step)), (step.clusters, (step,))):
        path = Path(context.store.full(damaged.data_path(damaged.shards(context)[0])))
        raw = bytearray(path.read_bytes())
        with context.store.open_parquet(damaged, damaged.shards(context)[0]) as file:
            raw[file.metadata.row_group(0).column(0).data_page_offset - 1] ^= 1  # the last byte of its dictionary
        path.write_bytes(bytes(raw))
        for dependent in dependents:
            for key in dependent.shards(context):
                context.store.delete(context.store.report_path(dependent, key))
        resolve._blocks.clear()  # as in another worker: this one remembers what it has read
        with pytest.raises(DamagedArtifact):
            decided(step, context)
        assert Plan([step], context).missing()
        assert decided(step, context) == before


@pytest.mark.parametrize("options", [{"bands": 0}, {"rows": -1}, {"ngram": True}])
def test_impossible_options_are_refused(options):
    with pytest.raises(TypeError, match="at least 1"):
        MinHash(**options)

"""What near-duplicate removal took: rates by group, and the sample of pairs."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, ids
from winnow.tasks.dedup.band_buckets import BandBuckets
from winnow.tasks.dedup.components import Components
from winnow.tasks.dedup.fuzzy_clusters import Candidates, FuzzyClusters
from winnow.tasks.dedup.minhash import ComputeSignatures, MinHash
from winnow.tasks.dedup.removal_rates import CountRemovals, RemovalRates, source_of
from winnow.tasks.dedup.removal_sample import FALSE_BELOW, SIMILARITIES, SIZES, RemovalSample, allocation, stratum_of, words_in_order
from winnow.tasks.dedup.resolve import ResolveClusters
from winnow.tasks.dedup.shingles import tokenised
from winnow.tasks.engine.plan import Plan
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.signals.limit import CROSSED

MINHASH = MinHash(ngram=2, bands=10, rows=2)
WORDS = "a bird can do every fine good house in just kind low mill near old plain quiet rain stone that under very wind young zone".split()


@dataclass(frozen=True)
class Placed(ShardStep):
    """Documents with a host, a language and a file."""

    name: ClassVar[str] = "documents"

    def run(self, shard: str, context) -> StepResult:
        rows = [(f.path, d) for f in context.shard(shard).files for d in DOCS[f.path]]
        table = pa.table(
            {
                "id": [i for f in context.shard(shard).files for i in ids(f.path)],
                "host": pa.array([d.get("host") for _, d in rows], pa.string()),
                "language": pa.array([d.get("language", "en") for _, d in rows], pa.string()),
                "source_file": [path for path, _ in rows],
            }
        )
        return StepResult(table, len(rows), len(rows))


@dataclass(frozen=True)
class Judged(ShardStep):
    """Decisions that a page states itself, under a key."""

    name: ClassVar[str] = "judged"

    key: str

    @property
    def label(self) -> str:
        return f"judged-{self.key}"

    def run(self, shard: str, context) -> StepResult:
        reasons = [d.get(self.key) for f in context.shard(shard).files for d in DOCS[f.path]]
        kept = [r is None for r in reasons]
        crossed = pa.array([[] for _ in reasons], CROSSED)
        columns = {"kept": pa.array(kept, pa.bool_()), "reason": pa.array(reasons, pa.string()), "crossed": crossed}
        return StepResult(pa.table(columns), len(kept), len(kept))


def made(step, context, table=""):
    plan = Plan([step], context)
    while works := plan.missing():
        for shard, addresses in works[0].todo.items():
            for report in context.make(works[0].stage.steps, shard, addresses):
                plan.mark(report["address"], shard)
    return [row for shard in step.shards(context) for row in context.read(step, shard, table=table).to_pylist()]


def page(host, before=None, after=None, language="en"):
    return {"host": host, "before": before, "after": after or before, "language": language}


@pytest.mark.parametrize(("ranges", "files_per_shard"), [(1, 1), (3, 2)])
def test_groups_that_lose_an_outstanding_share_are_marked(tmp_path, ranges, files_per_shard):
    DOCS.clear()
    DOCS["crawl-data/CC-MAIN-2026-43/segments/a.warc.gz"] = [page("www.example.org", after="minhash_cluster_rank:high")] * 3 + [
        page("rain.example.com")
    ]
    DOCS["forum/b.jsonl"] = [page("example.org"), page("rain.example.com", before="short:low"), page("", language=None)]
    counts = CountRemovals(Judged("before"), Judged("after"), Placed(), "minhash")
    rows = made(RemovalRates("crawl", counts, ranges, 0.5, 3), context_of(tmp_path, files_per_shard))
    found = {(r["dimension"], r["name"]): (r["documents"], r["removed"], r["outstanding"]) for r in rows}
    assert found == {
        ("source", "CC-MAIN-2026-43"): (4, 3, True),
        ("language", "en"): (5, 3, True),
        ("domain", "example.org"): (4, 3, True),
        ("host", "www.example.org"): (3, 3, True),
    }


def test_a_rate_at_the_limit_or_of_a_small_group_is_not_outstanding(tmp_path):
    DOCS.clear()
    DOCS["a"] = [
        page("even.example", after="minhash_cluster_rank:high"),
        page("even.example"),
        page("one.example", after="minhash_cluster_rank:high"),
    ]
    counts = CountRemovals(Judged("before"), Judged("after"), Placed(), "minhash")
    rows = made(RemovalRates("crawl", counts, 1, 0.5, 2), context_of(tmp_path))
    assert {r["name"]: r["outstanding"] for r in rows if r["dimension"] == "host"} == {"even.example": False, "one.example": False}


def test_a_source_is_the_crawl_of_the_path_or_its_folder():
    assert source_of("crawl-data/CC-MAIN-2024-22/segments/1/warc/x.warc.gz") == "CC-MAIN-2024-22"
    assert source_of("wiki/de/1.jsonl") == "wiki/de"
    assert source_of("1.jsonl") == "no folder"


def lcs_table(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a, 1):
        for j, y in enumerate(b, 1):
            table[i][j] = table[i - 1][j - 1] + 1 if x == y else max(table[i - 1][j], table[i][j - 1])
    return table[-1][-1]


@given(st.lists(st.integers(0, 5), max_size=90), st.lists(st.integers(0, 5), max_size=90))
def test_words_in_order_are_the_longest_common_subsequence(a, b):
    assert words_in_order(np.array(a, np.uint64), np.array(b, np.uint64)) == lcs_table(a, b)


@given(st.dictionaries(st.integers(0, 17), st.integers(1, 10_000), max_size=18), st.integers(0, 400))
def test_every_pair_is_given_to_a_stratum_that_has_it(removed, pairs):
    given_ = allocation(removed, pairs)
    assert sum(given_.values()) == min(pairs, sum(removed.values()))
    assert all(0 <= given_[s] <= n for s, n in removed.items())
    if pairs >= 5 * len(removed):
        assert all(given_[s] >= min(5, n) for s, n in removed.items())


def test_strata_are_by_similarity_and_size():
    last = len(SIZES) * (len(SIMILARITIES) - 1)
    assert stratum_of(np.array([0.0, 0.8, 1.0, 1.0]), np.array([2, 4, 3, 100])).tolist() == [0, 3 * len(SIZES) + 1, last, last + 2]


def chain(length, step=3, size=24):
    """Texts each of which shares all but a few words with the next, and the ends nothing."""
    words = [f"{WORDS[i % len(WORDS)]}{i}" for i in range(size + step * length)]
    return [" ".join(words[step * i : step * i + size]) for i in range(length)]


def sampled(root, min_similarity, pairs=200, files_per_shard=1, ranges=1, table=""):
    documents, judged = Documents(), Decided()
    components = Components("crawl", BandBuckets("crawl", ComputeSignatures(TextColumn(documents), MINHASH), judged, ranges))
    clusters = FuzzyClusters("crawl", Candidates(components, TextColumn(documents), MINHASH), ranges, min_similarity)
    step = RemovalSample("crawl", clusters, TextColumn(documents), pairs, 0.7, "minhash")
    context = context_of(root, files_per_shard)
    rows = made(step, context, table)
    return rows, context.store.report(step, "all")["notes"], made(ResolveClusters(judged, clusters), context)


@pytest.mark.slow
@pytest.mark.parametrize(("ranges", "files_per_shard"), [(1, 1), (3, 4)])
def test_chains_are_found_false_and_verified_removal_is_not(tmp_path, ranges, files_per_shard):
    DOCS.clear()
    DOCS.update({f"f{i}": [{"url": f"http://{i}/", "text": text}] for i, text in enumerate(chain(12))})
    rows, notes, decided = sampled(tmp_path / "chains", 0.0, ranges=ranges, files_per_shard=files_per_shard)
    gone = [d for d in decided if not d["kept"]]
    assert {r["removed"] for r in rows} == {d["id"] for d in gone}
    assert notes == {"removed": len(gone), "below": sum(d["minhash_similarity"] < 0.7 for d in gone), "own_similarity": 0.7}
    texts = {i: d["text"].split() for path in DOCS for i, d in zip(ids(path), DOCS[path], strict=True)}
    for row in rows:
        share = lcs_table(texts[row["removed"]], texts[row["kept"]]) / len(texts[row["removed"]])
        assert row["words_kept_share"] == share
        assert row["is_false"] == (share < FALSE_BELOW)
    assert sum(r["is_false"] for r in rows) > len(rows) / 2
    rows, notes, _ = sampled(tmp_path / "proved", 0.7, ranges=ranges, files_per_shard=files_per_shard)
    assert rows
    assert not any(r["is_false"] for r in rows)
    assert notes["below"] == 0


@pytest.mark.slow
def test_a_sample_is_drawn_from_every_stratum_and_does_not_depend_on_shards(tmp_path):
    DOCS.clear()
    for i in range(40):
        DOCS[f"f{i}"] = [{"url": f"http://{i}/", "text": " ".join(f"{w}{i // 2}" for w in WORDS)}]
    for i, text in enumerate(chain(6)):
        DOCS[f"c{i}"] = [{"url": f"http://c/{i}", "text": text}]
    strata, _, _ = sampled(tmp_path / "strata", 0.0, pairs=12, table="strata")
    assert sum(s["sampled"] for s in strata) == 12
    assert sum(s["removed"] for s in strata) == 25
    assert all(s["sampled"] for s in strata)
    pairs = [sampled(tmp_path / str(n), 0.0, pairs=12, ranges=n)[0] for n in (1, 2)]
    assert pairs[0] == pairs[1]


def test_texts_without_words_lose_nothing():
    empty = np.concatenate([np.zeros(0, np.uint64), *(t.hashes for t in tokenised(["..."]))])
    assert words_in_order(empty, empty) == 0

"""Exact deduplication: against the rule written plainly, and independent of partitions and shards."""

from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.bench import Bench
from tasks.core.limit import CROSSED
from tasks.core.plan import Plan
from tasks.core.step import Made, ShardStep
from tasks.core.store import Store
from tasks.crawl import Crawl, Source, SourceFile
from tasks.dedup.exact import Clusters, Fingerprint, Resolve, Scatter, text_key, url_key

DOCS: dict[str, list[tuple[str, str, bool, float]]] = {}


@dataclass(frozen=True)
class Documents(ShardStep):
    name: ClassVar[str] = "documents"

    def run(self, shard: str, bench: Bench) -> Made:
        rows = [(f.path, n, *row) for f in bench.shard(shard).files for n, row in enumerate(DOCS[f.path])]
        table = pa.table(
            {"id": [f"{p}:{n}" for p, n, *_ in rows], "url": [r[2] for r in rows], "text": [r[3] for r in rows]},
            schema=pa.schema([("id", "string"), ("url", "string"), ("text", "string")]),
        )
        return Made(table, len(rows), len(rows))


@dataclass(frozen=True)
class Decided(ShardStep):
    name: ClassVar[str] = "decided"

    def run(self, shard: str, bench: Bench) -> Made:
        rows = [(f.path, n, *row) for f in bench.shard(shard).files for n, row in enumerate(DOCS[f.path])]
        kept = [r[4] for r in rows]
        table = pa.table(
            {
                "id": pa.array([f"{p}:{n}" for p, n, *_ in rows], pa.string()),
                "kept": pa.array(kept, pa.bool_()),
                "reason": pa.array([None if k else "bad:high" for k in kept], pa.string()),
                "crossed": pa.array([[] if k else [{"reason": "bad:high"}] for k in kept], CROSSED),
                "quality": pa.array([r[5] for r in rows], pa.float64()),
            }
        )
        return Made(table, len(rows), len(rows))


def deduplicated(root, by, best="", partitions=1, files_per_shard=1):
    files = tuple(SourceFile(i, path, str(hash(tuple(DOCS[path])))) for i, path in enumerate(DOCS))
    bench = Bench(Crawl("c", "warc", files, files_per_shard), Source("/nowhere"), Store(str(root)))
    documents, decided = Documents(), Decided()
    scatter = Scatter(by, Fingerprint(documents), decided, decided if best else None, best)
    resolve = Resolve(decided, Clusters("crawl", scatter, partitions))
    plan = Plan([resolve], bench)
    while works := plan.missing():
        for shard, addresses in works[0].todo.items():
            for report in bench.make(works[0].stage.steps, shard, addresses):
                plan.mark(report["address"], shard)
    rows = [row for key in bench.shard_keys for row in bench.read(resolve, key).to_pylist()]
    dropped = sum(sum(bench.store.report(resolve, key)["dropped"].values()) for key in bench.shard_keys)
    return rows, dropped


def plainly(by, best):
    groups = defaultdict(list)
    place = 0
    for path, docs in DOCS.items():
        for n, (url, text, kept, quality) in enumerate(docs):
            key = url_key(url) if by == "url" else text_key(text)
            if key is not None:
                groups[key].append((not kept, -quality if best else 0, place, f"{path}:{n}"))
            place += 1
    return {identity: (len(g), rank) for g in groups.values() if len(g) > 1 for rank, (*_, identity) in enumerate(sorted(g))}


DOC = st.tuples(
    st.sampled_from(["", "http://a.example/", "https://A.example", "http://b.example/x"]),
    st.sampled_from(["one", "One ", "two", "three"]),
    st.booleans(),
    st.sampled_from([0.1, 0.5, 0.9]),
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(DOC, max_size=6), min_size=1, max_size=4),
    st.sampled_from(["url", "text"]),
    st.sampled_from(["", "quality"]),
    st.sampled_from([1, 3]),
    st.sampled_from([1, 2]),
)
def test_against_the_rule_written_plainly(tmp_path_factory, shards, by, best, partitions, files_per_shard):
    DOCS.clear()
    DOCS.update({f"f{i}": docs for i, docs in enumerate(shards)})
    expected = plainly(by, best)
    rows, dropped = deduplicated(tmp_path_factory.mktemp("store"), by, best, partitions, files_per_shard)
    got = {r["id"]: (r[f"{by}_cluster_size"], r[f"{by}_cluster_rank"]) for r in rows if r[f"{by}_cluster"]}
    assert got == expected
    for row in rows:
        duplicate = row["id"] in expected and expected[row["id"]][1] > 0
        before = [c["reason"] for c in row["crossed"] if c["reason"] == "bad:high"]
        assert row["kept"] == (not duplicate and not before)
        assert (f"{by}_cluster_rank:high" in [c["reason"] for c in row["crossed"]]) == duplicate
    assert dropped == sum(r["reason"] == f"{by}_cluster_rank:high" for r in rows)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("http://Example.org/a#x", "https://example.org:443/a", True),
        ("http://example.org", "http://example.org/", True),
        ("http://example.org/a?b=1", "http://example.org/a?b=2", False),
        ("http://example.org:8080/", "http://example.org/", False),
        ("http://example.org/A", "http://example.org/a", False),
    ],
)
def test_url_keys(a, b, same):
    assert (url_key(a) == url_key(b)) == same


@given(st.text())
def test_keys_are_total_and_fold_space_and_case(text):
    assert len(text_key(text)) == 16
    assert text_key(f" {text}\n\t") == text_key(text)
    assert url_key(text) is None or len(url_key(text)) == 16


def test_malformed_urls_have_keys():
    assert url_key("http://[broken/") is not None
    assert url_key("http://a:99999999/") is not None

"""Exact deduplication: against the rule written plainly, and independent of partitions and shards."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided
from winnow.tasks.dedup.exact import Clusters, Fingerprint, Scatter, text_key, url_key
from winnow.tasks.dedup.resolve import ResolveClusters
from winnow.tasks.engine.text_column import TextColumn


def deduplicated(root, by, best="", partitions=1, files_per_shard=1):
    context, documents, judged = context_of(root, files_per_shard), Documents(), Decided()
    scatter = Scatter(by, Fingerprint(TextColumn(documents)), judged, f"best:{best}" if best else "first", judged if best else None)
    resolve = ResolveClusters(judged, Clusters("crawl", scatter, partitions))
    rows = decided(resolve, context)
    return rows, sum(sum(context.store.report(resolve, key)["dropped"].values()) for key in context.shard_keys)


def plainly(by, best):
    groups = defaultdict(list)
    place = 0
    for path, docs in DOCS.items():
        for n, doc in enumerate(docs):
            key = url_key(doc["url"]) if by == "url" else text_key(doc["text"])
            if key is not None:
                groups[key].append((not doc["kept"], -doc["quality"] if best else 0, place, f"{path}:{n}"))
            place += 1
    return {identity: (len(g), rank) for g in groups.values() if len(g) > 1 for rank, (*_, identity) in enumerate(sorted(g))}


DOC = st.fixed_dictionaries(
    {
        "url": st.sampled_from(["", "http://a.example/", "https://A.example", "http://b.example/x"]),
        "text": st.sampled_from(["one", "One ", "two", "three"]),
        "kept": st.booleans(),
        "quality": st.sampled_from([0.1, 0.5, 0.9]),
    }
)


@settings(max_examples=25)
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
        ("http://example.org/#!/one", "http://example.org/#!/two", False),
        ("http://example.org/#/one", "http://example.org/#/two", False),
        ("http://example.org/#!/one", "https://example.org/#!/one", True),
    ],
)
def test_url_keys(a, b, same):
    assert (url_key(a) == url_key(b)) == same


@given(st.text())
def test_keys_are_total_and_fold_space_and_case(text):
    assert len(text_key(text)) == 16
    assert text_key(f" {text}\n\t") == text_key(text)
    assert url_key(text) is None or len(url_key(text)) == 16


def test_a_final_sigma_is_a_sigma():
    assert text_key("Ο ΔΡΟΜΟΣ") == text_key("ο δρομος") == text_key("ο δρομοσ")


def test_malformed_urls_have_keys():
    assert url_key("http://[broken/") is not None
    assert url_key("http://a:99999999/") is not None

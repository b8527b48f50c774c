"""Profiles of many shards added up: sums are right, and what is held stays small."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.corpus.profile.copies import LARGEST
from winnow.tasks.corpus.profile.samples import SAMPLES
from winnow.tasks.corpus.profile.tables import PROFILE, TABLES
from winnow.tasks.report import tallies
from winnow.tasks.report.tallies import added


def profile(**tables):
    return pa.Table.from_pylist([{name: tables.get(name, []) for name in TABLES}], schema=PROFILE)


def group(name, documents, kept=0, dimension="domain"):
    return {"dimension": dimension, "name": name, "documents": documents, "kept": kept, "chars": 10 * documents, "chars_kept": 10 * kept}


def sample(draw, reason="x"):
    return {"reason": reason, "draw": draw, "id": draw, "url": "", "text": "t", "value": None, "limit": None, "adult": False}


def test_of_samples_and_large_clusters_few_are_held():
    def shard(number):
        largest = [{"by": "text", "members": number + i, "url": f"u{number}-{i}", "text": "", "adult": False} for i in range(10)]
        sizes = [{"by": "text", "size_from": 2, "clusters": 1, "members": 2}]
        return profile(samples=[sample(f"{number:03}{i}") for i in range(3)], largest_clusters=largest, cluster_sizes=sizes)

    found = added(shard(number) for number in range(200))
    assert [s.draw for s in found.samples] == ["0000", "0001", "0002"][:SAMPLES]
    [clusters] = found.clusters
    assert (clusters.clusters, clusters.members, clusters.largest[0].members, len(clusters.largest)) == (200, 400, 208, LARGEST)


@pytest.mark.parametrize("held", [2, 5, 1000])
def test_rare_names_are_counted_though_they_are_not_named(held, monkeypatch):
    monkeypatch.setattr(tallies, "NAMES_HELD", held)
    shards = [profile(groups=[group("a.example", 50, 5), group(f"h{n}.example", 1), group(None, 2, 1)]) for n in range(40)]
    domain = added(shards).of("domain")
    assert domain.groups[0] == tallies.Group("a.example", 2000, 200, 20_000, 2000)
    assert sum(g.documents for g in domain.groups) + domain.others.documents == 40 * 53
    assert sum(g.kept for g in domain.groups) + domain.others.kept == 40 * 6
    assert domain.names <= 2 * held + 1
    assert domain.left_out >= 80


COUNTS = st.lists(st.tuples(st.sampled_from(["en", "de", "ja"]), st.integers(1, 9), st.integers(0, 9)), max_size=6)


@given(st.lists(COUNTS, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_shards_changes_nothing(shards, dice):
    made = [profile(groups=[group(n, d, min(d, k), "language") for n, d, k in shard]) for shard in shards]
    found = added(made)
    assert found == added(dice.sample(made, len(made)))
    expected = Counter()
    for shard in shards:
        for name, documents, _ in shard:
            expected[name] += documents
    assert {g.name: g.documents for g in found.of("language").groups} == expected


def test_bins_ascend_and_the_one_without_a_value_is_last():
    bins = [{"signal": "s", "lower_edge": e, "documents": 1, "kept": 0, "alone": 1} for e in (4.0, None, -1.0)]
    found = added([profile(signals=bins), profile(signals=bins)]).signals["s"]
    assert [(b.lower_edge, b.documents, b.alone) for b in found] == [(-1.0, 2, 2), (4.0, 2, 2), (None, 2, 2)]


def test_entropies_are_means_over_documents():
    def step(documents, bits):
        return {"step": "select", "documents": documents, "kept": 0, "entropy_bits": bits, "entropy_bits_kept": 0.0}

    [found] = added([profile(step_domains=[step(30, 2.0)]), profile(step_domains=[step(10, 4.0)])]).steps
    assert (found.documents, found.domain_bits, found.domain_bits_kept) == (40, 2.5, 0.0)

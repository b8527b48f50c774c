"""What a report says of rules, diversity and perplexity, against the tables that it was counted from."""

import math
from collections import Counter

import pytest

from tests.pipelines import curated, rows
from tests.tiny import mirror
from winnow.tasks.corpus.profile.samples import SAMPLES
from winnow.tasks.corpus.profile.step import deciding
from winnow.tasks.corpus.profile.tables import TABLES
from winnow.tasks.report.histogram import HEIGHT, WIDTH, histogram
from winnow.tasks.report.insight import diversity, entropy, perplexity, rules
from winnow.tasks.report.tallies import Bin, Tallies, added
from winnow.tasks.sources.domains import registered_domain


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    base = tmp_path_factory.mktemp("insight")
    return curated(mirror(base / "mirror", warcs=3, pages=10), "fineweb", base / "store")


@pytest.fixture(scope="module")
def tallies(run):
    return added(run.context.read(run.pipeline.profile, shard) for shard in run.context.shard_keys)


@pytest.fixture(scope="module")
def decisions(run):
    return rows(run, run.pipeline.decisions)


def test_rules_alone_and_together(tallies, decisions):
    sets = [{c["reason"] for c in d["crossed"]} for d in decisions]
    every, alone = Counter(r for s in sets for r in s), Counter(r for s in sets if len(s) == 1 for r in s)
    found = rules(tallies)
    assert {r.reason: (r.documents, r.alone) for r in found.rules} == {name: (n, alone[name]) for name, n in every.items()}
    assert found.pairs
    for pair in [*found.pairs, *(o for row in found.matrix for o in row)]:
        both = sum({pair.one, pair.other} <= s for s in sets)
        assert pair.documents == both
        assert pair.share == pytest.approx(both / min(every[pair.one], every[pair.other]))


def test_what_any_other_bound_would_keep(tallies, run, decisions):
    """At the edges of the bins, where the curve is exact."""
    signals = {r["id"]: r["word_count"] for r in rows(run, run.pipeline.signals)}
    free = [signals[d["id"]] for d in decisions if {c["reason"].split(":")[0] for c in d["crossed"]} <= {"word_count"}]
    chart = histogram(tallies.signals["word_count"], [50, 100_000])
    curve = chart.curve(tallies.signals["word_count"], "low", len(decisions), 100_000)
    assert free
    for cell, (x, share) in zip(chart.cells, curve[::2], strict=True):
        assert share == pytest.approx(sum(v >= cell.low - 1e-3 for v in free) / len(decisions))
        assert 0 <= x <= WIDTH
        assert HEIGHT > 0


def test_diversity_before_and_after(tallies, run, decisions):
    documents = rows(run, run.pipeline.documents)
    assert [s.step for s in tallies.steps] == [s.label for s in deciding(run.pipeline.decisions)]
    found = diversity(tallies)
    kept = [d for d, k in zip(documents, decisions, strict=True) if k["kept"]]
    assert (found[0].step, found[0].documents) == ("extracted", len(documents))
    assert found[-1].documents == len(kept)
    assert found[0].language == pytest.approx(entropy(Counter(d["language"] for d in documents).values()))
    by_shard = [run.context.read(run.pipeline.documents, s)["host"].to_pylist() for s in run.context.shard_keys]
    mean = sum(entropy(Counter(map(registered_domain, hosts)).values()) * len(hosts) for hosts in by_shard) / len(documents)
    assert found[0].domain == pytest.approx(mean)
    assert diversity(Tallies()) == []


def test_samples_are_few_and_of_their_reason(tallies, decisions):
    drawn = Counter(s.reason for s in tallies.samples)
    reasons = Counter(d["reason"] or "" for d in decisions)
    assert drawn == {reason: min(n, SAMPLES) for reason, n in reasons.items()}
    by_id = {d["id"]: d for d in decisions}
    for sample in tallies.samples:
        assert (by_id[sample.id]["reason"] or "") == sample.reason
        assert sample.text
        if sample.reason == "word_count:low":
            assert sample.value < sample.limit


def test_groups_are_the_documents_of_the_run(tallies, run, decisions):
    documents = rows(run, run.pipeline.documents)
    kept = {d["id"] for d in decisions if d["kept"]}
    for group in tallies.of("language").groups:
        mine = [d for d in documents if (d["language"] or "unknown") == group.name]
        assert (group.documents, group.chars) == (len(mine), sum(d["text_chars"] for d in mine))
        assert (group.kept, group.chars_kept) == (
            sum(d["id"] in kept for d in mine),
            sum(d["text_chars"] for d in mine if d["id"] in kept),
        )
    for dimension in ("language", "domain", "tld", "hour", "truncated"):
        assert sum(g.documents for g in tallies.of(dimension).groups) == len(documents)


def test_perplexity_by_language():
    bins = tuple(Bin(2.0**i, 10, i % 2, i % 2) for i in range(8))
    [spread] = perplexity(Tallies(perplexity={"en": bins}))
    assert (spread.language, spread.documents, spread.kept) == ("en", 80, 4)
    assert 2 <= spread.low < spread.median < spread.high <= 2**7
    assert perplexity(Tallies()) == []


def test_entropy():
    assert entropy([]) == entropy([5]) == entropy([0]) == 0
    assert entropy([1, 1, 1, 1]) == 2
    assert entropy([3, 1]) == pytest.approx(-0.75 * math.log2(0.75) - 0.25 * math.log2(0.25))


def test_a_profile_is_one_row_of_typed_tables(run):
    for shard in run.context.shard_keys:
        profile = run.context.read(run.pipeline.profile, shard)
        assert (profile.num_rows, profile.column_names) == (1, list(TABLES))
        for name, schema in TABLES.items():
            assert [(f.name, f.type) for f in profile.schema.field(name).type.value_type] == [(f.name, f.type) for f in schema]

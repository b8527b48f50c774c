"""What the profile counts, against the tables it was counted from."""

import json
import math
from collections import Counter

import pyarrow as pa
import pytest

from tests.pipelines import curated, rows
from tests.tiny import mirror
from winnow.tasks.corpus.profile import LARGEST, SAMPLES, added, deciding, registered_domain, top_level
from winnow.tasks.report.histogram import HEIGHT, WIDTH, histogram
from winnow.tasks.report.insight import diversity, entropy, perplexity, rules, samples


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    base = tmp_path_factory.mktemp("insight")
    return curated(mirror(base / "mirror", warcs=3, pages=10), "fineweb", base / "store")


@pytest.fixture(scope="module")
def profile(run):
    total: dict = {}
    for shard in run.context.shard_keys:
        added(run.context.read(run.pipeline.profile, shard).to_pylist(), total)
    return [{"what": w, "bin": b, "documents": n, "kept": k} for (w, b), (n, k) in total.items()]


@pytest.fixture(scope="module")
def decisions(run):
    return rows(run, run.pipeline.decisions)


def test_rules_alone_and_together(profile, decisions):
    sets = [{c["reason"] for c in d["crossed"]} for d in decisions]
    every, alone = Counter(r for s in sets for r in s), Counter(r for s in sets if len(s) == 1 for r in s)
    found = rules(profile)
    assert {r.name: (r.documents, r.alone) for r in found.rules} == {name: (n, alone[name]) for name, n in every.items()}
    assert found.pairs
    for pair in [*found.pairs, *(o for row in found.matrix for o in row)]:
        both = sum({pair.one, pair.other} <= s for s in sets)
        assert pair.documents == both
        assert pair.share == pytest.approx(both / min(every[pair.one], every[pair.other]))


def test_what_any_other_bound_would_keep(profile, run, decisions):
    """At the edges of the bins, where the curve is exact."""
    signals = {r["id"]: r["word_count"] for r in rows(run, run.pipeline.signals)}
    free = [signals[d["id"]] for d in decisions if {c["reason"].split(":")[0] for c in d["crossed"]} <= {"word_count"}]
    counted = [(r["bin"], r["documents"], r["kept"]) for r in profile if r["what"] == "signal:word_count"]
    chart = histogram(counted, [50, 100_000])
    curve = chart.curve([(r["bin"], r["documents"]) for r in profile if r["what"] == "alone:word_count"], "low", len(decisions), 100_000)
    assert free
    for cell, (x, share) in zip(chart.cells, curve[::2], strict=True):
        assert share == pytest.approx(sum(v >= cell.low - 1e-3 for v in free) / len(decisions))
        assert 0 <= x <= WIDTH
        assert HEIGHT > 0


def test_diversity_before_and_after(profile, run, decisions):
    documents = rows(run, run.pipeline.documents)
    steps = [s.label for s in deciding(run.pipeline.decisions)]
    assert steps == ["select", "dedup-url", "dedup-text", "dedup-minhash"]
    found = diversity(profile, steps)
    kept = [d for d, k in zip(documents, decisions, strict=True) if k["kept"]]
    assert (found[0].step, found[0].documents) == ("extracted", len(documents))
    assert found[-1].documents == len(kept)
    assert found[0].language == pytest.approx(entropy(Counter(d["language"] for d in documents).values()))
    by_shard = [run.context.read(run.pipeline.documents, s)["host"].to_pylist() for s in run.context.shard_keys]
    mean = sum(entropy(Counter(map(registered_domain, hosts)).values()) * len(hosts) for hosts in by_shard) / len(documents)
    assert found[0].domain == pytest.approx(mean, abs=1e-5)
    assert diversity([], steps) == []


def test_samples_are_few_and_the_same_in_any_order(profile, decisions):
    found = samples(profile)
    reasons = Counter(d["reason"] or "" for d in decisions)
    assert {r: len(d) for r, d in found.items()} == {r: min(n, SAMPLES) for r, n in reasons.items()}
    by_id = {d["id"]: d for d in decisions}
    for reason, drawn in found.items():
        assert all((by_id[d.id]["reason"] or "") == reason for d in drawn)
        assert all(d.text for d in drawn)
    low = found["word_count:low"][0] if "word_count:low" in found else None
    assert low is None or low.value < low.limit


def test_a_profile_of_many_shards_stays_small():
    total: dict = {}
    for shard in range(200):
        table = [
            *({"what": "sample:x", "bin": json.dumps({"draw": f"{shard:03}{i}"}), "documents": 1, "kept": 0} for i in range(3)),
            *({"what": "largest:text", "bin": f"u{shard}-{i}", "documents": shard + i, "kept": 1} for i in range(10)),
            {"what": "language", "bin": "en", "documents": 2, "kept": 1},
        ]
        added(table, total)
    assert total["language", "en"] == [400, 200]
    assert [b for w, b in total if w == "sample:x"] == [json.dumps({"draw": f"000{i}"}) for i in range(3)]
    assert sorted(n for (w, _), (n, _) in total.items() if w == "largest:text")[-1] == 208
    assert sum(w == "largest:text" for w, _ in total) == LARGEST


def test_perplexity_by_language():
    bins = [{"what": "perplexity:en", "bin": str(2.0**i), "documents": 10, "kept": i % 2} for i in range(8)]
    [spread] = perplexity(bins)
    assert (spread.language, spread.documents, spread.kept) == ("en", 80, 4)
    assert 2 <= spread.low < spread.median < spread.high <= 2**7
    assert perplexity([]) == []


@pytest.mark.parametrize(
    ("host", "domain", "tld"),
    [
        ("news.bbc.co.uk", "bbc.co.uk", "uk"),
        ("example.org", "example.org", "org"),
        ("10.0.0.1", "10.0.0.1", "unknown"),
        ("localhost", "localhost", "unknown"),
        ("", "", "unknown"),
        ("a" * 300 + "..", "a" * 300 + "..", ""),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de", "de"),
        ("[::1]", "[::1]", "unknown"),
    ],
)
def test_domains(host, domain, tld):
    assert registered_domain(host) == domain
    assert top_level(host) == (tld or "unknown")


def test_entropy():
    assert entropy([]) == entropy([5]) == entropy([0]) == 0
    assert entropy([1, 1, 1, 1]) == 2
    assert entropy([3, 1]) == pytest.approx(-0.75 * math.log2(0.75) - 0.25 * math.log2(0.25))


def test_the_profile_is_a_table_of_counts(run):
    for shard in run.context.shard_keys:
        table = run.context.read(run.pipeline.profile, shard)
        assert table.num_rows == len({(r["what"], r["bin"]) for r in table.to_pylist()})
        assert pa.compute.min(table["documents"]).as_py() >= 0

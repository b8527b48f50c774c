"""Buckets: exact percentiles of the run however it was cut into shards, and a corpus that lies in folders by language and bucket."""

import gzip
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.pipelines import curated, rows
from tests.shared import DATA
from tests.tiny import mirror
from winnow.tasks.corpus.buckets import ALL, bucket_of, percentile
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.ngram.cc_net import cutoffs
from winnow.tasks.recipes import build as recipes
from winnow.tasks.runs.run import release
from winnow.tasks.signals.filters.cc_net import CCNet
from winnow.tasks.signals.text import Document


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200), st.sampled_from([1, 30, 50, 60, 99]))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(values, percent):
    distinct, counts = np.unique(values, return_counts=True)
    shuffled = np.random.default_rng(len(values)).permutation(len(distinct))
    found = percentile(distinct[shuffled].astype(float), counts[shuffled], percent)
    assert found == np.percentile(values, percent, method="inverted_cdf")


@pytest.mark.parametrize(
    ("value", "language", "bucket"),
    [
        (339.9, "en", "head"),
        (340.0, "en", "middle"),
        (519.9, "en", "middle"),
        (520.0, "en", "tail"),
        (None, "en", ALL),
        (1.0, "xx", ALL),
        (1.0, None, ALL),
    ],
)
def test_buckets_are_cut_as_cc_net_cuts(value, language, bucket):
    assert bucket_of(value, language, {"en": (340.0, 520.0)}) == bucket


def recipe(path, **buckets):
    content = {
        "extends": "raw",
        "deduplicate": [],
        "measure": {"url": None, "text": ["cc_net.CCNet"]},
        "buckets": {"signal": "ccnet_length", **buckets},
    }
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return mirror(tmp_path_factory.mktemp("buckets") / "mirror", warcs=3, pages=6)


def test_a_run_finds_its_cutoffs_and_lays_its_corpus_out_by_them(source, tmp_path):
    run = curated(source, recipe(tmp_path / "r.yaml", percentiles=[30, 60]), tmp_path / "store")
    decisions, signals = rows(run, run.pipeline.decisions), rows(run, run.pipeline.signals)
    [cutoff] = [r for r in rows(run, run.pipeline.decisions.found) if r["language"] == "en"]
    lengths = [s["ccnet_length"] for s, d in zip(signals, decisions, strict=True) if s["language"] == "en" and d["kept"]]
    assert cutoff["documents"] == len(lengths) > 15
    assert cutoff["head_below"] == np.percentile(lengths, 30, method="inverted_cdf")
    assert cutoff["tail_from"] == np.percentile(lengths, 60, method="inverted_cdf")
    found = {
        b: [s["ccnet_length"] for s, d in zip(signals, decisions, strict=True) if d["ccnet_length_bucket"] == b] for b in ("head", "tail")
    }
    assert max(found["head"]) < min(found["tail"])

    data = tmp_path / "store" / run.home / "data"
    assert {p.parent.relative_to(data).as_posix() for p in data.rglob("*.parquet")} >= {"lang=en/bucket=head", "lang=en/bucket=tail"}
    for path in data.rglob("*.parquet"):
        assert set(pq.ParquetFile(path).read()["ccnet_length_bucket"].to_pylist()) == {path.parent.name.removeprefix("bucket=")}
    assert sum(pq.ParquetFile(p).metadata.num_rows for p in data.rglob("*.parquet")) == sum(d["kept"] for d in decisions)
    assert "lang=en/bucket=head" in str(release(run).files)


def test_shards_do_not_matter(source, tmp_path):
    made = []
    for files in (1, 3):
        run = curated(source, recipe(tmp_path / "r.yaml"), tmp_path / f"store{files}", files_per_shard=files)
        made.append({p.name: p.read_bytes() for p in (tmp_path / f"store{files}" / run.home).rglob("*.parquet")})
    assert made[0] == made[1]


def test_buckets_that_are_not_kept_are_dropped_with_a_reason(source, tmp_path):
    run = curated(source, recipe(tmp_path / "r.yaml", cutoffs={"en": [300, 10_000]}, keep=["middle"]), tmp_path / "store")
    decisions = rows(run, run.pipeline.decisions)
    assert {d["ccnet_length_bucket"] for d in decisions if d["kept"]} == {"middle"}
    dropped = [d for d in decisions if not d["kept"]]
    assert {d["reason"] for d in dropped} == {"ccnet_length_bucket:other"}
    assert all(d["crossed"][-1]["detail"] == d["ccnet_length_bucket"] for d in dropped)
    assert all(d["crossed"] == [] for d in decisions if d["kept"])


def test_moving_given_cutoffs_measures_nothing_again(source, tmp_path):
    first = curated(source, recipe(tmp_path / "r.yaml", cutoffs={"en": [300, 900]}), tmp_path / "store")
    again = curated(source, recipe(tmp_path / "r.yaml", cutoffs={"en": [400, 900]}), tmp_path / "store")
    assert {s.label for s in again.pipeline.steps if s not in first.pipeline.steps} == {"bucket", "profile", "redact", "layout", "publish"}
    assert again.plan.computed < first.plan.computed


@pytest.mark.parametrize(
    ("buckets", "says"),
    [
        ({"signal": "perplexity"}, "no filter of `measure` gives a signal 'perplexity'"),
        ({"percentiles": [60, 30]}, "the first not above the second"),
        ({"percentiles": [0, 30]}, "between 0 and 100"),
        ({"percentiles": [30]}, "give two numbers"),
        ({"cutoffs": "ours"}, "cutoffs is run, cc_net"),
        ({"cutoffs": {"en": 5}}, "give two numbers"),
        ({"cutoffs": {"en": [5, "x"]}}, "give two numbers"),
        ({"keep": ["front"]}, "keep knows head, middle, tail, all"),
        ({"bucket": 1}, "unknown option 'bucket'"),
    ],
)
def test_impossible_buckets_are_refused(tmp_path, buckets, says):
    with pytest.raises(BadInput, match=says):
        recipes.load(str(recipe(tmp_path / "r.yaml", **buckets)))


def test_published_cutoffs_by_name(tmp_path):
    loaded = recipes.load(str(recipe(tmp_path / "r.yaml", cutoffs="cc_net")))
    assert next(e.options for e in loaded.decide if e.section == "buckets").cutoffs == "cc_net"


@pytest.mark.data
def test_real_output_of_cc_net_is_cut_as_its_published_cutoffs_say():
    path = DATA / "labels/quality/chinese_ccnet_2021-43.jsonl.gz"
    if not path.exists():
        pytest.skip("needs ../shared/data")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    assert len(documents) > 50
    for d in documents:
        assert bucket_of(d["perplexity"], d["lang"], cutoffs()) == d["bucket"], d["perplexity"]
        assert CCNet().measure(Document(d["raw_content"]))["ccnet_length"] <= len(d["raw_content"])

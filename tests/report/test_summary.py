"""The summary: figures that agree with each other, and JSON that gives the same value back."""

import json
from dataclasses import replace

import pytest

from tests.pipelines import curated
from tests.report.examples import SUMMARIES, empty, example, step, texts
from tests.tiny import mirror
from winnow.tasks.report.summary import Summary
from winnow.tasks.runs.run import manifest, release, summary_of


@pytest.mark.parametrize("name", SUMMARIES)
def test_json_gives_the_same_value_back(name):
    summary = SUMMARIES[name]()
    assert Summary.from_json(summary.to_json()) == summary


@pytest.mark.parametrize("name", SUMMARIES)
def test_pages_are_what_was_kept_and_what_was_dropped(name):
    if name == "hostile":  # its counts are no run's
        return
    summary = SUMMARIES[name]()
    assert summary.pages == summary.records - summary.other_records
    kept = summary.counted[-1].rows_out
    assert summary.pages - sum(d.pages for d in summary.drops()) == kept
    assert [d.pages for d in summary.drops()] == sorted((d.pages for d in summary.drops()), reverse=True)


def test_the_headline_is_json_and_has_the_five_largest_reasons():
    found = json.loads(json.dumps(example().headline()))
    assert (found["pages"], found["documents"], found["kept"]) == (example().pages, example().documents, example().kept)
    assert found["kept_share"] == pytest.approx(found["kept"] / found["pages"], abs=1e-6)
    assert [r["reason"] for r in found["reasons"]][:2] == ["language:other", "word_count:low"]
    assert len(found["reasons"]) == 5
    assert found["duplicates"] == 402 + 118


def test_rates_are_missing_rather_than_wrong():
    assert empty().documents_per_core_s is None
    assert empty().kept_share == 0.0
    assert replace(empty(), steps=()).pages == 0
    assert (texts().page_noun, texts().pages, example().page_noun) == ("rows", 2, "pages")


def test_only_records_of_other_types_are_no_pages():
    summary = replace(
        example(), steps=(step("extract", 10, 4, {"type:request": 3, "type:revisit": 1, "typed:x": 1, "http_status:404": 1}),)
    )
    assert (summary.other_records, summary.pages) == (4, 6)


def test_a_released_run_leaves_its_summary(tmp_path):
    run = curated(mirror(tmp_path / "mirror", warcs=2, pages=4), "gopher", tmp_path / "store")
    assert summary_of(run) is None
    summary = release(run)
    assert summary_of(run) == summary
    stored = json.loads(run.context.store.get(run.manifest_path))
    assert stored == json.loads(json.dumps(manifest(summary)))
    assert summary.documents == sum(run.context.store.report(run.pipeline.documents, s)["rows_out"] for s in run.context.shard_keys)
    run.context.store.put(f"{run.home}/summary.json", b"{}")
    assert summary_of(run) is None

"""What a run says when it ends, and what its stages are called."""

import glob
from dataclasses import replace

import pytest

from tests.pipelines import curated, finished
from tests.tiny import mirror
from winnow.tasks.engine.plan import Stage
from winnow.tasks.engine.step import ShardStep
from winnow.tasks.recipes import build as recipes
from winnow.tasks.report.summary import Summary
from winnow.tasks.runs.ending import figures, said, warnings
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare, result, summary_of
from winnow.tasks.runs.stages import numbered, stage_title
from winnow.tasks.runs.status import states


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    base = tmp_path_factory.mktemp("ending")
    return finished(mirror(base / "mirror", warcs=2, pages=6), "gopher", base / "store")


@pytest.fixture(scope="module")
def summary(run) -> Summary:
    return summary_of(run)


def test_the_end_says_what_came_out(run, summary):
    told = "\n".join(said(summary, {"computed": 7, "cached": 3}))
    drops = summary.drops()[0]
    for figure in (
        f"{summary.pages} pages",
        f"{summary.kept} documents",
        f"about {summary.tokens_kept:,} tokens",
        f"{drops.reason} {drops.pages}",
        f"duplicates  {summary.duplicates}",
        "7 shards x steps made, 3 reused",
        f"{run.home}/report.html",
    ):
        assert figure in told


def test_json_has_the_same_figures_and_patterns_that_find_the_tables(run, summary):
    made = result(run)
    assert made["figures"] == figures(summary)
    assert made["figures"]["kept"] == summary.kept
    assert len(made["figures"]["reasons"]) == min(5, len(summary.drops()))
    for name, files in made["tables"].items():
        assert sorted(glob.glob(made["table_patterns"][name])) == sorted(files)


def test_a_run_that_keeps_nothing_warns_with_the_reason(tmp_path):
    recipe = tmp_path / "nothing.yaml"
    recipe.write_text("extends: gopher\nlimits:\n  word_count: {low: 99000, high: 100000}\n")
    run = finished(mirror(tmp_path / "mirror", warcs=1, pages=4), str(recipe), tmp_path / "store")
    [warning, *_] = [w for w in warnings(summary_of(run)) if "empty" in w]
    assert "word_count:low" in warning
    assert "select" in warning


def test_damage_and_huge_records_are_warned_of(summary):
    reading = replace(summary.reading, dropped={"oversized": 2, "damaged:cut": 1, "type:request": 9})
    found = warnings(replace(summary, steps=(reading, *summary.steps[1:])))
    assert [w.split()[0] for w in found] == ["2", "1"]


def test_a_finished_run_without_findings_warns_of_nothing(summary):
    assert not [w for w in warnings(summary) if "empty" in w]


@pytest.mark.parametrize("recipe", recipes.names())
def test_stages_have_words_that_a_person_knows(recipe, tmp_path):
    run = prepare(Request(str(mirror(tmp_path / "mirror", warcs=1, pages=1)), recipe, str(tmp_path / "store")))
    names = [stage_title(stage) for stage in run.plan.stages]
    assert len(set(names)) == len(names)
    assert names[0].startswith("Extract")
    assert names[-1] == "Write the corpus"
    assert numbered(run.plan.stages[0], run.plan.stages).startswith(f"1/{len(names)} Extract")
    assert not [name for name in names if not name[0].isupper() or "-to-" in name], "labels of steps"


@pytest.mark.parametrize(("own", "said"), [({"title": "look at tables"}, "Look at tables"), ({"title": ""}, "look-at"), ({}, "Look at")])
def test_a_step_from_outside_has_its_own_words(own, said):
    step = type("LookAt", (ShardStep,), {"name": "look-at", **own})()
    assert stage_title(Stage((step,))) == said


def test_status_shows_date_size_in_and_kept(run, summary):
    [state] = states(run.request.store)
    assert (state.state, state.pages, state.kept, state.size_bytes) == ("finished", summary.pages, summary.kept, summary.size_bytes)
    assert state.started[:2] == "20"
    [line] = state.said()
    assert f"{summary.kept} documents of {summary.pages}" in line
    assert state.started in line
    assert state.to_json()["home"] == summary.home


def test_status_of_a_run_that_is_not_finished(tmp_path):
    run = curated(mirror(tmp_path / "mirror", warcs=1, pages=3), "raw", tmp_path / "store")
    run.context.store.open_for_writing()
    record(run)
    [state] = states(str(tmp_path / "store"))
    assert (state.state, state.kept) == ("not finished", None)
    assert "resume: winnow run" in state.said()[0]

"""Laws over every step of every shipped recipe, on a tiny crawl; of one that is being written alone: ``pytest tests/laws/test_steps.py --recipes NAME``."""

import dataclasses
import json
import pickle

import pyarrow.parquet as pq
import pytest
import yaml

from tests.models.classify.test_lines import some as pages_of_lines
from tests.pipelines import curated
from tests.tiny import article, mirror
from winnow.tasks.dedup.index import remember
from winnow.tasks.dedup.take_downs import Entry, add
from winnow.tasks.engine.identity import describe, is_shipped, stable_classes
from winnow.tasks.engine.merkle import tables_of
from winnow.tasks.engine.sections import PHASES, Section, sections
from winnow.tasks.engine.step import ShardStep, Step, WholeStep
from winnow.tasks.labels.judged import Judgement, table
from winnow.tasks.models.classify.train_lines import train_lines
from winnow.tasks.recipes import build as recipes
from winnow.tasks.report.facts import meaning

pytestmark = pytest.mark.slow

RECIPES = recipes.names()
ADDED = {
    "paragraph": {"min_chars": 20},
    "substring": {"min_tokens": 10},
    "minhash": {"against": "kept", "preset": "fineweb"},
}


def everything(root):
    """A recipe with every section that has an example: what is registered is under the laws."""
    raw = {"extends": "raw", "measure": {"redpajama": None}}
    raw |= {key: section.example for key, section in sections().items() if section.example is not None}
    raw["deduplicate"] = [rule | ADDED.get(rule["by"], {}) for rule in raw["deduplicate"]]
    raw["decontaminate"] = {"against": ["evals.jsonl"], "action": "cut"}  # no example, as its files are the user's
    raw["judged"] = ["judged.parquet"]
    raw["skills"] = {"reference": ["skills.jsonl"], "skills": 3}
    raw["measure"]["lines"] = [{"line_quality.LineQuality": {"model": {"file": str(root / "lines.model")}}}]  # the user's, too
    raw["lines"] = {"low": 0.5}
    return yaml.safe_dump(raw, sort_keys=False)


@pytest.fixture(scope="module")
def chosen(request):
    return [name for name in request.config.getoption("--recipes").split(",") if name]


@pytest.fixture
def all_runs(chosen, runs):
    if chosen:
        pytest.skip("a law of all recipes together")
    return runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory, chosen):
    """Every recipe, or those that ``--recipes`` names, on one store: what they share is made once."""
    root = tmp_path_factory.mktemp("steps")
    source = mirror(root / "mirror", warcs=2, pages=4)
    found = {name: curated(source, name, root / "store") for name in chosen or RECIPES}
    if chosen:
        return found
    old = curated(next(source.rglob("*.warc.gz")), "fineweb", root / "store", snapshot="old")
    remember(old.context, "kept", old.pipeline.signatures, old.pipeline.decisions, old.pipeline.documents)
    add(old.context.store, [Entry("", "http://nobody.example/", "", "asked", "2026-11-24")])
    (root / "evals.jsonl").write_text(json.dumps({"question": article(1)[:200]}) + "\n")
    pq.write_table(table([Judgement("no such document", "topic", "d", "a person", labels=("Grain",))]), root / "judged.parquet")
    (root / "skills.jsonl").write_text("".join(json.dumps({"text": article(n)}) + "\n" for n in range(6)))
    (root / "lines.model").write_bytes(train_lines(pages_of_lines())[0])
    (root / "everything.yaml").write_text(everything(root))
    return found | {"everything": curated(source, root / "everything.yaml", root / "store")}


def every_step(runs):
    return {step.address: (run, step) for run in runs.values() for step in run.pipeline.steps}.values()


def test_conservation_in_every_shard_report(runs):
    for run, step in every_step(runs):
        for shard in step.shards(run.context):
            report = run.context.store.report(step, shard)
            assert report["data"]["rows"] == run.context.read(step, shard).num_rows
            if step.kind == "filter":
                assert report["rows_in"] == report["rows_out"] + sum(report["dropped"].values()), (step.label, report)


def test_the_same_bytes_twice(runs):
    for run, step in every_step(runs):
        for shard in step.shards(run.context):
            before = [run.context.store.get(table["path"]) for table in tables_of(run.context.store.report(step, shard))]
            again = run.context.store.commit(step, shard, step.run(shard, run.context), dict)
            assert [run.context.store.get(table["path"]) for table in tables_of(again)] == before, step.label


def test_named_tables_are_what_the_step_declares(runs):
    for run, step in every_step(runs):
        for shard in step.shards(run.context) if step.tables else ():
            report = run.context.store.report(step, shard)
            assert list(report["tables"]) == list(step.tables)
            for name, schema in step.tables.items():
                table = run.context.read(step, shard, table=name)
                assert table.schema.equals(schema)
                assert table.num_rows == report["tables"][name]["rows"]
                assert run.context.store.exists(step.table_path(shard, name)) == bool(table.num_rows)


def test_steps_are_frozen_described_picklable_values(runs):
    for _, step in every_step(runs):
        assert not is_shipped(type(step)) or stable_classes()[describe(step)["type"]] is type(step)
        copy = pickle.loads(pickle.dumps(step))
        assert copy == step
        assert copy.address == step.address
        with pytest.raises(dataclasses.FrozenInstanceError):
            step.version = "2"


def test_whole_steps_hold_the_crawl_and_shard_steps_do_not(runs):
    for _, step in every_step(runs):
        assert isinstance(step, ShardStep) != isinstance(step, WholeStep)
        assert hasattr(step, "crawl") == isinstance(step, WholeStep)


def test_every_kind_of_step_is_under_these_laws(all_runs):
    def leaves(cls):
        below = cls.__subclasses__()
        return {c for sub in below for c in leaves(sub)} if below else {cls}

    seen = {type(step) for _, step in every_step(all_runs)}
    known = {c for c in leaves(Step) if c.__module__.startswith("winnow.tasks.")}
    assert {c.__name__ for c in known - seen} == {"ReadDocuments"}  # has a source of its own: tests/extract/test_read_documents.py


def test_recipes_share_what_they_can(all_runs):
    addresses = {name: {s.label: s.address for s in run.pipeline.steps} for name, run in all_runs.items()}
    markdown, consent = {"openwebmath", "code-pages"}, {"consenting", "consent-annotated", "everything"}
    other_extractors = {"fineweb-two-pass", "germanweb"}
    assert len({a["extract"] for name, a in addresses.items() if name not in markdown | consent | other_extractors}) == 1
    assert len({addresses[name]["extract"] for name in consent}) == 1
    assert len({addresses[name]["extract"] for name in markdown}) == 1
    assert addresses["raw"]["fingerprint"] == addresses["gopher"]["fingerprint"] != addresses["c4"]["fingerprint"]


def test_raw_drops_nothing(all_runs):
    run = all_runs["raw"]
    decisions = [row for shard in run.context.shard_keys for row in run.context.read(run.pipeline.decisions, shard).to_pylist()]
    assert decisions
    assert all(row["kept"] and row["crossed"] == [] for row in decisions)
    assert any(row["text_cluster"] for row in decisions)


@pytest.mark.parametrize("key", list(sections()))
def test_a_section_says_what_it_is(key):
    section = sections()[key]
    assert isinstance(section, Section)
    assert section.about.endswith(".")
    assert section.phase in PHASES
    assert section.hidden or isinstance(section.schema(), dict)
    assert set(section.needs) <= set(sections())


def test_every_reason_of_a_drop_has_words(runs):
    for run, step in every_step(runs):
        assert step.about, step.label
        for shard in step.shards(run.context) if step.kind == "filter" else ():
            for reason in run.context.store.report(step, shard)["dropped"]:
                assert meaning(reason, {}, step.reasons)[0], (step.label, reason)

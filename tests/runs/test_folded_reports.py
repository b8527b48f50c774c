"""A run whose reports are folded: planned, verified, repaired, pruned, listed and looked into like any other."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.pipelines import curated, finished, work_off
from tests.s3 import s3_service, upload
from tests.tiny import mirror
from winnow.tasks.engine import folds
from winnow.tasks.engine.step import ShardStep
from winnow.tasks.engine.store import Store
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.verify import verify
from winnow.tasks.runs.housekeeping import prune, record
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.repair import repair
from winnow.tasks.runs.run import prepare, release, reports, stored_bytes
from winnow.tasks.runs.status import states

pytestmark = pytest.mark.slow
WARCS = 4


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two runs of one store: they share all steps until the limits."""
    root = tmp_path_factory.mktemp("folded")
    source = mirror(root / "mirror", warcs=WARCS, pages=3)
    (root / "one.yaml").write_text("extends: gopher\ndeduplicate: [{by: minhash}]\n")
    (root / "two.yaml").write_text("extends: gopher\ndeduplicate: [{by: minhash}]\nlimits: {word_count: {low: 60}}\n")
    with pytest.MonkeyPatch.context() as m:
        m.setattr(folds, "FOLD_MIN", 2)
        m.setattr(folds, "FOLD_MAX", 3)
        finished(source, root / "one.yaml", root / "store")
        finished(source, root / "two.yaml", root / "store")
    finished(source, root / "one.yaml", root / "loose")
    return root


@pytest.fixture
def root(made, tmp_path, monkeypatch):
    monkeypatch.setattr(folds, "FOLD_MIN", 2)
    monkeypatch.setattr(folds, "FOLD_MAX", 3)
    shutil.copytree(made / "store", tmp_path / "store")
    return tmp_path / "store"


def works(run):
    work_off(run)
    release(run)


def name_of(root, recipe):
    [entry] = [json.loads(p.read_text()) for p in root.glob("runs/*.json") if recipe in p.name]
    return entry["id"]


def content(root):
    """Every object but the reports, whose times differ."""
    return {
        str(p.relative_to(root)): p.read_bytes() for p in Path(root).glob("**/*") if p.suffix == ".parquet" and p.parent.name != "folded"
    }


def again(made, recipe, store):
    return prepare(Request(str(made / "mirror"), str(made / recipe), str(store), 1))


def test_what_it_takes_in_the_store_is_what_lies_there(made, root):
    for store, recipe in ((root, "one"), (made / "loose", "one")):
        run = again(made, f"{recipe}.yaml", store)
        for step in run.pipeline.steps:
            files = run.context.store.files(f"steps/{step.address}")
            shards = stored_bytes(run, step, reports(run, step))
            beside = sum(r["data"]["bytes"] for r in reports(run, step) if not r["data"]["path"].startswith("steps/"))
            assert shards.total() == sum(files.values()) + beside, step.label
            assert min(shards.values()) > 0


def test_its_manifest_is_that_of_a_store_that_does_not_fold(made, root):
    assert not list(made.glob("loose/steps/*/folded"))
    assert list(root.glob("steps/*/folded/*.parquet"))
    assert not list(root.glob("steps/extract-*/*.json"))
    manifests = [json.loads(next(Path(store).glob("corpora/*/one-*/manifest.json")).read_text()) for store in (root, made / "loose")]
    assert manifests[0] == manifests[1]
    for recipe in ("one", "two"):
        run = again(made, f"{recipe}.yaml", root)
        assert run.plan.missing() == []
        assert verify(open_run(str(root), name_of(root, recipe))).findings == ()


def test_what_was_left_is_found_by_who_asks_for_it(made, root):
    run, other = open_run(str(root), name_of(root, "one")), open_run(str(made / "loose"))
    for label in ("band-buckets", "publish"):
        mine, theirs = run.reports(label), other.reports(label)
        assert mine.keys() == theirs.keys()
        assert [r["data"] for r in mine.values()] == [r["data"] for r in theirs.values()]
    assert list(run.shards("signals")) == list(other.shards("signals"))


@pytest.mark.parametrize("harm", [lambda p: p.unlink(), lambda p: p.write_bytes(p.read_bytes()[:-5])])
@pytest.mark.parametrize("label", ["extract", "band-buckets"])
def test_a_damaged_table_is_made_again_alone(root, label, harm):
    before = content(root)
    run = open_run(str(root), name_of(root, "one"))
    path = sorted((root / "steps" / run.address(label)).glob("*.parquet"))[1]
    harm(path)
    assert [f.what for f in verify(run).findings] == [str(path.relative_to(root))]
    done = repair(str(root), run.id, works)
    assert (done.made, done.changed) == (1, ())
    assert content(root) == before
    assert repair(str(root), run.id, works).made == 0


@pytest.mark.parametrize("harm", [lambda p: p.unlink(), lambda p: p.write_bytes(p.read_bytes()[:-5])])
def test_a_damaged_fold_is_named_and_its_shards_are_made_again(root, harm):
    before = content(root)
    run = open_run(str(root), name_of(root, "one"))
    path = next((root / "steps" / run.address("extract")).glob("folded/*.parquet"))
    held = pq.read_table(path).num_rows
    harm(path)
    named = {f.what for f in verify(open_run(str(root), run.id)).findings}
    assert (str(path.relative_to(root)) in named) == path.exists()
    done = repair(str(root), run.id, works)
    assert (done.made, done.changed) == (held, ())
    assert content(root) == before


def test_reports_that_count_otherwise_make_their_step_again(root):
    run = open_run(str(root), name_of(root, "one"))
    store, address = Store(str(root)), run.address("extract")
    shard = run.entry["shards"][1]
    report = json.loads(store.reports.get(address, shard))
    store.reports.take_back(address, shard)
    store.reports.put(address, shard, json.dumps(report | {"rows_in": report["rows_in"] + 1}).encode())
    done = repair(str(root), run.id, works)
    assert [f.what for f in done.found] == ["step extract"]
    assert (done.made, done.changed) == (WARCS, ())


@pytest.mark.parametrize("dropped", ["one", "two"])
def test_prune_keeps_what_another_run_needs(made, root, dropped):
    kept = "two" if dropped == "one" else "one"
    bytes_before = content(root)
    dry = prune(str(root), drop=(name_of(root, dropped),), dry_run=True)
    assert content(root) == bytes_before
    assert prune(str(root), drop=(name_of(root, dropped),)).places == dry.places
    assert verify(open_run(str(root), name_of(root, kept))).findings == ()
    assert again(made, f"{kept}.yaml", root).plan.missing() == []
    assert prune(str(root)).places == ()


def test_prune_keeps_of_a_fold_what_is_needed(made, root):
    """A run over fewer files shares the folders and the folds of the larger one."""
    part = curated(made / "mirror", made / "one.yaml", root, limit=2)
    record(part)
    release(part)
    whole = [name_of(root, "two"), *(e for e in (p.stem for p in root.glob("runs/one-*.json")) if e != part.id)]
    prune(str(root), drop=tuple(whole))
    store = Store(str(root))
    for step in part.pipeline.steps:
        assert store.reports.shards(step.address) == set(step.shards(part.context))
    assert prepare(part.request).plan.missing() == []
    assert verify(open_run(str(root))).findings == ()
    assert not list(root.glob("steps/*/folded/*.gone"))


def test_a_prune_deletes_what_a_killed_fold_left(root):
    run = open_run(str(root), name_of(root, "one"))
    store, address, shard = Store(str(root)), run.address("extract"), run.entry["shards"][0]
    store.reports.put(address, shard, store.reports.get(address, shard))
    assert prune(str(root)).places == (store.reports.path(address, shard),)
    assert verify(run).findings == ()


def test_status_counts_them(made, root):
    run = open_run(str(root), name_of(root, "one"))
    (root / run.entry["home"] / "manifest.json").unlink()
    shutil.rmtree(root / "steps" / run.address("publish"))
    Store(str(root)).reports.take_back(run.address("sign"), run.entry["shards"][2])
    [state] = [s for s in states(str(root)) if s.run_id == run.id]
    by_shard = [step for step in run.entry["steps"].values() if step["by_shard"]]
    assert f"{'sign':<18} {WARCS - 1} of {WARCS} shards" in state.lines
    assert f"{'band-buckets':<18} 20 partitions or files" in state.lines
    assert state.lines[-1] == f"{len(by_shard) - 1} other steps are done, 1 not begun"


def test_a_strict_run_makes_what_lacks_files_again(made, tmp_path, monkeypatch):
    monkeypatch.setattr(folds, "FOLD_MIN", 2)
    shutil.copytree(made / "mirror", tmp_path / "mirror")
    lost = sorted((tmp_path / "mirror").rglob("*.warc.gz"))[1]
    kept = lost.rename(tmp_path / "elsewhere")
    run = curated(tmp_path / "mirror", made / "one.yaml", tmp_path / "store")
    release(run)
    kept.rename(lost)
    strict = prepare(Request(str(tmp_path / "mirror"), str(made / "one.yaml"), str(tmp_path / "store"), 1, strict=True))
    reading = strict.pipeline.documents.address
    [todo] = [work.todo for work in strict.plan.missing() if work.stage.steps[0].address == reading]
    assert len(todo) == 1


@pytest.mark.server
def test_on_s3_a_finished_run_asks_for_no_report_one_by_one(made, monkeypatch):
    monkeypatch.setattr(folds, "FOLD_MIN", 2)
    with s3_service("mirror", "work") as (environment, client):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        upload(client, made / "mirror", "mirror")
        asked = Request("s3://mirror/", str(made / "one.yaml"), "s3://work/store", 1)
        run = prepare(asked)
        run.context.store.open_for_writing()
        record(run)
        work_off(run)
        expected = release(run).digest
        gets = []
        monkeypatch.setattr(Store, "get", lambda self, path, real=Store.get: gets.append(path) or real(self, path))
        again = prepare(asked)
        assert again.plan.missing() == []
        assert release(again).digest == expected
        single = [path for path in gets if path.startswith("steps/") and path.endswith(".json")]
        assert {path.split("/")[2] for path in single} <= {"all.json", "00000.json"} | {
            path.split("/")[2] for path in single if "publish" in path
        }
        client.delete_object(Bucket="work", Key=f"store/{run.manifest_path}")
        [state] = states("s3://work/store")
        assert state.lines[-1] == f"{sum(isinstance(s, ShardStep) for s in run.pipeline.steps)} other steps are done, 0 not begun"
        heads = [s for s in client.list_objects_v2(Bucket="work", Prefix="store/steps/")["Contents"] if s["Key"].endswith(".json")]
        assert len(heads) < len(run.pipeline.steps)

"""Repair: whatever is taken from a store, or altered in it, is named, and made again alone."""

import json
import shutil
from pathlib import Path

import pytest

from tests.pipelines import finished, work_off
from tests.tiny import mirror
from winnow.tasks.dedup.take_downs import Entry, add
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.store import Store
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.verify import verify
from winnow.tasks.runs.repair import repair
from winnow.tasks.runs.run import release

pytestmark = pytest.mark.slow
RECIPE = "extends: gopher\ndeduplicate: [{by: minhash}]\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("repair")
    source = mirror(root / "mirror", warcs=2, pages=4)
    (root / "mine.yaml").write_text(RECIPE)
    finished(source, root / "mine.yaml", root / "store")
    return root


@pytest.fixture
def store(made, tmp_path):
    shutil.copytree(made / "store", tmp_path / "store")
    return tmp_path / "store"


def works(run):
    work_off(run)
    release(run)


def content(store):
    """Every object of a store but what says when and how long."""
    return {
        str(p.relative_to(store)): p.read_bytes() for p in Path(store).rglob("*") if p.suffix in (".parquet",) or p.name == "manifest.json"
    }


def file_of(store, label, ending=".parquet"):
    run = open_run(str(store))
    return sorted((store / "steps" / run.address(label)).glob(f"*{ending}"))[0]


def cut(path):
    path.write_bytes(path.read_bytes()[:-5])


def gone(path):
    path.unlink()


def altered(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("harm", [cut, gone, altered])
@pytest.mark.parametrize(
    ("label", "ending"),
    [("extract", ".parquet"), ("sign", ".parquet"), ("band-buckets", ".json"), ("publish", ".leaves.parquet"), ("select", ".json")],
)
def test_one_file_is_named_and_made_again_alone(store, label, ending, harm):
    before = content(store)
    path = file_of(store, label, ending)
    shard = path.name.split(".")[0]
    if harm is altered and ending == ".json":
        path.write_text(path.read_text().replace('"rows_in"', '"rows"'))
    else:
        harm(path)
    found = verify(open_run(str(store))).findings
    assert {f.what.rpartition("/")[2].split(".")[0] for f in found} == {shard}
    done = repair(str(store), "", works)
    assert done.found == found
    assert (done.made, done.changed) == (1, ())
    assert content(store) == before
    assert repair(str(store), "", works).made == 0


def test_a_file_of_the_corpus(store):
    before = content(store)
    path = next(iter(store.glob("corpora/**/data/**/*.parquet")))
    cut(path)
    done = repair(str(store), "", works)
    assert {f.what for f in done.found} == {str(path.relative_to(store))}
    assert done.made == 1
    assert content(store) == before


def test_what_a_purge_took_of_whole_steps(store):
    before = content(store)
    run = open_run(str(store))
    for label in ("sign", "measure-text", "components"):
        shutil.rmtree(store / "steps" / run.address(label))
    found = {f.what.split("/")[1] for f in verify(run).findings}
    assert found == {run.address(label) for label in ("sign", "measure-text", "components")}
    done = repair(str(store), "", works)
    assert (done.made, done.changed) == (2 + 2 + 1, ())
    assert content(store) == before


@pytest.mark.parametrize("harm", [cut, gone])
def test_a_manifest_comes_back_and_what_lies_beside_is_checked(store, harm):
    before = content(store)
    [manifest] = store.glob("corpora/*/*/manifest.json")
    run = open_run(str(store))
    altered(file_of(store, "signals"))
    harm(manifest)
    done = repair(str(store), run.id, works)
    assert done.changed == ()
    assert content(store) == before


def test_a_report_that_counts_otherwise_makes_its_step_again(store):
    before = content(store)
    path = file_of(store, "extract", ".json")
    report = json.loads(path.read_text())
    path.write_text(json.dumps(report | {"rows_in": report["rows_in"] + 1}))
    done = repair(str(store), "", works)
    assert [f.what for f in done.found] == ["step extract"]
    assert (done.made, done.changed) == (2, ())
    assert content(store) == before


def test_take_downs_since_then_do_not_matter(store):
    before = content(store)
    add(Store(str(store)), [Entry("", "http://site1.example/1", "", "asked", "2026-11-24")])
    gone(file_of(store, "extract"))
    assert repair(str(store), "", works).changed == ()
    assert {k: v for k, v in content(store).items() if not k.startswith("take-downs/")} == before


def test_another_run_than_before_is_refused_and_nothing_deleted(made, store):
    path = file_of(store, "extract")
    cut(path)
    (made / "mine.yaml").write_text(RECIPE + "limits: {word_count: {low: 60}}\n")
    try:
        with pytest.raises(BadInput, match="Nothing was deleted"):
            repair(str(store), "", works)
    finally:
        (made / "mine.yaml").write_text(RECIPE)
    assert path.exists()
    assert len(list(path.parent.glob("*.json"))) == 2


def test_a_run_of_an_older_winnow_is_verified_but_not_repaired(store):
    [record] = store.glob("runs/*.json")
    entry = json.loads(record.read_text())
    del entry["request"]
    record.write_text(json.dumps(entry))
    assert repair(str(store), "", works).found == ()
    path = file_of(store, "extract")
    cut(path)
    with pytest.raises(BadInput, match=r"cannot be repaired.*Its command makes a new run: winnow run"):
        repair(str(store), "", works)
    assert path.exists()


def test_a_damaged_record_is_named(store):
    [record] = store.glob("runs/*.json")
    cut(record)
    with pytest.raises(BadInput, match="Damaged, and made again"):
        open_run(str(store))

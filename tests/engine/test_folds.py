"""Folded reports: a store that folds answers like one that does not, whatever happens in which order, and wherever it is killed."""

import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.toys import Count, chain, context
from tests.s3 import s3_service
from winnow.tasks.engine import folds
from winnow.tasks.engine.errors import BadInput, DamagedArtifact
from winnow.tasks.engine.folds import Reports
from winnow.tasks.engine.plan import Plan
from winnow.tasks.engine.step import StepResult
from winnow.tasks.engine.store import Store

STEP = Count()
SHARDS = tuple("abcdefgh")


class Killed(Exception):
    """The process ended here."""


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, value in {"FOLD_MIN": 2, "FOLD_MAX": 3, "MARKS": 1, "KEPT_BYTES": 2000}.items():
        monkeypatch.setattr(folds, name, value)


def commit(store, shard, seconds):
    table = pa.table({"n": [ord(shard)]})
    return store.commit(STEP, shard, StepResult(table, 1, 1), lambda: {"seconds": seconds, "cpu_s": 0, "peak_rss_bytes": 0})


def folded(root):
    return sorted(p.name for p in Path(root).glob("steps/*/folded/*"))


def loose(root):
    return sorted(p.stem for p in Path(root).glob("steps/*/*.json"))


@contextmanager
def interrupted(after, then):
    """``then`` is called before a Store changes anything for the ``after``-th time."""
    left = after

    def counted(real):
        def call(self, *args, **options):
            nonlocal left
            left -= 1
            if left == -1:
                then()
            return real(self, *args, **options)

        return call

    real = {name: getattr(Store, name) for name in ("put", "delete")}
    try:
        for name, method in real.items():
            setattr(Store, name, counted(method))
        yield
    finally:
        for name, method in real.items():
            setattr(Store, name, method)


def die():
    raise Killed


class Both:
    """The same done to a store that folds, by one of two processes or a new one, and to one that does not."""

    def __init__(self, root):
        self.plain, self.root = Store(f"{root}/plain"), f"{root}/folding"
        self.processes = [Store(self.root), Store(self.root)]
        self.plain.open_for_writing()
        self.processes[0].open_for_writing()

    def each(self, who):
        yield self.plain
        yield self.processes[who] if who < 2 else Store(self.root)

    def commit(self, who, shard, seconds):
        for store in self.each(who):
            if not store.has(STEP, shard):
                commit(store, shard, seconds)

    def lose_table(self, who, shard):
        for store in self.each(who):
            store.delete(STEP.data_path(shard))

    def damage(self, who, shard):
        if shard not in self.plain.done(STEP, SHARDS):
            return
        for store in self.each(who):
            path = Path(store.full(STEP.data_path(shard)))
            path.write_bytes(path.read_bytes()[:-3])
            with pytest.raises(DamagedArtifact):
                store.read(STEP, shard)

    def take_back(self, who, shards, kill=99):
        plain, store = self.each(who)
        plain.reports.take_back(STEP.address, *shards)
        try:
            with interrupted(kill, die):
                store.reports.take_back(STEP.address, *shards)
        except Killed:
            Store(self.root).reports.take_back(STEP.address, *shards)

    def fold(self, who, shards, kill):
        *_, store = self.each(who)
        try:
            with interrupted(kill, die):
                store.reports.fold(STEP.address, shards)
        except Killed:
            self.processes[who % 2] = Store(self.root)

    def prune(self, who, shards, kill):
        plain, store = self.each(who)
        for each, left in ((plain, 99), (store, kill), (Store(self.root), 99)):
            try:
                with interrupted(left, die):
                    names = each.names(f"steps/{STEP.address}")
                    gone = [name for name in sorted(names) if name.split(".")[0] not in shards]
                    kept = {name.removesuffix(".json") for name in names if name.endswith(".json")} & set(shards)
                    each.delete_all([f"steps/{STEP.address}/{name}" for name in gone])
                    each.delete_all(each.reports.compact(STEP.address, kept, shards))
            except Killed:
                pass

    def check(self):
        done = self.plain.done(STEP, SHARDS)
        reported = self.plain.reports.shards(STEP.address)
        for store in (*self.processes, Store(self.root)):
            assert store.done(STEP, SHARDS) == done
            assert {s for s in SHARDS if store.has(STEP, s)} == done
            assert store.reports.shards(STEP.address) == reported
            for shard, report in zip(sorted(done), store.reports_of(STEP, sorted(done)), strict=True):
                assert report == store.report(STEP, shard)
                assert without_times(report) == without_times(self.plain.report(STEP, shard))
                assert store.read(STEP, shard) == self.plain.read(STEP, shard)


def without_times(report):
    return {k: v for k, v in report.items() if k != "seconds"}


shard = st.sampled_from(SHARDS)
some = st.lists(shard, unique=True, min_size=1).map(sorted)
who = st.integers(0, 2)
kill = st.integers(0, 12)
seconds = st.integers(0, 1)
operation = st.one_of(
    st.tuples(st.just("commit"), who, shard, seconds),
    st.tuples(st.just("lose_table"), who, shard),
    st.tuples(st.just("damage"), who, shard),
    st.tuples(st.just("take_back"), who, some, kill),
    st.tuples(st.just("fold"), who, st.one_of(some, st.just(list(SHARDS))), kill),
    st.tuples(st.just("prune"), who, some, kill),
)


@settings(max_examples=60)
@given(first=some, operations=st.lists(operation, max_size=12))
def test_a_store_that_folds_answers_like_one_that_does_not(first, operations):
    root = tempfile.mkdtemp()
    try:
        both = Both(root)
        for each in first:
            both.commit(0, each, 0)
        for name, *arguments in operations:
            getattr(both, name)(*arguments)
            both.check()
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize("after", range(12))
def test_two_fold_at_once(tmp_path, after):
    one, two = Store(str(tmp_path)), Store(str(tmp_path))
    one.open_for_writing()
    for each in SHARDS:
        commit(one, each, 0)
    with interrupted(after, lambda: two.reports.fold(STEP.address, SHARDS[2:])):
        one.reports.fold(STEP.address, SHARDS)
    for store in (one, two, Store(str(tmp_path))):
        assert store.done(STEP, SHARDS) == set(SHARDS)
        assert [r["shard"] for r in store.reports_of(STEP, SHARDS)] == list(SHARDS)
        assert all(store.read(STEP, each).num_rows for each in SHARDS)


@pytest.mark.parametrize("after", range(12))
@pytest.mark.parametrize("loses_tables", [False, True])
def test_one_makes_while_another_folds(tmp_path, loses_tables, after):
    one, two = Store(str(tmp_path)), Store(str(tmp_path))
    one.open_for_writing()
    for each in SHARDS:
        commit(one, each, 0)

    def meanwhile():
        for each in "ch":
            if loses_tables:
                two.delete(STEP.data_path(each))
                assert not two.has(STEP, each)
            commit(two, each, 1)  # without looking: it began before the other had made it

    two.reports.folded(STEP.address)
    with interrupted(after, meanwhile):
        one.reports.fold(STEP.address, SHARDS)
    for store in (one, two, Store(str(tmp_path))):
        done = store.done(STEP, SHARDS)
        assert done >= set(SHARDS) - ({"c", "h"} if loses_tables else set())
        assert [r["shard"] for r in store.reports_of(STEP, sorted(done))] == sorted(done)
        assert all(store.read(STEP, each).num_rows for each in done)
    for each in set(SHARDS) - done:
        commit(one, each, 2)
    assert Store(str(tmp_path)).done(STEP, SHARDS) == set(SHARDS)


def test_what_is_made_again_counts_even_if_its_bytes_are_others(tmp_path):
    """As under another version of the Parquet library: nobody took the folded report back, only the table was lost."""
    store = Store(str(tmp_path))
    for each in SHARDS:
        commit(store, each, 0)
    store.reports.fold(STEP.address, SHARDS)
    store.delete(STEP.data_path("b"))
    assert not store.has(STEP, "b")
    other = store.commit(STEP, "b", StepResult(pa.table({"n": [7]}), 1, 1), lambda: {"seconds": 9})
    for each in (store, Store(str(tmp_path))):
        assert each.report(STEP, "b") == other
        assert each.read(STEP, "b")["n"].to_pylist() == [7]


def test_the_same_reports_taken_back_and_made_again_to_the_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(folds, "MARKS", 16)
    store = Store(str(tmp_path))
    for _ in range(3):
        for each in SHARDS:
            commit(store, each, 0)
        assert store.reports.fold(STEP.address, SHARDS) == 8
        assert store.done(STEP, SHARDS) == Store(str(tmp_path)).done(STEP, SHARDS) == set(SHARDS)
        store.reports.take_back(STEP.address, *SHARDS)
        assert store.done(STEP, SHARDS) == set()


def test_many_reports_become_few_objects(tmp_path):
    store = Store(str(tmp_path))
    store.open_for_writing()
    before = {each: commit(store, each, 3) for each in SHARDS}
    assert store.reports.fold(STEP.address, SHARDS) == 8
    assert loose(tmp_path) == []
    assert len(folded(tmp_path)) == 3
    assert {each: Store(str(tmp_path)).report(STEP, each) for each in SHARDS} == before
    assert store.reports.fold(STEP.address, SHARDS) == 0
    assert len(folded(tmp_path)) == 3


def test_a_few_reports_stay_loose(tmp_path, monkeypatch):
    monkeypatch.setattr(folds, "FOLD_MIN", 9)
    store = Store(str(tmp_path))
    for each in SHARDS:
        commit(store, each, 0)
    assert store.reports.fold(STEP.address, SHARDS) == 0
    assert loose(tmp_path) == list(SHARDS)


def test_what_is_no_report_stays_loose_and_is_made_again(tmp_path):
    store = Store(str(tmp_path))
    for each in SHARDS:
        commit(store, each, 0)
    Path(store.full(store.report_path(STEP, "b"))).write_text("{")
    assert store.reports.fold(STEP.address, SHARDS) == 7
    assert loose(tmp_path) == ["b"]
    with pytest.raises(DamagedArtifact):
        store.report(STEP, "b")
    assert store.done(STEP, SHARDS) == set(SHARDS) - {"b"}


@pytest.mark.parametrize("harm", [lambda p: p.unlink(), lambda p: p.write_bytes(p.read_bytes()[:-1]), lambda p: p.write_bytes(b"")])
def test_a_fold_that_is_lost_costs_its_shards_and_no_others(tmp_path, harm):
    store = Store(str(tmp_path))
    for each in SHARDS:
        commit(store, each, 0)
    store.reports.fold(STEP.address, SHARDS)
    path = next(tmp_path.glob("steps/*/folded/*"))
    held = {s for s in SHARDS if s in pa.parquet.read_table(path)["shard"].to_pylist()}
    harm(path)
    store = Store(str(tmp_path))
    assert store.done(STEP, SHARDS) == set(SHARDS) - held
    assert store.reports.damaged(STEP.address) == ([str(path.relative_to(tmp_path))] if path.exists() else [])
    for each in held:
        commit(store, each, 1)
    assert Store(str(tmp_path)).done(STEP, SHARDS) == set(SHARDS)
    store.delete_all(store.reports.compact(STEP.address, held, None))
    assert Store(str(tmp_path)).done(STEP, SHARDS) == set(SHARDS)
    assert store.reports.damaged(STEP.address) == []


def test_of_many_folds_few_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(folds, "READERS", 1)  # several may ask for a fold again that the others have just put out
    store = Store(str(tmp_path))
    for each in SHARDS:
        commit(store, each, 0)
    store.reports.fold(STEP.address, SHARDS)
    reads = []
    monkeypatch.setattr(Store, "get", lambda self, path, real=Store.get: reads.append(path) or real(self, path))
    store = Store(str(tmp_path))
    assert store.done(STEP, SHARDS) == set(SHARDS)
    assert [r["shard"] for r in store.reports_of(STEP, SHARDS)] == list(SHARDS)
    assert sum(t.nbytes for t in store.reports._texts.values()) <= folds.KEPT_BYTES
    assert len(reads) <= 2 * len(folded(tmp_path))
    assert not [path for path in reads if path.endswith(".json")]


def test_an_older_store_is_read_and_marked_when_it_folds(tmp_path):
    (tmp_path / "store.json").write_text(json.dumps({"schema": 1, "about": "mine"}))
    store = Store(str(tmp_path))
    store.open_for_writing()
    commit(store, "a", 0)
    assert json.loads((tmp_path / "store.json").read_text())["schema"] == 1
    commit(store, "b", 0)
    store.reports.fold(STEP.address, SHARDS)
    assert json.loads((tmp_path / "store.json").read_text()) == {"schema": 2, "about": "mine"}


def test_a_newer_store_is_not_folded(tmp_path):
    store = Store(str(tmp_path))
    commit(store, "a", 0)
    commit(store, "b", 0)
    (tmp_path / "store.json").write_text(json.dumps({"schema": 99}))
    with pytest.raises(BadInput, match="newer winnow"):
        store.reports.fold(STEP.address, SHARDS)
    assert loose(tmp_path) == ["a", "b"]


def test_a_plan_folds_a_stage_once_and_finds_it_done(tmp_path):
    *_, share = chain()
    b = context(tmp_path)
    plan = Plan([share], b)
    while works := plan.missing():
        for key, addresses in works[0].todo.items():
            for report in b.make(works[0].stage.steps, key, addresses):
                plan.mark(report["address"], key)
    assert [plan.fold(stage) for stage in plan.stages] == [6, 0, 3]
    assert [plan.fold(stage) for stage in plan.stages] == [0, 0, 0]
    assert Plan([share], context(tmp_path)).missing() == []


@pytest.mark.server
def test_on_s3(monkeypatch):
    with s3_service("work") as (environment, client):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        store = Store("s3://work/store")
        store.open_for_writing()
        for each in SHARDS:
            commit(store, each, 0)
        assert not store.has(STEP, "z")
        assert store.reports.fold(STEP.address, SHARDS) == 8
        store.reports.take_back(STEP.address, "c")
        keys = [o["Key"] for o in client.list_objects_v2(Bucket="work")["Contents"]]
        assert not [key for key in keys if key.endswith(".json") and "steps" in key]
        fresh = Store("s3://work/store")
        assert fresh.done(STEP, SHARDS) == set(SHARDS) - {"c"}
        assert not fresh.has(STEP, "c")
        assert fresh.has(STEP, "d")
        commit(fresh, "c", 1)
        assert [r["seconds"] for r in store.reports_of(STEP, SHARDS)] == [0, 0, 1, 0, 0, 0, 0, 0]
        assert fresh.names(f"steps/{STEP.address}") == {f"{each}.parquet" for each in SHARDS} | {"c.json"}


def test_reports_know_their_place():
    assert Reports.path("count-v1-x", "a") == "steps/count-v1-x/a.json"

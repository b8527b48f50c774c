"""SIGKILL at random moments, many times, without Prefect: the same bytes, at most one shard of one step per worker made twice, no litter.

The flow, the server and Prefect's own ways to resume are in tests/flows/test_resume.py. ``WINNOW_KILLS=100`` kills that often.
"""

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.forked import fork
from tests.pipelines import curated, digests, work_off, work_off_with
from tests.tiny import mirror
from winnow.tasks.engine import folds
from winnow.tasks.engine.root import TEMPORARY
from winnow.tasks.engine.runners.base import open_runner
from winnow.tasks.engine.store import Store
from winnow.tasks.engine.worker import Job
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import clean, prepare, release

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("WINNOW_KILLS", "24"))
SEED = int(os.environ.get("WINNOW_SEED", "7"))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return mirror(tmp_path_factory.mktemp("kills") / "mirror", warcs=4, pages=6)


@pytest.fixture(scope="module")
def undisturbed(source, tmp_path_factory):
    run = curated(source, "fineweb", tmp_path_factory.mktemp("kills") / "store")
    return digests(run), release(run).digest


def logged_run(source, store, log, fold_min=folds.FOLD_MIN):
    """The whole run in this process; every step that is begun leaves a line in ``log``. Reports are folded from ``fold_min`` on."""
    has, folds.FOLD_MIN = Store.has, fold_min

    def noted(self, step, shard):
        found = has(self, step, shard)
        if not found and sys._getframe(1).f_code.co_name == "make":
            with open(log, "a") as f:
                f.write(f"{step.address} {shard}\n")
        return found

    Store.has = noted
    run = prepare(Request(str(source), "fineweb", str(store), 1))
    run.context.store.open_for_writing()
    clean(run)
    work_off(run)
    release(run)


def begun(log):
    """How many steps of shards were begun."""
    return log.read_bytes().count(b"\n") if log.exists() else 0


def litter(store):
    return [p for p in Path(store).rglob("*") if TEMPORARY in p.name]


@pytest.mark.parametrize(("fold_min", "times"), [(folds.FOLD_MIN, KILLS), (2, KILLS // 2)])
def test_the_process_is_killed_at_random_moments(source, undisturbed, tmp_path, fold_min, times):
    rng, kills, stores = random.Random(SEED), 0, 0
    while kills < times:
        store, log = tmp_path / f"store-{stores}", tmp_path / f"log-{stores}"
        kills_here = 0
        while True:
            process = fork.Process(target=logged_run, args=(source, store, log, fold_min))
            process.start()
            # A number of steps on, and a moment more: on any machine some kills land between steps, within them, before the first, in the release.
            goal = begun(log) + rng.randint(0, 5)
            while process.exitcode is None and begun(log) < goal:
                process.join(0.002)
            process.join(rng.uniform(0, 0.1))
            if process.exitcode is None:
                process.kill()
                process.join()
                kills_here += 1
            else:
                assert process.exitcode == 0
                break
        run = prepare(Request(str(source), "fineweb", str(store), 1))
        assert run.plan.missing() == []
        assert run.is_released()
        assert digests(run) == undisturbed[0]
        assert release(run).digest == undisturbed[1]
        assert not litter(store)
        lines = log.read_text().splitlines()
        redone = len(lines) - len(set(lines))
        assert bool(list(store.glob("steps/*/folded/*"))) == (fold_min == 2)
        assert redone <= kills_here, "more than one shard of one step was lost to a kill"
        kills, stores = kills + kills_here, stores + 1
    print(f"{kills} kills over {stores} stores")


def test_workers_are_killed_at_random_moments(source, undisturbed, tmp_path):
    rng, kills, made = random.Random(SEED), [], []
    run = prepare(Request(str(source), "fineweb", str(tmp_path), 2))
    run.context.store.open_for_writing()
    pool = open_runner("local", Job(run.context, run.plan.steps), 2)

    def seen(outcome):
        made.extend(outcome.reports)
        if len(kills) < KILLS // 4 and rng.random() < 0.5:
            pids = [pid for slot in pool._all for pid in slot.pids]
            threading.Timer(rng.uniform(0, 0.3), lambda: kills.append(kill(rng.choice(pids)))).start()

    try:
        manifest = work_off_with(run, pool, seen)
    finally:
        pool.close()
    assert any(kills), "no kill landed: the run is too short for this test"
    assert digests(run) == undisturbed[0]
    assert manifest["digest"] == undisturbed[1]
    assert len(made) <= len(undisturbed[0])
    clean(run)
    assert not litter(tmp_path)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("fold_min", [folds.FOLD_MIN, 2])
def test_two_runs_of_the_same_at_the_same_time(source, undisturbed, tmp_path, fold_min):
    logs = [tmp_path / "log-a", tmp_path / "log-b"]
    both = [fork.Process(target=logged_run, args=(source, tmp_path / "store", log, fold_min)) for log in logs]
    for process in both:
        process.start()
        time.sleep(0.05)
    for process in both:
        process.join()
        assert process.exitcode == 0
    run = prepare(Request(str(source), "fineweb", str(tmp_path / "store"), 1))
    assert digests(run) == undisturbed[0]
    assert release(run).digest == undisturbed[1]
    assert not litter(tmp_path)

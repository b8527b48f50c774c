"""Other people's clusters make the same bytes: a real Dask scheduler and its worker processes over TCP, one of them killed at work."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client
from distributed.comm.core import CommClosedError

from tests.engine.test_pool import Deadly, lives, made
from tests.engine.toys import context
from tests.pipelines import curated, digests, work_off_with
from tests.shared import ROOT
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput, ShardKilled, Transient
from winnow.tasks.engine.runners import dask as dask_runner
from winnow.tasks.engine.runners.base import open_runner, parse
from winnow.tasks.engine.runners.dask import CONNECT_TRIES
from winnow.tasks.engine.store import Store
from winnow.tasks.engine.worker import Job
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import clean, prepare

START_S = 60


@pytest.mark.parametrize(
    ("spec", "kind", "address"),
    [
        ("local", "local", ""),
        ("dask", "dask", ""),
        ("dask:tcp://h:8786", "dask", "tcp://h:8786"),
        ("ray:auto", "ray", "auto"),
        ("ray:ray://h:10001", "ray", "ray://h:10001"),
    ],
)
def test_what_names_a_runner(spec, kind, address):
    assert parse(spec) == (kind, address)


@pytest.mark.parametrize("spec", ["", "slurm", "local:x", "tcp://h:8786", "ray://h:10001", "dask:h:8786", "dask:tcp://u:p@h:1"])
def test_what_names_no_runner(spec):
    with pytest.raises(BadInput, match=r"(?i)dask|ray") as caught:
        parse(spec)
    assert "u:p" not in str(caught.value)


def test_a_library_that_is_not_installed_says_so(tmp_path, monkeypatch):
    b, step = context(tmp_path), Deadly(str(tmp_path))
    for kind in ("dask", "ray"):
        monkeypatch.setitem(sys.modules, f"winnow.tasks.engine.runners.{kind}", None)
        with pytest.raises(BadInput, match=rf"pip install 'winnow\[{kind}\]'"):
            open_runner(kind, Job(b, (step,)), 1)


class Cluster:
    """A scheduler and workers as somebody would start them by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, []
        self.address = ""

    def start(self, *args):
        # Workers are told nothing but where the code is.
        env = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "False"}
        out = self.folder / f"{len(self.processes)}.log"
        command = [sys.executable, "-m", "distributed.cli." + args[0], *args[1:]]
        with out.open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    command, env=env, stdout=log, stderr=log, cwd=self.folder, stdin=subprocess.DEVNULL, start_new_session=True
                )
            )
        return self.processes[-1], out

    def schedule(self, port=0):
        _, log = self.start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show")
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and not self.address:
            for line in log.read_text().splitlines():
                if "Scheduler at:" in line:
                    self.address = line.split()[-1]
            time.sleep(0.1)
        assert self.address, log.read_text()

    def work(self, name, *more):
        return self.start(
            "dask_worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--name", name, "--no-dashboard", "--no-nanny", *more
        )[0]

    def kill(self):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    c = Cluster(tmp_path)
    c.schedule()
    yield c
    c.kill()


@pytest.mark.server
def test_a_dask_cluster_makes_the_same_bytes_though_a_worker_is_killed(cluster, tmp_path):
    source = mirror(tmp_path / "mirror", warcs=4, pages=4)
    local = curated(source, "gopher", tmp_path / "local")
    workers = [cluster.work("one"), cluster.work("two")]
    run = prepare(Request(str(source), "gopher", str(tmp_path / "clustered"), 2, runner=f"dask:{cluster.address}"))
    run.context.store.open_for_writing()
    runner = open_runner(run.runner, Job(run.context, run.plan.steps), 2)
    made = []

    def seen(outcome):
        made.extend(outcome.reports)
        if len(made) == len(outcome.reports):
            workers[0].kill()

    try:
        manifest = work_off_with(run, runner, seen)
    finally:
        runner.close()
    assert workers[0].wait() == -signal.SIGKILL
    assert digests(run) == digests(local)
    redone = len(made) - sum(len(step.shards(local.context)) for step in local.plan.steps)
    assert redone <= 0  # the dead worker took at most a shard of one step along, which had not been reported
    assert manifest["files"]
    clean(run)
    assert not list((tmp_path / "clustered").rglob("*winnow-tmp*"))


@pytest.mark.server
def test_dask_names_a_deadly_shard_and_survives_its_scheduler(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_runner, "CONNECT_S", 2.0)
    b, step = context(tmp_path / "store", (3, 5, 7)), Deadly(str(tmp_path), kills=(5,), bad=(7,))
    b = replace(b, store=Store(b.store.root, (("secret", "planted-in-the-job"),)))
    b.store.open_for_writing()
    lives(tmp_path, 5, 99)
    for n in range(6):
        cluster.work(f"w{n}")
    runner = open_runner(f"dask:{cluster.address}", Job(b, (step,)), 2)
    try:
        outcomes = made(runner, step, b)
        assert isinstance(outcomes[b.shard_keys[1]].error, ShardKilled)
        assert b.shard_keys[1] in str(outcomes[b.shard_keys[1]].error)
        assert isinstance(outcomes[b.shard_keys[2]].error, BadInput)
        assert not outcomes[b.shard_keys[0]].error
        cluster.kill()
        with pytest.raises(Transient, match="scheduler"):
            made(runner, step, b)
        port = int(cluster.address.rsplit(":", 1)[1])
        cluster.address = ""
        cluster.schedule(port)
        cluster.work("again")
        [outcome] = runner.run([step], {b.shard_keys[0]: (step.address,)})
        assert not outcome.error
    finally:
        runner.close()
    logs = "".join(log.read_text() for log in tmp_path.glob("*.log"))
    assert "size 7 is bad" in logs
    assert "planted-in-the-job" not in logs


@pytest.mark.server
def test_no_scheduler_and_no_workers_say_so(cluster, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(dask_runner, "CONNECT_S", 1.0)
    monkeypatch.setattr(dask_runner, "FIRST_WORKER_S", 1.0)
    b, step = context(tmp_path / "store", (3,)), Deadly(str(tmp_path))
    with pytest.raises(BadInput, match="No Dask scheduler answers"):
        open_runner("dask:tcp://127.0.0.1:9", Job(b, (step,)), 1)
    with pytest.raises(BadInput, match=r"has no workers.*dask worker"):
        open_runner(f"dask:{cluster.address}", Job(b, (step,)), 1)
    assert "has no workers yet; waiting" in capfd.readouterr().err


@pytest.mark.server
def test_a_worker_that_dies_while_the_run_connects_is_no_error(cluster, tmp_path, monkeypatch):
    b, step = context(tmp_path / "store", (3,)), Deadly(str(tmp_path))
    b.store.open_for_writing()
    cluster.work("stays")
    register, failures = Client.register_plugin, [CommClosedError("in <TCP>: stream is closed")] * (CONNECT_TRIES - 1)

    def dies_meanwhile(self, plugin, *more):
        if failures:
            raise failures.pop()
        return register(self, plugin, *more)

    monkeypatch.setattr(Client, "register_plugin", dies_meanwhile)
    runner = open_runner(f"dask:{cluster.address}", Job(b, (step,)), 1)
    try:
        [outcome] = runner.run([step], {b.shard_keys[0]: (step.address,)})
        assert not outcome.error
    finally:
        runner.close()
    failures += [CommClosedError("in <TCP>: stream is closed")] * CONNECT_TRIES
    with pytest.raises(BadInput, match=f"died {CONNECT_TRIES} times"):
        open_runner(f"dask:{cluster.address}", Job(b, (step,)), 1)


@pytest.mark.server
def test_a_ray_cluster_makes_the_same_bytes(tmp_path):
    source = mirror(tmp_path / "mirror", warcs=2, pages=4)
    local = curated(source, "gopher", tmp_path / "local")
    run = prepare(Request(str(source), "gopher", str(tmp_path / "clustered"), 2, runner="ray"))
    run.context.store.open_for_writing()
    runner = open_runner(run.runner, Job(run.context, run.plan.steps), 2)
    try:
        work_off_with(run, runner)
    finally:
        runner.close()
    assert digests(run) == digests(local)


@pytest.mark.server
def test_ray_names_a_deadly_shard_and_replaces_a_killed_worker(tmp_path):
    b, step = context(tmp_path / "store", (3, 5, 7, 9)), Deadly(str(tmp_path), kills=(5, 9), bad=(7,))
    b.store.open_for_writing()
    lives(tmp_path, 5, 99)
    lives(tmp_path, 9, 1)
    runner = open_runner("ray", Job(b, (step,)), 2)
    try:
        outcomes = made(runner, step, b)
    finally:
        runner.close()
    assert isinstance(outcomes[b.shard_keys[1]].error, ShardKilled)
    assert isinstance(outcomes[b.shard_keys[2]].error, BadInput)
    assert outcomes[b.shard_keys[0]].reports
    assert outcomes[b.shard_keys[3]].reports, "a worker that was killed once is replaced"

"""Resume as Prefect's users do: cancel, Retry, the schedule, a dead server, all on one store, which ends with the bytes of a quiet run.

The mirror is served with a gate before its files, so that on any machine every disturbance meets a run that has done something and not all.
"""

import contextlib
import functools
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flows.conftest import ROOT, START_S, get
from tests.pipelines import curated, digests
from tests.servers import prefect_home
from tests.tiny import CRAWL, mirror
from winnow.tasks.engine.root import TEMPORARY
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare, release

pytestmark = pytest.mark.server
POOL = "resume"
WORKER = ("-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--limit", "1")
"""One run at a time, as with `winnow serve`: on a slow machine the runs of a schedule that come every 20 s would otherwise keep each other from ending."""
AGAIN = ("sh", "-c", 'while :; do "$@"; done', "sh")
"""As a service starts a worker again: one of Prefect's ends when its server goes while it is about to submit a run."""


@contextlib.contextmanager
def started(command, env, log):
    with (
        open(log, "ab") as out,
        subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True) as process,
    ):
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def serving(api, env, log):
    """A Prefect server that answers; context manager."""
    port = api.rsplit(":", 1)[1].split("/")[0]
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port, "--no-ui"]
    return started(command, env, log)


def until(what, seconds=START_S, every=0.1):
    """The first true value of ``what()``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if value := what():
                return value
        time.sleep(every)
    pytest.fail(f"waited {seconds} s for {what}")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        api = f"http://127.0.0.1:{s.getsockname()[1]}/api"
    env = {
        **os.environ,
        "PREFECT_HOME": str(prefect_home(folder / "home")),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
        "PREFECT_SERVER_SERVICES_SCHEDULER_DEPLOYMENT_BATCH_SIZE": "10",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_WORKER_CANCELLATION_POLL_SECONDS": "1",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "PYTHONPATH": str(ROOT),
    }
    return folder, api, env


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return mirror(tmp_path_factory.mktemp("resume-source") / "mirror", warcs=10, pages=4)


class Gate(http.server.ThreadingHTTPServer):
    """Serves ``folder`` on loopback: at most ``open`` different WARCs, until it is opened further."""

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), functools.partial(Gated, directory=str(folder)))
        self.open, self.seen, self.calls, self.moved = 0, set(), 0, threading.Condition()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def let(self, more):
        with self.moved:
            self.open += more
            self.moved.notify_all()

    def hang_up(self):
        """On all that wait now: who asked is dead, and the next run begins with other files."""
        with self.moved:
            self.calls += 1
            self.moved.notify_all()

    def shut(self):
        self.open = 0
        self.seen.clear()

    def handle_error(self, *_): ...


class Gated(http.server.SimpleHTTPRequestHandler):
    server: Gate

    def log_message(self, *_): ...

    def do_GET(self):
        gate = self.server
        if self.path.endswith(".warc.gz"):
            with gate.moved:
                call = gate.calls
                gate.moved.wait_for(lambda: self.path in gate.seen or len(gate.seen) < gate.open or gate.calls != call)
                if gate.calls != call:
                    return
                gate.seen.add(self.path)
        super().do_GET()


def reports(store):
    """Every report with its time: one that was made again has another. Not those that a killed process was still writing."""
    return {p: p.stat().st_mtime_ns for p in Path(store).glob("steps/*/[!.]*.json")}


def processes_with(variable):
    """All processes with this NAME=VALUE in their environment, but this one; the oldest first."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return sorted(set(found) - {os.getpid()})


def processes_of(flow_run):
    """All processes that work for a flow run, the flow's own first."""
    return processes_with(f"PREFECT__FLOW_RUN_ID={flow_run}")


def end_all(variable):
    for pid in processes_with(variable):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def gate(source):
    with Gate(source) as gate:
        yield gate
        gate.shutdown()


def test_cancel_retry_schedule_and_a_dead_server_end_with_the_same_bytes(place, source, gate, tmp_path):
    gate.let(len(list(source.rglob("*.warc.gz"))))
    quiet = curated(CRAWL, "gopher", tmp_path / "quiet", base_url=gate.url)
    digest = release(quiet).digest
    gate.shut()
    folder, api, env = place
    store = tmp_path / "store"
    parameters = {"source": CRAWL, "base_url": gate.url, "recipe": "gopher", "store": str(store), "workers": 2}
    made = {}

    def more_work():
        """New reports since the last disturbance, of which none that stood before was touched."""
        now = reports(store)
        again = [path for path, at in made.items() if now.get(path) != at]
        assert not again, "something finished was made again"
        return len(now) > len(made) and now

    with contextlib.ExitStack() as running:
        running.callback(end_all, f"PREFECT_API_URL={api}")
        server = running.enter_context(serving(api, env, folder / "server.log"))
        until(lambda: get(f"{api}/health"))
        deploy = (
            "from winnow.flows.curate import curate_snapshot\n"
            f"curate_snapshot.from_source(source={str(ROOT)!r}, entrypoint='flows/curate.py:curate_snapshot')"
            f".deploy(name='resume', work_pool_name={POOL!r}, parameters={parameters!r}, print_next_steps=False)"
        )
        until(lambda: get(f"{api}/work_pools/", {"name": POOL, "type": "process"}))
        running.enter_context(started([*AGAIN, sys.executable, *WORKER], env, folder / "worker.log"))
        done = subprocess.run([sys.executable, "-c", deploy], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        [deployment] = get(f"{api}/deployments/filter", {})
        create = f"{api}/deployments/{deployment['id']}/create_flow_run"

        def state(flow_run):
            return get(f"{api}/flow_runs/{flow_run}")["state"]["type"]

        def retried(flow_run):
            """Press Retry until it takes: the worker reports a crash twice, two seconds apart, and the second report undoes a hasty Retry."""
            if state(flow_run) == "CRASHED":
                get(f"{api}/flow_runs/{flow_run}/set_state", {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": True})
            return state(flow_run) == "RUNNING"

        # Cancelled: the children end, what is finished stays.
        gate.let(2)
        cancelled = until(lambda: get(create, {}))["id"]
        made = until(more_work)
        pids = processes_of(cancelled)
        assert len(pids) >= 2
        until(lambda: get(f"{api}/flow_runs/{cancelled}/set_state", {"state": {"type": "CANCELLING"}}))
        until(lambda: state(cancelled) == "CANCELLED")
        until(lambda: not processes_of(cancelled))
        gate.hang_up()
        made = reports(store)

        # The flow's process is killed; Retry, as the UI asks for it.
        gate.let(2)
        killed = until(lambda: get(create, {}))["id"]
        made = until(more_work)
        os.kill(processes_of(killed)[0], signal.SIGKILL)
        until(lambda: state(killed) == "CRASHED")
        until(lambda: not processes_of(killed))
        gate.hang_up()
        made = reports(store)
        gate.let(2)
        until(lambda: retried(killed))
        made = until(more_work)
        os.kill(processes_of(killed)[0], signal.SIGKILL)
        until(lambda: not processes_of(killed))
        gate.hang_up()
        made = reports(store)

        # The schedule goes on with it. The server is killed under it, and comes back; then the run itself or the next one ends it.
        schedule = {"interval": 20, "anchor_date": (datetime.now(UTC) - timedelta(seconds=17)).isoformat()}  # the first in three seconds
        [planned] = until(lambda: get(f"{api}/deployments/{deployment['id']}/schedules", [{"schedule": schedule, "active": True}]))
        gate.let(2)
        made = until(more_work)
        server.kill()
        server.wait()
        gate.let(len(quiet.context.shard_keys))
        running.enter_context(serving(api, env, folder / "server.log"))
        until(lambda: get(f"{api}/health"))
        asked = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}, "deployment_id": {"any_": [deployment["id"]]}}}
        ended = until(lambda: get(f"{api}/flow_runs/filter", asked), 3 * START_S)
        assert ended[0]["auto_scheduled"]
        assert planned["active"]
    run = prepare(Request(CRAWL, "gopher", str(store), 1, base_url=gate.url))
    assert run.plan.missing() == []
    assert json.loads(run.context.store.get(run.manifest_path))["digest"] == digest
    assert digests(run) == digests(quiet)
    assert not [p for p in store.rglob("*") if TEMPORARY in p.name]

"""Resume as Prefect's users do: cancel, Retry, the schedule, a dead server, all on one store, which ends with the bytes of a quiet run."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.run import Request, prepare, release
from tasks.core.store import TEMPORARY
from tests.flows.conftest import ROOT, START_S, get
from tests.pipelines import curated, digests
from tests.tiny import mirror

pytestmark = pytest.mark.server
POOL = "resume"


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
        "PREFECT_HOME": str(folder / "home"),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
        "PREFECT_SERVER_SERVICES_SCHEDULER_DEPLOYMENT_BATCH_SIZE": "10",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PYTHONPATH": str(ROOT),
    }
    return folder, api, env


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return mirror(tmp_path_factory.mktemp("resume-source") / "mirror", warcs=8, pages=12)


def reports(store):
    """Every report with its time: one that was made again has another."""
    return {p: p.stat().st_mtime_ns for p in Path(store).glob("steps/*/*.json")}


def processes_of(flow_run):
    """All processes that work for a flow run, the flow's own first."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and f"PREFECT__FLOW_RUN_ID={flow_run}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return sorted(found)


def test_cancel_retry_schedule_and_a_dead_server_end_with_the_same_bytes(place, source, tmp_path):
    quiet = curated(source, "gopher", tmp_path / "quiet")
    digest = release(quiet)["digest"]
    folder, api, env = place
    store = tmp_path / "store"
    parameters = {"source": str(source), "recipe": "gopher", "store": str(store), "workers": 2}
    made = {}

    def more_work():
        """New reports since the last disturbance, of which none that stood before was touched."""
        now = reports(store)
        again = [path for path, at in made.items() if now.get(path) != at]
        assert not again, "something finished was made again"
        return len(now) > len(made) + 4 and now

    with contextlib.ExitStack() as running:
        server = running.enter_context(serving(api, env, folder / "server.log"))
        until(lambda: get(f"{api}/health"))
        deploy = (
            "from flows.curate import curate_snapshot\n"
            f"curate_snapshot.from_source(source={str(ROOT)!r}, entrypoint='flows/curate.py:curate_snapshot')"
            f".deploy(name='resume', work_pool_name={POOL!r}, parameters={parameters!r}, print_next_steps=False)"
        )
        until(lambda: get(f"{api}/work_pools/", {"name": POOL, "type": "process"}))
        worker = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"]
        running.enter_context(started(worker, env, folder / "worker.log"))
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
        cancelled = until(lambda: get(create, {}))["id"]
        made = until(more_work)
        pids = processes_of(cancelled)
        assert len(pids) >= 2
        until(lambda: get(f"{api}/flow_runs/{cancelled}/set_state", {"state": {"type": "CANCELLING"}}))
        until(lambda: state(cancelled) == "CANCELLED")
        until(lambda: not processes_of(cancelled))
        made = reports(store)

        # The flow's process is killed; Retry, as the UI asks for it.
        killed = until(lambda: get(create, {}))["id"]
        made = until(more_work)
        os.kill(processes_of(killed)[0], signal.SIGKILL)
        until(lambda: state(killed) == "CRASHED")
        until(lambda: not processes_of(killed))
        made = reports(store)
        until(lambda: retried(killed))
        made = until(more_work)
        os.kill(processes_of(killed)[0], signal.SIGKILL)
        until(lambda: not processes_of(killed))
        made = reports(store)

        # The schedule goes on with it. The server is killed under it, and comes back; then the run itself or the next one ends it.
        schedule = {"interval": 20, "anchor_date": datetime.now(UTC).isoformat()}
        [planned] = until(lambda: get(f"{api}/deployments/{deployment['id']}/schedules", [{"schedule": schedule, "active": True}]))
        made = until(more_work)
        server.kill()
        server.wait()
        running.enter_context(serving(api, env, folder / "server.log"))
        until(lambda: get(f"{api}/health"))
        asked = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}, "deployment_id": {"any_": [deployment["id"]]}}}
        ended = until(lambda: get(f"{api}/flow_runs/filter", asked))
        assert ended[0]["auto_scheduled"]
        assert planned["active"]
    run = prepare(Request(str(source), "gopher", str(store), 1))
    assert run.plan.missing() == []
    assert json.loads(run.bench.store.get(run.manifest_path))["digest"] == digest
    assert digests(run) == digests(quiet)
    assert not [p for p in store.rglob("*") if TEMPORARY in p.name]

"""A machine that loses its power while a run goes on: everything is killed at once, started again, and the dead run is marked *Crashed*.

That needs a server in which automations fire. The automation waits three minutes; the test shortens that to what Prefect's shortest heartbeat allows.
"""

import json
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.flows import topology
from tests.flows.conftest import ROOT, WINNOW, get
from tests.flows.test_serve import readable, until

pytestmark = pytest.mark.server

SAMPLE = ROOT / "tests" / "data" / "sample"
WITHIN_S = 31


def processes(home):
    """Everything that belongs to the service of this folder, by what its environment holds."""
    mark = f"PREFECT_HOME={home / 'prefect'}"
    return [int(p.parent.name) for p in Path("/proc").glob("[0-9]*/environ") if mark in readable(p)]


def begin(api, **parameters):
    curate = get(f"{api}/deployments/name/curate-snapshot/curate-snapshot")["id"]
    return get(f"{api}/deployments/{curate}/create_flow_run", {"parameters": parameters})["id"]


def test_a_run_that_died_with_its_machine_becomes_crashed_and_a_killed_worker_is_replaced(tmp_path):
    import subprocess

    port = topology.free_port()
    api = f"http://127.0.0.1:{port}/api"
    environment = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    environment.pop("PREFECT_API_URL", None)
    out = tmp_path / "out.txt"

    def serve():
        with out.open("ab") as f:
            process = subprocess.Popen(
                [*WINNOW, "serve", "--port", str(port), "--store", str(tmp_path / "store")],
                env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=f, stderr=f, start_new_session=True,
            )  # fmt: skip
        begun = out.read_text().count("Ctrl-C stops")
        until(lambda: process.poll() is not None or out.read_text().count("Ctrl-C stops") > begun, out.read_text)
        assert process.poll() is None, out.read_text()
        return process

    serve()
    try:
        [lost] = get(f"{api}/automations/filter", {})
        trigger = lost["trigger"] | {"within": WITHIN_S}
        shorter = {k: lost[k] for k in ("name", "description", "enabled", "actions")} | {"trigger": trigger}
        # 503: SQLite was locked, and the same may be asked again.
        until(lambda: httpx.put(f"{api}/automations/{lost['id']}", json=shorter).is_success, out.read_text)
        run = begin(api, source=str(SAMPLE), recipe="refinedweb", workers=1)
        until(lambda: get(f"{api}/flow_runs/{run}")["state"]["type"] == "RUNNING", out.read_text)
        seen = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}, "occurred": {"since": "2020-01-01T00:00:00Z"}}}
        until(lambda: get(f"{api}/events/filter", seen)["events"], "the run's first heartbeat", 60)
        for pid in processes(tmp_path):
            os.kill(pid, signal.SIGKILL)
        until(lambda: not processes(tmp_path), "everything is dead")

        serve()
        assert get(f"{api}/flow_runs/{run}")["state"]["type"] == "RUNNING"
        state = until(lambda: (s := get(f"{api}/flow_runs/{run}")["state"])["type"] != "RUNNING" and s, out.read_text, 150)
        assert state["type"] == "CRASHED", json.dumps(state)
        assert "Retry" in state["message"]

        worker, *_ = [p for p in processes(tmp_path) if b"worker\0start" in Path(f"/proc/{p}/cmdline").read_bytes()]
        os.kill(worker, signal.SIGKILL)
        until(lambda: "worker ended by itself" in out.read_text(), out.read_text, 20)
        again = begin(api, source="nowhere", recipe="raw")
        until(lambda: get(f"{api}/flow_runs/{again}")["state"]["type"] == "FAILED", out.read_text)
    finally:
        for pid in processes(tmp_path):
            os.kill(pid, signal.SIGKILL)
        until(lambda: not processes(tmp_path), "nothing is left running")
        time.sleep(0)

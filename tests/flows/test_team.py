"""The team's topology: the services of infra/compose.yaml with their own commands and environment, as processes of this machine.

PostgreSQL is Debian's, the S3-compatible store is moto; the rest is what the containers run. Without PostgreSQL the server uses SQLite.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

import httpx
import pytest

from tests.flows import topology
from tests.flows.conftest import ROOT
from tests.flows.team import COMPOSE, service
from tests.s3 import KEY, SECRET, s3_service
from tests.tiny import CRAWL

pytestmark = pytest.mark.server

POSTGRES = topology.postgres_programs()
VALUES = {
    "POSTGRES_PASSWORD": "planted-postgres-password",
    "WINNOW_AUTH": "team:planted-password-of-the-ui",
    "S3_ACCESS_KEY": KEY,
    "S3_SECRET_KEY": SECRET,
}
DATABASE = "postgresql+asyncpg://prefect:planted-postgres-password@postgres:5432/prefect"
BIN = Path(sys.executable).parent


def until(true, what, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, what()
        time.sleep(0.2)
    return found


def test_compose_serves_a_team(tiny, tmp_path):
    port = topology.free_port()
    log = tmp_path / "log.txt"

    def said():
        return log.read_text()

    with contextlib.ExitStack() as up:
        s3_environment, s3 = up.enter_context(s3_service("other"))
        database = up.enter_context(topology.postgresql(POSTGRES)) if POSTGRES else f"sqlite+aiosqlite:///{tmp_path}/prefect.db"
        places = {
            DATABASE: database,
            "http://store:9000": s3_environment["AWS_ENDPOINT_URL"],
            "http://server:4200": f"http://127.0.0.1:{port}",
            "http://127.0.0.1:4200": f"http://127.0.0.1:{port}",
            "0.0.0.0": "127.0.0.1",
            "4200": str(port),
        }

        def start(name):
            (program, *words), environment = service(name, VALUES, places)
            work = tmp_path / "work"  # as the image's
            work.mkdir(exist_ok=True)
            inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "AWS_"))}
            environment = {**inherited, **environment, "PREFECT_HOME": str(tmp_path / name), "PYTHONPATH": str(ROOT)}
            command = [sys.executable, *words] if program == "python" else [BIN / program, *words]
            with log.open("ab") as out:
                return subprocess.Popen(
                    command, env=environment, cwd=work, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
                )

        def stop(process):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:  # Prefect's worker once did not end; a container would be killed, too
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)

        server = start("server")
        up.callback(stop, server)
        once = [start("bucket")]
        api = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/api",
            headers={"authorization": f"Basic {b64encode(VALUES['WINNOW_AUTH'].encode()).decode()}"},
        )
        up.enter_context(api)
        check = COMPOSE["services"]["server"]["healthcheck"]["test"][1:]
        probe = [sys.executable, *check[1:-1], check[-1].replace("4200", str(port))]
        until(lambda: subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 0, said)
        # Nobody without the password.
        assert httpx.get(f"http://127.0.0.1:{port}/api/flows/count").status_code == 401
        once.append(start("deploy"))
        assert [process.wait(120) for process in once] == [0, 0], said()
        assert {"other", "winnow"} <= {b["Name"] for b in s3.list_buckets()["Buckets"]}
        up.callback(stop, start("worker"))

        deployment = api.get("/deployments/name/curate-snapshot/curate-snapshot").json()
        assert deployment["job_variables"]["working_dir"] == str(tmp_path / "work")
        assert deployment["parameters"]["store"] == "s3://winnow/store"
        run = api.post(
            f"/deployments/{deployment['id']}/create_flow_run", json={"parameters": {"source": str(tiny), "recipe": "gopher", "limit": 1}}
        ).json()["id"]

        def ended():
            state = api.get(f"/flow_runs/{run}").json()["state"]
            return state if state["type"] in ("COMPLETED", "FAILED", "CRASHED") else None

        state = until(ended, said)
        assert state["type"] == "COMPLETED", state["message"]
        assert state["message"].startswith(f"Corpus at s3://winnow/store/corpora/{CRAWL}/gopher-")
        assert "Downloading flow code" not in said(), "a run must not copy the worker's folder, which may hold a store"
        assert "Traceback" not in said()
        if POSTGRES:
            asked = ["-tAc", "select count(*) from flow_run", database.replace("+asyncpg", "")]
            counted = subprocess.run([POSTGRES / "psql", *asked], capture_output=True, text=True, check=True)
            assert int(counted.stdout) > 1
    for secret in (VALUES["POSTGRES_PASSWORD"], "planted-password-of-the-ui", SECRET):
        assert secret not in said()

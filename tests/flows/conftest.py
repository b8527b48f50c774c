"""What the tests of flows share: a Prefect server of the session on loopback, a tiny crawl, and the command as a user runs it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.shared import ROOT
from tests.tiny import mirror

WINNOW = (sys.executable, "-m", "winnow.cli.main")
START_S = 120


def get(url, body=None):
    """GET, or POST of a JSON body; the answer as JSON. A server whose SQLite is busy says 503, or nothing for a while: Prefect's own client waits a minute
    and asks again, and so does this, but a POST that nobody answered may have been done."""
    request = urllib.request.Request(
        url, data=None if body is None else json.dumps(body).encode(), headers={"content-type": "application/json"}
    )
    deadline = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            if e.code != 503 or time.monotonic() > deadline:
                raise
        except TimeoutError:
            if body is not None or time.monotonic() > deadline:
                raise
        time.sleep(0.5)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The API of a real Prefect server with a home of its own."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    env = {**os.environ, "PREFECT_HOME": str(tmp_path_factory.mktemp("server-home")), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        api = f"http://127.0.0.1:{port}/api"
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                get(f"{api}/health")
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail(f"the Prefect server did not answer within {START_S} s")
        yield api
        os.killpg(process.pid, signal.SIGTERM)


@pytest.fixture(scope="session")
def environment(server, tmp_path_factory):
    """The environment of a user with that server."""
    return {
        **os.environ,
        "PREFECT_API_URL": server,
        "PREFECT_HOME": str(tmp_path_factory.mktemp("home")),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    return mirror(tmp_path_factory.mktemp("tiny") / "mirror")


@pytest.fixture(scope="session")
def winnow(environment):
    """Run the command as a user would; ``winnow("run", source, ...)`` gives the finished process."""

    def call(*args, env=None, timeout=300):
        command = [*WINNOW, *map(str, args)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            env={**environment, **(env or {})},
            check=False,
        )

    return call

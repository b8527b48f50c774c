"""A Prefect server on loopback, and homes of Prefect whose database has its tables already."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from sqlite3 import connect
from tempfile import TemporaryDirectory

import pytest

from tests.shared import ROOT
from winnow.flows.serve import SERVER

START_S = 120
SETTINGS = SERVER | {"PREFECT__SERVER_FINAL": "1", "PREFECT_SERVER_UI_ENABLED": "false"}
"""As `winnow serve` starts one, but without its pages."""


def prefect_home(home: Path) -> Path:
    """A new home of Prefect. Its hundred migrations take as long as all the rest of a server's start, so they run once per version of Prefect."""
    made = ROOT / "build" / f"prefect-{version('prefect')}.db"
    if not made.exists():
        made.parent.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=made.parent) as folder:
            command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
            env = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"} | {"PREFECT_HOME": folder}
            subprocess.run(command, env=env, check=True, capture_output=True)
            database = Path(folder) / "prefect.db"
            with closing(connect(database)) as tables:
                tables.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.replace(made)
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(made, home / "prefect.db")
    return home


@contextmanager
def prefect_server(home: Path) -> Iterator[str]:
    """The address of the API of a real server that keeps its things in ``home``."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    env = {**os.environ, **SETTINGS, "PREFECT_HOME": str(prefect_home(home))}
    # What `prefect server start` does when it has loaded the rest of Prefect's command line.
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "prefect.server.api.server:create_app",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            api = f"http://127.0.0.1:{port}/api"
            deadline = time.monotonic() + START_S
            while not _answers(f"{api}/health"):
                if time.monotonic() > deadline:
                    pytest.fail(f"the Prefect server did not answer within {START_S} s")
                time.sleep(0.5)
            yield api
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=60):
            return True
    except OSError:
        return False

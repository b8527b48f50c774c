"""The Prefect of a single command: what is wrong with its home, its database or its settings is one sentence, soon, and no traceback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.shared import ROOT

KILLED = """
import os, signal
from winnow import in_process
in_process.settings(verbose=False)
from prefect.client.orchestration import get_client
from prefect.server.api.server import SubprocessASGIServer

def flow():
    with get_client(sync_client=True) as client:
        assert client.hello().status_code == 200
    print(SubprocessASGIServer().server_process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

in_process.watched(flow)
"""
"""A command that is killed while its flow goes on."""
CODE = """
import sys
from winnow import in_process
from winnow.cli import main as cli

def command():
    in_process.check_server()
    in_process.settings(verbose=False)
    in_process.watched(lambda: sys.exit("the flow began"))

cli._called = lambda words: command()
sys.exit(cli.main([]))
"""
"""A command whose flow must not begin."""


@pytest.fixture
def begin(tmp_path):
    def call(**more):
        alone = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        env = alone | {"PREFECT_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)} | more
        done = subprocess.run([sys.executable, "-c", CODE], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr[done.stderr.index("winnow: ") :]

    return call


def test_a_home_that_cannot_be_written(begin, tmp_path):
    (tmp_path / "home").write_text("a file")
    assert "Set PREFECT_HOME to a folder that can" in begin()


def test_a_database_that_is_none(begin, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "prefect.db").write_bytes(os.urandom(5000))
    said = begin(PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="600")
    assert "file is not a database" in said
    assert "delete prefect.db" in said


def test_a_server_that_a_profile_names(begin, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "profiles.toml").write_text('active = "team"\n[profiles.team]\nPREFECT_API_URL = "http://127.0.0.1:9/api"\n')
    assert "http://127.0.0.1:9/api, does not answer" in begin()


@pytest.mark.parametrize("profile", ['active = "unfinished', 'active = "a"\n[profiles.a]\nPREFECT_LOGGING_LEVEL = "loud"\n'])
def test_settings_that_cannot_be_read(begin, tmp_path, profile):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "profiles.toml").write_text(profile)
    assert "Prefect cannot read its settings" in begin()


def test_a_setting_of_the_environment_that_is_none(begin):
    assert "Prefect cannot read its settings" in begin(PREFECT_LOGGING_LEVEL="loud")


def test_a_killed_command_leaves_no_server_behind(tmp_path):
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    proxy = dict.fromkeys(
        ("http_proxy", "HTTP_PROXY"), "http://127.0.0.1:9"
    )  # nothing listens there, and nobody must ask it for our server
    env = alone | proxy | {"PREFECT_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", KILLED], env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    server = Path("/proc", done.stdout.strip(), "cmdline")
    deadline = time.monotonic() + 60
    while server.exists() and b"create_app" in server.read_bytes():
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.1)

"""What the tests of flows share: a tiny crawl, and the command as a user with the session's Prefect server runs it."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from tests import forked
from tests.servers import START_S
from tests.shared import ROOT
from tests.tiny import mirror

WINNOW = (sys.executable, "-m", "winnow.cli.main")


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


@contextmanager
def asking(api):
    """Flows that run in this process ask that server. Their logs stay here: what is left of them would be sent when the server has gone."""
    with temporary_settings({PREFECT_API_URL: api, PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield


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
    """Run the command as a user would; ``winnow("run", source, ...)`` gives the finished process. It is forked from one that has loaded what it needs, but with
    ``fresh`` it is one in an interpreter of its own: so each command that starts a flow runs once, as only there a missing import shows."""

    def call(*words, env=None, timeout=300, fresh=False):
        words, env = [str(word) for word in words], {**environment, **(env or {})}
        if fresh:
            return subprocess.run(
                [*WINNOW, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=timeout, env=env, check=False
            )
        return forked.done(words, env, timeout_s=timeout)

    return call

"""One Prefect home for the whole test session, so that nothing is left in the user's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import mirror

WINNOW = (sys.executable, "-m", "flows.cli")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory):
    return tmp_path_factory.mktemp("prefect-home")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    return mirror(tmp_path_factory.mktemp("tiny") / "mirror")


@pytest.fixture(scope="session")
def environment(prefect_home):
    return {**os.environ, "PREFECT_HOME": str(prefect_home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="session")
def winnow(environment):
    """Run the command as a user would; ``winnow('run', source, ...)`` gives the finished process."""

    def call(*args, env=None, timeout=300):
        return subprocess.run(
            [*WINNOW, *map(str, args)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=timeout, env={**environment, **(env or {})}, check=False
        )

    return call

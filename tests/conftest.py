"""For all tests: no network but loopback, no clock that fails a property, and ``--update-golden`` to accept what changed."""

import os
import socket
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("winnow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("winnow"), max_examples=20)
settings.load_profile("winnow")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; read the diff before committing it")


def pytest_collection_modifyitems(items):
    """Files with tests that start servers come first: they wait most of their time, and beside them the other worker has something to do."""
    waiting = {item.path for item in items if item.get_closest_marker("server")}
    items.sort(key=lambda item: item.path not in waiting)


@pytest.fixture(autouse=True)
def environment_is_put_back():
    """A command that runs in the test's own process sets variables for its Prefect; the processes of later tests must not inherit them."""
    with patch.dict(os.environ):
        yield


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if host and host != "localhost" and not host.startswith("127.") and host != "::1":
            pytest.fail(f"a test tried to reach {host}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)

"""For all tests: no network but loopback, no clock that fails a property, and ``--update-golden`` to accept what changed."""

import atexit
import gc
import logging
import os
import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import prefect_server

settings.register_profile("winnow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("winnow"), max_examples=20)
settings.load_profile("winnow")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; read the diff before committing it")
    parser.addoption("--recipes", default="", help="names with commas between them: the laws of steps are tried on these recipes alone")


def pytest_collection_modifyitems(items):
    """The longest files come first, those that start servers and those with whole runs, so that no worker is left alone with one at the end."""
    if settings.get_current_profile_name() == "quick":  # whose number of examples holds for tests with a number of their own, too
        for test in {item.obj for item in items if hasattr(item.obj, "_hypothesis_internal_use_settings")}:
            own = test._hypothesis_internal_use_settings
            test._hypothesis_internal_use_settings = settings(own, max_examples=min(own.max_examples, settings.default.max_examples))
    server, slow = ({item.path for item in items if item.get_closest_marker(name)} for name in ("server", "slow"))
    items.sort(key=lambda item: (item.path not in server, item.path not in slow))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Modules and items stay until the end: to search them for garbage again and again is a fifth of collecting, and pytest does so once more when all is
    over. Only the interpreter's own end sees them, so that libraries which count their objects then miss none."""
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    atexit.register(gc.unfreeze)
    return found


def pytest_unconfigure() -> None:
    """What Prefect logs at the interpreter's end, as when it stops a temporary server, goes to a stream that pytest has closed: no traceback for that."""
    logging.raiseExceptions = False


@pytest.fixture(autouse=True)
def environment_is_put_back() -> Iterator[None]:
    """A command that runs in the test's own process sets variables for its Prefect; the processes of later tests must not inherit them."""
    before = os.environ.copy()
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True, scope="session")
def only_loopback():
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if host and host != "localhost" and not host.startswith("127.") and host != "::1":
            pytest.fail(f"a test tried to reach {host}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True, scope="session")
def no_wait_for_the_disk() -> Iterator[None]:
    """What a test writes in its own process need not outlive a power cut: the store waits for the disk some sixty times a run. That it asks the disk is
    in tests/engine/test_store.py; the processes of commands do wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[str]:
    """The API of a real Prefect server that all tests of the session share."""
    with prefect_server(tmp_path_factory.mktemp("server-home")) as api:
        yield api

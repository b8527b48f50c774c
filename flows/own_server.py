"""The Prefect server of one command, where no other is named. Prefect starts it on demand and waits its full time for one that died; here it is started first, and one that
cannot run says why at once.
"""

import atexit
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS, get_current_settings

from winnow.tasks.engine.errors import BadInput

TRIES = 3
"""Another program may take the port between its choice and its use."""
EACH_S = 0.1
ANSWER_S = 5.0
SAID_BYTES = 1 << 16
UNTIL_OUR_END = """
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
runpy.run_module("uvicorn", run_name="__main__", alter_sys=True)
"""
"""The server, until the pipe from its starter is closed: a starter that was killed would leave it behind, with its memory and its hold on the database."""
LEVEL = "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"
HERE = "127.0.0.1"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def start(*, verbose: bool = False) -> None:
    """Start the server that the next flow of this process uses, unless one is named or runs already. ``verbose`` shows what it writes.

    Raises:
        BadInput: it cannot run; says why.
    """
    if PREFECT_API_URL.value():
        return
    home = Path(PREFECT_HOME.value())
    try:
        home.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=home).close()
    except OSError as e:
        raise BadInput(
            f"Prefect keeps its database in {home}, which cannot be written ({e.strerror or e}). Set PREFECT_HOME to a folder that can."
        ) from None
    for name in ("no_proxy", "NO_PROXY"):  # Prefect's client would look for this machine behind a proxy of the network
        os.environ[name] = ",".join(filter(None, (os.environ.get(name) or os.environ.get(name.swapcase(), ""), HERE)))
    server = OwnServer()
    server.shows = verbose
    server.start()


class OwnServer(SubprocessASGIServer):
    """What Prefect finds when it looks for its temporary server: instances are kept by port, whatever their class."""

    shows = False

    def start(self, timeout: int | None = None) -> None:
        """Raises BadInput if the server ends before it answers, or does not answer in time."""
        if self.running:
            return
        atexit.register(self.stop)
        until = time.monotonic() + (timeout or PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS.value())
        with tempfile.TemporaryFile() as said:
            for _ in range(TRIES):
                self.port = self.find_available_port()
                self.server_process = process = _begun(self.port, None if self.shows else said)
                while process.poll() is None and time.monotonic() < until:
                    if self._answers():
                        self.running = True
                        return
                    time.sleep(EACH_S)
                if process.poll() is None or b"address already in use" not in _end(said):
                    break
            ended = process.poll()
            why = "" if self.shows else _last_line(_end(said))
            self.stop()
        raise BadInput(
            f"The Prefect server that this command starts {'does not answer' if ended is None else f'ended at once with status {ended}'}"
            f"{f' ({why})' if why else ''}. Its database is in PREFECT_HOME, {PREFECT_HOME.value()}: name another folder there, or delete prefect.db in it, "
            "which holds what Prefect's UI shows and nothing of Winnow's."
        )

    def _answers(self) -> bool:
        try:
            with _DIRECT.open(f"{self.api_url}/health", timeout=ANSWER_S) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


def _begun(port: int, errors: IO[bytes] | None) -> "subprocess.Popen[bytes]":
    """Prefect's server on that port, as Prefect starts it, with its errors in a file, or on our terminal if there is none. It ends with this process, however that ends."""
    server = [
        "--factory",
        "prefect.server.api.server:create_app",
        "--host",
        HERE,
        "--port",
        str(port),
        "--log-level",
        "error",
        "--lifespan",
        "on",
    ]
    ours = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    level = {} if errors is None else {LEVEL: "ERROR"}
    return subprocess.Popen(  # noqa: S603 our own words
        [sys.executable, "-c", UNTIL_OUR_END, *server],
        stdin=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, **ours, **settings, **level},
        start_new_session=True,  # what stops the command, such as Ctrl-C, must leave it the server that it says so to
    )


def _end(file: IO[bytes]) -> bytes:
    file.seek(max(0, file.seek(0, os.SEEK_END) - SAID_BYTES))
    return file.read()


def _last_line(said: bytes) -> str:
    """What a traceback ends with, without the statement and the links that a database driver adds."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines()]
    errors = [line for line in lines if line.partition(":")[0].endswith(("Error", "Exception", "Revision")) or "Error) " in line]
    return (errors or [line for line in lines if line] or [""])[-1][:300]

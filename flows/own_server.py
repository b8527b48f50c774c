"""The Prefect server of one command, where no other is named. Prefect starts it on demand and waits its full time for one that died; here it is started first, and one that
cannot run says why at once.
"""

import atexit
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS

from winnow.tasks.engine.errors import BadInput

TRIES = 3
"""Another program may take the port between its choice and its use."""
EACH_S = 0.1
ANSWER_S = 5.0
SAID_BYTES = 1 << 16
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
                process = _with_errors_to(None if self.shows else said, self._run_uvicorn_command)
                self.server_process = process
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


def _with_errors_to(file: IO[bytes] | None, begin: Any) -> "subprocess.Popen[Any]":
    """A process that is begun with this file as its standard error, which Prefect has no option for, and writes its errors there; with ours if there is none."""
    if file is None:
        return begin()  # type: ignore[no-any-return]
    ours, level = os.dup(2), os.environ.get(LEVEL)
    try:
        os.dup2(file.fileno(), 2)
        os.environ[LEVEL] = "ERROR"
        return begin()  # type: ignore[no-any-return]
    finally:
        os.dup2(ours, 2)
        os.close(ours)
        if level is None:
            del os.environ[LEVEL]
        else:
            os.environ[LEVEL] = level


def _end(file: IO[bytes]) -> bytes:
    file.seek(max(0, file.seek(0, os.SEEK_END) - SAID_BYTES))
    return file.read()


def _last_line(said: bytes) -> str:
    """What a traceback ends with, without the statement and the links that a database driver adds."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines()]
    errors = [line for line in lines if line.partition(":")[0].endswith(("Error", "Exception", "Revision")) or "Error) " in line]
    return (errors or [line for line in lines if line] or [""])[-1][:300]

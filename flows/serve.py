"""`winnow serve`: a Prefect server, the deployments and a worker on this machine, until Ctrl-C. What is deployed is in flows/deployments.py, how the two
are kept running in winnow/supervision.py.

The children have sessions of their own, so that Ctrl-C reaches this process alone and it stops them in order: runs, worker, server.
"""

import contextlib
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from winnow.supervision import Service, say
from winnow.tasks.engine.errors import BadInput, WinnowError

HOST, PORT = "127.0.0.1", 4200
START_S = 180.0
STOP_S = 20.0
AUTH = "PREFECT_SERVER_API_AUTH_STRING"
PREFECT = (sys.executable, "-m", "prefect")

PRIVATE = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
"""Prefect's telemetry, of the server and of whoever imports it, is off unless the environment asks for it."""
INSTALLED_ONLY = {"PYTHONSAFEPATH": "1"}
"""For every process that is started by ``python -m`` or ``-c``, as Prefect and pools of workers do: it would take a ``random.py`` or ``prefect.py`` of the working
directory for the library of that name."""
SERVER = {
    **PRIVATE,
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # With the defaults (1, 1, 5) the recorder keeps up with 25 task runs a second and drops what comes faster; so with 80 (docs/design.md).
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "2",
}
WORKER = {
    **PRIVATE,
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_WORKER_QUERY_SECONDS": "3",
}
"""Settings of the two, each only where the environment says nothing. infra/compose.yaml has the same."""
AUTOMATIONS = [f"PREFECT_{place}_SERVICES_{name}_ENABLED" for place in ("SERVER", "API") for name in ("TRIGGERS", "EVENT_PERSISTER")]
"""What a server needs so that automations fire: that a dead run becomes *Crashed*, and whatever people made in the UI."""


def automations_off(environment: Mapping[str, str]) -> list[str]:
    """The settings of an environment that keep a server's automations from firing."""
    return [name for name in AUTOMATIONS if environment.get(name, "true").lower() in ("false", "0", "no", "off")]


def serve(store: str, host: str = HOST, port: int = PORT, *, watch: bool = False, at_once: int = 1) -> None:
    """Run server and workers until a signal. A Prefect server that already answers there is used.

    ``at_once`` bounds the runs that go on at the same time on this machine; others wait their turn. What starts runs, a watch or a backfill, needs no turn.

    Raises:
        BadInput: the port is taken by something else, or the address is not this machine's and no password is set.
        WinnowError: the server did not start, or one of the two ends again and again.
    """
    _refuse_open_doors(host)
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A script starts what it puts in the background with SIGINT ignored; nohup means what it says.
        if ending != signal.SIGHUP or signal.getsignal(ending) != signal.SIG_IGN:
            signal.signal(ending, signal.default_int_handler)
    url = f"http://{_reachable(host)}:{port}"
    os.environ["PREFECT_API_URL"] = f"{url}/api"
    for name, value in INSTALLED_ONLY.items():
        os.environ.setdefault(name, value)
    if password := os.environ.get(AUTH):
        os.environ.setdefault("PREFECT_API_AUTH_STRING", password)
    children: list[Service] = []
    try:
        if _prefect_at(url):
            say(f"A Prefect server already answers at {url}: it is used, with its own settings.")
        else:
            if off := automations_off(os.environ):
                raise BadInput(
                    f"The environment has {', '.join(off)} off: no automation would fire, and a run whose machine died would be Running for ever. "
                    f"Unset {'it' if len(off) == 1 else 'them'}, then start winnow serve again."
                )
            children.append(Service("server", [*PREFECT, "server", "start", "--host", host, "--port", str(port)], SERVER, quiet=True))
            _wait_for(url, children[0].process)
        from winnow.flows.deployments import POOL, RUNS, STARTERS, register

        names = register(store, watch=watch)
        worker = [*PREFECT, "worker", "start", "--pool", POOL]
        here = socket.gethostname()
        runs = [*worker, "--work-queue", RUNS, "--limit", str(at_once), "--name", f"winnow on {here}"]
        children.append(Service("worker", runs, WORKER))
        children.append(
            Service("worker for starters", [*worker, "--work-queue", STARTERS, "--name", f"winnow on {here}, starters"], WORKER)
        )
        say(f"dashboard    {url}\ndeployments  {', '.join(n.rsplit('/', 1)[1] for n in names)}\nstore        {store}")
        say(f"commands     export PREFECT_API_URL={url}/api\nCtrl-C stops server, worker and runs; what is finished is kept.")
        _watch(children)
    except KeyboardInterrupt:
        say("Stopping …")
    finally:
        _stop(children)


def _refuse_open_doors(host: str) -> None:
    with contextlib.suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
    if not os.environ.get(AUTH):
        raise BadInput(
            f"--host {host} is not this machine alone: whoever reaches it could run programs here. Set {AUTH}=USER:PASSWORD first "
            f"(clients set PREFECT_API_AUTH_STRING to the same), or leave --host out and use an SSH tunnel."
        )


def _reachable(host: str) -> str:
    """The address at which this process reaches a server bound to ``host``."""
    return {"0.0.0.0": HOST, "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104


def _prefect_at(url: str) -> bool:
    """Whether a Prefect server answers; False if nothing listens. Raises BadInput if it is something else."""
    said: Any = None
    try:
        said = _get(f"{url}/api/admin/version")
    except urllib.error.HTTPError as e:
        if e.code == 401:
            raise BadInput(f"The Prefect server at {url} wants a password: set {AUTH}=USER:PASSWORD as it was set there.") from None
    except urllib.error.URLError as e:
        if isinstance(e.reason, ConnectionRefusedError):
            return False
    except (OSError, ValueError):
        pass
    if isinstance(said, str) and said[:2] == "3.":
        return True
    raise BadInput(f"Something other than a Prefect server listens at {url}. Stop it, or choose another port: winnow serve --port 4201.")


def _get(url: str) -> Any:
    password = os.environ.get(AUTH)
    headers = {"Authorization": f"Basic {b64encode(password.encode()).decode()}"} if password else {}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy knows nothing of this machine's loopback
    with opener.open(urllib.request.Request(url, headers=headers), timeout=5) as answer:  # noqa: S310
        return json.load(answer)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    say("The Prefect server starts (a first start takes half a minute) …")
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise WinnowError(
                f"The Prefect server ended with status {server.returncode}; its reason is above. `winnow doctor` checks its versions."
            )
        with contextlib.suppress(OSError, ValueError):
            if _get(f"{url}/api/health") is True:
                return
        time.sleep(0.3)
    raise WinnowError(
        f"The Prefect server did not answer at {url} within {START_S:.0f} s. Start it again; a slow disk may need a second try."
    )


def _watch(children: Sequence[Service]) -> None:
    """Keep the children running until a signal comes. Raises WinnowError if one ends again and again."""
    never = Event()
    while True:
        for child in children:
            child.look()
        never.wait(0.5)


def _stop(children: Sequence[Service]) -> None:
    """Runs first: a worker waits for them, and reports their end to a server that still answers. A second signal kills what is left."""
    try:
        for child in reversed(children):
            process = child.process
            runs = _sessions_below(process.pid) if child.name.startswith("worker") else set()
            _signal(process, signal.SIGINT if runs else signal.SIGTERM)
            for run in runs:
                with contextlib.suppress(OSError):
                    os.killpg(run, signal.SIGTERM)
            if not _ended(process):
                for run in _sessions_below(process.pid):
                    with contextlib.suppress(OSError):
                        os.killpg(run, signal.SIGKILL)
                _ended(process)
    except KeyboardInterrupt:
        pass
    finally:
        for process in (child.process for child in children):
            if process.poll() is None:
                with contextlib.suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _ended(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(OSError):
        child.send_signal(number)


def _sessions_below(pid: int) -> set[int]:
    """Process groups of the flow runs of a worker: its descendants that lead a session. Empty where there is no /proc: the worker then waits."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            children.setdefault(int(stat.read_text().rsplit(")", 1)[1].split()[1]), []).append(int(stat.parent.name))
    found, waiting = set(), list(children.get(pid, ()))
    while waiting:
        child = waiting.pop()
        waiting += children.get(child, ())
        with contextlib.suppress(OSError):
            if os.getsid(child) == child:
                found.add(child)
    return found

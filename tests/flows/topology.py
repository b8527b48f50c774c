"""The team's topology on one machine, without containers: PostgreSQL from Debian's packages, on loopback. (The S3-compatible
store is that of tests/s3.py.) What infra/compose.yaml starts, tests/flows/test_serve.py starts from these.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

START_S = 60


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def postgres_programs():
    """The folder of initdb and postgres; None if PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return found[0].parent if found else Path(on_path).parent if on_path else None


@contextlib.contextmanager
def postgresql(programs):
    """A fresh PostgreSQL; gives the URL that Prefect's server connects to. Root may not run it: then its own user does."""
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="winnow-postgres-"))  # pytest's folders are closed to other users
    try:
        if user:
            shutil.chown(home, "postgres", "postgres")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": home, **user}
        data, port = home / "data", free_port()
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "winnow", "-A", "trust", "--no-sync", "--encoding=UTF8"], check=True, **quiet
        )
        settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={home}", "fsync=off"]
        command = [programs / "postgres", "-D", data, *(part for s in settings for part in ("-c", s))]
        with subprocess.Popen(command, start_new_session=True, **quiet) as process:
            try:
                deadline = time.monotonic() + START_S
                while subprocess.run([programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)], check=False, **quiet).returncode:
                    assert process.poll() is None, "PostgreSQL ended as it started"
                    assert time.monotonic() < deadline, f"PostgreSQL did not answer within {START_S} s"
                    time.sleep(0.2)
                yield f"postgresql+asyncpg://winnow@127.0.0.1:{port}/postgres"
            finally:
                process.send_signal(signal.SIGINT)
    finally:
        shutil.rmtree(home, ignore_errors=True)

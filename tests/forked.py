"""Processes forked from one that has loaded everything and done nothing (tests/ready.py), so that they begin in milliseconds; and among them ``winnow``, the
command, which is as one in a fresh interpreter but for what is imported already."""

import atexit
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from tempfile import TemporaryDirectory

fork = multiprocessing.get_context("forkserver")
fork.set_forkserver_preload(["tests.ready"])


def winnow(words: Sequence[object], environment: Mapping[str, str], output: Path, folder: Path | None = None) -> BaseProcess:
    """The command, started in ``folder`` and in a session of its own; what it prints is in the files ``out`` and ``err`` of the folder ``output``."""
    process = fork.Process(target=_command, args=([str(word) for word in words], dict(environment), folder or Path.cwd(), output))
    process.start()
    return process


def done(
    words: Sequence[object], environment: Mapping[str, str], folder: Path | None = None, timeout_s: float = 300
) -> CompletedProcess[str]:
    """The command when it has ended, as subprocess.run gives it."""
    with TemporaryDirectory() as output:
        process = winnow(words, environment, Path(output), folder)
        process.join(timeout_s)
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            raise TimeoutExpired(list(map(str, words)), timeout_s)
        out, err = (Path(output, name).read_text() for name in ("out", "err"))
    return CompletedProcess(words, process.exitcode, out, err)


def _command(words: list[str], environment: dict[str, str], folder: Path, output: Path) -> None:
    import tests.ready  # noqa: F401 which the server passes over in silence if it cannot be imported

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, place in ((0, os.devnull), (1, output / "out"), (2, output / "err")):
        opened = os.open(place, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = os.fdopen(0, closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from winnow import in_process
    from winnow.cli import main

    sys.argv, sys.modules["__main__"] = [str(main.__file__), *words], main  # which the processes of a pool load, too
    settings = in_process.settings

    def set_and_read(*, verbose: bool) -> None:
        settings(verbose=verbose)
        _read_environment()

    in_process.settings = set_and_read
    _read_environment()
    try:
        status = main.main(words)
    except SystemExit as e:
        status = e.code
    # An interpreter's end, which multiprocessing leaves out: Prefect sends there what is left of its logs.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.exit(status)


def _read_environment() -> None:
    """Prefect reads its settings as it is imported; here anew, from the environment of the command."""
    import prefect.context
    from prefect.logging import configuration

    prefect.context.refresh_global_settings_context()
    configuration.PROCESS_LOGGING_CONFIG.clear()
    configuration.setup_logging()

"""Processes that `winnow serve` keeps running: started, started again with growing pauses when they end by themselves, and ended in order.

Their stderr goes through here, because Prefect's server prints a traceback of a hundred lines each time that SQLite was locked, and then tries again.
"""

import contextlib
import ctypes
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from winnow.tasks.engine.errors import WinnowError

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""Before each new start in a row; after the last one Winnow gives up."""
STEADY_S = 60.0
"""A process that ran for so long counts as well again."""
QUIET_S = 0.5
RECORD = re.compile(rb"\d\d:\d\d:\d\d(\.\d+)? \| |[A-Z]+: ")
LOCKED = b"database is locked"
LOCKED_ONCE = (
    "The server's SQLite was locked for a moment; what asked tries again and nothing is lost. This is said once. "
    "With more than one worker use PostgreSQL (docs/operating.md, A team)."
)


class Service:
    """One process of the service, by the name that people read. ``settings`` hold only where the environment says nothing."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        settings: Mapping[str, str],
        *,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._clock = clock
        self._command, self._settings, self._quiet = list(command), dict(settings), quiet
        self._failures = 0
        self._begun = 0.0
        self._due: float | None = None
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._begun, self._due = self._clock(), None
        process = subprocess.Popen(  # noqa: S603
            self._command,
            env={**self._settings, **os.environ},
            stdin=subprocess.DEVNULL,  # without a terminal it asks nothing
            stdout=subprocess.DEVNULL if self._quiet else None,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        assert process.stderr is not None
        threading.Thread(target=pass_on, args=(process.stderr, sys.stderr.buffer, say), daemon=True).start()
        return process

    def look(self) -> None:
        """Start the process again if it has ended and its pause is over.

        Raises:
            WinnowError: it ends at once, again and again.
        """
        if self.process.poll() is None:
            return
        now = self._clock()
        if self._due is None:
            if now - self._begun >= STEADY_S:
                self._failures = 0
            if self._failures == len(PAUSES_S):
                raise WinnowError(
                    f"The Prefect {self.name} ended {self._failures + 1} times in a row, last with status {self.process.returncode}; its reason is above. "
                    "`winnow doctor` checks what it needs. Nothing is lost."
                )
            pause_s = PAUSES_S[self._failures]
            self._failures += 1
            self._due = now + pause_s
            say(f"The Prefect {self.name} ended by itself with status {self.process.returncode}. It is started again in {pause_s:.0f} s.")
        elif now >= self._due:
            self.process = self._start()


def _die_with_parent() -> None:
    """In the child: SIGTERM when `winnow serve` is gone in whatever way. It is made by the main thread, whose end is that of the process."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def pass_on(source: IO[bytes], target: IO[bytes], say: Callable[[str], None]) -> None:
    """What a process says on ``source``, to ``target``; records of a locked database are left out, the first one said in words."""
    told = False
    for record in _records(source):
        if LOCKED in record:
            if not told:
                say(LOCKED_ONCE)
            told = True
        else:
            with contextlib.suppress(OSError, ValueError):
                target.write(record)
                target.flush()


def _records(source: IO[bytes]) -> Iterator[bytes]:
    """Lines that belong together: one that begins like a log record, and what follows it (a traceback). A pause ends a record too."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in source:
                lines.put(line)
        lines.put(b"")

    threading.Thread(target=read, daemon=True).start()
    held = b""
    while True:
        try:
            line = lines.get(timeout=QUIET_S if held else None)
        except queue.Empty:
            yield held
            held = b""
            continue
        if held and (not line or RECORD.match(line)):
            yield held
            held = b""
        if not line:
            return
        held += line


def say(text: str) -> None:
    """A line for people, on stderr."""
    print(text, file=sys.stderr, flush=True)

"""How a host is treated: attempts and waits between them, connections over all processes of a user, and the time, given from outside.

Common Crawl asks its users to take a file in one request, to retry a 503 no more than once a second, and to slow down at any 4xx or 5xx
(https://status.commoncrawl.org); so waits are exponential with jitter, and the connections to a host are counted over all threads and
processes of a user on a machine.
"""

import contextlib
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from winnow.tasks.engine.errors import BadInput, Transient

Options = tuple[tuple[str, Any], ...]
"""Options of fsspec for one filesystem; they may hold secrets and are never shown."""


class NotFound(BadInput):
    """There is no such file, object, bucket or host path."""


class Unreachable(Transient):
    """The host could not be connected to at all: no network, no such host, nothing listening."""


@dataclass(frozen=True)
class Politeness:
    """How a host is treated. Never part of any identity.

    ``connections`` bounds the streams to one host over all threads and processes of this user on this machine. ``attempts`` are tries
    without progress; ``patience_s`` is the longest Retry-After that is waited for here, a longer one ends as Transient.
    """

    connections: int = 16
    attempts: int = 10
    unreachable_attempts: int = 4
    page_attempts: int = 3
    base_s: float = 1.0
    cap_s: float = 60.0
    patience_s: float = 600.0
    timeout_s: float = 60.0
    slot_wait_s: float = 3600.0
    slots_folder: str = ""


def uniform(low: float, high: float) -> float:
    """How long to wait, by chance."""
    return random.uniform(low, high)  # noqa: S311  no secret


@dataclass(frozen=True)
class Clock:
    """Time and chance, given from outside so that tests neither sleep nor vary."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = uniform


@dataclass(frozen=True)
class Transport:
    """How bytes travel: how a host is treated, and the time. Picklable, and never part of any identity."""

    politeness: Politeness = field(default_factory=Politeness)
    clock: Clock = field(default_factory=Clock)

    def with_politeness(self, **changes: Any) -> "Transport":
        """The same with other numbers of ``Politeness``."""
        return replace(self, politeness=replace(self.politeness, **changes))


POLITE = Transport()


class Retries:
    """Counts the failures of one stream and waits between them."""

    def __init__(self, what: str, transport: Transport) -> None:
        self.what, self.politeness, self.clock = what, transport.politeness, transport.clock
        self.failures = 0

    def pause_s(self, asked_s: float = 0.0) -> float:
        """Seconds to wait before the next try: exponential with full jitter on top of what the server asked for, at least base_s."""
        p = self.politeness
        return max(asked_s, p.base_s) + self.clock.uniform(0.0, min(p.cap_s, p.base_s * 2.0**self.failures))

    def failed(self, reason: str, *, asked_s: float = 0.0, attempts: int = 0, error: type[Exception] = Transient) -> None:
        """Wait for the next try, or raise ``error`` if there is none left."""
        self.failures += 1
        p = self.politeness
        if asked_s > p.patience_s:
            raise Transient(f"{self.what}: {reason}, and asks to come back in {asked_s:.0f} s. Run the same command again then.")
        if self.failures >= (attempts or p.attempts):
            raise error(
                f"{self.what}: {reason}, after {self.failures} attempts. Run the same command again later; what is finished is kept."
            )
        self.clock.sleep(self.pause_s(asked_s))


class Slots:
    """At most ``connections`` streams to a host, over all threads and processes of this user on this machine.

    A slot is a lock on a file: the kernel frees it when its holder ends, in whatever way. The time until which a host wants to be left
    alone is the modification time of a file beside them, so one Retry-After stops everybody. Without fcntl (Windows) nothing is bounded.
    """

    def __init__(self, host: str, transport: Transport) -> None:
        self.host, self.politeness, self.clock = host, transport.politeness, transport.clock
        base = Path(self.politeness.slots_folder or tempfile.gettempdir()) / f"winnow-slots-{os.getuid() if hasattr(os, 'getuid') else 0}"
        self.folder = base / quote(host, safe="")

    def take(self) -> int | None:
        """Descriptor of a held slot. Raises Transient if none gets free in time."""
        try:
            import fcntl
        except ImportError:
            return None
        start = self.clock.now()
        self._wait_until_welcome()
        while True:
            for n in range(self.politeness.connections):
                try:
                    self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    slot = os.open(self.folder / f"slot-{n}", os.O_RDWR | os.O_CREAT, 0o600)
                except OSError:
                    return None
                try:
                    fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return slot
                except OSError:
                    os.close(slot)
            if self.clock.now() - start > self.politeness.slot_wait_s:
                raise Transient(
                    f"All {self.politeness.connections} connections to {self.host} are in use on this machine. Use fewer workers."
                )
            self.clock.sleep(self.clock.uniform(0.1, 0.5))

    def pause(self, seconds: float) -> None:
        """Everybody leaves the host alone for that long."""
        until = self.clock.now() + seconds
        with contextlib.suppress(OSError):
            file = self.folder / "pause"
            file.touch(mode=0o600)
            os.utime(file, (until, until))

    def _wait_until_welcome(self) -> None:
        with contextlib.suppress(OSError):
            left_s = (self.folder / "pause").stat().st_mtime - self.clock.now()
            if 0 < left_s <= self.politeness.patience_s:
                # Spread out, or all who waited come back at the same moment.
                self.clock.sleep(left_s + self.clock.uniform(0.0, self.politeness.base_s))

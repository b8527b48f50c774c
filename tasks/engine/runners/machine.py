"""The worker processes of all runs on this machine: who they are, and which of them holds more memory than its share.

Each pool of workers leaves a file with its processes in a folder of this user; a lock that its process holds says that it is alive, so what a killed
run left behind counts for nothing. Nobody asks a server, and two commands in two terminals share the machine as two runs of one service do.
"""

import contextlib
import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SHARE_OF_MACHINE = 0.9
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_bytes() -> int:
    """Memory of this machine, or of the container this process is in."""
    total = PAGE_BYTES * os.sysconf("SC_PHYS_PAGES")
    for path in CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(Path(path).read_text()))
    return total


def rss_bytes(pid: int) -> int:
    """Resident memory of a process without what it shares with files; 0 if it is gone."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE_BYTES


def share_bytes(workers: int) -> int:
    """What each of so many workers may hold when all of them need it."""
    return int(machine_bytes() * SHARE_OF_MACHINE / max(1, workers))


@dataclass(frozen=True)
class Others:
    """A pool of workers somewhere on this machine, this one included."""

    workers: int
    pids: tuple[int, ...]


def largest_over_share(held_bytes: Mapping[int, int], pools: Iterable[Others]) -> int | None:
    """The process of ours that has to go: the largest one over its equal share, if the workers of all runs together hold more than the machine has for
    them. A worker over its share is left alone while the others need less than theirs."""
    pools = list(pools)
    share = share_bytes(sum(p.workers for p in pools))
    total = sum(rss_bytes(pid) if pid not in held_bytes else held_bytes[pid] for p in pools for pid in p.pids)
    pid = max(held_bytes, key=lambda p: held_bytes[p], default=None)
    return pid if pid is not None and held_bytes[pid] > share and total > machine_bytes() * SHARE_OF_MACHINE else None


class Registry:
    """This pool among those of the machine. Where no folder can be written it knows of itself alone."""

    def __init__(self, workers: int) -> None:
        self._self = Others(workers, ())
        self._folder = Path(tempfile.gettempdir()) / f"winnow-{os.getuid()}" / "pools"
        self._file = None
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}"
            self._file = path.open("w+")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.tell(())

    def tell(self, pids: tuple[int, ...]) -> None:
        """The processes of this pool as they are now."""
        self._self = Others(self._self.workers, pids)
        file = self._file
        if file is not None:
            with contextlib.suppress(OSError, ValueError):  # closed meanwhile
                file.seek(0)
                file.write(json.dumps({"workers": self._self.workers, "pids": pids}).ljust(200))  # one write, never shorter than the last
                file.flush()

    def pools(self) -> list[Others]:
        """All pools that are alive, this one first."""
        found, file = [self._self], self._file
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if file is None or path.name != Path(file.name).name:
                    found += _alive(path)
        return found

    def close(self) -> None:
        """Leave the machine to the others. Two threads may do so at once: the first has the file."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                Path(file.name).unlink()
            file.close()


def _alive(path: Path) -> list[Others]:
    try:
        with path.open() as f:
            try:
                fcntl.flock(f, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                said = json.loads(f.read())
                return [Others(int(said["workers"]), tuple(map(int, said["pids"])))]
            path.unlink()  # nobody holds it: its run was killed
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return []

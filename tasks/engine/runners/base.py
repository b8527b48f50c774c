"""Runners: who makes the shards. Worker processes of this machine, or those of a Dask or Ray cluster; the engine is theirs.

A runner is told *what* (steps, shards) and never changes a result: addresses do not know it. ``local`` is tasks/engine/runners/local.py.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.worker import Job

KINDS = ("local", "dask", "ray")
ATTEMPTS = 3
"""Deaths of a worker at the same shard, for which nobody knows a reason, until the shard is given up."""


@dataclass(frozen=True)
class Outcome:
    """A shard that was tried: the reports of its steps, or what went wrong with it, and how many workers died at it, as far as the runner knows."""

    shard: str
    reports: tuple[dict[str, Any], ...] = ()
    error: Exception | None = None
    deaths: int = 0

    @property
    def made(self) -> set[str]:
        """Addresses of the steps that were made now; the others were found made by somebody else."""
        return {report["address"] for report in self.reports}


class Runner(Protocol):
    """Thread-safe: several batches of shards share one."""

    @property
    def slots(self) -> int:
        """How many shards are made at a time, as far as is known."""

    def run(self, steps: Sequence[Step], todo: Mapping[str, tuple[str, ...]]) -> Iterator[Outcome]:
        """Make all shards of ``todo`` (shard -> addresses), yielding each once, as it ends. Closing the iterator drops what has not begun.

        An outcome's error is ShardKilled if the shard ended its workers, else what a step raised.

        Raises:
            Transient: the cluster is away.
        """

    def close(self) -> None:
        """Let go of the workers now; a shard in the making is lost and will be redone."""


def parse(spec: str) -> tuple[str, str]:
    """Kind and address of ``local``, ``dask``, ``dask:tcp://host:8786``, ``ray``, ``ray:auto`` or ``ray:ray://host:10001``. Raises BadInput."""
    kind, _, address = spec.partition(":")
    if kind in ("tcp", "tls", "ray") and address.startswith("//"):
        raise BadInput(f"The runner {spec} has no kind. Write {'ray' if kind == 'ray' else 'dask'}:{spec}.")
    if kind not in KINDS or (kind == "local" and address):
        raise BadInput(f"There is no runner {spec!r}. Choose local, dask, dask:tcp://HOST:8786, ray, ray:ray://HOST:10001 or block:NAME.")
    if kind == "dask" and address and not re.fullmatch(r"(tcp|tls|ws|wss)://[^\s/@]+:\d+/?", address):
        raise BadInput("What follows dask: is not the address of a scheduler. Write dask:tcp://HOST:8786, as `dask scheduler` prints it.")
    return kind, address


def open_runner(spec: str, job: Job, workers: int, memory_bytes: int = 0) -> Runner:
    """The runner that ``spec`` names, ready to work.

    ``workers``: processes of a local pool or of a cluster started here. ``memory_bytes``: what one of these may use, 0 for an equal share of
    the machine; a cluster that runs already bounds its workers itself.

    Raises:
        BadInput: no such runner, its library is not installed, or nothing answers at the address.
    """
    kind, address = parse(spec)
    try:
        if kind == "dask":
            from winnow.tasks.engine.runners.dask import DaskRunner

            return DaskRunner(job, workers, address, memory_bytes)
        if kind == "ray":
            from winnow.tasks.engine.runners.ray import RayRunner

            return RayRunner(job, workers, address)
    except ImportError as e:
        raise BadInput(
            f"The runner {kind} needs a package that is not installed ({e.name}): `pip install 'winnow[{kind}]'`, here and on every worker."
        ) from None
    from winnow.tasks.engine.runners.local import Pool

    return Pool(job, workers, memory_bytes)

"""The runner ``ray``: a Ray cluster makes the shards, one CPU each. Scheduling and restarts are Ray's; winnow sends names and gets reports.

The job lies in Ray's object store and each worker process reads it once (https://docs.ray.io/en/latest/ray-core/objects.html).
"""

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ray
from ray import exceptions

from winnow.tasks.engine.errors import BadInput, ShardKilled, Transient
from winnow.tasks.engine.runners.base import ATTEMPTS, Outcome
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.worker import Job, settle

_jobs: dict[str, Job] = {}
"""In a worker: the jobs of the runs it works for, by token."""


def _make(token: str, job: Sequence[Any], addresses: Sequence[str], shard: str, redo: Sequence[str]) -> list[dict[str, Any]]:
    if token not in _jobs:
        settle()
        [_jobs[token]] = ray.get(list(job))
    return _jobs[token].make(addresses, shard, redo)


class RayRunner:
    """Shards on the Ray cluster at ``address`` (``auto``, ``ray://host:10001``); without one, Ray is started here with ``workers`` CPUs.

    Raises:
        BadInput: nothing answers at the address.
    """

    def __init__(self, job: Job, workers: int, address: str = "") -> None:
        self._workers, self._address, self._token = workers, address, secrets.token_hex(8)
        try:
            where = {"address": address} if address else {"num_cpus": workers, "include_dashboard": False}
            ray.init(**where, ignore_reinit_error=True, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, RuntimeError, ValueError) as e:
            raise BadInput(
                f"No Ray cluster answers at {address or 'this machine'} ({type(e).__name__}). Start one: `ray start --head`."
            ) from None
        # In a list, so that Ray hands over the reference and not a copy for each task.
        self._job = [ray.put(job)]
        self._make = ray.remote(num_cpus=1, max_retries=ATTEMPTS)(_make)

    @property
    def slots(self) -> int:
        """CPUs of the cluster now, or as many as the user expects: a cluster may grow."""
        return max(int(ray.cluster_resources().get("CPU", 0)), self._workers)

    def run(self, steps: Sequence[Step], todo: Mapping[str, tuple[str, ...]]) -> Iterator[Outcome]:
        """As Runner.run. Raises Transient if the cluster is away."""
        addresses, label = [step.address for step in steps], steps[0].label
        named = self._make.options(name=label)
        refs = {named.remote(self._token, self._job, addresses, shard, redo): shard for shard, redo in todo.items()}
        waiting = list(refs)
        try:
            while waiting:
                [ref], waiting = ray.wait(waiting, num_returns=1)
                try:
                    yield Outcome(refs[ref], tuple(ray.get(ref)))
                except (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError, exceptions.NodeDiedError) as e:
                    killed = ShardKilled(
                        f"{ATTEMPTS + 1} Ray workers died at shard {refs[ref]} of {label} ({type(e).__name__}), most often for lack of memory. "
                        "Use fewer --files-per-shard or nodes with more memory, then run the same command again; what is finished is kept."
                    )
                    yield Outcome(refs[ref], error=killed)
                except exceptions.RayTaskError as e:
                    yield Outcome(refs[ref], error=e.cause if isinstance(e.cause, Exception) else e)
        except (exceptions.RaySystemError, ConnectionError) as e:
            raise Transient(f"The Ray cluster {self._address} is away ({type(e).__name__}).") from None
        finally:
            for ref in waiting:
                with contextlib.suppress(Exception):
                    ray.cancel(ref, force=True)

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        ray.shutdown()

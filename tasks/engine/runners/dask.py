"""The runner ``dask``: a Dask cluster makes the shards. Scheduling, restarts and scaling are Dask's; winnow sends names and gets reports.

The job (crawl, steps, where things lie) reaches each worker once, as a worker plugin, also those that join later or were restarted; so a
task is a few hundred bytes and 90,000 of them are nothing to a scheduler. https://distributed.dask.org/en/stable/plugins.html
"""

import contextlib
import secrets
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from typing import Any

from distributed import Client, LocalCluster, WorkerPlugin, as_completed
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker

from winnow.tasks.engine.errors import BadInput, ShardKilled, Transient, WinnowError
from winnow.tasks.engine.runners.base import ATTEMPTS, Outcome
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.worker import Job, settle

CONNECT_S = 30.0
FIRST_WORKER_S = 120.0
CONNECT_TRIES = 5

_jobs: dict[str, Job] = {}
"""In a worker: the jobs of the runs it works for, by token."""


def _make(token: str, addresses: Sequence[str], shard: str, redo: Sequence[str]) -> list[dict[str, Any]]:
    return _jobs[token].make(addresses, shard, redo)


class BringJob(WorkerPlugin):
    """Gives a worker the job, when the run begins or when the worker joins."""

    def __init__(self, token: str, job: Job) -> None:
        self.name, self._token, self._job = f"winnow-{token}", token, job

    def setup(self, worker: Any) -> None:
        settle()
        _jobs[self._token] = self._job

    def teardown(self, worker: Any) -> None:
        _jobs.pop(self._token, None)


class DaskRunner:
    """Shards on the cluster at ``address``; without one, a cluster of ``workers`` processes of this machine is started.

    Raises:
        BadInput: nothing answers at the address, no worker joins within two minutes, or they keep dying.
    """

    def __init__(self, job: Job, workers: int, address: str = "", memory_bytes: int = 0) -> None:
        self._job, self._workers, self._address, self._memory_bytes = job, workers, address, memory_bytes
        self._token = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._cluster: Any = None
        self._client: Client | None = None
        self._connect()

    def _connect(self) -> Client:
        """The client, connected anew if the scheduler was away."""
        with self._lock:
            if self._client is not None and self._client.status == "running":
                return self._client
            self._drop_client()
            if not self._address and self._cluster is None:
                limit = {"memory_limit": self._memory_bytes} if self._memory_bytes else {}
                self._cluster = LocalCluster(n_workers=self._workers, threads_per_worker=1, dashboard_address=None, **limit)
            try:
                client = Client(self._cluster or self._address, timeout=CONNECT_S, set_as_default=False)
            except (OSError, ValueError) as e:
                raise BadInput(
                    f"No Dask scheduler answers at {self._address} ({type(e).__name__}). Start one (`dask scheduler`), or check address and firewall."
                ) from None
            try:
                self._give_job(client)
            except WinnowError:
                client.close()
                raise
            self._client = client
            return client

    def _give_job(self, client: Client) -> None:
        """Hand the job to every worker. One that dies meanwhile is no reason to stop: those that are left, and those that come, get it again.

        Raises:
            BadInput: no worker joins within two minutes, or they keep dying.
        """
        if not client.scheduler_info(n_workers=-1)["workers"]:
            print(
                f"The Dask cluster at {self._address or 'on this machine'} has no workers yet; waiting for one, {FIRST_WORKER_S:.0f} s.",
                file=sys.stderr,
            )
        for _ in range(CONNECT_TRIES):
            try:
                client.wait_for_workers(1, timeout=FIRST_WORKER_S)
                client.register_plugin(BringJob(self._token, self._job))
                return
            except TimeoutError:
                raise BadInput(
                    f"The Dask cluster at {self._address} has no workers. Start some: `dask worker {self._address} --nworkers N --nthreads 1`."
                ) from None
            except CommClosedError:
                continue
        raise BadInput(f"Workers of the Dask cluster at {self._address} died {CONNECT_TRIES} times while the run connected. See their log.")

    @property
    def slots(self) -> int:
        """Worker processes now, or as many as the user expects: a cluster may grow."""
        workers = len(self._client.scheduler_info(n_workers=-1)["workers"]) if self._client else 0
        return max(workers, self._workers)

    def run(self, steps: Sequence[Step], todo: Mapping[str, tuple[str, ...]]) -> Iterator[Outcome]:
        """As Runner.run. Raises Transient if the scheduler is away."""
        addresses, label = [step.address for step in steps], steps[0].label
        try:
            client = self._connect()
        except BadInput as e:
            raise Transient(str(e)) from None
        futures: dict[Any, str] = {}
        try:
            for shard, redo in todo.items():
                key = f"{label}-{shard}-{secrets.token_hex(4)}"
                futures[client.submit(_make, self._token, addresses, shard, redo, key=key, pure=False)] = shard
            for future in as_completed(futures, loop=client.loop):
                shard = futures[future]
                if future.status == "finished":
                    yield Outcome(shard, tuple(future.result()))
                    continue
                if future.status in ("cancelled", "lost"):
                    raise CommClosedError
                error = future.exception()
                if isinstance(error, KilledWorker):
                    error = ShardKilled(
                        f"{ATTEMPTS + 1} Dask workers died at shard {shard} of {label}, most often for lack of memory (see the workers' log). "
                        "Give workers more memory (`dask worker --memory-limit`) or use fewer --files-per-shard, then run the same command "
                        "again; what is finished is kept."
                    )
                if not isinstance(error, Exception):
                    raise error
                yield Outcome(shard, error=error)
        except (CommClosedError, CancelledError, TimeoutError, OSError) as e:
            raise Transient(f"The Dask scheduler {self._address} is away ({type(e).__name__}).") from None
        finally:
            with contextlib.suppress(Exception):
                if client.status == "running":
                    client.cancel(list(futures))

    def _drop_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            if client.status == "running":  # else it waits for a scheduler that may never come back
                with contextlib.suppress(Exception):
                    client.unregister_worker_plugin(f"winnow-{self._token}")
            with contextlib.suppress(Exception):
                client.close(timeout=2)

    def close(self) -> None:
        """Leave the cluster, or end it if it was started here. What an outside worker is just making it makes to the end; that is kept."""
        with self._lock:
            self._drop_client()
            if self._cluster is not None:
                self._cluster.close()

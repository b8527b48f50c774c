"""What a process does that makes shards, whoever started it: the local pool, a Dask worker, a Ray actor.

It holds no state that matters: a job reaches each process once, a task after that is a few names, and what was made lies in the store.
"""

import gc
import pickle
import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import outside_sources
from winnow.tasks.engine.plugins import Plugin, install, installed
from winnow.tasks.engine.step import Step

GARBAGE_EVERY = 100_000


@dataclass(frozen=True)
class Job:
    """What all workers of a run need to know. Holds credentials of source and store: it is sent, never written down or shown."""

    context: ShardContext = field(repr=False)
    steps: tuple[Step, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        # Steps of a plug-in can be read only where its module is: so it travels ahead of them.
        return _arrived, (installed(), outside_sources(self.steps), pickle.dumps((self.context, self.steps)))

    @cached_property
    def _by_address(self) -> dict[str, Step]:
        return {step.address: step for step in self.steps}

    def make(self, addresses: Sequence[str], shard: str, redo: Sequence[str], ahead: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Run the steps of one stage on one shard, as ShardContext.make does; one at a time in this process. ``ahead`` will be asked for next."""
        with _one_at_a_time:
            return self.context.make([self._by_address[a] for a in addresses], shard, redo, ahead)


def _arrived(plugins: Sequence[Plugin], sources: Mapping[str, str], packed: bytes) -> Job:
    """The job in the process of a worker.

    Raises:
        BadInput: a module from outside is not there, or is not what the run was planned with.
    """
    for plugin in plugins:
        install(plugin)
    try:
        context, steps = pickle.loads(packed)  # noqa: S301 what this winnow has packed
    except (ModuleNotFoundError, AttributeError) as e:
        raise BadInput(
            f"The worker on {socket.gethostname()} cannot load a part of the run ({e}). Install the package there, or name its file in `plugins` of the recipe."
        ) from None
    here = outside_sources(steps)
    if other := [name for name, source in sources.items() if here.get(name) != source]:
        raise BadInput(
            f"The worker on {socket.gethostname()} has another version of {', '.join(other)} than the run was planned with. Install the same on all machines."
        )
    return Job(context, steps)


# A worker process of somebody else's cluster may have several threads. Steps count the process's own time and memory, and the
# libraries below them are not all thread-safe.
_one_at_a_time = threading.Lock()


def settle() -> None:
    """Use one core of this machine, as there is a process for each, and look for garbage seldom.

    Steps make millions of lists and strings, and hardly a cycle; by default the collector looks at them every 700, which takes 4 % of their time.
    """
    import pyarrow as pa

    gc.set_threshold(GARBAGE_EVERY)

    pa.set_cpu_count(1)
    pa.set_io_thread_count(2)

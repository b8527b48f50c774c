"""Reading for several shards of a step at once: what a worker that will make them one after the other takes from a file while it has it open.

A partition of a gathering step reads a few rows out of every shard of the crawl, and so does the next one. A runner that gives neighbouring partitions to one
worker says so (``ShardContext.ahead``); then as many of them as fit half the memory bound are read together, and each is made and committed by itself, as without.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.step import Step

T = TypeVar("T")


def read_together(
    context: ShardContext, address: str, shard: str, cost: Callable[[str], int], read: Callable[[Sequence[str]], Sequence[T]]
) -> T:
    """What ``read`` gives for a shard of a step. It is asked for the shard, and for those ahead that fit with it, together; what it gives for these is kept
    until they are asked for. ``cost`` says how many bytes a shard takes. Raises what ``read`` raises."""
    key = (context.store.root, address)
    if (*key, shard) in _held:
        return _held.pop((*key, shard))  # type: ignore[no-any-return]
    _held.clear()
    together = [shard]
    left = context.memory_bytes // 2 - (cost(shard) if context.ahead else 0)
    for other in context.ahead:
        left -= cost(other)
        if left < 0:
            break
        together.append(other)
    first, *rest = read(together)
    _held.update({(*key, other): found for other, found in zip(together[1:], rest, strict=True)})
    return first


def evenly_spread(context: ShardContext, step: Step, row_bytes: int, partitions: int) -> Callable[[str], int]:
    """How many bytes a partition takes whose rows, out of every shard of a step, are spread evenly by their hashes. The reports are read when it is first asked."""
    rows = cache(lambda: sum(int(report["rows_out"]) for report in context.store.reports_of(step, context.shard_keys)))
    return lambda _: rows() * row_bytes // partitions


_held: dict[tuple[str, str, str], Any] = {}
"""Root, address and shard -> what was read ahead for it. Of one step at a time: a worker makes one."""

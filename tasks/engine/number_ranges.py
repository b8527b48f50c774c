"""As ranges.py, for keys that are whole numbers: a step shard by shard writes its rows sorted by a number, its first column; a step over the whole crawl reads ranges
of these numbers out of every shard, and knows what they take before it reads them.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from winnow.tasks.engine.ahead import read_together
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.ranges import between
from winnow.tasks.engine.step import Step

GROUP = np.dtype([("least", "<u8"), ("most", "<u8"), ("rows", "<i8"), ("bytes", "<i8")])
Range = tuple[int, int]
"""The first and the last number; empty if the last is less."""
R = TypeVar("R")
T = TypeVar("T")


def key_range(part: int, parts: int) -> Range:
    """First and last 64-bit key of one of ``parts`` equal ranges."""
    return (1 << 64) * part // parts, (1 << 64) * (part + 1) // parts - 1


def part_of_keys(partitions: int) -> Callable[[str, int, int], Range]:
    """The keys of a piece of a partition whose name is its number, for ``in_pieces``."""
    return lambda shard, piece, pieces: key_range(int(shard) * pieces + piece, partitions * pieces)


def in_pieces(
    context: ShardContext,
    address: str,
    shard: str,
    part: Callable[[str, int, int], R],
    cost: Callable[[str], int],
    read: Callable[[Sequence[R]], Sequence[T]],
) -> Iterator[T]:
    """What ``read`` makes of the keys of a partition of a step: all at once, together with those ahead (ahead.py), if it fits the memory bound; else in pieces
    that fit. ``part`` gives the keys of one of so many pieces of a partition, ``cost`` says how many bytes a partition takes. Raises what ``read`` raises."""
    pieces = -(-cost(shard) // context.memory_bytes)
    if pieces <= 1:
        yield read_together(context, address, shard, cost, lambda shards: read([part(s, 0, 1) for s in shards]))
        return
    for piece in range(pieces):
        yield from read([part(shard, piece, pieces)])


def overlaps(group: Any, low: int, high: int) -> bool:
    """Whether a row group (its metadata) whose first column is sorted may hold keys in [low, high]."""
    keys = group.column(0).statistics
    return bool(group.num_rows and keys.min <= high and keys.max >= low)


def taken(context: ShardContext, step: Step, wanted: Range) -> tuple[int, int]:
    """The rows, and their bytes in memory, of the row groups that hold a range; in all shards of the step together. Raises DamagedArtifact."""
    known, rows, size_bytes = _known(context.store.root, step.address), 0, 0
    for shard in context.shard_keys:
        if shard not in known:
            with context.store.open_parquet(step, shard) as file:
                known[shard] = _groups_in(file)
        mine = known[shard][_holding(known[shard], [wanted])]
        rows, size_bytes = rows + int(mine["rows"].sum()), size_bytes + int(mine["bytes"].sum())
    return rows, size_bytes


def shards_in_ranges(context: ShardContext, step: Step, ranges: Sequence[Range]) -> Iterator[tuple[int, list[pa.Table]]]:
    """Of each shard of a step that may hold any of it, the number and its rows in each of these ranges; every shard is opened once. Raises DamagedArtifact."""
    known = _known(context.store.root, step.address)
    for number, shard in enumerate(context.shard_keys):
        if shard in known and not _holding(known[shard], ranges).any():
            continue
        with context.store.open_parquet(step, shard) as file:
            groups = known[shard] = known[shard] if shard in known else _groups_in(file)
            holding = np.flatnonzero(_holding(groups, ranges)).tolist()
            if not holding:
                continue
            table = file.read_row_groups(holding, use_threads=False)
        keys = table.column(0).to_numpy()
        yield number, [_between(table, keys, low, high) for low, high in ranges]


def _between(table: pa.Table, keys: npt.NDArray[Any], low: int, high: int) -> pa.Table:
    """The rows with keys in [low, high]."""
    kind = keys.dtype.type  # numpy compares a uint64 with another whole number as floats
    return between(table, int(np.searchsorted(keys, kind(low), "left")), int(np.searchsorted(keys, kind(high), "right")))


def _groups_in(file: Any) -> npt.NDArray[Any]:
    found = np.zeros(file.num_row_groups, GROUP)
    for g in range(file.num_row_groups):
        group = file.metadata.row_group(g)
        if group.num_rows:
            keys = group.column(0).statistics
            found[g] = (keys.min, keys.max, group.num_rows, group.total_byte_size)
    return found


def _holding(groups: npt.NDArray[Any], ranges: Sequence[Range]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(groups), np.bool_)
    for low, high in (wanted for wanted in ranges if wanted[0] <= wanted[1]):
        found |= (groups["rows"] > 0) & (groups["least"] <= np.uint64(high)) & (groups["most"] >= np.uint64(low))
    return found


@lru_cache(maxsize=2)
def _known(root: str, address: str) -> dict[str, npt.NDArray[Any]]:
    """What this process remembers of the row groups of a step's shards. Artifacts never change under their address, so it stays true."""
    return {}

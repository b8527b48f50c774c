"""The number of a document in its crawl: the number of its shard and its row there, in one integer that ascends in crawl order."""

from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import I32, Ints

ROW_BITS = 32


def numbered(shard: int, rows: npt.NDArray[Any]) -> Ints:
    """The numbers of these rows of a shard."""
    return np.int64(shard) << ROW_BITS | rows.astype(np.int64)


def shards_and_rows(numbers: Ints) -> tuple[I32, I32]:
    """The shard of each number, and the row there."""
    return (numbers >> ROW_BITS).astype(np.int32), (numbers & ((1 << ROW_BITS) - 1)).astype(np.int32)

"""What a worker remembers of the files that every bucket opens: which row groups hold which bands and keys, and which documents were kept.

A crawl of 90,000 shards and 14 bands asks each file of signatures for each band, twice, and each table of decisions as often: 3.8 million small reads.
Remembered, it is one read per band and shard, and two more per worker and shard. Artifacts never change under their address, so what is remembered
stays true.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.step import Step

GROUP = np.dtype([("first_band", "<i2"), ("last_band", "<i2"), ("least_key", "<u8"), ("most_key", "<u8"), ("rows", "<i8")])
SHARE_FOR_KEPT = 8
"""Which part of the memory bound the remembered decisions may take, one bit per document; what does not fit is read each time."""

Groups = npt.NDArray[Any]


def groups_in(file: Any) -> Groups:
    """One row of GROUP for each row group of a Parquet file of SIGNED rows."""
    found = np.zeros(file.num_row_groups, GROUP)
    for g in range(file.num_row_groups):
        group = file.metadata.row_group(g)
        if group.num_rows:
            bands, keys = group.column(0).statistics, group.column(1).statistics
            found[g] = (bands.min, bands.max, keys.min, keys.max, group.num_rows)
    return found


def overlapping(groups: Groups, band: int, low: int, high: int) -> list[int]:
    """The row groups that may hold keys [low, high] of a band."""
    held = (groups["first_band"] <= band) & (groups["last_band"] >= band) & (groups["rows"] > 0)
    return [int(g) for g in np.flatnonzero(held & (groups["least_key"] <= np.uint64(high)) & (groups["most_key"] >= np.uint64(low)))]


class SignedFiles:
    """The files of one step of signatures and of the decisions beside them, in one store."""

    def __init__(self) -> None:
        self._groups: dict[str, Groups] = {}
        self._kept: dict[str, tuple[npt.NDArray[np.uint8], int]] = {}
        self._kept_bytes = 0

    def groups(self, context: ShardContext, signatures: Step, shard: str) -> Groups:
        """The row groups of a shard's signatures. Raises DamagedArtifact."""
        if shard not in self._groups:
            with context.store.open_parquet(signatures, shard) as file:
                self._groups[shard] = groups_in(file)
        return self._groups[shard]

    def kept(self, context: ShardContext, decisions: Step, shard: str) -> npt.NDArray[np.bool_]:
        """Which documents of a shard are kept so far. Raises DamagedArtifact."""
        if shard in self._kept:
            bits, documents = self._kept[shard]
            return np.unpackbits(bits, count=documents).astype(bool)
        with context.store.open_parquet(decisions, shard) as file:
            found: npt.NDArray[np.bool_] = file.read(["kept"], use_threads=False)["kept"].to_numpy(zero_copy_only=False)
        bits = np.packbits(found)
        if self._kept_bytes + bits.nbytes <= context.memory_bytes // SHARE_FOR_KEPT:
            self._kept[shard] = bits, len(found)
            self._kept_bytes += bits.nbytes
        return found


@lru_cache(maxsize=2)
def signed_files(root: str, signatures: str, decisions: str) -> SignedFiles:
    """What this process remembers of the files of two addresses in a store. Of earlier pairs it remembers nothing."""
    return SignedFiles()

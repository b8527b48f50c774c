"""One bijection of 64-bit numbers that spreads them evenly: for hashes of hashes, and to draw partitions."""

import numpy as np

from winnow.tasks.engine.arrays import U64


def mixed(x: U64) -> U64:
    """A bijection of 64-bit numbers after which every bit depends on every other (the finaliser of MurmurHash3)."""
    x = x ^ (x >> np.uint64(33))
    x *= np.uint64(0xFF51AFD7ED558CCD)
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xC4CEB9FE1A85EC53)
    x ^= x >> np.uint64(33)
    return x

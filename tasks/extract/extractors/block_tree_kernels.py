"""The compiled part of ``block_trees.py``."""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled

Ints = npt.NDArray[np.int64]


@compiled
def best_threshold(probabilities: Ints, words: Ints, order: Ints, certain: int) -> int:
    """The least probability of the first blocks in ``order`` that together have the highest expected F1 (``block_trees.best_blocks``); -1 if no word is wanted."""
    total = np.int64(0)
    for b in range(len(order)):
        total += probabilities[b] * words[b]
    wanted = taken = np.int64(0)
    best, least = -1.0, np.int64(-1)
    if total == 0:
        return -1
    for k in range(len(order)):
        b = order[k]
        wanted += probabilities[b] * words[b]
        taken += words[b]
        f1 = np.float64(2 * wanted) / np.float64(taken * certain + total)
        if f1 > best:
            best, least = f1, probabilities[b]
    return int(least)

"""The trees that say how likely each block of a page is content (``tasks/models/trees.py``), and which blocks to take.

Training is ``tests/benchmarks/train_block_model.py``.
"""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from winnow.tasks.models.trees import CERTAIN, Trees, from_json

MODEL = Path(__file__).with_name("block_model.json")

Ints = npt.NDArray[np.int64]


def best_blocks(probabilities: Ints, words: Ints) -> npt.NDArray[np.bool_]:
    """The blocks with the highest expected F1 of words, by descending probability (Lewis 1995; Ye et al. 2012): a threshold per page.

    With p_i of n_i words wanted, taking the set S gives F1 = 2 sum_S p_i n_i / (sum_S n_i + sum p_i n_i). None of a page without words.
    """
    from winnow.tasks.extract.extractors.block_tree_kernels import best_threshold

    least = best_threshold(probabilities, words, np.argsort(-probabilities, kind="stable"), CERTAIN)
    return probabilities >= least if least >= 0 else np.zeros(len(words), np.bool_)


@cache
def shipped() -> tuple[Trees, str]:
    """The model of the package and the first 16 hex digits of its file's sha256."""
    raw = MODEL.read_bytes()
    return from_json(json.loads(raw)), sha256(raw).hexdigest()[:16]

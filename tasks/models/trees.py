"""Boosted oblivious trees as plain data: how likely an example is of a kind. Integers after the comparisons.

An oblivious tree asks the same question of all nodes of a level, so a tree is ``depth`` questions and 2**depth numbers, without a branch
(Prokhorenkova et al. 2018, section 3; Kohavi 1994). Leaves are whole numbers, so their sum is the same on every machine in every
order. Those of blocks of pages are trained in ``tests/benchmarks/train_block_model.py``, those of lines by ``boosting.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Ints
from winnow.tasks.engine.errors import BadInput

FORMAT = 1
DEEPEST = 8
SCORE_UNIT = 64  # steps of the table of probabilities per unit of log-odds
SCORE_END = 10  # log-odds beyond it are as good as certain
CERTAIN = 1_000_000


@dataclass(frozen=True, eq=False)
class Trees:
    """``borders``: the questions "is feature f above b?"; ``questions``: depth x trees, places in ``borders``; ``leaves``: trees x 2**depth.

    ``leaf_unit`` is what one unit of log-odds is in ``leaves`` and ``bias``.
    """

    features: tuple[str, ...]
    border_feature: Ints
    border: npt.NDArray[np.float32]
    questions: Ints
    leaves: npt.NDArray[np.int32]
    bias: int
    leaf_unit: int

    def sums(self, names: Sequence[str], matrix: npt.NDArray[np.float32]) -> Ints:
        """features x examples, and the names of its rows -> log-odds per example, in parts of ``leaf_unit``."""
        from winnow.tasks.models.tree_kernels import sum_leaves

        rows = _rows(self, tuple(names))
        scores = np.full(matrix.shape[1], self.bias, np.int64)
        sum_leaves(matrix, rows, self.border, self.questions, self.leaves, scores)
        return scores

    def probabilities(self, names: Sequence[str], matrix: npt.NDArray[np.float32]) -> Ints:
        """The same, as parts per million."""
        middle = SCORE_UNIT * SCORE_END
        # np.clip asks for the limits of the type each time, which takes longer than this.
        places = np.minimum(np.maximum(self.sums(names, matrix) * SCORE_UNIT // self.leaf_unit + middle, 0), 2 * middle)
        return PROBABILITY[places]


@lru_cache(maxsize=8)
def _rows(trees: Trees, names: tuple[str, ...]) -> Ints:
    """The row of each border's feature, where rows have these names."""
    place = {name: row for row, name in enumerate(names)}
    return np.asarray([place[name] for name in trees.features], np.int64)[trees.border_feature]


def probability_table() -> Ints:
    """Logistic function in parts per million. By decimal arithmetic: processors and C libraries differ in the last bit of ``exp``."""
    steps = range(-SCORE_UNIT * SCORE_END, SCORE_UNIT * SCORE_END + 1)
    return np.asarray([int(CERTAIN / (1 + (Decimal(-z) / SCORE_UNIT).exp())) for z in steps], np.int64)


PROBABILITY = probability_table()


def from_json(model: dict[str, Any]) -> Trees:
    """Trees from plain data. Raises BadInput: another format, or trees that are too deep."""
    if model.get("format") != FORMAT or not 0 < model["depth"] <= DEEPEST:
        raise BadInput(
            f"Trees of format {model.get('format')!r}; this version reads format {FORMAT}, trees of depth 1 to {DEEPEST}. Train the model again."
        )
    borders: dict[str, Sequence[float]] = model["borders"]
    questions = np.asarray(model["questions"], np.int64).reshape(-1, model["depth"]).T
    return Trees(
        tuple(borders),
        np.repeat(np.arange(len(borders)), [len(b) for b in borders.values()]),
        np.asarray([x for b in borders.values() for x in b], np.float32),
        np.ascontiguousarray(questions),
        np.asarray(model["leaves"], np.int32).reshape(questions.shape[1], 1 << model["depth"]),
        model["bias"],
        model["leaf_unit"],
    )

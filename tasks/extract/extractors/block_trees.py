"""Boosted oblivious trees as plain data: how likely each block of a page is content, and which blocks to take. Integers after the comparisons.

An oblivious tree asks the same question of all nodes of a level, so a tree is ``depth`` questions and 2**depth numbers, without a branch
(Prokhorenkova et al. 2018, section 3; Kohavi 1994). Leaves are whole numbers, so their sum is the same on every machine in every
order. Training is ``tests/benchmarks/train_block_model.py``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.errors import BadInput

MODEL = Path(__file__).with_name("block_model.json")
SCORE_UNIT = 64  # steps of the table of probabilities per unit of log-odds
SCORE_END = 10  # log-odds beyond it are as good as certain
CERTAIN = 1_000_000

Ints = npt.NDArray[np.int64]


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

    def probabilities(self, names: Sequence[str], matrix: npt.NDArray[np.float32]) -> Ints:
        """features x blocks, and the names of its rows -> parts per million per block."""
        from winnow.tasks.extract.extractors.tree_kernels import sum_leaves

        rows = _rows(self, tuple(names))
        scores = np.full(matrix.shape[1], self.bias, np.int64)
        sum_leaves(matrix, rows, self.border, self.questions, self.leaves, scores)
        middle = SCORE_UNIT * SCORE_END
        # np.clip asks for the limits of the type each time, which takes longer than this.
        places = np.minimum(np.maximum(scores * SCORE_UNIT // self.leaf_unit + middle, 0), 2 * middle)
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


def best_blocks(probabilities: Ints, words: Ints) -> npt.NDArray[np.bool_]:
    """The blocks with the highest expected F1 of words, by descending probability (Lewis 1995; Ye et al. 2012): a threshold per page.

    With p_i of n_i words wanted, taking the set S gives F1 = 2 sum_S p_i n_i / (sum_S n_i + sum p_i n_i). None of a page without words.
    """
    order = np.argsort(-probabilities, kind="stable")
    wanted = probabilities[order] * words[order]
    total = int(wanted.sum())
    if total == 0:
        return np.zeros(len(words), np.bool_)
    f1 = 2 * np.cumsum(wanted) / (np.cumsum(words[order]) * CERTAIN + total)
    chosen: npt.NDArray[np.bool_] = probabilities >= probabilities[order[int(np.argmax(f1))]]
    return chosen


@cache
def shipped() -> tuple[Trees, str]:
    """The model of the package and the first 16 hex digits of its file's sha256."""
    raw = MODEL.read_bytes()
    return from_json(json.loads(raw)), sha256(raw).hexdigest()[:16]


def from_json(model: dict[str, Any]) -> Trees:
    """Trees as ``to_json`` wrote them. Raises BadInput."""
    if model.get("format") != 1 or not 0 < model["depth"] <= 8:
        raise BadInput(
            f"A block model of format {model.get('format')!r}; this version reads format 1, trees of depth 1 to 8. Train one with tests/benchmarks/train_block_model.py."
        )
    borders: dict[str, Sequence[float]] = model["borders"]
    questions = np.asarray(model["questions"], np.int64).reshape(-1, model["depth"]).T
    return Trees(
        tuple(borders),
        np.repeat(np.arange(len(borders)), [len(b) for b in borders.values()]),
        np.asarray([x for b in borders.values() for x in b], np.float32),
        np.ascontiguousarray(questions),
        np.asarray(model["leaves"], np.int32).reshape(questions.shape[1], -1),
        model["bias"],
        model["leaf_unit"],
    )

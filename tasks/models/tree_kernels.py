"""The compiled part of ``trees.py``."""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled

AT_ONCE = 64


@compiled
def sum_leaves(
    matrix: npt.NDArray[np.float32],
    row: npt.NDArray[np.int64],
    border: npt.NDArray[np.float32],
    questions: npt.NDArray[np.int64],
    leaves: npt.NDArray[np.int32],
    sums: npt.NDArray[np.int64],
) -> None:
    """Add to ``sums``, one per column of ``matrix``, the leaf of each tree. ``row`` and ``border``: the questions; the others as in ``Trees``.

    AT_ONCE columns are asked together, so that the loops over them are vector instructions.
    """
    answers = np.zeros((len(border), AT_ONCE), np.uint8)
    leaf = np.zeros(AT_ONCE, np.uint8)
    depth, trees = questions.shape
    columns = matrix.shape[1]
    for begin in range(0, columns, AT_ONCE):
        count = min(AT_ONCE, columns - begin)
        for q in range(len(border)):
            values, answer, bound = matrix[row[q], begin : begin + count], answers[q], border[q]
            for c in range(count):
                answer[c] = values[c] > bound
        for tree in range(trees):
            leaf[:] = 0
            for level in range(depth - 1, -1, -1):
                answer = answers[questions[level, tree]]
                for c in range(AT_ONCE):
                    leaf[c] = np.uint8(leaf[c] << 1) | answer[c]
            of_tree = leaves[tree]
            for c in range(count):
                sums[begin + c] += of_tree[leaf[c]]

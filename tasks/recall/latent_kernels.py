"""The loops of latent semantic coordinates, compiled: products of sparse rows with narrow matrices, and orthonormal columns by Cholesky (Stathopoulos and Wu 2002)."""

import numpy as np

from winnow.tasks.engine.compiled import compiled

SMALLEST = 1e-10
"""A column whose part that the columns before it do not have is a smaller share of the whole has nothing of its own."""


@compiled
def times(borders, columns, values, right, out):  # type: ignore[no-untyped-def]
    """``out``: the rows times the matrix ``right``. A column below 0 counts nothing."""
    for i in range(len(borders) - 1):
        for j in range(out.shape[1]):
            out[i, j] = 0.0
        for at in range(borders[i], borders[i + 1]):
            c = columns[at]
            if c >= 0:
                v = values[at]
                for j in range(out.shape[1]):
                    out[i, j] += v * right[c, j]


@compiled
def transposed_times(borders, columns, values, right, out):  # type: ignore[no-untyped-def]
    """``out``: the rows, turned, times the matrix ``right``, which has a row per row."""
    for c in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[c, j] = 0.0
    for i in range(len(borders) - 1):
        for at in range(borders[i], borders[i + 1]):
            c = columns[at]
            if c >= 0:
                v = values[at]
                for j in range(out.shape[1]):
                    out[c, j] += v * right[i, j]


@compiled
def orthonormal(matrix):  # type: ignore[no-untyped-def]
    """Make the columns orthonormal, in place; one that depends on those before it becomes zero."""
    rows, size = matrix.shape
    line = np.empty(size)
    for _ in range(2):  # the second time mends what rounding left
        gram = np.zeros((size, size))
        for i in range(rows):
            for j in range(size):
                v = matrix[i, j]
                if v != 0.0:
                    for k in range(j, size):
                        gram[j, k] += v * matrix[i, k]
        upper = np.zeros((size, size))
        for j in range(size):
            left = gram[j, j]
            for m in range(j):
                left -= upper[m, j] * upper[m, j]
            if left <= SMALLEST * gram[j, j] or gram[j, j] == 0.0:
                continue
            upper[j, j] = np.sqrt(left)
            for k in range(j + 1, size):
                rest = gram[j, k]
                for m in range(j):
                    rest -= upper[m, j] * upper[m, k]
                upper[j, k] = rest / upper[j, j]
        for i in range(rows):
            for j in range(size):
                if upper[j, j] == 0.0:
                    line[j] = 0.0
                    continue
                v = np.float64(matrix[i, j])
                for m in range(j):
                    v -= line[m] * upper[m, j]
                line[j] = v / upper[j, j]
            for j in range(size):
                matrix[i, j] = line[j]

"""The Bradley-Terry model: strengths of items from the shares of pairs that they win. Fitted by minorisation and maximisation (Hunter 2004).

A half win and a half loss against an item of mean strength are added to each item, so that strengths are finite where one wins every pair, and are
known where the graph of pairs falls apart.
"""

import numpy as np

from winnow.tasks.engine.arrays import Floats

ITERATIONS = 200
STEPS = 30
ENOUGH = 1e-9
PRIOR = 0.5
FARTHEST = 12.0  # of a strength from the mean, as a natural logarithm


def strengths(wins: Floats, pairs: Floats) -> Floats:
    """Natural logarithms of the strengths, with mean 0. ``wins[i, j]`` is how much of the comparisons ``pairs[i, j]`` of i with j went to i."""
    count = len(wins)
    won = wins.sum(axis=1) + PRIOR
    value = np.ones(count)
    for _ in range(ITERATIONS):
        before = value
        value = won / ((pairs / (value[:, None] + value[None, :])).sum(axis=1) + 2 * PRIOR / (value + 1.0))
        value = value / np.exp(np.log(value).mean()) if count else value
        if count and np.abs(np.log(value) - np.log(before)).max() < ENOUGH:
            break
    return np.clip(np.log(value), -FARTHEST, FARTHEST)


def placed(shares: Floats, known: Floats) -> Floats:
    """The strength of each new item from the share that it wins of each of the ``known`` items: the root of the model's likelihood, by bisection, as that
    cannot fail. ``shares`` has one row per new item."""
    won = shares.sum(axis=1) + PRIOR
    low, high = np.full(len(shares), -FARTHEST), np.full(len(shares), FARTHEST)
    for _ in range(STEPS):
        middle = (low + high) / 2
        expected = (1 / (1 + np.exp(known[None, :] - middle[:, None]))).sum(axis=1) + 2 * PRIOR / (1 + np.exp(-middle))
        more = won > expected
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    found: Floats = (low + high) / 2
    return found

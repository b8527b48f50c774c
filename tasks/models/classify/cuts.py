"""The probability from which a label counts, one per label of a head of several labels.

The cut that gives a label its best F1 lies at a half of that F1, not at a probability of a half (Lipton, Elkan and Naryanaswamy 2014), so that a rare label, of which a
calibrated model is seldom sure, is hardly ever said at one cut for all. Cuts are chosen on probabilities of documents that their model has not seen (Yang 2001's SCut).
"""

import numpy as np

from winnow.tasks.engine.arrays import Bools, Floats, Ints

HALF = 0.5
"""The cut of a label that has none of its own."""
FEWEST_FOR_A_CUT = 5
"""Examples, among those the cut is chosen on, that a label needs for a cut of its own."""
DECIMALS = 9


def cuts_of(each: Floats, wanted: Bools) -> tuple[float, ...]:
    """The cut of each label (columns) with the best F1 on these documents (rows); of equals the highest. It lies midway between the probabilities that it parts.

    A label with fewer than ``FEWEST_FOR_A_CUT`` examples has ``HALF``.
    """
    return tuple(_cut(each[:, k], wanted[:, k]) for k in range(wanted.shape[1]))


def _cut(scores: Floats, wanted: Bools) -> float:
    total = int(wanted.sum())
    if total < FEWEST_FOR_A_CUT:
        return HALF
    distinct, place = np.unique(-scores, return_inverse=True)
    distinct = -distinct
    said = np.cumsum(np.bincount(place, minlength=len(distinct)))
    hits = np.cumsum(np.bincount(place, weights=wanted, minlength=len(distinct)))
    best = int(np.argmax(hits / (said + total)))
    below = distinct[best + 1] if best + 1 < len(distinct) else 0.0
    edge = 10.0**-DECIMALS
    return round(min(1 - edge, max(edge, float(distinct[best] + below) / 2)), DECIMALS)


def crossed_cuts(each: Floats, wanted: Bools, folds: Ints) -> Floats:
    """For every document the cuts that the documents of the other folds give: (documents, labels)."""
    found = np.full(each.shape, HALF)
    for fold in np.unique(folds).tolist():
        mine = folds == fold
        found[mine] = cuts_of(each[~mine], wanted[~mine])
    return found


def least(cut: float, margin: float) -> float:
    """The probability that a label needs to be said with a ``margin``: a half and the margin where the cut is a half; as many times the odds of another cut. With a
    margin of a half and more none is said."""
    if cut == HALF or margin >= HALF:
        return HALF + margin
    odds = cut / (1 - cut) * (HALF + margin) / (HALF - margin)
    return odds / (1 + odds)

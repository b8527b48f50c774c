"""The rating: raters vote on pairs of documents of one language, votes are weighed, and a Bradley-Terry model makes one strength of them.

A rater prefers the document whose value ranks higher in its language, and abstains if the ranks are within five percentiles, or a value is missing. So
a rater counts by its order alone, in each language apart, and what is rated high in every language is what is high among its own. The strengths
of a set of reference documents per language are fitted to their pairs; any other document is placed by its votes against these.

MuRating (2025) makes pairs of several English raters' scores, and trains one model on the preferences; the vote, the tie and the weights are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from winnow.tasks.engine.arrays import Floats
from winnow.tasks.rating.bradley_terry import placed, strengths

REFERENCES = 256
LEAST = 50  # documents of a language that make a group; smaller ones are rated among all documents
GRID = 201
TIE = 0.05
ALL = ""
DECIMALS = 6
ROWS = 512


@dataclass(frozen=True)
class Group:
    """Of one language: the quantiles of each rater (raters, GRID), the ranks of its references (references, raters), and their strengths."""

    quantiles: Floats
    ranks: Floats
    strengths: Floats


@dataclass(frozen=True)
class RatingModel:
    """``weights`` are one per rater, as the logarithm of the odds that its vote is right; a negative one turns it round."""

    weights: Floats
    groups: dict[str, Group] = field(default_factory=dict)

    def ratings(self, values: Floats, languages: Sequence[str]) -> Floats:
        """The strength of each document, from the raters' values (documents, raters; NaN where one is missing)."""
        found = np.zeros(len(values))
        names = np.array([name if name in self.groups else ALL for name in languages], object)
        for name in sorted(set(names.tolist())):
            rows, group = np.flatnonzero(names == name), self.groups[name]
            for at in range(0, len(rows), ROWS):
                part = rows[at : at + ROWS]
                ranks = ranked(values[part], group.quantiles)
                found[part] = placed(preferences(ranks, group.ranks, self.weights), group.strengths)
        return np.round(found, DECIMALS)


def fitted(values: Floats, languages: Sequence[str], weights: Floats) -> RatingModel:
    """The model of a sample, whose first documents of each language are the references."""
    groups = {}
    names = np.array(languages, object)
    counts = {name: int((names == name).sum()) for name in set(languages)}
    for name in [ALL, *sorted(n for n in counts if n != ALL and counts[n] >= LEAST)]:
        mine = values if name == ALL else values[names == name]
        points = quantiles(mine)
        ranks = ranked(mine[:REFERENCES], points)
        shares = preferences(ranks, ranks, weights)
        pairs = 1.0 - np.eye(len(ranks))
        groups[name] = Group(points, ranks, strengths(shares * pairs, pairs))
    return RatingModel(weights, groups)


def quantiles(values: Floats) -> Floats:
    """``GRID`` quantiles of each column, NaN left out; NaN for one without values."""
    found = np.full((values.shape[1], GRID), np.nan)
    for n, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if len(known):
            found[n] = np.quantile(known, np.linspace(0, 1, GRID), method="inverted_cdf")
    return found


def ranked(values: Floats, points: Floats) -> Floats:
    """The rank of each value among the quantiles of its column, from 0 to 1, the middle of equals; NaN stays."""
    found = np.full(values.shape, np.nan)
    for n, column in enumerate(values.T):
        known = np.isfinite(column)
        if np.isfinite(points[n]).all():
            below, upto = (np.searchsorted(points[n], column[known], side=side) for side in ("left", "right"))
            found[known, n] = (below + upto) / 2 / GRID
    return found


def votes(a: Floats, b: Floats) -> Floats:
    """Per rater 1 where it prefers ``a``, -1 where ``b``, 0 where it abstains; of ranks of the same shape."""
    gap = np.nan_to_num(a - b)
    voted: Floats = np.sign(gap) * (np.abs(gap) >= TIE)
    return voted


def preferences(ranks: Floats, others: Floats, weights: Floats) -> Floats:
    """The probability that each document is preferred to each of the others, from the votes: shape (documents, others)."""
    log_odds = np.zeros((len(ranks), len(others)))
    for n, weight in enumerate(weights.tolist()):
        log_odds += weight * votes(ranks[:, n, None], others[None, :, n])
    return 1 / (1 + np.exp(-log_odds))


def percentiles(ratings: Floats, points: Floats) -> Floats:
    """The place of each rating among quantiles of its language, from 0 to 1."""
    return np.round(ranked(ratings[:, None], points[None, :])[:, 0], DECIMALS)

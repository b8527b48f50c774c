"""A first pass over URLs alone, which says what is worth fetching."""

from typing import Any

import numpy as np

from winnow.tasks.engine.arrays import Bools
from winnow.tasks.models.classify.features import Features, rows_of
from winnow.tasks.models.classify.linear import Asked, fit_linear
from winnow.tasks.models.texts import Text
from winnow.tasks.recall.examples import FOLDS, Examples
from winnow.tasks.recall.options import RecallOptions
from winnow.tasks.recall.pool import Pool


def left_by_url(pool: Pool, examples: Examples, options: RecallOptions) -> tuple[Bools, dict[str, Any]]:
    """Which documents the pass leaves, and its figures: everything without such a pass. The cut is the one that leaves the wanted share of the known positives, each
    scored by a model that has not seen its fold."""
    every = np.ones(len(pool.ids), bool)
    if not options.url_first:
        return every, {}
    features = Features("url", chars=options.chars, bits=options.bits)
    mine = [(t, h) for t, h in zip(examples.texts, examples.hits.tolist(), strict=True) if t.url]
    texts, truth = [t for t, _ in mine], np.array([h for _, h in mine], bool)
    if truth.sum() < FOLDS or (~truth).sum() < FOLDS:
        return every, {"url_pass_left": 1.0}
    rows = rows_of(texts, features)
    fold = np.arange(len(texts)) % FOLDS
    found, totals = np.zeros(len(texts)), np.zeros(len(pool.ids))
    for f in range(FOLDS):
        held = fold == f
        part = fit_linear(rows.take(np.flatnonzero(~held)), truth[~held][:, None], features, balanced=True, seed=options.seed)
        found[held] = part.decisions(rows.take(np.flatnonzero(held)))[:, 0]
        asked = Asked(part)  # the pool is scored by all folds, since a model of everything has another scale than they
        scores = (asked.decisions(Text("", url)) for url in pool.urls)
        totals += np.array([np.inf if each is None else each[0] for each in scores])
    least = float(np.quantile(found[truth], 1 - options.url_first, method="lower"))
    left = totals / FOLDS >= least
    return left, {
        "url_pass_left": round(float(left.mean()), 6),
        "url_pass_positives_left": round(float((found[truth] >= least).mean()), 6),
    }

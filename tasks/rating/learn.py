"""Learning the weights of raters from a sample of documents and a judged set, and what they are worth on judgements that were held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from winnow.tasks.engine.arrays import Floats
from winnow.tasks.engine.samples import sample_keys
from winnow.tasks.models.classify.evaluate import auc
from winnow.tasks.rating.judged import Judged, accuracy, agreed, learned, pairs_of
from winnow.tasks.rating.model import ALL, LEAST, RatingModel, fitted, quantiles, ranked

FOLDS = 5


@dataclass(frozen=True)
class Sample:
    """Documents with the raters' values (documents, raters); ``lengths`` are in characters, NaN where they are not known."""

    ids: list[str]
    languages: list[str]
    lengths: Floats
    values: Floats

    def ranks(self) -> Floats:
        """The rank of each value in its language."""
        names = np.array(self.languages, object)
        found = np.full(self.values.shape, np.nan)
        whole = quantiles(self.values)
        for name in set(self.languages):
            mine = names == name
            points = quantiles(self.values[mine]) if name != ALL and mine.sum() >= LEAST else whole
            found[mine] = ranked(self.values[mine], points)
        return found


def sorted_sample(sample: Sample) -> Sample:
    """The documents in the order of ``sample_keys``: the first are the references, whatever order they came in."""
    order = np.argsort(sample_keys(sample.ids), kind="stable")
    ids, languages = ([column[n] for n in order.tolist()] for column in (sample.ids, sample.languages))
    return Sample(ids, languages, sample.lengths[order], sample.values[order])


def learn(sample: Sample, judged: Judged | None, raters: Sequence[str], signs: Floats) -> tuple[RatingModel, dict[str, Any]]:
    """The model, and figures: pairs, weights, and on pairs that were held out the share that the rating and each rater alone put right.

    Documents are parted into five; pairs inside a part are judged by weights from pairs among the others.
    """
    ranks = sample.ranks()
    if judged is None:
        weights = agreed(ranks, signs)
        return fitted(sample.values, sample.languages, weights), {"weights": dict(zip(raters, weights.tolist(), strict=True))}
    pairs = pairs_of(judged, sample.ids, sample.languages, sample.lengths)
    weights = learned(ranks, pairs)
    fold = (sample_keys(sample.ids) % np.uint64(FOLDS)).astype(np.int64)
    right, alone, count = 0.0, np.zeros(len(raters)), 0
    held = np.zeros(len(ranks))
    for n in range(FOLDS):
        mine = fold == n
        tested = pairs.inside(mine)
        found = fitted(
            sample.values[~mine],
            [x for x, m in zip(sample.languages, mine.tolist(), strict=True) if not m],
            learned(ranks, pairs.inside(~mine)),
        )
        held[mine] = found.ratings(sample.values[mine], [x for x, m in zip(sample.languages, mine.tolist(), strict=True) if m])
        if len(tested):
            right += len(tested) * accuracy(held, tested)
            filled = np.nan_to_num(ranks, nan=0.5)
            alone += len(tested) * np.array([accuracy(filled[:, r], tested) for r in range(len(raters))])
            count += len(tested)
    figures: dict[str, Any] = {
        "weights": dict(zip(raters, weights.tolist(), strict=True)),
        "judged": {"documents": len(judged.scores), "pairs": len(pairs), "ties": judged.ties, "contradicted": judged.contradicted},
    }
    if count:
        singles = {name: round(max(a, 1 - a), 4) for name, a in zip(raters, (alone / count).tolist(), strict=True)}
        figures["held_out"] = {"pairs": count, "rating": round(right / count, 4), "raters": singles}
    known = np.array([i in judged.scores for i in sample.ids], bool)
    score = np.array([judged.scores.get(i, np.nan) for i in sample.ids])[known]
    if len(set(score.tolist())) == 2:
        positive = score == score.max()
        ranked_alone = [auc(np.nan_to_num(ranks[known][:, r], nan=0.5), positive) for r in range(len(raters))]
        figures["auc"] = {
            "rating": round(auc(held[known], positive), 4),
            "raters": {name: round(max(a, 1 - a), 4) for name, a in zip(raters, ranked_alone, strict=True)},
        }
    return fitted(sample.values, sample.languages, weights), figures

"""Which documents are judged in a round."""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Bools, Floats, Ints
from winnow.tasks.recall.estimate import chances, cut_at, weighted_platt, weights_of
from winnow.tasks.recall.options import RecallOptions
from winnow.tasks.recall.pool import Pool
from winnow.tasks.recall.space import Space, apart

TEACHING = 0.6
"""Of a round's questions: about documents at the border of the model, where an answer teaches it most."""
AROUND = 4
"""From so many documents at the border for each such question those are taken that lie farthest from each other."""
ABOVE, NEAR, FAR = 0.4, 0.4, 0.2
"""Of the other questions: about documents above the provisional cut, about as many right below it, about all others."""


def questions(
    pool: Pool,
    space: Space,
    options: RecallOptions,
    number: int,
    scores: Floats,
    judged: tuple[Floats, Bools],
    known: npt.NDArray[np.int8],
    allowed: Bools,
) -> Ints:
    """Numbers of the documents that are to be judged: those that teach most, and a sample drawn at random within strata of the score."""
    open_ = (known == -1) & allowed
    ranked = np.argsort(-np.where(open_, scores, -np.inf), kind="stable")[: int(open_.sum())]
    teaching = _teaching(pool, space, scores, ranked, round(options.sample * TEACHING))
    ranked = ranked[~np.isin(ranked, teaching)]
    above = 0
    if judged[1].any() and not judged[1].all():
        line = weighted_platt(*judged, weights_of(judged[0], scores[open_]))
        above = int((scores[ranked] >= cut_at(scores, chances(scores, line), known, None, options.precision).score).sum())
    above = min(max(above, options.sample), len(ranked))
    near = min(max(above, options.sample), len(ranked) - above)
    strata = (ranked[:above], ranked[above : above + near], ranked[above + near :])
    place = np.empty(len(known), np.int64)
    place[pool.order("sample", number, options.seed)] = np.arange(len(known))
    chosen = []
    wanted = left = options.sample - len(teaching)
    for stratum, share in zip(strata, (ABOVE, NEAR, FAR), strict=True):
        n = min(len(stratum), round(wanted * share), left)
        left -= n
        chosen.append(stratum[np.argsort(place[stratum], kind="stable")[:n]])
    for at, stratum in enumerate(strata):  # where one is smaller than its share, the others have the rest
        more = stratum[np.argsort(place[stratum], kind="stable")[len(chosen[at]) :][:left]]
        chosen[at] = np.concatenate([chosen[at], more])
        left -= len(more)
    return np.concatenate([teaching, *chosen]).astype(np.int64)


def _teaching(pool: Pool, space: Space, scores: Floats, ranked: Ints, wanted: int) -> Ints:
    """Of the documents nearest to the model's border (Tong and Koller 2001) those that lie farthest from each other (Sener and Savarese 2018): answers about copies of
    one document teach once."""
    near = ranked[np.argsort(np.abs(scores[ranked]), kind="stable")[: AROUND * wanted]]
    if len(near) <= wanted:
        return near
    texts = pool.texts(near.tolist())
    return near[apart(space.coordinates([texts[i] for i in near.tolist()]), wanted)]

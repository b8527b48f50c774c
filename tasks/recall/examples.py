"""What the model of a round learns from: examples of the topic, and of what it is not."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Bools, Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.documents import host_of
from winnow.tasks.models.texts import Text
from winnow.tasks.recall.options import RecallOptions
from winnow.tasks.recall.pool import Pool, template_of

FOLDS = 5
"""An example is scored by a model that has learnt from the other folds alone."""
NEGATIVES_EACH = 5
FEWEST_NEGATIVES = 500
CLEAN, FEWEST_NO = 0.05, 10
"""A document that nobody judged is an example of what the topic is not, as long as at most this share of what is left is estimated to be of the topic. Where it is
more, only those that were judged no are, if there are so many."""


class Examples(NamedTuple):
    """``hits``: which texts are of the topic. ``numbers``: of each the number of the judged document in the pool that it is, or -1."""

    texts: list[Text]
    hits: Bools
    numbers: Ints


def examples_of(
    seeds: Sequence[Text],
    pool: Pool,
    options: RecallOptions,
    places: npt.NDArray[np.int8],
    known: npt.NDArray[np.int8],
    before: dict[str, Any] | None,
    number: int,
) -> Examples:
    """Seeds, known documents, pages of decided places; and negatives, those that were judged no and, where few of what is left can be of the topic, others drawn from what
    the last round did not collect. Hosts and templates are capped. ``places`` and ``known`` say of each document of the pool 1, 0 or -1 for nothing.

    Raises:
        BadInput: too few seeds, or nothing that could be a negative.
    """
    collected = set(before["collected"]) if before else set()
    order = pool.order("examples", number, options.seed).tolist()
    yes = [i for i in order if known[i] == 1] + [i for i in order if known[i] == -1 and places[i] == 1]
    texts = pool.texts(yes)
    caps = Caps(options)
    given = [(t, -1) for t in seeds] + [(texts[i], i if known[i] == 1 else -1) for i in yes]
    chosen = [(t, i) for t, i in given if caps.takes(t)]
    positives = [t for t, _ in chosen]
    if len(positives) < 2:
        raise BadInput(f"There are {len(positives)} seeds with a text. Give some ten of them at least, of several sites.")
    taken = {(t.url, t.text[:500]) for t in positives}
    wanted = max(FEWEST_NEGATIVES, NEGATIVES_EACH * len(positives))
    no = [i for i in order if known[i] == 0 or places[i] == 0][:wanted]
    clean = before is None or before["figures"]["left_share"] <= CLEAN or len(no) < FEWEST_NO
    left = (i for i in order if known[i] == -1 and places[i] == -1 and pool.ids[i] not in collected) if clean else ()
    rest = list(left)[: max(0, wanted - len(no))]
    texts = pool.texts([*no, *rest])
    caps = Caps(options)
    negatives = [
        (t, i if known[i] == 0 else -1) for i in (*no, *rest) if ((t := texts[i]).url, t.text[:500]) not in taken and caps.takes(t)
    ]
    if not negatives:
        raise BadInput("There is no document in the pool that could be an example of what the topic is not. Look through more documents.")
    hits = np.arange(len(positives) + len(negatives)) < len(positives)
    return Examples([*positives, *(t for t, _ in negatives)], hits, np.array([i for _, i in (*chosen, *negatives)], np.int64))


class Caps:
    """So many of one host and of one template; seeds and known documents come first."""

    def __init__(self, options: RecallOptions) -> None:
        self._options = options
        self._hosts: Counter[str] = Counter()
        self._templates: Counter[str] = Counter()

    def takes(self, text: Text) -> bool:
        host, template = host_of(text.url), template_of(text.url)
        if host and (self._hosts[host] >= self._options.per_host or self._templates[template] >= self._options.per_template):
            return False
        self._hosts[host] += 1
        self._templates[template] += 1
        return True

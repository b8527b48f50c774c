"""Modified Kneser-Ney smoothing of n-gram counts (Chen and Goodman 1999, section 4.1.4, equations 23 to 26), interpolated at every order.

Padding at the start of a sentence, adjusted counts and pruning as in Heafield et al. 2013, "Scalable Modified Kneser-Ney Language Model
Estimation". Words are numbers here; what they are is the business of tasks/models/ngram/train.py, how a model is stored that of kenlm_file.py.

PyPI has no estimator: the distribution `kenlm` builds the module that reads models, while its `lmplz` needs Boost. This one needs numpy, and
memory for about 60 bytes per token and order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Floats, Ints

UNK, BOS, EOS = 0, 1, 2
FIRST_WORD = 3
FALLBACK = (0.0, 0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Grams:
    """The n-grams of one order, sorted by their words.

    ``context`` and ``suffix`` number n-grams of the order below (without the last, the first word); ``word`` is the last word. Both are empty
    at order 1. ``log_probability`` and ``log_backoff`` are base 10, float32. ``extends_left`` and ``extends_right``: a longer n-gram ends,
    begins with this one.
    """

    context: Ints
    suffix: Ints
    word: Ints
    log_probability: npt.NDArray[np.float32]
    log_backoff: npt.NDArray[np.float32]
    extends_left: npt.NDArray[np.bool_]
    extends_right: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.word)


@dataclass(frozen=True)
class _Counted:
    """N-grams of one order before smoothing. ``counts`` are occurrences; ``at_start``: the first word is <s>."""

    context: Ints
    suffix: Ints
    word: Ints
    counts: Ints
    at_start: npt.NDArray[np.bool_]


def estimate(sentences: Sequence[Ints], words: int, order: int = 5, prune: Sequence[int] = (0, 0, 1)) -> tuple[Grams, ...]:
    """A model of the sentences, order by order. ``words`` is the size of the vocabulary with <unk>, <s> and </s>; words are numbered from 3.

    ``prune`` gives, per order, the number of occurrences up to which an n-gram is left out; the last one holds for all higher orders.

    Raises:
        ValueError: no word at all, an order below 2, or pruning that is not ascending from 0 (a kept n-gram would lose its parts).
    """
    thresholds = (*prune, *([prune[-1]] * order))[:order]
    if order < 2 or thresholds[0] != 0 or list(thresholds) != sorted(thresholds):
        raise ValueError(f"order is {order} and prune {tuple(prune)}; the order is at least 2, pruning begins with 0 and never falls")
    if not any(len(s) for s in sentences):
        raise ValueError("there is no word to count")
    counted = _count(sentences, words, order)
    adjusted = _adjusted(counted)
    marked = [c.counts <= t if n else np.zeros(words, bool) for n, (c, t) in enumerate(zip(counted, thresholds, strict=True))]

    probability = _unigrams(adjusted[0], words)
    probabilities, backoffs = [probability], [np.ones(words)]
    for n in range(1, order):
        grams, a = counted[n], adjusted[n].astype(np.float64)
        discount = discounts(adjusted[n])[np.minimum(adjusted[n], 3)]
        first = np.flatnonzero(np.concatenate([[True], grams.context[1:] != grams.context[:-1]]))
        group = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(a))))
        total = np.add.reduceat(a, first)
        # All mass of a pruned n-gram goes to its context's backoff, so that the model still sums to one.
        backoff = np.add.reduceat(np.where(marked[n], a, discount), first) / total
        probability = (a - discount) / total[group] + backoff[group] * probabilities[-1][grams.suffix]
        backoffs[-1][grams.context[first]] = backoff
        probabilities.append(probability)
        backoffs.append(np.ones(len(a)))
    return _pruned(counted, marked, probabilities, backoffs)


def discounts(counts: Ints) -> Floats:
    """D(0), D(1), D(2), D(3+) from the counts of one order (Chen and Goodman, equation 26); fixed ones where the text is too small to tell."""
    n = np.bincount(np.minimum(counts, 5), minlength=6).astype(np.float64)
    if not all(n[k] for k in (1, 2, 3)):
        return np.array(FALLBACK)
    y = n[1] / (n[1] + 2 * n[2])
    found = np.array([0.0, *(k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3))])
    return found if all(0 < found[k] <= k for k in (1, 2, 3)) else np.array(FALLBACK)


def _count(sentences: Sequence[Ints], words: int, order: int) -> list[_Counted]:
    """Occurrences of every n-gram. An n-gram is named by the one of its first n-1 words and its last word, exactly (nothing is hashed)."""
    lengths = np.fromiter((len(s) for s in sentences if len(s)), np.int64)
    ends = np.cumsum(lengths + 2)
    stream = np.full(int(ends[-1]), EOS, np.int64)
    place = np.arange(len(stream)) - np.repeat(ends - lengths - 2, lengths + 2)
    stream[place == 0] = BOS
    stream[(place > 0) & (stream != BOS) & ~np.isin(np.arange(len(stream)), ends - 1)] = np.concatenate([s for s in sentences if len(s)])

    nothing = np.empty(0, np.int64)
    counted = [_Counted(nothing, nothing, np.arange(words), np.bincount(stream, minlength=words), np.arange(words) == BOS)]
    code = stream
    for n in range(2, order + 1):
        ending = np.flatnonzero(place >= n - 1)
        if not len(ending):
            raise ValueError(f"no sentence has {n - 1} words")
        keys, first, inverse, counts = np.unique(
            code[ending - 1] * words + stream[ending], return_index=True, return_inverse=True, return_counts=True
        )
        found = ending[first]
        counted.append(_Counted(keys // words, code[found], keys % words, counts, place[found] == n - 1))
        code = np.full(len(stream), -1, np.int64)
        code[ending] = inverse
    return counted


def _adjusted(counted: Sequence[_Counted]) -> list[Ints]:
    """Adjusted counts: of the longest n-grams and of those that begin a sentence their occurrences, of others the words seen before them."""
    adjusted = []
    for n, grams in enumerate(counted):
        if n + 1 < len(counted):
            before = np.bincount(counted[n + 1].suffix, minlength=len(grams.counts))
            adjusted.append(np.where(grams.at_start, grams.counts if n else 0, before))
        else:
            adjusted.append(grams.counts)
    return adjusted


def _unigrams(adjusted: Ints, words: int) -> Floats:
    """Unigram probabilities, interpolated with the uniform one over the vocabulary without <s>. <s> itself has 1: it is given, not predicted."""
    discount = discounts(adjusted)[np.minimum(adjusted, 3)]
    total = adjusted.sum()
    probability = (adjusted - discount) / total + discount.sum() / total / (words - 1)
    probability[BOS] = 1.0
    return np.asarray(probability, np.float64)


def _pruned(
    counted: Sequence[_Counted], marked: Sequence[npt.NDArray[np.bool_]], probabilities: Sequence[Floats], backoffs: Sequence[Floats]
) -> tuple[Grams, ...]:
    """What is kept, renumbered."""
    numbers: Any = None
    kept_grams: list[Grams] = []
    for grams, mark, probability, backoff in zip(counted, marked, probabilities, backoffs, strict=True):
        kept = np.flatnonzero(~mark)
        lower = len(kept_grams) > 0
        kept_grams.append(
            Grams(
                context=numbers[grams.context[kept]] if lower else grams.context,
                suffix=numbers[grams.suffix[kept]] if lower else grams.suffix,
                word=grams.word[kept],
                log_probability=np.minimum(0.0, np.log10(probability[kept])).astype(np.float32),
                log_backoff=np.log10(backoff[kept]).astype(np.float32),
                extends_left=np.zeros(len(kept), bool),
                extends_right=np.zeros(len(kept), bool),
            )
        )
        if lower:
            kept_grams[-2].extends_left[kept_grams[-1].suffix] = True
            kept_grams[-2].extends_right[kept_grams[-1].context] = True
        numbers = np.cumsum(~mark) - 1
    return tuple(kept_grams)

"""The estimator against the published equations, written out naively, and against the laws of probability."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.ngram.texts import numbered, sentences
from winnow.tasks.models.ngram.kneser_ney import BOS, EOS, FALLBACK, discounts, estimate


def naive(lines, order, prune):
    """Chen and Goodman 1999 with dictionaries: probability of every n-gram, backoff of every context."""
    raw = [Counter() for _ in range(order + 1)]
    for line in lines:
        words = ["<s>", *line.split(), "</s>"]
        for n in range(1, order + 1):
            raw[n].update(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
    adjusted = [Counter() for _ in range(order + 1)]
    adjusted[order] = raw[order]
    for n in range(1, order):
        before = defaultdict(set)
        for gram in raw[n + 1]:
            before[gram[1:]].add(gram[0])
        adjusted[n] = Counter({g: (c if g[0] == "<s>" else len(before[g])) for g, c in raw[n].items()})
    del adjusted[1][("<s>",)]
    words = {g[0] for g in raw[1]} | {"<unk>"}

    probability, backoff = {}, {}
    for n in range(1, order + 1):
        t = Counter(min(c, 5) for c in adjusted[n].values())
        d = dict(enumerate(FALLBACK))
        if t[1] and t[2] and t[3]:
            y = t[1] / (t[1] + 2 * t[2])
            found = {k: k - (k + 1) * y * t[k + 1] / t[k] for k in (1, 2, 3)}
            d = {0: 0.0, **found} if all(0 < found[k] <= k for k in found) else d
        limit = prune[min(n, len(prune)) - 1] if n > 1 else -1
        for context in {g[:-1] for g in adjusted[n]}:
            after = {g: c for g, c in adjusted[n].items() if g[:-1] == context}
            total = sum(after.values())
            mass = sum(c if raw[n][g] <= limit else d[min(c, 3)] for g, c in after.items()) / total
            backoff[context] = mass
            for g, c in after.items():
                lower = 1 / (len(words) - 1) if n == 1 else probability[g[1:]]
                probability[g] = (c - d[min(c, 3)]) / total + mass * lower
        if n == 1:
            probability[("<unk>",)] = backoff[()] / (len(words) - 1)
            probability[("<s>",)] = 1.0
    kept = {g for g in probability if len(g) == 1 or raw[len(g)][g] > prune[min(len(g), len(prune)) - 1]}
    return {g: probability[g] for g in kept}, {g: backoff.get(g, 1.0) for g in kept}


def as_words(grams, vocabulary):
    """(probability, backoff) of every n-gram, by its words."""
    found, texts = {}, []
    for n, g in enumerate(grams, start=1):
        words = [vocabulary[w] for w in g.word]
        texts = [(w,) for w in words] if n == 1 else [(*texts[c], w) for c, w in zip(g.context, words, strict=True)]
        found |= dict(zip(texts, zip(10.0**g.log_probability, 10.0**g.log_backoff, strict=True), strict=True))
    return found


lines_of_words = st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=9).map(" ".join), min_size=3, max_size=25)


@settings(max_examples=60)
@given(lines=lines_of_words, order=st.integers(2, 4), prune=st.sampled_from([(0,), (0, 0, 1), (0, 1), (0, 1, 2)]))
def test_probabilities_are_those_of_the_equations(lines, order, prune):
    if max(len(line.split()) for line in lines) + 2 < order:
        return
    numbers, ids = numbered(lines)
    found = as_words(estimate(ids, len(numbers), order, prune), list(numbers))
    probability, backoff = naive(lines, order, prune)
    assert found.keys() == probability.keys()
    for gram, (p, b) in found.items():
        assert p == pytest.approx(probability[gram], rel=1e-5), gram
        if len(gram) < order:
            assert b == pytest.approx(backoff[gram], rel=1e-5), gram


@pytest.mark.parametrize("prune", [(0,), (0, 0, 1), (0, 1, 1, 2)])
def test_what_follows_any_context_sums_to_one(prune):
    numbers, ids = numbered(sentences(200))
    vocabulary = list(numbers)
    model = as_words(estimate(ids, len(numbers), 4, prune), vocabulary)

    def p(context, word):
        if (*context, word) in model:
            return model[(*context, word)][0]
        return (model[context][1] if context in model else 1.0) * p(context[1:], word)

    contexts = [(), ("<s>",), ("the",), ("of", "the"), ("<s>", "wind"), ("never", "seen", "before")]
    for context in [*contexts, *[c for c in model if len(c) == 3][:20]]:
        assert sum(p(context, w) for w in vocabulary if w != "<s>") == pytest.approx(1, abs=1e-4), context


def test_discounts_are_equation_26_and_fixed_where_it_has_no_answer():
    counts = np.repeat([1, 2, 3, 4, 9], [100, 40, 20, 10, 5])
    y = 100 / (100 + 2 * 40)
    assert discounts(counts) == pytest.approx([0, 1 - 2 * y * 40 / 100, 2 - 3 * y * 20 / 40, 3 - 4 * y * 10 / 20])
    assert tuple(discounts(np.array([1, 1, 2]))) == FALLBACK  # nothing was seen three times
    assert tuple(discounts(np.repeat([1, 2, 3], [1, 1, 50]))) == FALLBACK  # D(2) would be negative


@pytest.mark.parametrize(
    ("lines", "options", "says"),
    [
        ([], {}, "no word"),
        (["a"], {"order": 5}, "no sentence"),
        (["a b"], {"order": 1}, "order"),
        (["a b"], {"order": 3, "prune": (0, 2, 1)}, "prune"),
        (["a b"], {"order": 2, "prune": (1,)}, "prune"),
    ],
)
def test_what_cannot_be_estimated_says_so(lines, options, says):
    numbers, ids = numbered(lines)
    with pytest.raises(ValueError, match=says):
        estimate(ids, len(numbers), **options)


def test_order_of_sentences_and_empty_ones_do_not_matter():
    numbers, ids = numbered(sentences(50))
    a = estimate(ids, len(numbers), 3, (0,))
    b = estimate([*reversed(ids), np.empty(0, np.int64)], len(numbers), 3, (0,))
    assert all(np.array_equal(x.log_probability, y.log_probability) for x, y in zip(a, b, strict=True))
    assert {int(a[0].word[i]) for i in np.flatnonzero(a[0].log_probability == 0)} == {BOS}
    assert not a[0].extends_right[EOS]

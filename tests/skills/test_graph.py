"""The graph of skills: phrases are found, clusters follow what is met together, scores favour what the reference is about."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.skills.graph import fitted
from winnow.tasks.skills.phrases import occurrences, phrases

ALGEBRA = "solve equation variable polynomial factor root".split()
COOKING = "butter flour oven sugar bake dough".split()
COMMON = "the and of to in it".split()


def made(words, count, seed):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.permutation([*rng.choice(words, 8), *rng.choice(COMMON, 12)])) for _ in range(count)]


REFERENCE = made(ALGEBRA, 40, 1) + made(COOKING, 40, 2)
OTHERS = made("court judge law trial verdict jury".split(), 80, 3)


def plainly(text):
    words = text.split()
    return {" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)}


@settings(max_examples=30)
@given(st.lists(st.lists(st.sampled_from("red green blue".split()), max_size=6).map(" ".join), max_size=5))
def test_phrases_are_runs_of_words_of_one_text(texts):
    for number, text in enumerate(texts):
        own = {
            text[b:e].strip() for batch in phrases(texts) for t, b, e in zip(batch.text, batch.begin, batch.end, strict=True) if t == number
        }
        assert own == plainly(text)


def test_occurrences_are_counted():
    [batch] = phrases(["tax law"])
    known = np.sort(batch.hashes)
    text, place, count, words = occurrences(["tax law tax", "", "law"], known)
    assert words.tolist() == [3, 0, 1]
    assert count.sum() == 2 + 1 + 1 + 1  # tax twice, law, tax law; law
    assert set(text.tolist()) == {0, 2}
    assert place.max() < 3
    assert all(len(x) == 0 for x in occurrences(["tax"], known[:0])[:3])


def test_scores_favour_the_reference():
    graph = fitted(REFERENCE, OTHERS + REFERENCE[::8], 4)
    mine, other = (graph.scores(graph.similarities(texts)) for texts in (made(ALGEBRA, 20, 9), OTHERS[:20]))
    assert mine.min() > other.max()


def test_what_is_met_together_is_one_skill_and_an_edge():
    graph = fitted(REFERENCE, OTHERS, 4)
    algebra, cooking = (graph.similarities(made(words, 20, 7)).mean(axis=0) for words in (ALGEBRA, COOKING))
    for own in (algebra > 2 * cooking, cooking > 2 * algebra):
        assert own.any()
    a, c = int((algebra - cooking).argmax()), int((cooking - algebra).argmax())
    assert graph.edges[a, c] == 0
    assert (graph.edges >= 0).all()
    assert graph.importance.max() == 1


def test_skills_that_are_given():
    given_skills = [("algebra", ["equation", "polynomial"]), ("baking", ["oven", "bake dough"])]
    graph = fitted(REFERENCE, OTHERS, 100, given_skills)
    assert graph.labels == ("algebra", "baking")
    assert len(graph.hashes) == 4
    has = graph.similarities(["an equation here", "bake dough", "bake the dough"])
    assert has[0, 0] > 0 == has[0, 1]
    assert has[1, 1] > 0 == has[2, 1]


@pytest.mark.parametrize(("reference", "background"), [([], []), (["one"], ["one"]), (["", "..."], OTHERS)])
def test_a_reference_without_phrases(reference, background):
    graph = fitted(reference, background, 5)
    assert graph.labels == ()
    assert graph.similarities(["some text"]).shape == (1, 0)
    assert graph.scores(graph.similarities(["some text"])).tolist() == [0]

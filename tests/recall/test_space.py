"""The space of a recall: rows of length one, coordinates that bring together what goes together, and the same numbers twice."""

import numpy as np
import pytest

from tests.models.classify.students import TOPICS, text_of
from winnow.tasks.models.classify.features import Features
from winnow.tasks.models.texts import Text
from winnow.tasks.recall.latent_kernels import orthonormal
from winnow.tasks.recall.space import Asked, apart, fit, learn_space

DOCUMENTS = [Text(text_of(topic, n)) for topic in TOPICS for n in range(30)]
TOPIC = np.repeat(np.arange(len(TOPICS)), 30)
SPACE = learn_space(DOCUMENTS, Features(words=1, bits=14), 0)


def test_rows_have_the_length_one():
    placed = SPACE.place(DOCUMENTS[:5])
    for i in range(5):
        values = placed.values[placed.rows.borders[i] : placed.rows.borders[i + 1]]
        assert (values**2).sum() == pytest.approx(1)
    taken = placed.take(np.array([3, 1]))
    assert taken.values[: taken.rows.borders[1]].tolist() == placed.values[placed.rows.borders[3] : placed.rows.borders[4]].tolist()


def test_documents_of_a_topic_lie_near_each_other():
    found = SPACE.coordinates(DOCUMENTS)
    alike = found @ found.T
    same = TOPIC[:, None] == TOPIC[None, :]
    assert alike[same].mean() > alike[~same].mean() + 0.2


def test_a_model_parts_them_and_says_the_same_one_by_one():
    hits = TOPIC == 0
    placed = SPACE.place(DOCUMENTS)
    model = fit(SPACE, placed.take(np.arange(0, len(hits), 2)), hits[::2], seed=0)
    found = model.decisions(placed)
    assert ((found > 0) == hits).mean() > 0.95
    asked = Asked(model)
    assert [asked.decision(d) for d in DOCUMENTS[:7]] == pytest.approx(found[:7].tolist())
    assert asked.decision(Text("...")) is None


def test_the_same_space_twice():
    again = learn_space(DOCUMENTS, Features(words=1, bits=14), 0)
    assert again.basis.tobytes() == SPACE.basis.tobytes()


def test_few_and_equal_documents():
    space = learn_space([Text("one two three")] * 3 + [Text("")], Features(words=1, bits=10), 0)
    assert np.isfinite(space.basis).all()
    assert np.isfinite(space.place([Text("one two"), Text("")]).values).all()


def test_columns_become_orthonormal_or_zero():
    matrix = np.random.default_rng(0).normal(size=(40, 5))
    matrix[:, 3] = matrix[:, 0] - 2 * matrix[:, 1]
    orthonormal(matrix)
    assert matrix.T @ matrix == pytest.approx(np.diag([1, 1, 1, 0, 1]), abs=1e-9)


def test_those_apart_are_chosen():
    points = np.array([[1.0, 0], [0.99, 0.141], [0, 1], [-1, 0], [0.98, 0.199]])
    assert apart(points, 3).tolist() == [0, 3, 2]

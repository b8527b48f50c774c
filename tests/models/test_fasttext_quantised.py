"""Kernels answer for a quantised fastText model as fastText does, bit for bit."""

import random
import sys
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.models import fasttext, fasttext_quantised
from winnow.tasks.models.classify.fit import fit
from winnow.tasks.models.files import locate, model_file

WORDS = [
    *"the of and loom weaver </s> </s __label__en __label__xx __label__ la de le und der die y que в и не на 水 布 の は ال في कि θα năm été ÉTÉ naïve x 9 3.14 - a\u0301".split(),
    *("\0", "a\0b", "\u200b", "🌾", "ﬁ", "Ω" * 40, "\ufffd", "\x7f"),
]  # fmt: skip
lines = st.one_of(
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=12)), max_size=30).map(" ".join),
    st.text(max_size=200),
).map(fasttext.line_of)


@cache
def language_model():
    path = locate(model_file("lid.176.ftz"))
    quantised = fasttext_quantised.read(path.read_bytes())
    assert quantised is not None
    return fasttext.load(path), quantised


def by_library(model, line):
    found = model._model.predict(line + "\n", 1, 0.0, "strict")
    return (found[0][1], found[0][0]) if found else None


@given(lines)
def test_answers_have_the_bits_of_the_library(line):
    model, quantised = language_model()
    assert quantised.best(line) == by_library(model, line)


@pytest.fixture(scope="module")
def quantised_file(tmp_path_factory):
    """A small model of the same kind: without norms, its words without pieces, with a last part of another width."""
    binding = fasttext.binding()
    folder = tmp_path_factory.mktemp("fasttext")
    drawn = random.Random(3)
    words = [f"word{k}" for k in range(300)]
    labelled = [f"__label__l{k % 7} " + " ".join(drawn.choices(words[30 * (k % 7) : 30 * (k % 7) + 90], k=12)) for k in range(700)]
    (folder / "labelled.txt").write_text("\n".join(labelled) + "\n")
    options = {"dim": 9, "epoch": 5, "minCount": 1, "minn": 2, "maxn": 3, "bucket": 2000, "thread": 1, "verbose": 0, "loss": "hs"}
    assert fit({**options, "input": str(folder / "labelled.txt"), "model_path": str(folder / "model.bin")}) == ""
    model = binding.fasttext()
    model.loadModel(str(folder / "model.bin"))
    model.quantize(
        "", False, 800, False, 0, 0.0, 1, 0, 2, False
    )  # the output as it is, 800 rows, no new training, two numbers to a part, no norms
    model.saveModel(str(folder / "model.ftz"))
    return folder / "model.ftz"


def test_a_model_of_other_measures(quantised_file):
    model, quantised = fasttext.load(quantised_file), fasttext_quantised.read(quantised_file.read_bytes())
    assert quantised is not None
    drawn = random.Random(4)
    for _ in range(300):
        line = " ".join(f"word{drawn.randrange(320)}" for _ in range(drawn.randrange(20)))
        assert quantised.best(line) == (by_library(model, line) if line else by_library(model, ""))


def test_other_kinds_of_models_are_left_to_the_library(quantised_file):
    data = bytearray(quantised_file.read_bytes())
    data[8 + 6 * 4] = 3  # softmax
    assert fasttext_quantised.read(bytes(data)) is None


def test_the_best_label_is_the_first_of_all():
    model, _ = language_model()
    line = "The weaver sets up the loom in the morning."
    assert model.predict(line) == model.predict(line, 3)[:1]
    assert model.predict("") == []


def test_it_is_read_while_somebody_looks_at_the_frames(quantised_file):
    seen = []
    sys.setprofile(lambda frame, event, argument: seen.append(frame) if frame.f_code.co_filename == fasttext_quantised.__file__ else None)
    try:
        assert fasttext.load(quantised_file).predict("the mill")
    finally:
        sys.setprofile(None)
    assert any("kept" in frame.f_locals for frame in seen)

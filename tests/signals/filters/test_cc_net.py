"""cc_net's language: what its own loop gives, fused words and rounding included."""

import fasttext_pybind
import numpy as np
import pytest

from tests.extract.test_language import SENTENCES
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.files import locate, model_file
from winnow.tasks.recipes import build as recipes
from winnow.tasks.signals.filters.cc_net import CCNet, CCNetLanguage, CCNetOriginal
from winnow.tasks.signals.text import Document

FILE = model_file("lid.176.ftz")
TEXTS = [
    *SENTENCES.values(),
    "\n".join(SENTENCES.values()),
    "one\ntwo\n\n  three  \nOK",
    "der\ndie\ndas",
    "a" * 5000 + "\nwords",
    "12 34",
    "\x0bx\u2028y\nz",
]


@pytest.fixture(scope="module")
def published():
    """Classifier.do of split_by_lang, top 1: the wrapper's predict on text without line feeds, scores of 32 bits rounded to two digits."""
    model = fasttext_pybind.fasttext()
    model.loadModel(str(locate(FILE)))

    def call(text):
        [(score, label)] = model.predict(text.replace("\n", "") + "\n", 1, 0.0, "strict")
        scores = np.array([score], np.float32)
        scores.round(2, out=scores)
        return label.removeprefix("__label__"), scores[0]

    return call


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_as_its_loop(published, text):
    read = "\n".join(line.strip() for line in text.split("\n") if line.strip())
    label, score = published(read)
    found = CCNetLanguage(model=FILE).measure(Document(text))
    assert found["ccnet_language"] == label
    assert np.float32(found["ccnet_language_score"]) == score
    assert (found["ccnet_language_score"] < 0.5) == bool(score < 0.5)


def test_words_fuse_across_lines():
    f, text = CCNetLanguage(model=FILE), SENTENCES["en"]
    assert f.measure(Document(text.replace(" ", "\n"))) == f.measure(Document(text.replace(" ", ""))) != f.measure(Document(text))


def test_the_title_of_a_wet_file_does_not_count():
    text = f"{SENTENCES['ru']}\n{SENTENCES['en']}"
    assert CCNetLanguage(model=FILE, title=True).measure(Document(text))["ccnet_language"] == "en"
    assert CCNet(title=True).measure(Document(text))["ccnet_length"] == len(SENTENCES["en"])
    assert CCNetOriginal(title=True).measure(Document(text)) == {"ccnet_original_length": len(SENTENCES["en"]), "ccnet_original_nlines": 1}


def test_no_text_and_no_model():
    assert set(CCNetLanguage(model=FILE).measure(Document(" \n\n")).values()) == {None}
    with pytest.raises(BadInput, match="needs a model"):
        CCNetLanguage().check()


def test_the_recipe_asks_for_the_published_threshold():
    [limit] = [limit for limit in recipes.load("ccnet").limits if "language" in limit.signal]
    assert (limit.signal, limit.low) == ("ccnet_language_score", 0.5)

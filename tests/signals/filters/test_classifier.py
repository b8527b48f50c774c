"""The classifier filter: a score between the examples' kinds, none where there is nothing to say, and models that are none are refused."""

import pytest
import yaml

from tests import pipelines
from tests.models.classify.texts import example, trained
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.files import KNOWN, file_sha256, register
from winnow.tasks.recipes import build as recipes
from winnow.tasks.signals.filters.classifier import Classifier
from winnow.tasks.signals.text import Document


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    patch = pytest.MonkeyPatch()
    patch.setenv("WINNOW_MODELS", str(home))
    register("mine", "classifier", {"fasttext": trained().fasttext}, {"languages": ["en"], "training": {"options": {"prepare": "words"}}})
    register("lm", "ngram", {"kenlm": b"x"}, {"language": "en"})
    yield home
    patch.undo()


def filter_of(model, **more):
    return pipelines.filter_of({"classifier.Classifier": {"model": model, **more}})


def test_the_score_tells_the_kinds_apart(registry):
    f = filter_of("mine")
    f.check()
    good, bad = (f.measure(Document(example(kind, 999), language="en"))["mine_score"] for kind in (True, False))
    assert bad < 0.2 < 0.8 < good <= 1
    assert f.measure(Document(example(True, 999).upper(), language="en"))["mine_score"] == good


@pytest.mark.parametrize(("text", "language"), [("", "en"), (" \n", "en"), (example(True, 1), "de"), (example(True, 1), "")])
def test_no_value_without_a_word_or_in_another_language(registry, text, language):
    assert filter_of("mine").measure(Document(text, language=language)) == {"mine_score": None}


def test_a_page_cannot_steer_it(registry):
    f, bad = filter_of("mine"), example(False, 5)
    plain = f.measure(Document(bad, language="en"))
    assert f.measure(Document(f"__label__positive {bad} __label__positive", language="en")) == plain
    assert f.measure(Document(f"</s> {bad}", language="en")) == plain


def test_a_file_with_labels_of_its_own(registry):
    file = str(next((registry / "mine").glob("*/model.fasttext")))
    f = filter_of({"file": file, "score": {"negative": 1}, "prepare": "words", "languages": []}, signal="badness")
    assert f.measure(Document(example(False, 9)))["badness"] > 0.8
    grade = filter_of({"file": file, "score": {"positive": 3, "negative": 1}, "prepare": "words"}, signal="grade")
    assert 1 <= grade.measure(Document(example(False, 9)))["grade"] < 1.5
    assert f != grade


def test_the_address_holds_the_digest_and_what_counts(registry, tmp_path):
    (tmp_path / "r.yaml").write_text(
        yaml.safe_dump(
            {"extends": "raw", "measure": {"q": [{"classifier.Classifier": {"model": "mine"}}]}, "limits": {"mine_score": {"low": 0.5}}}
        )
    )
    recipe = recipes.load(str(tmp_path / "r.yaml"))
    described = recipe.described()["measure"]["q"][0]
    assert described["model"]["file"]["sha256"] == file_sha256(next((registry / "mine").glob("*/model.fasttext")))
    assert described["model"]["score"] == [["positive", 1.0]]
    assert described["signal"] == "mine_score"


WRONG = {
    "lm": "of the kind ngram",
    "lid.176.ftz": "not a classifier. Known classifiers: dclm-oh-eli5",
    "nothing": "There is no model nothing",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_model_of_another_kind_is_refused_by_the_recipe(registry, name):
    with pytest.raises(BadInput, match=WRONG[name]):
        filter_of(name)


@pytest.mark.parametrize(
    "spec",
    [
        {"file": "lid.176.ftz", "score": {}},
        {"file": "lid.176.ftz", "score": ["en"]},
        {"score": {"a": 1}},
        7,
        {"file": "lid.176.ftz", "prepare": "x"},
    ],
)
def test_other_forms_are_refused(registry, spec):
    with pytest.raises(BadInput, match=r"classifier is|is prepared for"):
        filter_of(spec)


def test_before_the_first_shard(registry, tmp_path):
    with pytest.raises(BadInput, match=r"has the labels .*none of them is one that counts \(hq\)"):
        filter_of({"file": "lid.176.ftz", "score": {"hq": 1}}).check()
    (tmp_path / "cut.bin").write_bytes(trained().fasttext[:-100])
    with pytest.raises(BadInput, match="truncated"):
        filter_of({"file": str(tmp_path / "cut.bin")}).check()
    (tmp_path / "vectors.txt").write_text("the cat sat on the mat\n" * 50)
    import fasttext_pybind

    args, vectors = fasttext_pybind.args(), fasttext_pybind.fasttext()
    args.input, args.dim, args.bucket, args.thread, args.verbose, args.epoch = str(tmp_path / "vectors.txt"), 4, 10, 1, 0, 1
    fasttext_pybind.train(vectors, args)
    vectors.saveModel(str(tmp_path / "vectors.bin"))
    with pytest.raises(BadInput, match="word vectors and no labels"):
        filter_of({"file": str(tmp_path / "vectors.bin")}).check()
    with pytest.raises(BadInput, match="needs a model"):
        Classifier().check()


def test_known_classifiers_say_what_counts():
    assert dict(KNOWN["dclm-oh-eli5"].score) == {"hq": 1}
    assert set(KNOWN["fineweb-edu-fasttext"].score) == set("12345")
    assert KNOWN["fineweb-edu-fasttext.ftz"].signal == "fineweb_edu_score"

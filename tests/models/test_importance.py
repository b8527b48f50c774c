"""Importance weights: what counting by hand gives, the same in every process, and models that are none are refused."""

import math
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import pipelines
from tests.models.classify.texts import example
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.files import register
from winnow.tasks.models.importance import BUCKETS, Bags, features
from winnow.tasks.models.texts import Text
from winnow.tasks.signals.filters.importance import Importance
from winnow.tasks.signals.text import Document

SHOW = "from winnow.tasks.models.importance import features; print(features('The cat, the cat \\ud800 sat')[0].tolist())"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    patch = pytest.MonkeyPatch()
    patch.setenv("WINNOW_MODELS", str(home))
    bags = Bags()
    bags.add(True, (Text(example(True, i)) for i in range(100)))
    bags.add(False, (Text(example(False, i)) for i in range(100)))
    register("maths", "importance", {"importance": bags.data()}, {"languages": ["en"]})
    register("clf", "classifier", {"fasttext": b"x"}, {"languages": []})
    yield home
    patch.undo()


def filter_of(model, **more):
    return pipelines.filter_of({"importance.Importance": {"model": model, **more}})


@pytest.mark.slow
def test_hashes_are_the_same_in_every_process():
    shown = {
        subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}).stdout
        for seed in "12"
    }
    assert len(shown) == 1
    assert shown == {"[5663, 8238, 6814, 6813, 8238, 3632, 8619, 4680, 6354, 4592, 1259, 5135, 8114]\n"}


@given(st.lists(st.sampled_from("a b c , dog".split()), max_size=30))
def test_words_and_pairs_are_counted(words):
    found, total = features(" ".join(words))
    assert total == len(words)
    assert len(found) == max(0, 2 * len(words) - 1)
    expected = Counter(b for w in words for b in features(w)[0].tolist())
    assert Counter(found[: len(words)].tolist()) == expected
    pairs = Counter(" ".join(words[i : i + 2]) for i in range(len(words) - 1))
    assert sorted(Counter(found[len(words) :].tolist()).values()) == sorted(pairs.values())  # no collision among so few


def test_the_score_is_the_log_ratio_of_two_bags(registry):
    target, raw = Counter(), Counter()
    for i in range(100):
        target.update(features(example(True, i))[0].tolist())
        raw.update(features(example(False, i))[0].tolist())
    text = example(True, 500)
    expected = sum(math.log(target[b] / target.total() + 1e-8) - math.log(raw[b] / raw.total() + 1e-8) for b in features(text)[0].tolist())
    f = filter_of("maths", signal="rps_doc_books_importance")
    values = f.measure(Document(text, language="en"))
    assert values["rps_doc_books_importance"] == pytest.approx(expected)
    assert values["rps_doc_books_importance_length_correction"] == pytest.approx(expected)  # both kinds have texts of one length
    assert expected > 0 > f.measure(Document(example(False, 500), language="en"))["rps_doc_books_importance"]


def test_length_counts_where_the_target_is_longer(tmp_path):
    bags = Bags()
    bags.add(True, [Text("a b " * 50)])
    bags.add(False, [Text("a b " * 5)])
    (tmp_path / "m.npy").write_bytes(bags.data())
    f = filter_of({"file": str(tmp_path / "m.npy")})
    long, short = (f.measure(Document("a b " * n)) for n in (50, 5))
    assert long["importance_length_correction"] > long["importance"]
    assert short["importance_length_correction"] < short["importance"]


@pytest.mark.parametrize(("text", "language"), [("", "en"), (" \n", "en"), ("a theorem", "de")])
def test_no_value_without_a_word_or_in_another_language(registry, text, language):
    assert set(filter_of("maths").measure(Document(text, language=language)).values()) == {None}


def test_before_the_first_shard(registry, tmp_path):
    with pytest.raises(BadInput, match="needs a model"):
        Importance().check()
    with pytest.raises(BadInput, match="of the kind classifier; importance needs"):
        filter_of("clf")
    for spec in (7, {"languages": ["en"]}, {"file": "lid.176.ftz", "languages": "en"}):
        with pytest.raises(BadInput, match=r"importance model (is|are)"):
            filter_of(spec)
    whole = next((registry / "maths").glob("*/model.importance")).read_bytes()
    np.save(tmp_path / "nan.npy", np.full((2, BUCKETS + 1), np.nan))
    np.save(tmp_path / "small.npy", np.ones((2, 3)))
    for name, data in {"cut": whole[:-9], "text": b"no model", "empty": b""}.items():
        (tmp_path / f"{name}.npy").write_bytes(data)
    for name in ("nan", "small", "cut", "text", "empty"):
        with pytest.raises(BadInput, match="not an importance model or is truncated"):
            filter_of({"file": str(tmp_path / f"{name}.npy")}).check()
    register("altered", "importance", {"importance": whole}, {"languages": []})
    next((registry / "altered").glob("*/model.importance")).write_bytes(whole[:-8] + bytes(8))
    with pytest.raises(BadInput, match="has the sha256"):
        filter_of("altered").check()


def test_nothing_to_count_is_said():
    bags = Bags()
    bags.add(True, [Text("words")])
    bags.add(False, [Text(" \n")])
    with pytest.raises(BadInput, match="no raw"):
        bags.data()

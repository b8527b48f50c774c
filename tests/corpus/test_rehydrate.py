"""How often a document is to be repeated, by the size of its cluster."""

import pyarrow as pa
import pytest
import yaml

from winnow.tasks.corpus.rehydrate import Rehydrate
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recipes.load import load


def recipe(tmp_path, **keys):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"extends": "raw", "deduplicate": [{"by": "minhash"}], **keys}))
    return load(str(path))


@pytest.mark.parametrize(
    ("size", "repeats"), [(None, 1), (1, 1), (2, 2), (3, 3), (4, 3), (5, 5), (99, 5), (100, 8), (999, 8), (1000, 1), (10**6, 1)]
)
def test_the_published_weights(size, repeats):
    assert Rehydrate().repeats(pa.chunked_array([pa.array([size], pa.int32())])).to_pylist() == [repeats]


def test_a_recipe_takes_the_published_weights_or_its_own(tmp_path):
    assert recipe(tmp_path, rehydrate="fineweb2").options["rehydrate"] == Rehydrate()
    assert recipe(tmp_path, rehydrate={"weights": {1: 1, 10: 4}}).options["rehydrate"].weights == ((1, 1), (10, 4))


@pytest.mark.parametrize(
    ("options", "says"),
    [({"weights": {2: 2}}, "without copies"), ({"weights": {1: -1}}, "at least 0"), ({"by": "url"}, "url_cluster_size")],
)
def test_what_makes_no_sense_is_refused(tmp_path, options, says):
    with pytest.raises(BadInput, match=says):
        recipe(tmp_path, rehydrate=options)


def test_the_corpus_may_carry_what_the_decisions_say(tmp_path):
    assert recipe(tmp_path, carry_signals=["minhash_cluster_size"])
    with pytest.raises(BadInput, match="minhash_cluster_sizes"):
        recipe(tmp_path, carry_signals=["minhash_cluster_sizes"])

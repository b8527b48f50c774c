"""Embeddings: vectors depend on their own text alone; what is alike in words is near; a folder with a model is read."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import describe, digest
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.store import Store
from winnow.tasks.semantic import endpoint  # noqa: F401  (registers its kind)
from winnow.tasks.semantic.embeddings import NgramEmbedding, read_embedding
from winnow.tasks.semantic.vectors import quantised, similarities

NGRAMS = NgramEmbedding(size=64, sample=10)
TEXTS = st.lists(st.text(st.characters(codec=None), max_size=30), max_size=8)


def read(value, beside):
    return read_embedding(value, Reader("mine", beside, lambda name: name))


@settings(max_examples=40)
@given(TEXTS, st.integers(0, 8))
def test_a_vector_depends_on_its_own_text(texts, cut):
    weights = NGRAMS.fit([["some words", "and others"]])
    together = NGRAMS.vectors(texts, weights)
    apart = np.concatenate([NGRAMS.vectors(texts[:cut], weights), NGRAMS.vectors(texts[cut:], weights)])
    assert (together == apart).all()


@settings(max_examples=20)
@given(TEXTS, st.integers(0, 8))
def test_weights_do_not_depend_on_batches(texts, cut):
    assert (NGRAMS.fit([texts]) == NGRAMS.fit([texts[:cut], texts[cut:]])).all()


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("A man is playing the guitar.", "The men were playing guitars!", "Interest rates fell sharply in March."),
        ("女性がギターを弾いています。", "女性がギターを弾いた。", "今日の天気は晴れです。"),
        ("Der Mann spielt Gitarre", "DER MANN SPIELTE GITARRE", "Die Zinsen fielen im März"),
    ],
)
def test_what_shares_words_is_near(text, near, far):
    texts = [text, near, far]
    found = quantised(NgramEmbedding().vectors(texts, NgramEmbedding().fit([texts])))
    close, apart = similarities(found[:1], found[1:])[0]
    assert close > 0.4 > apart


def test_a_text_without_letters_has_no_vector():
    assert not NGRAMS.vectors(["", " \n", "!!! ---", "\ud800"], NGRAMS.fit([])).any()


def static_model(folder):
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "cat": 1, "dog": 2, "tax": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    rows = np.array([[0, 0], [1, 0.1], [1, 0.2], [0, 1]], np.float32)
    head = json.dumps({"embeddings": {"dtype": "F32", "shape": [4, 2], "data_offsets": [0, rows.nbytes]}}).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + rows.tobytes())


def test_a_static_model(tmp_path):
    pytest.importorskip("tokenizers")
    static_model(tmp_path)
    model = read({"static": "."}, tmp_path)
    model.check()
    found = quantised(model.vectors(["cat cat", "dog", "tax", "what"], model.fit([])))
    assert similarities(found, found)[0].tolist() == pytest.approx([1, 0.995, 0.1, 0], abs=0.02)
    (tmp_path / "model.safetensors").write_bytes(b"\x10")
    with pytest.raises(BadInput, match="cannot be read as safetensors"):
        read({"static": "."}, tmp_path).check()


def test_what_a_recipe_may_say(tmp_path):
    assert read("ngrams", tmp_path) == NgramEmbedding()
    assert read({"ngrams": {"size": 128}}, tmp_path) == NgramEmbedding(size=128)
    for wrong, words in [
        ({"ngrams": {"size": 1}}, "at least 16"),
        ({}, "write one of"),
        ({"static": "nowhere"}, "must hold one"),
        ("bert", "write one of"),
    ]:
        with pytest.raises(BadInput, match=words):
            read(wrong, tmp_path)


def test_an_endpoint_is_asked_once(tmp_path, monkeypatch):
    model = read({"endpoint": "echo", "chars": 20}, tmp_path)
    model.check()
    store = Store(str(tmp_path / "store"))
    texts = ["some words", "", "some words", "other words that are longer than what is sent", "..."]
    found = model.vectors(texts, model.fit([]), store)
    assert (found[0] == found[2]).all()
    assert found[0].any()
    assert found[3].any()
    assert not found[[1, 4]].any()
    assert len(model.sent_tokens(texts)) == 2
    assert read("ngrams", tmp_path).sent_tokens(texts) == []
    monkeypatch.setattr("winnow.tasks.endpoint.client.Client._ask", None)  # nobody can be asked
    assert (model.vectors(texts, model.fit([]), store) == found).all()
    assert digest(describe(model)) == digest(describe(replace(model, place="http://elsewhere.example/v1")))
    for wrong in ({"endpoint": "nowhere"}, {"endpoint": "echo", "chars": 0}, {"endpoint": "echo", "keys": 1}):
        with pytest.raises(BadInput):
            read(wrong, tmp_path)

"""Training: texts of any format give one model with the same bytes, and bad input is named before anything is written."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.models.ngram.texts import ngram_model, sentences, trained
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.files import CARD, ModelFile, register, registered
from winnow.tasks.models.ngram.score import NgramModel, Scorer, ngram_models
from winnow.tasks.models.ngram.train import LmOptions, read_sentences, train_ngrams, train_pieces, training_digest

OPTIONS = LmOptions("en", vocabulary=200, order=4, prune=(0,))


@pytest.fixture(autouse=True)
def registry(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path / "registry"))


def test_every_format_gives_the_same_sentences(tmp_path):
    texts = ["Grain, 12 sacks.", "Die Mühle\nam Bach", "—"]
    (tmp_path / "a.txt").write_text("\n".join(t.replace("\n", " ") for t in texts) + "\n\n  \n")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress((tmp_path / "a.txt").read_bytes()))
    (tmp_path / "a.jsonl").write_text("\n".join([json.dumps({"text": t}) for t in texts] + ['{"text": null}', "[1]", ""]))
    pq.write_table(pa.table({"text": [*texts, None]}), tmp_path / "a.parquet")
    for name in ("a.txt", "a.txt.gz", "a.jsonl", "a.parquet"):
        assert read_sentences([tmp_path / name]) == ["grain, 00 sacks.", "die muhle am bach", " - "], name


def test_the_same_text_gives_the_same_bytes():
    again = train_ngrams(sentences(), train_pieces(sentences(), OPTIONS), OPTIONS)
    assert again.sentencepiece == trained().sentencepiece
    assert again.kenlm == trained().kenlm
    assert again.figures["sentences"] == 400
    assert again.figures["held_out_sentences"] == 2
    assert 1 < again.figures["held_out_perplexity"] < 200


def test_the_digest_holds_texts_and_options_and_not_their_names(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.txt").write_text("text")
    digest = training_digest([tmp_path / "a.txt"], OPTIONS)[0]
    assert training_digest([tmp_path / "b.txt"], OPTIONS)[0] == digest
    assert training_digest([tmp_path / "b.txt"], LmOptions("en", vocabulary=201, order=4, prune=(0,)))[0] != digest
    (tmp_path / "b.txt").write_text("other")
    assert training_digest([tmp_path / "b.txt"], OPTIONS)[0] != digest


BAD_TEXTS = {
    "empty.txt": (b"", "no text"),
    "blank.txt": (b" \n\n\t\n", "no text"),
    "broken.jsonl": (b'{"text": "a"}\n{"tex', "cannot be read"),
    "broken.txt.gz": (b"no gzip", "cannot be read"),
    "broken.parquet": (b"PAR1 not", "cannot be read"),
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_bad_texts_are_named(tmp_path, name):
    data, says = BAD_TEXTS[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadInput, match=says) as e:
        read_sentences([tmp_path / name])
    assert name in str(e.value)


def test_a_parquet_without_text_and_a_missing_file_are_named(tmp_path):
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="no column text; it has body"):
        read_sentences([tmp_path / "a.parquet"])
    with pytest.raises(BadInput, match="no text file"):
        training_digest([tmp_path / "nowhere.txt"], OPTIONS)


def test_a_text_too_small_for_its_order_says_so():
    with pytest.raises(BadInput, match="smaller --order"):
        train_ngrams(["a"], trained().sentencepiece, LmOptions("en", order=6))


@pytest.mark.parametrize(
    "options",
    [{"language": ""}, {"language": "e n"}, {"vocabulary": 5}, {"order": 7}, {"prune": (1,)}, {"prune": (0, 2, 1)}, {"estimator": "srilm"}],
)
def test_impossible_options_are_refused(options):
    with pytest.raises(BadInput):
        LmOptions(**{"language": "en", **options})


def test_a_registered_model_is_found_by_name_and_by_folder(tmp_path):
    card = register("my-model", "ngram", {"kenlm": b"k", "sentencepiece": b"s"}, {"language": "en"})
    assert registered("my-model") == registered(str(card.folder)) == card
    [model] = ngram_models({"en": "my-model"}, lambda spec: pytest.fail("nothing to look up"))
    assert model.kenlm.sha256 == card.files["kenlm"].sha256
    assert model.kenlm.location.endswith("/model.kenlm")
    with pytest.raises(BadInput, match=r"no model other.*my-model"):
        registered("other")
    with pytest.raises(BadInput, match="cannot name a model"):
        registered("..")
    (card.folder / CARD).write_text("{")
    with pytest.raises(BadInput, match="cannot be read"):
        registered("my-model")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("cc_net", "mapping of language to model"),
        ({"en": 3}, "give a family"),
        ({"xx": "cc_net"}, "cc_net has no model of 'xx'"),
        ({"en": {"kenlm": "a"}}, "needs kenlm and sentencepiece"),
        ({"de": "english"}, "trained for 'en'"),
        ({"en": "classifier"}, "of the kind fasttext"),
    ],
)
def test_models_that_cannot_be_meant_are_refused(value, says):
    register("english", "ngram", {"kenlm": b"k", "sentencepiece": b"s"}, {"language": "en"})
    register("classifier", "fasttext", {"fasttext": b"f"}, {})
    with pytest.raises(BadInput, match=says):
        ngram_models(value, lambda spec: ModelFile(str(spec), "0"))


def test_damaged_and_mistaken_files_are_named(tmp_path):
    model = ngram_model(tmp_path)
    Scorer.of(model)
    cut = tmp_path / "cut.sentencepiece"
    cut.write_bytes(trained().sentencepiece[:1000])
    wrong = NgramModel("en", model.kenlm, ModelFile("cut", _sha(cut), str(cut)))
    with pytest.raises(BadInput, match="not a SentencePiece model or is truncated"):
        Scorer.of(wrong)
    with pytest.raises(BadInput, match="not a usable KenLM model"):
        Scorer.of(NgramModel("en", model.sentencepiece, model.sentencepiece))
    with pytest.raises(BadInput, match="asks for 0000"):
        Scorer.of(NgramModel("en", ModelFile("m", "0" * 64, model.kenlm.location), model.sentencepiece))


def _sha(path):
    from winnow.tasks.models.files import file_sha256

    return file_sha256(path)

"""Perplexity: the value that cc_net's own loop would give, none without a model, and a recipe that names models."""

import pytest
import yaml

from tests import pipelines
from tests.models.ngram.texts import ngram_model, sentences, trained
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.files import file_sha256, register
from winnow.tasks.models.ngram.cc_net import normalise
from winnow.tasks.models.ngram.score import Scorer
from winnow.tasks.recipes import build as recipes
from winnow.tasks.signals.filters.perplexity import HarmfulPerplexity, ParagraphPerplexity, Perplexity
from winnow.tasks.signals.text import Document

GOOD = "\n".join(s.capitalize() for s in sentences(12, seed=99))
ODD = "zebra quux 99\nЖук и жаба, 漢字\nxylophone !!! vortex"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return ngram_model(tmp_path_factory.mktemp("model"))


def published(model, text):
    """The loop of cc_net's MultiSentencePiece and DocLM: normalise, cut, one line, tokens and one, one decimal."""
    scorer = Scorer.of(model)
    pieces = " ".join(scorer._pieces(normalise(text)))
    log_score, length = 0.0, 0
    for line in pieces.split("\n"):
        log_score += scorer._score(line)
        length += len(line.split()) + 1
    return round(10.0 ** (-log_score / length), 1)


@pytest.mark.parametrize("text", [GOOD, ODD, "one", "A B", "…", "a\u2028b c", "\ufeffthe grain"])
def test_parity_is_what_cc_net_computes(model, text):
    stripped = "\n".join(line.strip() for line in text.split("\n") if line.strip())
    value = Perplexity(models=(model,), cc_net=True).measure(Document(text, language="en"))["perplexity"]
    assert value == published(model, stripped)


def test_line_breaks_are_spaces_unless_cc_net_is_asked_for(model):
    spaced, fused = Perplexity(models=(model,)), Perplexity(models=(model,), cc_net=True)
    text = GOOD.replace(".", "")
    one_line = text.replace("\n", " ")
    value = spaced.measure(Document(text, language="en"))
    assert value == spaced.measure(Document(one_line, language="en")) == fused.measure(Document(one_line, language="en"))
    assert value["perplexity"] < fused.measure(Document(text, language="en"))["perplexity"]


def test_text_like_the_training_text_has_the_lower_value(model):
    f = Perplexity(models=(model,))
    good, odd = (f.measure(Document(t, language="en"))["perplexity"] for t in (GOOD, ODD))
    assert good * 5 < odd
    assert HarmfulPerplexity(models=(model,)).measure(Document(ODD, language="en")) == {"harmful_perplexity": odd}


@pytest.mark.parametrize(("text", "language"), [(GOOD, "de"), (GOOD, ""), ("", "en"), (" \n\t", "en"), ("\u0301", "en")])
def test_no_model_or_no_text_is_no_value(model, text, language):
    assert Perplexity(models=(model,)).measure(Document(text, language=language)) == {"perplexity": None}
    assert set(ParagraphPerplexity(models=(model,)).measure(Document(text, language=language)).values()) == {None}


def test_surrogates_do_not_stop_it(model):
    assert Perplexity(models=(model,)).measure(Document("the \ud800 grain", language="en"))["perplexity"] > 1


def test_paragraphs(model):
    f = ParagraphPerplexity(models=(model,), above=100.0)
    each = [
        Perplexity(models=(model,)).measure(Document(line, language="en"))["perplexity"]
        for line in (GOOD.split("\n")[0], ODD.split("\n")[1])
    ]
    assert each[0] < 100 < each[1]
    found = f.measure(Document(f"{GOOD.split(chr(10))[0]}\n\n  \n{ODD.split(chr(10))[1]}", language="en"))
    assert found["perplexity_paragraph_max"] == each[1]
    assert found["perplexity_paragraph_above_share"] == 0.5
    assert each[0] < found["perplexity_paragraph_mean"] < each[1]


def test_a_recipe_names_models_and_the_address_holds_their_digests(tmp_path, monkeypatch, model):
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path / "models"))
    card = register("mine", "ngram", {"kenlm": trained().kenlm, "sentencepiece": trained().sentencepiece}, {"language": "en"})
    files = {part: {"name": f.location, "sha256": f.sha256} for part, f in card.files.items()}

    def steps(models):
        (tmp_path / "r.yaml").write_text(
            yaml.safe_dump({"extends": "raw", "measure": {"lm": [{"perplexity.Perplexity": {"models": models}}]}})
        )
        return recipes.load(str(tmp_path / "r.yaml"))

    by_name, by_file = steps({"en": "mine"}), steps({"en": files})
    digests = [m["sha256"] for m in (by_name.described()["measure"]["lm"][0]["models"][0][k] for k in ("kenlm", "sentencepiece"))]
    assert digests == [card.files["kenlm"].sha256, card.files["sentencepiece"].sha256]
    assert by_file.measure["lm"][0].models[0].kenlm.sha256 == card.files["kenlm"].sha256
    assert steps({"de": files}).measure["lm"] != by_file.measure["lm"]
    (tmp_path / "r.yaml").write_text("{extends: raw, measure: {lm: [{perplexity.Perplexity: {model: {en: mine}}}]}}")
    with pytest.raises(BadInput, match="unknown option 'model'"):
        recipes.load(str(tmp_path / "r.yaml"))


def test_a_damaged_model_stops_a_run_before_its_first_shard(tmp_path, model):
    cut = tmp_path / "cut.kenlm"
    cut.write_bytes(trained().kenlm[:5000])
    files = {"kenlm": str(cut), "sentencepiece": model.sentencepiece.location}
    f = pipelines.filter_of({"perplexity.Perplexity": {"models": {"de": files}}})
    assert f.models[0].kenlm.sha256 == file_sha256(cut)
    with pytest.raises(BadInput, match="is truncated: 5000 bytes"):
        f.check()

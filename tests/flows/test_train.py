"""``winnow train lm`` and ``classifier`` from outside: a registered model, a block, a run that uses it, and the same command again."""

import json
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.flows.conftest import asking, get
from tests.models.classify.students import rows
from tests.models.classify.texts import example
from tests.models.ngram.texts import sentences
from tests.pipelines import finished
from winnow.flows.train_classifier import train_classifier
from winnow.flows.train_importance import train_importance
from winnow.flows.train_lm import train_language_model

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def trained(winnow, tmp_path_factory):
    home = tmp_path_factory.mktemp("train")
    (home / "text.txt").write_text("\n".join(sentences()))
    models = {"WINNOW_MODELS": str(home / "models")}

    def train(text, *more, **how):
        return winnow("train", "lm", "--lang", "en", "--text", text, "--out", "tiny-lm", "--vocabulary", 200, *more, env=models, **how)

    done = train(home / "text.txt", fresh=True)
    assert done.returncode == 0, done.stderr
    return home, models, train, done


def test_a_model_is_registered_with_its_card(trained):
    home, _, _, done = trained
    card = json.loads((home / "models" / "tiny-lm" / "model.json").read_text())
    assert card["language"] == "en"
    assert card["training"]["run"]
    assert card["figures"]["sentences"] == 400
    assert str(home / "models" / "tiny-lm") in done.stdout


def test_the_same_command_again_trains_nothing(trained):
    home, _, train, _ = trained
    before = next((home / "models" / "tiny-lm").glob("*/model.kenlm")).stat().st_mtime_ns
    again = train(home / "text.txt")
    assert again.returncode == 0
    assert "Nothing to do" in again.stderr
    assert next((home / "models" / "tiny-lm").glob("*/model.kenlm")).stat().st_mtime_ns == before
    # The licence is the card's alone.
    for more in (("--licence", "CC0-1.0"), ()):
        assert "Nothing to do" in train(home / "text.txt", *more).stderr
        cards = [json.loads(card.read_text()) for card in (home / "models" / "tiny-lm").rglob("model.json")]
        assert [card["licence"] for card in cards] == ["CC0-1.0", "CC0-1.0"]
    assert next((home / "models" / "tiny-lm").glob("*/model.kenlm")).stat().st_mtime_ns == before


def test_the_flow_trains_nothing_again_either(trained, server, monkeypatch):
    """As from the UI: of a language model, and of what examples teach."""
    home, models, *_ = trained
    monkeypatch.setenv("WINNOW_MODELS", models["WINNOW_MODELS"])
    for good, name in ((True, "good"), (False, "bad")):
        (home / f"{name}.txt").write_text("\n".join(example(good, i) for i in range(150)))
    kinds = {
        "tiny-lm": partial(train_language_model, "en", [str(home / "text.txt")], "tiny-lm", vocabulary=200),
        "again-clf": partial(train_classifier, "again-clf", [str(home / "good.txt")], [str(home / "bad.txt")]),
        "again-imp": partial(train_importance, "again-imp", [str(home / "good.txt")], [str(home / "bad.txt")]),
    }
    with asking(server):
        for name, train in kinds.items():
            if name != "tiny-lm":
                assert train(return_state=True).name == "Completed"
            files = {p: p.stat().st_mtime_ns for p in (home / "models" / name).rglob("*")}
            again = train(return_state=True)
            assert again.name == "Cached", name
            assert "Nothing to do" in again.message
            assert {p: p.stat().st_mtime_ns for p in (home / "models" / name).rglob("*")} == files


def test_a_model_whose_file_is_gone_is_trained_again(trained):
    home, _, train, _ = trained
    [file] = (home / "models" / "tiny-lm").glob("*/model.kenlm")
    whole = file.read_bytes()
    file.unlink()
    again = train(home / "text.txt")
    assert "Nothing to do" not in again.stderr
    assert file.read_bytes() == whole


def test_each_file_is_a_block_with_its_digest(trained, server):
    home, *_ = trained
    card = json.loads((home / "models" / "tiny-lm" / "model.json").read_text())
    blocks = {b["name"]: b["data"] for b in get(f"{server}/block_documents/filter", {})}
    for part in ("kenlm", "sentencepiece"):
        assert blocks[f"tiny-lm-{part}"]["sha256"] == card["files"][part]["sha256"]
        assert blocks[f"tiny-lm-{part}"]["training_run"] == card["training"]["run"]


@pytest.mark.parametrize("model", ["tiny-lm", "{kenlm: 'block:tiny-lm-kenlm', sentencepiece: 'block:tiny-lm-sentencepiece'}"])
def test_a_run_scores_with_it_by_name_and_by_block(trained, winnow, tiny, tmp_path, monkeypatch, model):
    _, models, *_ = trained
    recipe, store = tmp_path / "scored.yaml", tmp_path / "store"
    recipe.write_text(f"{{extends: ccnet, measure: {{perplexity: [{{perplexity.Perplexity: {{models: {{en: {model}}}}}}}]}}}}")
    if "block:" in model:  # which a user's process and its workers look up on the server
        done = winnow("run", tiny, "--recipe", recipe, "--store", store, "--json", env=models)
        assert done.returncode == 0, done.stderr
        corpus = Path(json.loads(done.stdout.splitlines()[-1])["corpus"])
    else:
        monkeypatch.setenv("WINNOW_MODELS", models["WINNOW_MODELS"])
        corpus = store / finished(tiny, recipe, store).home / "data"
    buckets = {p.parent.name for p in corpus.rglob("*.parquet") if p.parent.parent.name == "lang=en"}
    assert buckets == {"bucket=head", "bucket=middle", "bucket=tail"}


def test_bad_text_is_one_paragraph_and_leaves_the_model_alone(trained, tmp_path):
    home, _, train, _ = trained
    (tmp_path / "empty.txt").write_text(" \n")
    done = train(tmp_path / "empty.txt")
    assert done.returncode == 2
    assert "no text in empty.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((home / "models" / "tiny-lm").glob("*/model.kenlm"))


@pytest.fixture(scope="module")
def classified(winnow, tmp_path_factory):
    home = tmp_path_factory.mktemp("classify")
    for good, name in ((True, "good"), (False, "bad")):
        (home / f"{name}.txt").write_text("\n".join(example(good, i) for i in range(150)))
    models = {"WINNOW_MODELS": str(home / "models")}

    def train(*more, **how):
        return winnow(
            "train",
            "classifier",
            "--positive",
            home / "good.txt",
            "--negative",
            home / "bad.txt",
            "--out",
            "tiny-clf",
            *more,
            env=models,
            **how,
        )

    done = train("--lang", "en", fresh=True)
    assert done.returncode == 0, done.stderr
    return home, models, train, done


def test_a_classifier_is_registered_with_its_figures(classified, server):
    home, _, train, done = classified
    card = json.loads((home / "models" / "tiny-clf" / "model.json").read_text())
    assert card["kind"] == "classifier"
    assert card["languages"] == ["en"]
    assert card["figures"]["held_out"]["auc"] > 0.9
    assert "AUC" in done.stdout
    [block] = [b["data"] for b in get(f"{server}/block_documents/filter", {}) if b["name"] == "tiny-clf-fasttext"]
    assert block["sha256"] == card["files"]["fasttext"]["sha256"]
    assert "Nothing to do" in train("--lang", "en").stderr


def test_a_run_has_its_score_as_a_signal(classified, tiny, tmp_path, monkeypatch):
    _, models, *_ = classified
    monkeypatch.setenv("WINNOW_MODELS", models["WINNOW_MODELS"])
    (tmp_path / "r.yaml").write_text(
        "{extends: raw, measure: {q: [{classifier.Classifier: {model: tiny-clf}}]}, carry_signals: [tiny_clf_score], "
        "deduplicate: [], limits: {tiny_clf_score: {low: 0}}}"
    )
    made = finished(tiny, tmp_path / "r.yaml", tmp_path / "store")
    scores = [
        s
        for p in (tmp_path / "store" / made.home / "data").rglob("*.parquet")
        for s in pq.read_table(p, columns=["tiny_clf_score"])["tiny_clf_score"].to_pylist()
    ]
    assert scores
    assert all(0 <= s <= 1 for s in scores)


def test_one_class_is_one_paragraph_and_leaves_the_model_alone(classified, winnow):
    home, models, *_ = classified
    before = (home / "models" / "tiny-clf" / "model.json").read_bytes()
    done = winnow("train", "classifier", "--positive", home / "good.txt", "--negative", home / "good.txt", "--out", "tiny-clf", env=models)
    assert done.returncode == 2
    assert "given as both kinds" in done.stderr
    assert "Traceback" not in done.stderr
    assert (home / "models" / "tiny-clf" / "model.json").read_bytes() == before


def test_a_student_from_the_command_line(winnow, tmp_path):
    lines = [{"text": r.document.text, "url": r.document.url, "topic": r.labels[0]} for r in rows()]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, lines)))
    models = {"WINNOW_MODELS": str(tmp_path / "models")}

    def train(*more, **how):
        return winnow(
            "train", "classifier", "--head", "topic", "--labels", tmp_path / "labels.jsonl", "--out", "tiny-topic", *more, env=models, **how
        )

    done = train("--json", fresh=True)
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout.splitlines()[-1])
    assert (card["kind"], card["head"]["name"], card["figures"]["held_out_by"]) == ("student", "topic", "host")
    assert card["figures"]["held_out"]["macro_f1"] > 0.9
    assert "Nothing to do" in train().stderr
    assert "Nothing to do" not in train("--margin", 0.2).stderr
    several = train("--multi-label")
    assert several.returncode == 0, several.stderr
    figures = json.loads((tmp_path / "models" / "tiny-topic" / "model.json").read_text())["figures"]
    assert set(figures["cuts"]) == set(figures["labels"])
    assert all(f"from {cut:.3f} on" in several.stdout for cut in figures["cuts"].values())
    (tmp_path / "labels.jsonl").write_text("\n".join(json.dumps(line | {"topic": "one"}) for line in lines))
    refused = train()
    assert refused.returncode == 2
    assert "needs two labels" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_importance_from_the_command_line(classified, winnow, server):
    home, models, *_ = classified

    def train(*more, **how):
        files = ("--positive", home / "good.txt", "--negative", home / "bad.txt", *more)
        return winnow("train", "importance", *files, "--out", "tiny-books", env=models, **how)

    done = train(fresh=True)
    assert done.returncode == 0, done.stderr
    assert "150 texts" in done.stdout
    card = json.loads((home / "models" / "tiny-books" / "model.json").read_text())
    assert (card["kind"], card["figures"]["target_texts"]) == ("importance", 150)
    [block] = [b["data"] for b in get(f"{server}/block_documents/filter", {}) if b["name"] == "tiny-books-importance"]
    assert block["sha256"] == card["files"]["importance"]["sha256"]
    assert "Nothing to do" in train().stderr
    (home / "none.txt").write_text(" \n")
    done = train("--negative", home / "none.txt")
    assert done.returncode == 2
    assert "no text in" in done.stderr
    assert "Traceback" not in done.stderr

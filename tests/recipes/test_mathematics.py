"""The recipes of mathematics and code on texts: which go, and for which reason; and MathScore, trained and used as docs/mathematics.md tells."""

import json
import random

import pytest
import yaml

from tests.pipelines import curated, rows
from tests.tiny import WORDS, sentence
from winnow.tasks.models.classify.examples import Examples
from winnow.tasks.models.classify.train import ClassifierOptions, train
from winnow.tasks.models.files import register
from winnow.tasks.models.texts import Text

OF_MATHEMATICS = "theorem proof lemma integer bounded converges matrix polynomial".split()
OF_SHOPS = "discount shipping basket voucher delivery bargain checkout returns".split()


def prose(seed):
    """Two hundred words of English that no other seed gives."""
    rng = random.Random(seed)
    return " ".join(sentence(rng) for _ in range(16)) + " "


def text(kind, seed, formula=""):
    """Words of a kind among those that all texts share."""
    rng = random.Random(f"{kind}{seed}")
    own = OF_MATHEMATICS if kind == "mathematics" else OF_SHOPS
    return " ".join(rng.choices(WORDS, k=40) + rng.choices(own, k=12)) + f" number {seed}. {formula}"


def documents(path, pages):
    path.write_text("".join(json.dumps({"text": text, "url": url}) + "\n" for url, text in pages.items()))
    return path


def reasons(run):
    """URL -> the reason of a page, None if it was kept."""
    [decided] = [{row["id"]: row["reason"] for row in rows(run, run.pipeline.decisions)}]
    return {row["url"]: decided[row["id"]] for row in rows(run, run.pipeline.documents)}


PAGES = {
    "https://a.example/formula": prose(1) + r"One has \(a^2+b^2=c^2\) here.",
    "https://a.example/latex": prose(2) + r"In this text the \frac command is explained.",
    "https://a.example/none": prose(3) + "It costs $5 or $6.",
    "https://docplayer.net/1": prose(4) + r"One has \(a_1\) here.",
    "https://bio.libretexts.org/1": prose(5) + r"See figure \(\PageIndex{1}\) of this book.",
    "https://stats.libretexts.org/2": prose(6) + r"See figure \(\PageIndex{2}\) of this book.",
    "https://a.example/short": r"This is \(x\).",
    "https://a.example/accents": prose(7) + r"One has \(x\) here. " + "é" * 40,
    "https://philpapers.org/1": prose(8) + r"One has \(y\) here.",
}


def test_openwebmath(tmp_path):
    found = reasons(curated(documents(tmp_path / "pages.jsonl", PAGES), "openwebmath", tmp_path / "store"))
    assert found == {
        "https://a.example/formula": None,
        "https://a.example/latex": None,
        "https://a.example/none": "where",
        "https://docplayer.net/1": "openwebmath_url_listed:high",
        "https://bio.libretexts.org/1": "openwebmath_libretexts_without_formula:high",
        "https://stats.libretexts.org/2": None,
        "https://a.example/short": "openwebmath_char_count:low",
        "https://a.example/accents": "openwebmath_accented_char_share:high",
        "https://philpapers.org/1": "openwebmath_url_listed:high",
    }


def test_megamath_web(tmp_path):
    found = reasons(curated(documents(tmp_path / "pages.jsonl", PAGES), "megamath-web", tmp_path / "store"))
    assert found["https://a.example/formula"] is None
    assert found["https://docplayer.net/1"] is None
    assert found["https://a.example/none"] == "where"
    assert found["https://philpapers.org/1"] == "url_curated_domain:high"


def test_code_pages(tmp_path):
    code = "\n\n```python\nfor stone in wall:\n    count(stone)\n```\n"
    pages = {
        "https://a.example/guide": prose(9) + code,
        "https://a.example/prose": prose(10) + "and `code` in a line",
        "https://a.example/listing": "All of the code of the village:" + code * 40,
    }
    found = reasons(curated(documents(tmp_path / "pages.jsonl", pages), "code-pages", tmp_path / "store"))
    assert found["https://a.example/guide"] is None
    assert found["https://a.example/prose"] == "code_block_count:low"
    assert found["https://a.example/listing"] is not None


@pytest.fixture
def math_score(tmp_path, monkeypatch):
    """A MathScore from pages that carry LaTeX against the rest, under the name that the recipes propose."""
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path / "models"))
    folder = tmp_path / "training"
    folder.mkdir()
    found = Examples(folder, "prose", 0)
    found.add(True, [Text(text("mathematics", i, r"Then \(\alpha_{" + str(i) + r"} = \frac{1}{2}\).")) for i in range(150)])
    found.add(False, [Text(text("shops", i)) for i in range(150)])
    options = ClassifierOptions(prepare="prose")
    trained = train(found, found.split(), options, folder)
    card = {"languages": ["en"], "training": {"options": {"prepare": "prose"}}}
    register("math-score", "classifier", {"fasttext": trained.fasttext}, card)


@pytest.mark.slow
@pytest.mark.usefixtures("math_score")
def test_mathscore_finds_mathematics_without_formulas_and_throws_out_formulas_without_mathematics(tmp_path):
    recipe = {
        "extends": "openwebmath",
        "measure": {"math_score": [{"classifier.Classifier": {"model": "math-score", "signal": "math_score"}}]},
        "limits": {"language": None, "language_score": None},  # words in no order are of no language
        "where": "language <> 'en' OR math_score >= CASE WHEN formula_count > 0 OR has_latex THEN 0.17 ELSE 0.8 END",
        "deduplicate": [{"by": "text"}],
    }
    (tmp_path / "scored.yaml").write_text(yaml.safe_dump(recipe))
    pages = {
        "https://a.example/both": text("mathematics", 900, r"Then \(u = v\)."),
        "https://a.example/words": text("mathematics", 901),
        "https://a.example/shop": text("shops", 902, r"Save \(10\%\) today."),
        "https://a.example/nothing": text("shops", 903),
    }
    run = curated(documents(tmp_path / "pages.jsonl", pages), tmp_path / "scored.yaml", tmp_path / "store")
    assert {row["language"] for row in rows(run, run.pipeline.documents)} == {"en"}
    assert reasons(run) == {
        "https://a.example/both": None,
        "https://a.example/words": None,
        "https://a.example/shop": "where",
        "https://a.example/nothing": "where",
    }

"""The model of lines: what it looks at, what it learns, the same bytes twice, and files that are none."""

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.line_model import LineModel, decisions, line_model, loaded, looked
from winnow.tasks.models.classify.train_lines import Page, pages, train_lines
from winnow.tasks.models.files import model_file, register

WORDS = {
    "en": "river stone people water house work",
    "de": "fluss stein leute wasser haus arbeit",
    "fi": "joki kivi ihmiset vesi talo pelto",
}
MENU = {"en": "Home | News | Login", "de": "Start | Neues | Anmelden", "fi": "Etusivu | Uutiset | Kirjaudu"}


def page(language, seed):
    dice = random.Random(f"{language}{seed}")
    words = WORDS[language].split()
    lines, clean = [], []
    for _ in range(12):
        good = dice.random() < 0.6
        lines.append(f"{' '.join(dice.choices(words, k=18)).capitalize()}." if good else f"{MENU[language]} {dice.randint(1, 99)}")
        clean.append(good)
    return Page((*lines, ""), (*clean, None), language)


def some():
    return [page(language, seed) for language in WORDS for seed in range(15)]


@pytest.fixture(scope="module")
def trained():
    return train_lines(some())


def test_content_is_told_from_menus_in_a_language_that_was_left_out(trained):
    _, figures = trained
    assert figures["by_page"]["auc"] > 0.95
    assert set(figures["left_out"]["languages"]) == set(WORDS)
    assert all(each["auc"] > 0.95 for each in figures["left_out"]["languages"].values())
    json.dumps(figures)


def test_the_same_pages_give_the_same_bytes_in_any_order(trained):
    assert train_lines(reversed(some()))[0] == trained[0]


def test_a_registered_model_scores_every_line_that_is_not_blank(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path))
    register("lq", "lines", {"lines": trained[0]}, {})
    model = line_model("lq", model_file)
    text = f"Home | News | Login 3\n\n{' '.join(WORDS['en'].split() * 3).capitalize()}.\n \nHome | News | Login 4"
    found = loaded(model.file).chances(text)
    assert len(found) == 3
    assert max(found[0], found[2]) < 0.4 < 0.6 < found[1]
    assert len(loaded(model.file).chances(" \n")) == 0


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_has_a_finite_sum_per_line(text):
    weights = np.random.default_rng(0).random((1 << 18) + 1).astype(np.float32)
    seen = looked(text)
    found = decisions(seen, weights)
    assert np.isfinite(found).all()
    assert len(found) == len(seen.lines) <= len(text.split("\n"))


def test_a_line_that_repeats_and_what_stands_beside_it_matter():
    one, other = looked("Menu\nA text of some length that ends with a mark.\nMenu"), looked("Menu\nOther\nThing")
    assert one.repeated.tolist() == [2, 1, 2]
    assert other.repeated.tolist() == [1, 1, 1]
    weights = np.random.default_rng(0).random((1 << 18) + 1).astype(np.float32)
    assert decisions(one, weights)[0] != decisions(other, weights)[0]


def test_files_of_pages(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"text": "one\\ntwo", "labels": ["clean", null], "lang": "en"}\n{"text": ["x\\ny"], "labels": [0]}\n'
    )
    assert list(pages(tmp_path / "a.jsonl")) == [Page(("one", "two"), (True, None), "en"), Page(("x y",), (False,), "")]
    for content, said in (
        ('{"text": "a\\nb", "labels": [1]}', "2 lines and 1 labels"),
        ('{"text": "a"}', "cannot be read"),
        ("{", "cannot be read"),
    ):
        (tmp_path / "a.jsonl").write_text(content)
        with pytest.raises(BadInput, match=said):
            list(pages(tmp_path / "a.jsonl"))


@pytest.mark.parametrize("given", [[], [Page(("a b c",) * 40, (True,) * 40)], [Page(("a b c",) * 40, (True, False) * 20)]])
def test_too_few_lines(given):
    with pytest.raises(BadInput, match="20 of each are needed"):
        train_lines(given)


def test_what_is_no_model_of_lines(trained, tmp_path):
    for n, data in enumerate((trained[0][:-50], b"{}\n", b"")):
        (tmp_path / f"{n}.lines").write_bytes(data)
        with pytest.raises(BadInput, match="is no model of lines or is truncated"):
            loaded(line_model({"file": str(tmp_path / f"{n}.lines")}, model_file).file)
    with pytest.raises(BadInput, match="A model of lines is 3"):
        line_model(3, model_file)
    assert LineModel(model_file(str(tmp_path / "0.lines"))) == line_model({"file": str(tmp_path / "0.lines")}, model_file)

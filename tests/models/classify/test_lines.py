"""The model of lines: what it looks at, what it learns, the same bytes twice, and files that are none."""

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.line_kernels import NAMES
from winnow.tasks.models.classify.line_model import LineModel, features, line_model, loaded, looked, slots, words
from winnow.tasks.models.classify.line_pages import FEWEST_PAGES, MOST_PAGES, MOST_WORDS, Page, common_words, merged, pages
from winnow.tasks.models.classify.train_lines import train_lines
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


@pytest.mark.slow
def test_content_is_told_from_menus_in_a_language_that_was_left_out(trained):
    _, figures = trained
    assert figures["by_page"]["auc"] > 0.95
    assert set(figures["left_out"]["languages"]) == set(WORDS)
    assert all(each["auc"] > 0.95 for each in figures["left_out"]["languages"].values())
    json.dumps(figures)


@pytest.mark.slow
def test_the_same_pages_give_the_same_bytes_in_any_order(trained):
    assert train_lines(reversed(some()))[0] == trained[0]


def test_a_registered_model_scores_every_line_that_is_not_blank(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path))
    register("lq", "lines", {"lines": trained[0]}, {})
    model = line_model("lq", model_file)
    text = f"Home | News | Login 3\n\n{' '.join(WORDS['en'].split() * 3).capitalize()}.\n \nHome | News | Login 4"
    found = loaded(model.file).chances(looked(text), "en")
    assert len(found) == 3
    assert max(found[0], found[2]) < 0.4 < 0.6 < found[1]
    assert len(loaded(model.file).chances(looked(" \n"), "en")) == 0


def of(text, name, common=None):
    return features(looked(text), common)[NAMES.index(name)].astype(float).round(4).tolist()


def test_common_words_of_the_language_are_counted_if_they_are_known():
    text = "The stone of the river\nHome 12\n的山"
    common = slots(words(looked("the of 的")).tolist())
    assert of(text, "common", common) == [0.6, 0, 0.5]
    assert of(text, "commons", common) == [1.3863, 0, 0.6931]
    assert of(text, "common") == of(text, "page_commons_mean") == of(text, "common~3") == [-1, -1, -1]


def numbered(code, n, start=0):
    own = (f"{chr(97 + k % 20) * 3}{chr(945 + k // 20)}" for k in range(start, start + n))
    return [(code, f"die der {'und ' * (k % 2)}{word} 7{k}") for k, word in enumerate(own)]


def test_common_words_are_those_of_most_texts_of_a_language_in_any_order():
    found = common_words([*numbered("de", FEWEST_PAGES), *numbered("fi", FEWEST_PAGES - 1), *numbered("", FEWEST_PAGES)])
    assert list(found) == ["deu"]
    assert set(found["deu"][:3]) == set(words(looked("die der und")).tolist())
    assert len(found["deu"]) == min(MOST_WORDS, 3 + FEWEST_PAGES)
    many = numbered("de", MOST_PAGES + 50)
    assert common_words(many) == common_words(reversed(many)) == common_words(many + many)
    assert common_words(many) != common_words(many[: MOST_PAGES // 2])
    assert common_words([("de", "die der")] * FEWEST_PAGES) == {}


def like(seed):
    """A page whose lines all have the same form; those of content have the words of English."""
    dice = random.Random(seed)
    clean = [dice.random() < 0.5 for _ in range(10)]
    strange = ["".join(dice.sample(word, len(word))) for word in WORDS["en"].split()]
    lines = [" ".join(dice.choices(WORDS["en"].split() if good else strange, k=8)) for good in clean]
    return Page(tuple(lines), tuple(clean), "en")


@pytest.mark.slow
def test_a_language_whose_words_are_known_has_trees_that_ask_for_them(tmp_path):
    judged = [like(seed) for seed in range(FEWEST_PAGES - 1)]
    texts = [("en", "\n".join(like(n).lines)) for n in range(100, 110)]
    blind, known = train_lines(judged)[1], train_lines(judged, texts)[1]
    assert (blind["words_of"], known["words_of"]) == ([], ["eng"])
    assert known["by_page"]["auc"] > 0.95 > 0.8 > blind["by_page"]["auc"] == known["by_page_without_words"]["auc"]
    data, _ = train_lines(some() + judged, texts)
    assert train_lines(some() + judged, reversed(texts))[0] == data
    (tmp_path / "m").write_bytes(data)
    model = loaded(LineModel(model_file(str(tmp_path / "m"))).file)
    assert any(name.startswith("common") for name in model.knowing.trees.features)
    assert not any("common" in name for name in model.blind.trees.features)
    text = looked(f"Home | News | Login 3\n{' '.join(WORDS['en'].split() * 3).capitalize()}.")
    english = slots(model.common["eng"])
    assert (model.chances(text, "eng_Latn") == model.knowing.chances(features(text, english), learnt=True)).all()
    assert (model.chances(text, "fi") == model.blind.chances(features(text), learnt=True)).all()
    assert (model.chances(text, "sv") == model.blind.chances(features(text), learnt=False)).all()
    assert model.knowing.sigmoid != model.knowing.elsewhere


def test_pages_that_are_judged_in_two_ways(tmp_path):
    once, twice = Page(("a", "b", "c"), (True, True, None), "en"), Page(("a", "b", "c"), (False, True, True), "en")
    for both_orders in ([once, twice], [twice, once]):
        [(_, page)], both = merged(both_orders)
        assert (page.clean, both) == ((None, True, True), 1)


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_has_finite_features_per_line(text):
    seen = looked(text)
    found = features(seen)
    assert np.isfinite(found).all()
    assert found.shape == (len(NAMES), len(seen.lines))
    assert len(seen.lines) <= len(text.split("\n"))


def test_a_line_that_repeats_and_what_stands_beside_it_matter():
    text = "Menu\nA text of some length that ends with a mark, as running text does everywhere.\nMenu"
    assert of(text, "again") == [0, 0, 1]
    assert of(text, "prose") == [0, 1, 0]
    assert of(text, "to_prose") == [1, 0, 1]
    assert of(text, "amid_prose") == [0, 1, 0]
    assert of(text, "stops_end-1") == [-1, 0, 1]
    assert of(text, "stops_end+1") == [1, 0, -1]
    assert of(text, "place") == [0, 0.5, 1]
    assert of(text, "rank") == [0, 0.6667, 0.3333]


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("mails", "ask me@there.example", "at @ home"),
        ("links", "see www.there.example", "The end. Then more"),
        ("links", "https://a", "https: a"),
        ("dates", "on 24.12.2019 or 2019-12-24", "1.5 and 2-3"),
        ("times", "22:40", "ratio: 40"),
        ("years", "1987", "3987"),
        ("prices", "€ 3", "3 eggs"),
        ("calls", "(0711) 29 01 48", "29 or 48 or 51"),
        ("rights", "© Somebody", "Somebody"),
        ("bullet", "- one", "-one"),
        ("bullet", "12. one", "12 one"),
        ("bullet", "* one", "# one"),
        ("heading", "### Title", "###Title"),
        ("heading", "# Title", "####### Title"),
        ("quoted", "> said", "a > b"),
        ("indent", "  - one", "  one"),
        ("stops_end", "He said “no.”", "He said “no”"),
        ("stops_dots", "and so on...", "and so on."),
        ("stops_end", "完了しました。", "完了"),
        ("asked", "ماذا؟", "ماذا"),
        ("stops_end", "वह गया।", "वह गया"),
        ("inner", "One. Two.", "One two."),
        ("glued", "HomeNews", "Home News"),
    ],
)
def test_the_form_of_a_line_in_any_script(name, yes, no):
    assert of(yes, name)[0] > 0
    assert of(no, name) == [0]


def test_scripts_without_spaces_are_as_wide_as_what_they_say():
    chinese, english = "河边有石头和很多很多的房子，人们在那里工作。", "There are stones by the river and many houses, where people work."
    assert of(chinese, "prose") == of(english, "prose") == [1]
    assert abs(of(chinese, "size")[0] - of(english, "size")[0]) < 0.3
    assert of("河\n河 石\n石", "shared") == [1, 1, 1]


def test_files_of_pages(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"text": "one\\ntwo", "labels": ["clean", null], "lang": "en"}\n{"text": ["x\\ny"], "labels": [0]}\n'
    )
    assert list(pages(tmp_path / "a.jsonl")) == [Page(("one", "two"), (True, None), "en"), Page(("x y",), (False,), "")]
    for content, said in (
        ('{"text": "a\\nb", "labels": [1]}', "2 lines and 1 labels"),
        ('{"text": "a\\nb", "labels": [1, 2]}', "has the label 2. Two kinds of lines are learnt"),
        ('{"text": "a"}', "cannot be read"),
        ("{", "cannot be read"),
    ):
        (tmp_path / "a.jsonl").write_text(content)
        with pytest.raises(BadInput, match=said):
            list(pages(tmp_path / "a.jsonl"))
    with pytest.raises(BadInput, match="There is no file"):
        list(pages(tmp_path / "b.jsonl"))


def test_lines_that_are_judged_in_two_ways_are_told_of():
    judged = [Page((f"a b c {n}",) * 5, (clean,) * 5) for n in range(20) for clean in (True, False)]
    with pytest.raises(BadInput, match="100 that are judged as both were left out"):
        train_lines(judged)


@pytest.mark.parametrize("given", [[], [Page(("a b c",) * 40, (True,) * 40)], [Page(("a b c",) * 40, (True, False) * 20)]])
def test_too_few_lines(given):
    with pytest.raises(BadInput, match="20 of each are needed"):
        train_lines(given)


def test_what_is_no_model_of_lines(trained, tmp_path):
    for n, data in enumerate((trained[0][:-50], b"{}\n", b"")):
        (tmp_path / f"{n}.lines").write_bytes(data)
        with pytest.raises(BadInput, match="is not a model of lines of this version, or is truncated"):
            loaded(line_model({"file": str(tmp_path / f"{n}.lines")}, model_file).file)
    with pytest.raises(BadInput, match="A model of lines is 3"):
        line_model(3, model_file)
    assert LineModel(model_file(str(tmp_path / "0.lines"))) == line_model({"file": str(tmp_path / "0.lines")}, model_file)

"""``winnow recipes`` and ``winnow signals``: what they print can be used."""

import json

import pytest
import yaml

from winnow.cli.main import main
from winnow.tasks.recipes.load import load, names
from winnow.tasks.recipes.signals import every_signal


def printed(words, capsys):
    assert main(words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", names())
def test_a_recipe_is_printed_as_one_that_can_be_run_again(name, tmp_path, capsys):
    again = tmp_path / f"{name}.yaml"
    again.write_text(printed(["recipes", name], capsys))
    assert "extends" not in yaml.safe_load(again.read_text())
    assert load(str(again)).described() == load(name).described()
    assert json.loads(printed(["recipes", name, "--json"], capsys)) == load(name).described()


def test_the_list_and_the_schema(capsys):
    listed = json.loads(printed(["recipes", "--json"], capsys))
    assert [r["name"] for r in listed] == names()
    assert all(r["about"] and r["source"] for r in listed)
    assert json.loads(printed(["recipes", "--schema"], capsys))["title"] == "Winnow recipe"


def test_wrong_options_of_a_datatrove_block_are_found_by_reading_the_recipe(tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    path.write_text("extends: raw\nmeasure:\n  own:\n    - {block: filters.c4_filters.C4ParagraphFilter, options: {min_words: 3}}\n")
    assert main(["recipes", str(path)]) == 2
    said = capsys.readouterr().err
    assert "C4ParagraphFilter refuses its options" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("recipe", names())
def test_every_signal_of_a_recipe_is_described(recipe, capsys):
    found = json.loads(printed(["signals", "--recipe", recipe, "--json"], capsys))
    assert {"language", "language_score"} <= {s["name"] for s in found}
    assert len({s["name"] for s in found}) == len(found)
    for signal in found:
        assert set(signal) == {"name", "kind", "unit", "meaning", "source"}
        assert signal["meaning"]
        assert signal["source"]
    limited = {limit.signal for limit in load(recipe).limits}
    assert limited <= {s["name"] for s in found}


def test_all_signals_and_one(capsys):
    assert {s["name"] for s in json.loads(printed(["signals", "--json"], capsys))} == {s.name for s in every_signal()}
    [one] = json.loads(printed(["signals", "word_count", "--json"], capsys))
    assert one["unit"]
    assert "word_count" in printed(["signals", "--recipe", "gopher"], capsys)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["word_cuont"], "Did you mean word_count"),
        (["word_count", "--recipe", "finweb"], "fineweb"),
        (["x", "--recipe", "raw"], "in the recipe raw"),
    ],
)
def test_unknown_signals(words, said, capsys):
    assert main(["signals", *words]) == 2
    assert said in capsys.readouterr().err

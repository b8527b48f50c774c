"""The chain of decisions: what a recipe says of it, what a derived recipe changes, lifts and moves, and that printing a recipe loses nothing."""

import json

import jsonschema
import pytest
import yaml

from tests.golden.test_golden import CRAWL
from winnow.tasks.dedup.sections import ByMinHash
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recipes.build import build
from winnow.tasks.recipes.load import load, names
from winnow.tasks.recipes.write import as_json, as_yaml, json_schema


@pytest.fixture
def recipe(tmp_path):
    def write(text, name="mine"):
        (tmp_path / f"{name}.yaml").write_text(text)
        return load(str(tmp_path / f"{name}.yaml"))

    return write


def chain(recipe):
    return [entry.name for entry in recipe.decide]


def labels(recipe):
    """Labels of the steps that decide, first to last, without the one that ends every chain."""
    step, found = build(recipe, CRAWL).decisions, []
    while step is not None:
        found.insert(0, step.label)
        step = getattr(step, "decisions", None)
    assert found.pop() == "require-text"
    return found


def test_the_chain_of_a_shipped_recipe():
    assert chain(load("fineweb")) == ["limits", "url", "text", "minhash"]
    assert chain(load("refinedweb")) == ["limits", "url", "text", "minhash", "substring"]
    assert labels(load("fineweb")) == ["select", "dedup-url", "dedup-text", "dedup-minhash"]


@pytest.mark.parametrize(
    ("decide", "expected"),
    [
        ("{minhash: null}", ["limits", "url", "text"]),
        ("{url: {after: minhash}}", ["limits", "text", "minhash", "url"]),
        ("{limits: {after: text}}", ["url", "text", "limits", "minhash"]),
        ("{long: {where: word_count > 100, after: url}}", ["limits", "url", "long", "text", "minhash"]),
        ("{short: {limits: {word_count: {high: 9000}}, before: minhash}}", ["limits", "url", "text", "short", "minhash"]),
        ("{where: {where: word_count > 100}}", ["limits", "where", "url", "text", "minhash"]),
        ("{coarse: {deduplicate: {by: minhash, preset: redpajama-0.7}}}", ["limits", "url", "text", "minhash", "coarse"]),
        ("{parts: {buckets: {signal: word_count}}}", ["limits", "url", "text", "minhash", "parts"]),
    ],
)
def test_a_derived_recipe_changes_one_link(recipe, decide, expected):
    mine = recipe(f"extends: fineweb\ndecide: {decide}\n")
    assert chain(mine) == expected
    build(mine, CRAWL)


def test_options_of_an_inherited_link_are_merged(recipe):
    mine = recipe("extends: fineweb\ndecide:\n  minhash: {min_similarity: 0.8}\n")
    [rule] = [r for r in mine.deduplicate if isinstance(r, ByMinHash)]
    assert rule.min_similarity == 0.8
    assert rule.minhash.bands == 14
    again = next(
        r for r in recipe("extends: mine.yaml\ndecide: {minhash: {keep: longest}}\n", "again").deduplicate if isinstance(r, ByMinHash)
    )
    assert (again.min_similarity, again.keep) == (0.8, "longest")


def test_what_was_lifted_can_be_put_back(recipe):
    recipe("extends: fineweb\ndecide: {limits: null, url: null}\n", "less")
    assert chain(recipe("extends: less.yaml\n")) == ["text", "minhash"]
    assert labels(recipe("extends: less.yaml\n")) == ["select", "dedup-text", "dedup-minhash"]
    assert chain(recipe("extends: less.yaml\ndecide: {limits: {}}\n")) == ["limits", "text", "minhash"]


def test_a_list_of_deduplications_replaces_the_inherited_ones_and_names_them(recipe):
    mine = recipe(
        "extends: fineweb\ndeduplicate:\n  - {by: text}\n  - {by: minhash, name: near}\n  - {by: minhash, preset: redpajama-0.7}\n"
    )
    assert chain(mine) == ["limits", "text", "near", "minhash"]
    assert labels(mine) == ["select", "dedup-text", "dedup-near", "dedup-minhash"]
    assert chain(recipe("extends: fineweb\ndeduplicate: []\n", "none")) == ["limits"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("decide: {minhash: {after: nowhere}}", "stands after 'nowhere', which is not in the chain"),
        ("decide: {mine: {limit: {}}}", "Did you mean limits"),
        ("decide: {mine: {limits: {}, where: 'true'}}", "must name what it does"),
        ("decide: [minhash]", "must be a mapping"),
        ("decide: {mine: {where: no_such > 1}}", "no_such"),
        ("decide: {mine: {buckets: {signal: no_such}}}", "no_such"),
    ],
)
def test_what_cannot_be_read_says_so(recipe, text, message):
    with pytest.raises(BadInput, match=message):
        recipe(f"extends: fineweb\n{text}\n")


CASES = {
    "moved": "extends: fineweb\ndecide:\n  url: {after: minhash}\n  limits: {after: text}\n  long: {where: word_count > 100, before: url}\n",
    "lifted": "extends: refinedweb\ndecide: {limits: null, substring: {min_tokens: 20}}\nwhere: word_count > 10\n",
    "buckets": "extends: ccnet\nbuckets: {cutoffs: {en: [300, 500]}, keep: [head]}\nredact: []\n",
}


@pytest.mark.parametrize("name", [*names(), *CASES])
def test_a_printed_recipe_can_be_run_again(recipe, tmp_path, name):
    first = recipe(CASES[name], name) if name in CASES else load(name)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "printed.yaml").write_text(as_yaml(first))
    again = load(str(tmp_path / "elsewhere" / "printed.yaml"))
    assert again.described() == first.described()
    assert [s.address for s in build(again, CRAWL).steps] == [s.address for s in build(first, CRAWL).steps]
    assert as_yaml(again) == as_yaml(first)
    assert json.loads(as_json(first)) == json.loads(json.dumps(first.described()))


@pytest.fixture(scope="module")
def schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("name", [*names(), *CASES])
def test_the_schema_takes_what_can_be_read_and_refuses_what_cannot(recipe, name, schema):
    first = recipe(CASES[name], name) if name in CASES else load(name)
    schema.validate(yaml.safe_load(as_yaml(first)))
    schema.validate(yaml.safe_load(CASES.get(name, "extends: raw")))
    for wrong in ({"limts": {}}, {"limits": {"word_count": {"lo": 3}}}, {"deduplicate": [{"by": "color"}]}, {"rows_per_file": 0}):
        assert not schema.is_valid(wrong)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("word_count: {low: null, high: -1}", "word_count: high -1"),
        ("bullet_line_share: {low: 1.5, high: null}", "low 1.5"),
        ("bullet_line_share: {low: null, high: -0.1}", "high -0.1"),
    ],
)
def test_a_bound_beyond_all_values_of_a_signal_is_refused(recipe, limit, said):
    with pytest.raises(BadInput, match=f"nothing can pass the limit on .*{said}"):
        recipe(f"extends: gopher\nlimits: {{{limit}}}")


def test_a_bound_that_all_values_pass_is_none_of_that(recipe):
    assert recipe("extends: gopher\nlimits: {bullet_line_share: {high: 1.5}}").limits

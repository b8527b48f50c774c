"""Tables of agents: the shipped one, one of a user's own, the form of ai.robots.txt, and files that are no such table."""

import json

import pytest

from winnow.tasks.consent.agents import PURPOSES, read_agents, shipped
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import canonical
from winnow.tasks.recipes import build as recipes
from winnow.tasks.recipes.write import as_yaml


def test_the_shipped_table_is_dated_and_has_every_purpose():
    table = shipped()
    assert table.date
    assert all(table.of[purpose] for purpose in PURPOSES)
    assert {a.name for a in table.agents if not a.crawls} >= {"Google-Extended", "Applebot-Extended"}
    assert len({a.column for a in table.agents}) == len(table.agents)


def test_a_table_of_ones_own(tmp_path):
    (tmp_path / "a.yaml").write_text("date: 2030-01-01\nagents:\n  My-Bot: {purposes: [user, train], crawls: false}\n  Other: {}\n")
    table = read_agents(tmp_path / "a.yaml")
    assert [(a.name, a.purposes, a.crawls, a.column) for a in table.agents] == [
        ("My-Bot", ("user", "train"), False, "consent_agent_my_bot"),
        ("Other", (), True, "consent_agent_other"),
    ]
    assert table.date == "2030-01-01"
    assert str(tmp_path) not in json.dumps(canonical(table))


def test_the_form_of_ai_robots_txt(tmp_path):
    said = {
        "gptbot": {"function": "whatever it says"},
        "NewTrainer": {"function": "Scrapes data to train models."},
        "NewSearch": {"function": "AI Search Crawlers"},
        "NewHelp": {"function": "AI Assistants"},
        "Odd": {"function": "Unclear at this time."},
        "GPTBot": {"function": "the same in another spelling"},
    }
    (tmp_path / "robots.json").write_text(json.dumps(said))
    table = read_agents(tmp_path / "robots.json")
    assert [(a.name, a.purposes) for a in table.agents] == [
        ("gptbot", ("train",)),
        ("NewTrainer", ("train",)),
        ("NewSearch", ("search",)),
        ("NewHelp", ("user",)),
        ("Odd", ()),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no agent"),
        ("3", "names no agent"),
        ("agents: [", "cannot be read"),
        ("agents: {A: {purposes: [cook]}}", "Purposes must be a list of"),
        ("agents: {A: {purposes: train}}", "Purposes must be a list of"),
        ("agents: {A: 3}", "has the entry"),
        ("agents: {'<b>': {}}", "has the entry"),
        ("agents: {A-B: {}, A_B: {}}", "share the column"),
    ],
)
def test_what_is_no_table_of_agents(tmp_path, text, said):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(BadInput, match=said):
        read_agents(tmp_path / "a.yaml")
    with pytest.raises(BadInput, match="cannot be read"):
        read_agents(tmp_path / "none.yaml")


def test_a_recipe_names_a_table_beside_it_and_is_written_down_again(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "agents.yaml").write_text("date: 2030-01-01\nagents: {My-Bot: {purposes: [train]}}\n")
    (tmp_path / "below" / "own.yaml").write_text("extends: raw\nconsent: {agents: agents.yaml, closed_by: all}\n")
    (tmp_path / "mine.yaml").write_text("extends: below/own.yaml\nlimits: {consent_agent_my_bot: {one_of: [allow, unknown]}}\n")
    recipe = recipes.load(str(tmp_path / "mine.yaml"))
    assert [a.name for a in recipe.options["consent"].agents.agents] == ["My-Bot"]
    (tmp_path / "again.yaml").write_text(as_yaml(recipe))
    assert recipes.load(str(tmp_path / "again.yaml")).options["consent"] == recipe.options["consent"]
    assert canonical(recipe.options["consent"])["closed_by"] == "all"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{agent: x}", "unknown option 'agent'"),
        ("{closed_by: most}", "any or all"),
        ("{agents: 3}", "path of a table"),
        ("[1]", "must be a mapping"),
        ("{agents: none.yaml}", "cannot be read"),
    ],
)
def test_what_a_recipe_cannot_say(tmp_path, said, why):
    (tmp_path / "mine.yaml").write_text(f"extends: raw\nconsent: {said}\n")
    with pytest.raises(BadInput, match=why):
        recipes.load(str(tmp_path / "mine.yaml"))

"""Tables of agents: the shipped one, one of a user's own, the form of ai.robots.txt, and files that are no such table."""

import json

import pytest

from winnow.tasks.consent.agents import PURPOSES, read_agents, shipped
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import canonical


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
        ("agents: {A: {purposes: [cook]}}", "Purposes are of"),
        ("agents: {A: {purposes: train}}", "Purposes are of"),
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

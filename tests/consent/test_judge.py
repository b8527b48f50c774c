"""Many mechanisms, one value for each purpose."""

import pytest

from winnow.tasks.consent.agents import Agent, Agents
from winnow.tasks.consent.judge import Tally, account, judged
from winnow.tasks.consent.site import Said
from winnow.tasks.consent.statements import ROBOTS_TXT, TDM_FILE, TDM_HEADER, TDM_META, X_ROBOTS_TAG, statement

AGENTS = Agents((Agent("One", ("train",)), Agent("Two", ("train", "search")), Agent("Three", ("archive",))))


def said(*statements, denied=(), state="found"):
    return Said(state, None, None, tuple(denied), list(statements), False)


def values(found):
    return tuple(found[name] for name in ("train", "search", "user", "archive"))


def test_silence_is_unknown_and_an_agent_that_may_fetch_is_allowed():
    found = judged(said(), (), AGENTS, "any")
    assert values(found) == ("unknown",) * 4
    assert found["agents"] == "aaa"
    assert judged(said(state="unknown"), (), AGENTS, "any")["agents"] == "uuu"


@pytest.mark.parametrize(
    ("closed_by", "denied", "train"), [("any", [0], "deny"), ("all", [0], "unknown"), ("all", [0, 1], "deny"), ("any", [2], "unknown")]
)
def test_one_agent_or_all_of_them_close_a_purpose(closed_by, denied, train):
    assert judged(said(denied=denied), (), AGENTS, closed_by)["train"] == train


def test_an_express_permission_allows_what_nobody_denies():
    allow = statement(ROBOTS_TXT, "allow", "Allow: /", agents=["Two"])
    found = judged(said(allow), (), AGENTS, "any")
    assert values(found) == ("allow", "allow", "unknown", "unknown")
    assert found["by"] == "robots.txt"
    assert not found["conflict"]


def test_the_stricter_mechanism_counts_and_the_contradiction_is_told():
    allow = statement(ROBOTS_TXT, "allow", "Allow: /", agents=["One"])
    deny = statement(X_ROBOTS_TAG, "deny", "noai", purpose="train")
    found = judged(said(allow), (deny,), AGENTS, "any")
    assert (found["train"], found["by"], found["conflict"]) == ("deny", "x-robots-tag", True)


def test_of_the_reservations_the_closest_to_the_page_counts():
    file, header, meta = (statement(m, v, "", purpose="train") for m, v in ((TDM_FILE, "deny"), (TDM_HEADER, "deny"), (TDM_META, "allow")))
    assert judged(said(file), (header,), AGENTS, "any")["by"] == TDM_HEADER
    found = judged(said(file), (header, meta), AGENTS, "any")
    assert (found["train"], found["by"], found["conflict"]) == ("allow", TDM_META, True)


def test_what_is_forbidden_to_a_stranger_is_that_ones_matter_but_for_training():
    own = [statement(X_ROBOTS_TAG, "deny", "x", purpose=purpose, agents=["stranger"]) for purpose in ("train", "search")]
    assert values(judged(said(), own, AGENTS, "any"))[:2] == ("deny", "unknown")
    own = [statement(X_ROBOTS_TAG, "deny", "x", purpose="search", agents=["two"])]
    assert values(judged(said(), own, AGENTS, "any"))[1] == "deny"


def test_noindex_to_a_robot_that_lists_nothing_forbids_what_it_does():
    own = [statement(X_ROBOTS_TAG, "deny", "One: noindex", purpose="search", agents=["One"])]
    assert values(judged(said(), own, AGENTS, "any")) == ("deny", "unknown", "unknown", "unknown")


def test_counts_add_up():
    tally = Tally(AGENTS)
    tally.add(judged(said(denied=[0]), (), AGENTS, "any"), 10.4, "ASN", "org")
    tally.add(judged(said(state="unknown"), (), AGENTS, "any"), 5.2, "---", "de")
    found = account(tally.notes(), ((a.name, a.purposes, a.crawls) for a in AGENTS.agents))
    assert (found["documents"], found["tokens"], found["conflicts"]) == (2, 16, 0)
    assert found["agents"]["One"]["classes"] == {"all": 1, "some": 0, "none": 0, "no_robots": 1}
    assert found["tlds"]["org"] == {"deny": 1, "deny_tokens": 10, "allow": 0, "allow_tokens": 0, "unknown": 0, "unknown_tokens": 0}
    for agent in found["agents"].values():
        assert agent["disallowed"] + agent["allowed"] + agent["unknown"] == 2
    for purpose in found["purposes"].values():
        assert purpose["deny"] + purpose["allow"] + purpose["unknown"] == 2

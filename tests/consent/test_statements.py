"""What a page says of itself: X-Robots-Tag, robots meta, TDMRep, Content-Usage; and the file of TDMRep."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import DATA
from winnow.tasks.consent.preferences import Preferences, content_usage
from winnow.tasks.consent.robots import Robots
from winnow.tasks.consent.statements import STATEMENTS, directives, page_statements
from winnow.tasks.consent.tdmrep import reservation, reserved, rules_of

SIGNALS = DATA / "capabilities" / "01-consent" / "signals.jsonl"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("noindex, NoAI", [("", "noindex", ""), ("", "noai", "")]),
        ("otherbot: noindex, nofollow", [("otherbot", "noindex", ""), ("otherbot", "nofollow", "")]),
        ("googlebot: noindex, otherbot: noai", [("googlebot", "noindex", ""), ("otherbot", "noai", "")]),
        ("max-snippet:20, noarchive", [("", "max-snippet", "20"), ("", "noarchive", "")]),
        ("unavailable_after: Saturday, 25-Jun-2030 15:00:00 PST, noai", [("", "unavailable_after", "saturday"), ("", "noai", "")]),
        ("unavailable_after: 2030-01-01, noai", [("", "unavailable_after", "2030-01-01"), ("", "noai", "")]),
        ("", []),
        (",,", []),
    ],
)
def test_directives(value, found):
    assert directives(value) == found


def shown(headers=(), metadata=()):
    return [(s["mechanism"], s["value"], s["purpose"], s["agents"]) for s in page_statements(headers, metadata)]


def test_the_mechanisms_of_a_page():
    headers = [("x-robots-tag", "otherbot: noindex"), ("tdm-reservation", "1"), ("content-usage", "train-ai=n, search=y"), ("server", "x")]
    metadata = [
        ("robots:robots", "noimageai, noarchive"),
        ("robots:googlebot", "none"),
        ("tdm:tdm-reservation", "0"),
        ("licence", "CC0"),
        ("title", "noai"),
    ]
    assert shown(headers, metadata) == [
        ("x-robots-tag", "deny", "search", ["otherbot"]),
        ("tdm-header", "deny", "train", []),
        ("content-usage-header", "deny", "train", []),
        ("content-usage-header", "allow", "search", []),
        ("robots-meta", "present", None, []),
        ("robots-meta", "deny", "archive", []),
        ("robots-meta", "deny", "search", ["googlebot"]),
        ("tdm-meta", "allow", "train", []),
        ("licence", "present", None, []),
    ]


@pytest.mark.parametrize(("value", "said"), [("1", "deny"), ("0", "allow"), ("0, 1", "deny"), ("2", None), ("yes", None), ("", None)])
def test_a_reservation_is_one_or_nought(value, said):
    assert [value for _, value, *_ in shown([("tdm-reservation", value)])] == ([said] if said else [])


@given(st.text(max_size=80), st.text(max_size=80))
def test_statements_are_total_and_fit_their_type(header, meta):
    import pyarrow as pa

    rows = page_statements(
        [("x-robots-tag", header), ("tdm-reservation", header), ("content-usage", header)], [("robots:robots", meta), ("licence", meta)]
    )
    assert pa.array([rows], STATEMENTS).to_pylist() == [rows]


@pytest.mark.parametrize("body", [b"", b"{}", b"[1, {}]", b"\xff\xfe", b'{"tdm-reservation": 1}', b"[" * 100_000])
def test_a_tdm_file_that_is_none_has_no_rules(body):
    assert rules_of(body) == []


@pytest.mark.parametrize("value", [True, 2, "2", None, [], 1.0])
def test_other_values_of_a_reservation_say_nothing(value):
    assert reservation(value) is None


@pytest.mark.data
@pytest.mark.skipif(not SIGNALS.exists(), reason="needs ../shared/data")
def test_the_collected_cases():
    cases = [json.loads(line) for line in SIGNALS.read_text().splitlines()]
    assert len(cases) >= 19
    for case in cases:
        kind = case["kind"]
        if kind == "content-usage-value":
            said = content_usage(case["value"])
            assert (said.get("train-ai"), said.get("search")) == (case["train_ai"], case["search"]), case
        elif kind in ("robots", "content-signal"):
            robots = Robots(case["robots"].encode())
            found = Preferences(robots).stated(case["agent"], case["path"]).get("train-ai")
            wanted = case["train_ai"] if kind == "robots" else case["ai_train"][0]
            assert (found and found.value) == wanted, case
        elif kind == "tdmrep":
            found = reserved(rules_of(json.dumps(case["tdmrep"]).encode()), case["path"])
            assert (found.value if found else None) == case["reserved"], case
        elif kind == "x-robots-tag":
            wanted = dict(case["expected"])
            agent = wanted.pop("agent", "")
            assert {name: value or True for who, name, value in directives(case["value"]) if who == agent} == wanted, case

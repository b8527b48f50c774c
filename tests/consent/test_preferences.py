"""What sites say of the use of their pages: the grammar, and which of several rules counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.consent.preferences import Preferences, content_signal, content_usage
from winnow.tasks.consent.robots import Robots


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("train-ai=n", {"train-ai": "n"}),
        ("train-ai=y, search=n", {"train-ai": "y", "search": "n"}),
        ("train-ai=n;x=1;y, other=(a b);q", {"train-ai": "n"}),
        ("train-ai=y, train-ai", {}),
        ('train-ai="n"', {}),
        ("train-ai=no", {}),
        ("train-ai=n,", {}),
        ("Train-AI=n", {}),
        ("train-ai=n search=n", {}),
        ("", {}),
        ('x="a, train-ai=y", train-ai=n', {"train-ai": "n"}),
    ],
)
def test_content_usage_is_a_dictionary(value, said):
    assert content_usage(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("search=yes, ai-train=no", {"search": "y", "train-ai": "n"}),
        ("AI-Train = NO", {"train-ai": "n"}),
        ("ai-input=no, use=reference", {}),
        ("ai-train=maybe", {}),
        ("ai-train=yes,ai-train=no", {"train-ai": "n"}),
    ],
)
def test_content_signals(value, said):
    assert content_signal(value) == said


@given(st.text(max_size=60))
def test_both_are_total(value):
    assert set(content_usage(value).values()) | set(content_signal(value).values()) <= {"y", "n"}


ROBOTS = """User-agent: *
Allow: /
Content-Usage: train-ai=n
Content-Usage: /open/ train-ai=y
Content-Usage: /open/ search=y
Content-Signal: search=no

User-agent: Own
Content-Usage: train-ai=y
"""


@pytest.mark.parametrize(
    ("agent", "path", "said"),
    [
        ("any", "/x", {"train-ai": ("n", 3), "search": ("n", 6)}),
        ("any", "/open/x", {"train-ai": ("y", 4), "search": ("n", 6)}),
        ("own", "/x", {"train-ai": ("y", 9)}),
    ],
)
def test_the_longest_path_of_the_own_group_counts_and_the_stricter_mechanism(agent, path, said):
    found = Preferences(Robots(ROBOTS.encode())).stated(agent, path)
    assert {key: (one.value, one.line.number) for key, one in found.items()} == said


def test_of_the_same_path_the_most_restrictive_counts():
    robots = Robots(b"User-agent: *\nContent-Usage: /a train-ai=n\nContent-Usage: /a train-ai=y\n")
    assert Preferences(robots).stated("any", "/a")["train-ai"].value == "n"
    assert Preferences(robots).stated("any", "/b") == {}

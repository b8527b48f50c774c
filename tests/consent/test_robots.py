"""robots.txt: RFC 9309, the tolerance of Google's parser, and linear time on hostile files."""

import gzip
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import DATA
from winnow.tasks.consent.robots import Robots, normalised_path, normalised_pattern

KNOWN = DATA / "capabilities" / "01-consent"

CASES = [
    ("", "any", "/", True, None),
    ("User-agent: *\nDisallow: /a\n", "any", "https://x.org/a/b?c#d", False, 2),
    ("User-agent: *\nDisallow: /a\n", "any", "https://x.org", True, None),
    ("User-agent: *\nDisallow:\n", "any", "/a", True, None),
    ("User-agent: *\nDisallow: /\nUser-agent: One\nAllow: /\n", "one", "/a", True, 4),
    ("User-agent: *\nDisallow: /\nUser-agent: One\nDisallow:\n", "one", "/a", True, None),
    ("User-agent: One\nUser-agent: Two\nDisallow: /\n", "two", "/", False, 3),
    ("User-agent: One\nDisallow: /a\n\nUser-agent: One\nDisallow: /b\n", "one", "/b", False, 5),
    ("User-agent: One/2.0 more\nDisallow: /\n", "one", "/", False, 2),
    ("User-agent: One\nDisallow: /\n", "One/2.0", "/", False, 2),
    ("User-agent: Onerous\nDisallow: /\n", "one", "/", True, None),
    ("User-agent: *\nDisallow: /a\nAllow: /a/b\n", "any", "/a/b/c", True, 3),
    ("User-agent: *\nDisallow: /a\nAllow: /a\n", "any", "/a", True, 3),
    ("User-agent: *\nDisallow: /*.pdf$\n", "any", "/x/y.pdf", False, 2),
    ("User-agent: *\nDisallow: /*.pdf$\n", "any", "/x/y.pdf?z", True, None),
    ("User-agent: *\nDisallow: /a*b*c\n", "any", "/a1b2c3", False, 2),
    ("User-agent: *\nDisallow: /a*b*c\n", "any", "/acb", True, None),
    ("User-agent: *\nDisallow: /\nAllow: /index.html\n", "any", "/", True, 3),
    ("User-agent: *\nDisallow: /%62%2f\n", "any", "/b%2F", False, 2),
    ("User-agent: *\nDisallow: /a%2Fb\n", "any", "/a/b", True, None),
    ("User-agent: *\nDisallow: /a%2A\n", "any", "/a*", False, 2),
    ("User-agent: *\nDisallow: /a%2A\n", "any", "/ab", True, None),
    ("User-agent: *\nDisallow: /é\n", "any", "/%C3%A9", False, 2),
    ("useragent *\ndissallow: /\n", "any", "/", False, 2),
    ("user agent: * # all\nDisallow /\n", "any", "/", False, 2),
    ("\ufeffUser-agent: *\r\nDisallow: /\r\n", "any", "/", False, 2),
    ("User-agent: *\rSitemap: x\rDisallow: /\r", "any", "/", False, 3),
    ("Disallow: /\n", "any", "/", True, None),
    ("User-agent: One\nCrawl-delay: 1\nUser-agent: *\nDisallow: /\n", "one", "/", False, 4),
    ("<!doctype html><title>404</title>", "any", "/", True, None),
]


@pytest.mark.parametrize(("text", "agent", "url", "allowed", "line"), CASES)
def test_verdicts(text, agent, url, allowed, line):
    verdict = Robots(text.encode()).verdict(agent, url)
    assert (verdict.allowed, verdict.line and verdict.line.number) == (allowed, line)


@given(st.binary(max_size=400), st.text(max_size=20), st.text(max_size=40))
def test_total_and_the_same_again(data, agent, url):
    robots = Robots(b"User-agent: *\nDisallow: /x\n" + data)
    assert robots.verdict(agent, url) == robots.verdict(agent, url)


ALPHABET = "ab*$%2/"


@given(st.text(ALPHABET, max_size=8), st.text(ALPHABET, max_size=10))
def test_patterns_match_as_their_regular_expression(pattern, path):
    rule, path = normalised_pattern(f"/{pattern}"), f"/{path}"
    body, end = (rule[:-1], "$") if rule.endswith("$") else (rule, "")
    expected = re.match(".*".join(map(re.escape, body.split("*"))) + end, normalised_path(path), re.DOTALL) is not None
    assert Robots(f"User-agent: *\nDisallow: /{pattern}\n".encode()).verdict("any", path).allowed != expected


def test_hostile_patterns_take_time_that_grows_with_their_length():
    """A matcher that backtracks would not come back from this."""
    rules = "\n".join(f"Disallow: /{'a*' * 2000}{n}" for n in range(20))
    assert Robots(f"User-agent: *\n{rules}\n".encode()).verdict("any", "/" + "a" * 20_000).allowed


def test_soft_error_pages_are_flagged():
    assert Robots(b"\n <!DOCTYPE html>\n<html>").is_html
    assert not Robots(b"User-agent: *\n").is_html


@pytest.mark.data
@pytest.mark.skipif(not KNOWN.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize("name", ["google_conformance", "crawler_commons_percent"])
def test_published_conformance_cases(name):
    for case in map(json.loads, (KNOWN / f"{name}.jsonl").read_text().splitlines()):
        verdict = Robots(case["robots"].encode("utf-8", "surrogatepass")).verdict(case["agent"], case["url"])
        assert verdict.allowed == case["allowed"], case


@pytest.mark.data
@pytest.mark.skipif(not KNOWN.is_dir(), reason="the shared data is not here")
def test_real_files_as_googles_parser_reads_them():
    """The verdicts are those of Google's parser, which does not decode ``%7e``: RFC 9309, section 2.2.2 does."""
    differ = []
    with gzip.open(KNOWN / "robots_real.jsonl.gz") as f:
        for row in map(json.loads, f):
            robots = Robots(row["robots"].encode("utf-8", "surrogatepass"))
            differ += [path for agent, path, allowed in row["checks"] if robots.verdict(agent, path).allowed != allowed]
    assert len(differ) <= 10
    assert all("%7e" in path for path in differ)


def test_a_lone_surrogate_in_a_path_is_compared_as_its_bytes() -> None:
    """JSON may escape half a character; UTF-8 has no such bytes, but a file may."""
    rules = Robots("User-agent: *\nDisallow: /\ud800x".encode("utf-8", "surrogatepass"))
    assert not rules.verdict("bot", "/\ud800xy").allowed
    assert rules.verdict("bot", "/\udcffx").allowed

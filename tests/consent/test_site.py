"""Which capture counts, what its status means, where redirects lead, and what one robots.txt says about a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.consent.agents import Agent, Agents
from winnow.tasks.consent.site import Rules, Site, chosen, followed, origin, seconds
from winnow.tasks.extract.pages.policy_files import ROBOTS, TDMREP

AGENTS = Agents(
    (Agent("GPTBot", ("train",)), Agent("CCBot", ("archive", "train")), Agent("AI2Bot", ("train",)), Agent("Googlebot", ("search",)))
)


def capture(
    date="2026-10-20T11:00:00Z", status=200, body="", location="", url="http://a.example/robots.txt", kind=ROBOTS, flaws=(), offset=0
):
    data = body.encode() if isinstance(body, str) else body
    where = {"source_file": "f.warc.gz", "offset": offset, "length": 1, "record_id": "", "payload_digest": None}
    return {"kind": kind, "url": url, "date": date, "status": status, "location": location, "body": data, "flaws": list(flaws), **where}


NOON = seconds("2026-10-20T12:00:00Z")


@pytest.mark.parametrize(
    ("dates", "number", "distance"),
    [
        (["2026-10-20T11:00:00Z", "2026-10-20T11:59:00Z", "2026-10-20T12:01:00Z"], 1, 60),
        (["2026-10-20T12:00:00Z", "2026-10-20T12:00:01Z"], 0, 0),
        (["2026-10-21T12:00:00Z", "2026-10-20T13:00:00Z"], 1, -3600),
        (["no date", "2030-01-01T00:00:00Z"], 1, NOON - seconds("2030-01-01T00:00:00Z")),
        (["", "no date"], 1, None),
        ([], None, None),
    ],
)
def test_the_newest_before_the_page_counts_else_the_nearest(dates, number, distance):
    captures = [capture(date, offset=n) for n, date in enumerate(dates)]
    found, apart = chosen(captures, NOON)
    assert (found and found["offset"], apart) == (number, distance)
    assert chosen(captures[::-1], NOON)[0] == found


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("HTTP://A.Example/x", "http://a.example:80"),
        ("https://a.example", "https://a.example:443"),
        ("http://a.example:8080/", "http://a.example:8080"),
        ("http://a.example.:80/", "http://a.example:80"),
        ("http://user@a.example/", "http://a.example:80"),
        ("http://[::1]/", "http://[::1]:80"),
        ("ftp://a.example/", ""),
        ("http://[bad/", ""),
        ("http://a.example:port/", ""),
        ("", ""),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, said):
    assert origin(url) == said


@given(st.text(max_size=40))
def test_origins_and_dates_are_total(text):
    assert isinstance(origin(text), str)
    assert seconds(text) is None or seconds(text) == seconds(text)


def test_dates_of_old_archives_and_fractions():
    assert seconds("20261020120000") == NOON == seconds("2026-10-20T12:00:00.000000Z") == seconds("2026-10-20T14:00:00+02:00")


def chain(hops):
    links = [
        capture(status=301, location=f"http://h{n + 1}.example/robots.txt", url=f"http://h{n}.example/robots.txt") for n in range(hops)
    ]
    end = capture(body="User-agent: *\nDisallow: /\n", url=f"http://h{hops}.example/robots.txt")
    return {one["url"]: [one] for one in [*links, end]}, links[0] if links else end


@pytest.mark.parametrize(("hops", "found"), [(0, True), (1, True), (5, True), (6, False)])
def test_five_redirects_are_followed(hops, found):
    by_url, first = chain(hops)
    assert (followed(first, lambda url: by_url.get(url, ())) is not None) == found


def test_a_redirect_to_itself_or_to_what_was_not_captured_is_unknown():
    loop = capture(status=302, location="http://a.example/robots.txt")
    assert followed(loop, lambda url: [loop]) is None
    assert Site(AGENTS, {ROBOTS: [loop]}).said("http://a.example/", NOON).state == "unknown"


def test_captures_that_are_read_again_are_told_apart():
    bodies = {"http://b.example/1": "User-agent: GPTBot\nDisallow: /\n", "http://b.example/2": "User-agent: CCBot\nDisallow: /\n"}
    links = [capture(f"2026-10-20T1{n}:00:00Z", 301, location=f"http://b.example/{n}", offset=n) for n in (1, 2)]
    site = Site(AGENTS, {ROBOTS: links}, lambda url: [capture(body=bodies[url], url=url, offset=10 + int(url[-1]))])
    said = [site.said("http://a.example/x", seconds(f"2026-10-20T1{1 + n % 2}:30:00Z")).denied for n in range(20)]
    assert said == [(0,), (1,)] * 10


@pytest.mark.parametrize(
    ("status", "state", "denied"),
    [
        (200, "found", 4),
        (204, "found", 4),
        (301, "unknown", 0),
        (404, "none", 0),
        (403, "none", 0),
        (429, "none", 0),
        (500, "unreachable", 4),
        (503, "unreachable", 4),
    ],
)
def test_what_a_status_means(status, state, denied):
    said = Site(AGENTS, {ROBOTS: [capture(status=status, body="User-agent: *\nDisallow: /\n")]}).said("http://a.example/x", NOON)
    assert (said.state, len(said.denied)) == (state, denied)
    assert bool(said.statements) == bool(denied)


def about(text, url="http://a.example/x", flaws=()):
    return Rules(capture(body=text, flaws=flaws), AGENTS).about(url)


def test_agents_that_a_file_names_with_digits():
    denied, statements, _ = about("User-agent: AI2Bot\nDisallow: /\n")
    assert denied == (2,)
    assert [(s["value"], s["agents"], s["line"]) for s in statements] == [("deny", ["AI2Bot"], 2)]


def test_a_file_in_utf_16_is_read_and_a_page_in_its_place_says_nothing():
    text = "User-agent: GPTBot\nDisallow: /\n"
    assert about(text.encode("utf-16"), flaws=["utf-16"])[0] == (0,)
    assert about("<!doctype html><title>Not found</title>", flaws=["html"]) == ((), [], False)


@pytest.mark.parametrize(
    ("text", "conflict"),
    [
        ("User-agent: GPTBot\nDisallow: /\n\nUser-agent: GPTBot\nAllow: /\n", True),
        ("User-agent: GPTBot\nDisallow: /\n\nUser-agent: GPTBot\nDisallow:\n", True),
        ("User-agent: GPTBot\nDisallow: /\n\nUser-agent: GPTBot\nDisallow: /b\n", False),
        ("User-agent: GPTBot\nDisallow: /\nAllow: /\n", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: GPTBot\nAllow: /\n", False),
        ("User-agent: *\nContent-Signal: ai-train=no\n\nUser-agent: *\nContent-Signal: ai-train=yes\n", True),
        ("User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /x train-ai=y\n", False),
    ],
)
def test_rules_of_one_file_that_contradict_each_other(text, conflict):
    assert about(text)[2] == conflict


def test_a_preference_of_a_group_is_heard_for_the_purposes_of_its_agent():
    text = "User-agent: GPTBot\nContent-Signal: ai-train=no, search=no\n\nUser-agent: *\nContent-Signal: ai-train=yes\n"
    said = {(s["purpose"], s["value"], s["line"]) for s in about(text)[1] if s["mechanism"] == "content-signal"}
    assert said == {("train", "deny", 2), ("train", "allow", 5)}


def test_the_classes_of_a_file():
    rules = Rules(
        capture(
            body="User-agent: GPTBot\nDisallow: /\n\nUser-agent: CCBot\nDisallow: /\nAllow: /a\n\nUser-agent: AI2Bot\nDisallow:\n\nUser-agent: *\nDisallow: /b\n"
        ),
        AGENTS,
    )
    assert rules.reach() == ["all", "some", "none", "some"]


def test_the_first_entry_of_a_tdm_file_that_matches_counts():
    file = capture(
        kind=TDMREP,
        url="http://a.example/.well-known/tdmrep.json",
        body='[{"location": "/x", "tdm-reservation": 1}, {"location": "/", "tdm-reservation": 0}]',
    )
    site = Site(AGENTS, {TDMREP: [file]})
    assert [s["value"] for s in site.said("http://a.example/x/1", NOON).statements] == ["deny"]
    assert [s["value"] for s in site.said("http://a.example/y", NOON).statements] == ["allow"]

"""A site: one scheme, host and port, the captures of its files, and what they say about a page at the time when it was captured.

The capture that counts is the newest before the page, else the nearest after it. By its status (RFC 9309, section 2.3.1): 2xx is read; 4xx is a site without
rules, which forbids nothing; 5xx forbids everything; a redirect is followed five times, to whatever site. A file that was never captured says nothing: unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

from winnow.tasks.consent.agents import Agents
from winnow.tasks.consent.preferences import Preferences
from winnow.tasks.consent.robots import Line, Robots
from winnow.tasks.consent.statements import CATEGORIES, LICENCE, ROBOTS_TXT, TDM_FILE, Value, statement
from winnow.tasks.consent.tdmrep import reserved, rules_of
from winnow.tasks.extract.pages.policy_files import AI_TXT, LLMS_TXT, ROBOTS, RSL, TDMREP

State = Literal["found", "none", "unreachable", "unknown"]
"""Of a robots.txt: it was read; the site has none; it could not be had, which forbids; nobody knows."""
PRESENT = (AI_TXT, LLMS_TXT, RSL)
MOST_HOPS = 5
PORTS = {"http": 80, "https": 443}
Capture = Mapping[str, Any]


def origin(url: str) -> str:
    """Scheme, host and port of an http(s) URL, in lower case and with the port written out; '' if it has none."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme not in PORTS or not host:
        return ""
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port or PORTS[scheme]}"


def seconds(date: str | None) -> float | None:
    """Seconds since 1970 of a date of an archive, ISO 8601 or 14 digits; None for what is neither."""
    text = (date or "").strip()
    try:
        if len(text) == 14 and text.isdigit():
            return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def chosen(captures: Sequence[Capture], when: float | None) -> tuple[Capture | None, float | None]:
    """The capture that counts for a page, and how many seconds before it it was made (negative: after it; None: one of them has no date)."""
    timed = [(at, capture) for capture in captures if (at := seconds(capture["date"])) is not None]
    if when is None or not timed:
        ordered = sorted(captures, key=_place)
        return (ordered[-1], None) if ordered else (None, None)
    before = [each for each in timed if each[0] <= when]
    at, capture = max(before, key=lambda t: (t[0], _place(t[1]))) if before else min(timed, key=lambda t: (t[0], _place(t[1])))
    return capture, when - at


def _place(capture: Capture) -> tuple[str, str, int]:
    return capture["date"] or "", capture["source_file"], capture["offset"]


def followed(capture: Capture, at: Callable[[str], Sequence[Capture]]) -> Capture | None:
    """Where redirects lead, looked up with ``at``; the capture itself if it is none, None if the end was not captured or there are more than five."""
    for _ in range(MOST_HOPS + 1):
        if not (300 <= capture["status"] < 400):
            return capture
        there, _ = chosen(at(capture["location"] or ""), seconds(capture["date"]))
        if there is None or there is capture:
            return None
        capture = there
    return None


@dataclass(frozen=True)
class Said:
    """What the files of a site say about one page. ``denied`` has the places of agents in the table that may not fetch it; ``conflict``: rules for one agent in
    one robots.txt contradict each other."""

    state: State
    capture: Capture | None
    distance_s: float | None
    denied: tuple[int, ...]
    statements: list[dict[str, Any]]
    conflict: bool


@dataclass
class Site:
    """The captures of one origin by kind; ``at`` finds those of the URL that a redirect leads to."""

    agents: Agents
    captures: Mapping[str, Sequence[Capture]]
    at: Callable[[str], Sequence[Capture]] = lambda url: ()
    _read: dict[tuple[str, int], "Rules"] = field(default_factory=dict)
    _tdm: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    _led_to: dict[str, Sequence[Capture]] = field(default_factory=dict)

    def robots(self, when: float | None) -> tuple[State, Capture | None, float | None, "Rules | None"]:
        """The state of robots.txt at a time, its capture (where redirects lead), the distance in seconds, and its rules."""
        first, distance_s = chosen(self.captures.get(ROBOTS, ()), when)
        end = followed(first, self._at) if first else None
        if first is None or end is None:
            return "unknown", first, distance_s, None
        if 200 <= end["status"] < 300:
            record = end["source_file"], end["offset"]
            if record not in self._read:
                self._read[record] = Rules(end, self.agents)
            return "found", end, distance_s, self._read[record]
        return ("unreachable" if end["status"] >= 500 else "none" if end["status"] >= 400 else "unknown"), end, distance_s, None

    def said(self, url: str, when: float | None) -> Said:
        """What is said about a page with this URL, captured at this time."""
        state, capture, distance_s, rules = self.robots(when)
        denied: tuple[int, ...] = ()
        found: list[dict[str, Any]] = []
        conflict = False
        if rules:
            denied, found, conflict = rules.about(url)
        elif state == "unreachable" and capture:
            denied = tuple(range(len(self.agents.agents)))
            text = f"HTTP status {capture['status']}: a robots.txt that cannot be had forbids everything (RFC 9309, section 2.3.1.4)"
            found = [statement(ROBOTS_TXT, "deny", text, agents=[a.name for a in self.agents.agents], **where(capture))]
        return Said(state, capture, distance_s, denied, [*found, *self._others(url, when)], conflict)

    def _others(self, url: str, when: float | None) -> list[dict[str, Any]]:
        found = []
        if TDMREP in self.captures and (capture := self._file(TDMREP, when)):
            record = capture["source_file"], capture["offset"]
            if record not in self._tdm:
                self._tdm[record] = rules_of(capture["body"])
            if said := reserved(self._tdm[record], url):
                found.append(statement(TDM_FILE, "deny" if said.value else "allow", said.text, purpose="train", **where(capture)))
        for kind in PRESENT:
            if kind in self.captures and (capture := self._file(kind, when)):
                found.append(
                    statement(
                        kind, "present", f"{len(capture['body']):,} bytes, {capture['payload_digest'] or 'no digest'}", **where(capture)
                    )
                )
        return found

    def _at(self, url: str) -> Sequence[Capture]:
        if url not in self._led_to:
            self._led_to[url] = self.at(url)
        return self._led_to[url]

    def _file(self, kind: str, when: float | None) -> Capture | None:
        """The capture of another file; None if there is none, it was not found, or a page stands in its place."""
        first, _ = chosen(self.captures.get(kind, ()), when)
        end = followed(first, self._at) if first else None
        return end if end and end["status"] == 200 and end["body"] and "html" not in end["flaws"] else None


class Rules:
    """One robots.txt that was read, asked about many pages. Agents that the file does not name share one answer."""

    def __init__(self, capture: Capture, agents: Agents) -> None:
        body = bytes(capture["body"])
        if "utf-16" in capture["flaws"]:
            body = body.decode("utf-16", "replace").encode()
        self.robots, self._agents, self._where = Robots(body), agents, where(capture)
        self._preferences = Preferences(self.robots)
        self.groups: dict[str, list[int]] = {}
        for place, agent in enumerate(agents.agents):
            self.groups.setdefault(agent.name.lower() if self.robots.names(agent.name) else "*", []).append(place)

    @cached_property
    def _preferring(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """The names under which the file states preferences, with the purposes for which each is heard."""
        stating = self._preferences.names
        found = [("*", frozenset(CATEGORIES.values()))] if "*" in stating else []
        return (*found, *((a.name.lower(), frozenset(a.purposes)) for a in self._agents.agents if a.name.lower() in stating))

    @cached_property
    def _licences(self) -> list[dict[str, Any]]:
        lines = [line for line in self.robots.lines if line.key == "license" and line.value][:5]
        return [statement(LICENCE, "present", line.text, line=line.number, **self._where) for line in lines]

    def about(self, url: str) -> tuple[tuple[int, ...], list[dict[str, Any]], bool]:
        """Places of the agents that may not fetch the URL, the statements of the file about it, and whether rules for an agent contradict each other."""
        denied: list[int] = []
        lines: dict[tuple[Value, Line], list[int]] = {}
        conflict = False
        for name, places in self.groups.items():
            verdict = self.robots.verdict(name, url)
            if not verdict.allowed:
                denied += places
            if verdict.line and (not verdict.allowed or name != "*"):
                lines.setdefault(("allow" if verdict.allowed else "deny", verdict.line), []).extend(places)
            conflict = conflict or self.robots.disagreement(name, url) is not None
        found = []
        for (value, line), places in lines.items():
            names = [self._agents.agents[place].name for place in sorted(places)]
            found.append(statement(ROBOTS_TXT, value, line.text, agents=names, line=line.number, **self._where))
        preferences: dict[tuple[str, Value, str, Line], None] = {}
        for name, purposes in self._preferring:
            for category, said in self._preferences.stated(name, url).items():
                if CATEGORIES[category] in purposes:
                    preferences[said.line.key, "deny" if said.value == "n" else "allow", CATEGORIES[category], said.line] = None
                    conflict = conflict or said.against is not None
        for mechanism, value, purpose, line in preferences:
            found.append(statement(mechanism, value, line.text, purpose=purpose, line=line.number, **self._where))
        return tuple(sorted(denied)), found + self._licences, conflict

    def reach(self) -> list[str]:
        """Of each agent how much of the site it may not fetch, in the classes of the Data Provenance Initiative: ``all`` (the root, and nothing is allowed
        below it), ``some``, ``none``."""
        found = ["none"] * len(self._agents.agents)
        for name, places in self.groups.items():
            rules = self.robots.rules(name)
            kind = "none"
            if any(rule.verb == "disallow" for rule in rules):
                kind = "some" if any(rule.verb == "allow" for rule in rules) or self.robots.verdict(name, "/").allowed else "all"
            for place in places:
                found[place] = kind
        return found


def where(capture: Capture) -> dict[str, Any]:
    """Where a file lies, for the statements out of it."""
    return {"file": capture["url"], "captured": capture["date"], "source_file": capture["source_file"], "offset": capture["offset"]}

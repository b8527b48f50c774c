"""robots.txt: which paths a crawler may fetch, and the line that decides (RFC 9309, with the tolerance of Google's published parser).

A file is parsed once and asked many times. Groups, agents and misspelt keys are read as google/robotstxt reads them; paths are compared as RFC 9309,
section 2.2.2, demands, where Google's parser departs from it: ``%62`` is ``b``, ``%2f`` is ``%2F`` and not ``/``, and ``%2A`` is a literal asterisk.
What a file says about the *use* of pages is in ``preferences.py``.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

MAX_BYTES = 500 * 1024  # RFC 9309, section 2.5
MAX_LINE_BYTES = 2083 * 8  # of which the rest is ignored, as Google's parser does
BOM = b"\xef\xbb\xbf"
AGENT_KEYS = ("user-agent", "useragent", "user agent")
ALLOW_KEYS = ("allow",)
DISALLOW_KEYS = ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw")
PRODUCT_TOKEN = re.compile(r"[A-Za-z_-]*")
FIRST_WORD = re.compile(r"[A-Za-z0-9_.-]+")
LINE_BREAK = re.compile(rb"\r\n|\n|\r")
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~!&'()+,;=:@?\[\]{}|\\^`\"<> #-]*")
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
URL_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?;#]*)?([^#]*)")
Verb = Literal["allow", "disallow"]


class Line(NamedTuple):
    """A line that says something: its number (from 1), its key in lower case, its value, and how it is written."""

    number: int
    key: str
    value: str
    text: str


class Rule(NamedTuple):
    """One Allow or Disallow. ``pattern`` is normalised; its length is its weight."""

    verb: Verb
    pattern: str
    line: Line


class Verdict(NamedTuple):
    """``line`` is the one that decides, None where nothing in the file does."""

    allowed: bool
    line: Line | None


@dataclass
class _Rules:
    """The rules of one agent. Patterns without wildcards are found by their beginning, the others one by one."""

    rules: list[Rule] = field(default_factory=list)

    def match(self, path: str) -> Rule | None:
        """The rule that decides: the longest pattern that matches, of equals the one that allows, then the first."""
        best: Rule | None = None
        for length in self._lengths:
            if length <= len(path) and (found := self._literal.get(path[:length])):
                best = found
                break
        for rule, pattern in self._wild:
            if best and len(rule.pattern) < len(best.pattern):
                break
            if (best is None or _before(rule, best)) and pattern.matches(path):
                best = rule
        return best

    @cached_property
    def _literal(self) -> dict[str, Rule]:
        found: dict[str, Rule] = {}
        for rule in self.rules:
            if "*" not in rule.pattern and not rule.pattern.endswith("$"):
                known = found.get(rule.pattern)
                if known is None or _before(rule, known):
                    found[rule.pattern] = rule
        return found

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(pattern) for pattern in self._literal}, reverse=True)

    @cached_property
    def _wild(self) -> list[tuple[Rule, "Pattern"]]:
        wild = [rule for rule in self.rules if "*" in rule.pattern or rule.pattern.endswith("$")]
        wild.sort(key=lambda rule: (-len(rule.pattern), rule.verb == "disallow", rule.line.number))
        return [(rule, Pattern(rule.pattern)) for rule in wild]


def _before(a: Rule, b: Rule) -> bool:
    """Whether rule a goes before rule b, both matching."""
    return (-len(a.pattern), a.verb == "disallow", a.line.number) < (-len(b.pattern), b.verb == "disallow", b.line.number)


def matches(pattern: str, path: str) -> bool:
    """Whether a normalised pattern matches a normalised path."""
    return Pattern(pattern).matches(path)


class Pattern:
    """A pattern with wildcards: the parts between asterisks are found one after the other, each as early as it can be, which is linear in the path
    for each part and needs no backtracking."""

    __slots__ = ("_ends", "_first", "_rest")

    def __init__(self, pattern: str) -> None:
        self._ends = pattern.endswith("$")
        parts = (pattern[:-1] if self._ends else pattern).split("*")
        self._first, self._rest = parts[0], [part for part in parts[1:-1] if part] + parts[1:][-1:]

    def matches(self, path: str) -> bool:
        if not path.startswith(self._first):
            return False
        at = len(self._first)
        if not self._rest:
            return not self._ends or at == len(path)
        for part in self._rest[:-1]:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        last = self._rest[-1]
        if self._ends:
            return len(path) - len(last) >= at and path.endswith(last)
        return path.find(last, at) >= 0


class Robots:
    """A robots.txt file. Total on any bytes: what cannot be read is skipped, as every crawler does.

    ``lines`` are those with a key, ``is_html`` says that the file is a web page (a soft error page), in which no line is meant as a rule.
    """

    def __init__(self, data: bytes) -> None:
        self.is_html = data.lstrip()[:512].lower().startswith((b"<!doctype html", b"<html", b"<head", b"<?xml"))
        self.lines: tuple[Line, ...] = tuple(_lines(data[:MAX_BYTES]))
        self._agents: dict[str, _Rules] = {}
        self._everyone: _Rules | None = None
        self._read()

    def verdict(self, agent: str, url: str) -> Verdict:
        """Whether an agent, by its product token, may fetch a URL or path.

        The rules of the groups that name the agent are joined; those for all agents count only if no group does.
        """
        rules = self._agents.get(token_of(agent))
        if rules is None:
            rules = self._everyone
        path = normalised_path(path_of(url))
        rule = rules.match(path) if rules else None
        return Verdict(True, None) if rule is None else Verdict(rule.verb == "allow", rule.line)

    def rules(self, agent: str) -> Sequence[Rule]:
        """The rules that hold for an agent."""
        rules = self._agents.get(token_of(agent)) or self._everyone
        return rules.rules if rules else ()

    def names(self, agent: str) -> bool:
        """Whether a group names this agent."""
        return token_of(agent) in self._agents

    def disagreement(self, agent: str, url: str) -> tuple[Line, Line] | None:
        """Where an agent has several groups of rules that answer each other's contrary: the line that forbids and the one that allows. Rules of a host and
        of a service in front of it stand in one file like that; which of them counts, ``verdict`` says."""
        path = normalised_path(path_of(url))
        name = token_of(agent) if self.names(agent) else "*"
        forbids = allows = None
        for agents, rules, free in self._groups:
            if name in agents:
                rule = rules.match(path)
                if rule and rule.verb == "disallow":
                    forbids = forbids or rule.line
                else:
                    allows = allows or (rule.line if rule else free)
        return (forbids, allows) if forbids and allows else None

    @cached_property
    def _groups(self) -> list[tuple[tuple[str, ...], _Rules, Line | None]]:
        """Each group by itself: its agents, its rules, and a Disallow without a path, which allows everything. Only where an agent has several."""
        groups: list[tuple[list[str], list[Line]]] = [([], [])]
        for line in self.lines:
            if line.key == "user-agent":
                if groups[-1][1]:
                    groups.append(([], []))
                groups[-1][0].extend(("*",) if is_everyone(line.value) else agent_names(line.value))
            elif line.key in ("allow", "disallow"):
                groups[-1][1].append(line)
        often = Counter(name for names, _ in groups for name in set(names))
        found = []
        for names, lines in groups:
            if any(often[name] > 1 for name in names):
                free = next((line for line in lines if line.key == "disallow" and not line.value), None)
                found.append((tuple(names), _Rules([rule for line in lines for rule in _rules(line)]), free))
        return found

    def _read(self) -> None:
        current: list[_Rules] = []
        in_rules = False
        for line in self.lines:
            if line.key == "user-agent":
                if in_rules:
                    current, in_rules = [], False
                for rules in self._of(line.value):
                    if not any(rules is known for known in current):
                        current.append(rules)
            elif line.key in ("allow", "disallow"):
                in_rules = in_rules or bool(current)
                for rule in _rules(line):
                    for rules in current:
                        rules.rules.append(rule)

    def _of(self, value: str) -> list[_Rules]:
        if is_everyone(value):
            self._everyone = self._everyone or _Rules()
            return [self._everyone]
        return [self._agents.setdefault(name, _Rules()) for name in agent_names(value)]


def _rules(line: Line) -> Iterator[Rule]:
    pattern = normalised_pattern(line.value)
    if not pattern:
        return
    verb: Verb = "allow" if line.key == "allow" else "disallow"
    yield Rule(verb, pattern, line)
    head, slash, tail = pattern.rpartition("/")
    if verb == "allow" and slash and tail.startswith("index.htm"):
        yield Rule(verb, f"{head}/$", line)  # what allows a folder's index page allows the folder


def is_everyone(value: str) -> bool:
    """Whether the value of a user-agent line means every agent."""
    return value[:1] == "*" and (len(value) == 1 or value[1].isspace())


def token_of(agent: str) -> str:
    """The product token of an agent in lower case; a version behind it says nothing (RFC 9309, 2.2.1)."""
    return agent.partition("/")[0].strip().lower()


def agent_names(value: str) -> tuple[str, ...]:
    """The names that a user-agent value means, in lower case: its product token, and where its first word has more in it than a token may have, as
    AI2Bot and archive.org_bot do, that word too. Empty if there is none."""
    match = PRODUCT_TOKEN.match(value)
    token, word = match[0].lower() if match else "", FIRST_WORD.match(value)
    names = (token, word[0].lower() if word else "")
    return tuple(dict.fromkeys(name for name in names if name))


def _lines(data: bytes) -> Iterator[Line]:
    for n, mark in enumerate((BOM[:3], BOM[:2], BOM[:1])):
        if data.startswith(mark):  # a byte order mark may be cut
            data = data[3 - n :]
            break
    for number, raw in enumerate(LINE_BREAK.split(data), start=1):
        text = raw[: MAX_LINE_BYTES - 1].decode("utf-8", "surrogateescape")
        stripped = text.partition("#")[0].strip(" \t\n\v\f\r\0")
        if not stripped:
            continue
        key, colon, value = stripped.partition(":")
        if not colon:
            words = stripped.split()
            if len(words) != 2:  # a forgotten colon is forgiven where there is nothing else it could be
                continue
            key, value = words
        key = key.strip().lower()
        if key:
            yield Line(number, _known_key(key), value.strip(), text.strip())


def _known_key(key: str) -> str:
    for known in (AGENT_KEYS, ALLOW_KEYS, DISALLOW_KEYS):
        if key.startswith(known):
            return known[0]
    return key


def path_of(url: str) -> str:
    """Path and query of a URL, or of what is a path already; ``/`` if there is none. The fragment is no part of it."""
    if url.startswith("/"):
        return url.partition("#")[0]
    match = URL_PATH.match(url)
    path = match[1] if match else ""
    return path if path.startswith("/") else f"/{path}"


def normalised_path(path: str) -> str:
    """A path in the form in which it is compared: percent-encoded where RFC 3986 demands it, escapes in upper case, unreserved characters plain,
    ``*`` and ``$`` as escapes, for they are wildcards in a rule."""
    if PLAIN_PATH.fullmatch(path):
        return path
    return _encoded(path).replace("*", "%2A").replace("$", "%24")


def normalised_pattern(pattern: str) -> str:
    """The same for the path of a rule, where ``*``, and ``$`` at the end, are wildcards. Runs of asterisks are one."""
    if not PLAIN_PATH.fullmatch(pattern):
        ends = pattern.endswith("$")
        pattern = _encoded(pattern[:-1] if ends else pattern).replace("$", "%24") + "$" * ends
        pattern = re.sub(r"\*{2,}", "*", pattern)
    return pattern


def _encoded(path: str) -> str:
    text = "".join(c if c < "\x80" else "".join(f"%{b:02X}" for b in _bytes(c)) for c in path)
    return ESCAPE.sub(_escape, text)


def _bytes(character: str) -> bytes:
    """Its bytes in UTF-8. A byte of the file that is none stands for itself; another lone surrogate has the three bytes that UTF-8 would give it."""
    try:
        return character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return character.encode("utf-8", "surrogatepass")


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in UNRESERVED else match[0].upper()


def groups(lines: Iterable[Line], rules: frozenset[str]) -> Iterator[tuple[tuple[str, ...], Line]]:
    """Each line whose key is one of ``rules``, with the agents of its group (product tokens; ``*`` for all). A user-agent line behind such a line, or behind an
    Allow or Disallow, begins a group."""
    agents: tuple[str, ...] = ()
    in_rules = False
    for line in lines:
        if line.key == "user-agent":
            if in_rules:
                agents, in_rules = (), False
            agents += ("*",) if is_everyone(line.value) else agent_names(line.value)
        elif line.key in rules or line.key in ("allow", "disallow"):
            in_rules = True
            if line.key in rules:
                yield agents, line

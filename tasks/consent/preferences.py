"""Preferences about the use of pages, as sites state them: the rules ``Content-Usage`` (IETF aipref, draft-ietf-aipref-attach and -vocab of 2026-08) and
``Content-Signal`` (Cloudflare, draft-romm-aipref-contentsignals-00) of robots.txt, and the response field ``Content-Usage``.

``y`` allows, ``n`` forbids, None says nothing: absence, a value that the vocabulary does not know, and a field that cannot be read are all None.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from winnow.tasks.consent.robots import Line, Pattern, Robots, groups, normalised_path, normalised_pattern, path_of

Preference = Literal["y", "n"]
CATEGORIES = ("train-ai", "search")
RULES = frozenset(("content-usage", "content-signal"))
SIGNALS = {"ai-train": "train-ai", "search": "search"}

# RFC 9651, section 4.2: enough of it to tell a dictionary from what is none, and its values that are tokens from all others.
KEY = r"[a-z*][a-z0-9_.*-]*"
NUMBER = r"-?(?:\d{1,12}\.\d{1,3}|\d{1,15})"
TOKEN = r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*"  # noqa: S105 a grammar
BARE = rf'(?:{NUMBER}|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|{TOKEN}|:[A-Za-z0-9+/=]*:|\?[01]|@-?\d{{1,15}}|%"(?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{{2}})*")'
PARAMETERS = rf"(?:; *{KEY}(?:={BARE})?)*"
INNER = rf"\( *(?:{BARE}{PARAMETERS}(?: +{BARE}{PARAMETERS})*)? *\)"
MEMBER = re.compile(rf"({KEY})(?:=({BARE}|{INNER}))?{PARAMETERS}")
COMMA = re.compile(r"[ \t]*,[ \t]*")


class Stated(NamedTuple):
    """A preference and the line that states it; ``against`` is a line of the same path that states the contrary, if there is one."""

    value: Preference
    line: Line
    against: Line | None = None


def content_usage(value: str) -> dict[str, Preference]:
    """What a Content-Usage value says of each category of the vocabulary; empty where it is no dictionary of RFC 9651. Of a key that comes twice the last
    counts, also where its value is none that the vocabulary knows."""
    members: dict[str, str | None] = {}
    text = value.strip(" ")
    at = 0
    while text:
        member = MEMBER.match(text, at)
        if not member:
            return {}
        members[member[1]] = member[2]
        at = member.end()
        if at == len(text):
            break
        comma = COMMA.match(text, at)
        if not comma or comma.end() == len(text):
            return {}
        at = comma.end()
    return {key: v for key, v in members.items() if key in CATEGORIES and v in ("y", "n")}  # type: ignore[misc]


def content_signal(value: str) -> dict[str, Preference]:
    """What a Content-Signal value says: ``ai-train=no, search=yes``. Signals that it does not name are neither granted nor restricted."""
    found: dict[str, Preference] = {}
    for part in value.split(","):
        key, _, said = (p.strip().lower() for p in part.partition("="))
        if key in SIGNALS and said in ("yes", "no"):
            found[SIGNALS[key]] = most_restrictive((found.get(SIGNALS[key]), "y" if said == "yes" else "n")) or "n"
    return found


def most_restrictive(values: Iterable[Preference | None]) -> Preference | None:
    """``n`` if any forbids, else ``y`` if any allows, else None."""
    said = set(values) - {None}
    return "n" if "n" in said else "y" if said else None


class Preferences:
    """The preferences of a file, read once and asked about many URLs."""

    def __init__(self, robots: Robots) -> None:
        self._robots = robots
        self._rules: dict[str, list[_Preference]] = {}
        for agents, line in groups(robots.lines, RULES):
            path, value = _parted(line.value)
            said = (content_usage if line.key == "content-usage" else content_signal)(value)
            rule = _Preference(Pattern(path) if path else None, len(path), said, line)
            for agent in dict.fromkeys(agents):
                self._rules.setdefault(agent, []).append(rule)

    @property
    def names(self) -> frozenset[str]:
        """The agents of the groups that state any, in lower case, ``*`` for all."""
        return frozenset(self._rules)

    def stated(self, agent: str, url: str) -> dict[str, Stated]:
        """What the file says of the use of a URL by an agent, by category, with the line that decides.

        Of the group that names the agent, else of the group for all, the rule with the longest path that matches counts; of those with the same path, and of
        the two mechanisms, the most restrictive. A rule without a path holds for all paths.
        """
        token, path = agent.lower(), normalised_path(path_of(url))
        mine = token if self._robots.names(agent) or token in self._rules else "*"
        best: dict[tuple[str, str], tuple[int, Stated]] = {}
        for pattern, chars, values, line in self._rules.get(mine, ()):
            if pattern and not pattern.matches(path):
                continue
            for category, said in values.items():
                length, known = best.get((line.key, category), (-1, None))
                if known is None or chars > length:
                    best[line.key, category] = (chars, Stated(said, line))
                elif chars == length and said != known.value:
                    strict, other = (line, known.line) if said == "n" else (known.line, line)
                    best[line.key, category] = (length, Stated("n", strict, other))
        result: dict[str, Stated] = {}
        for (_, category), (_, one) in sorted(best.items(), key=lambda kv: kv[0]):
            if category not in result or one.value == "n":
                result[category] = one
        return result


class _Preference(NamedTuple):
    """A rule: its pattern and how many characters that has, what it says by category, and its line."""

    pattern: Pattern | None
    chars: int
    values: Mapping[str, Preference]
    line: Line


def _parted(value: str) -> tuple[str, str]:
    """The path of a rule, normalised and empty if it has none, and what it says."""
    if not value.startswith("/"):
        return "", value
    path, _, rest = value.partition(" ")
    return normalised_pattern(path), rest.strip()

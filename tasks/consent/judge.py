"""The judgement of a page: what all mechanisms say, joined to one value for each purpose and each agent; and the counts over many pages.

A purpose is denied if any mechanism denies it, allowed if one allows it expressly, else unknown: that nobody forbids a thing is no permission. An agent is
denied if it may not fetch the page, allowed if it may, unknown where no robots.txt was captured. Contradictions are told, not hidden.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from winnow.tasks.consent.agents import PURPOSES, Agents
from winnow.tasks.consent.site import Rules, Said, State
from winnow.tasks.consent.statements import LICENCE, ROBOTS_TXT, TDM

ClosedBy = Literal["any", "all"]
LETTERS = {"a": "allow", "d": "deny", "u": "unknown"}
CLASSES = {"A": "all", "S": "some", "N": "none", "-": "no_robots"}
"""The Data Provenance Initiative's classes of a robots.txt for an agent, by letter."""
LETTER_OF = {name: letter for letter, name in CLASSES.items()}
Row = dict[str, Any]


def judged(said: Said, own: Iterable[Mapping[str, Any]], agents: Agents, closed_by: ClosedBy) -> Row:
    """The columns of one page: a value for each purpose, ``by`` (the mechanisms that deny or allow training), ``agents`` (a letter each), and so on. ``own`` are
    the statements of the page itself. By robots.txt a purpose is closed if ``any`` of its agents is denied, or only if ``all`` are."""
    statements = [*said.statements, *own]
    denied = set(said.denied)
    tdm = next((mechanism for mechanism in TDM for s in statements if s["mechanism"] == mechanism), None)
    conflict = said.conflict
    values: dict[str, str] = {}
    by: list[str] = []
    for purpose in PURPOSES:
        votes = _votes(purpose, statements, denied, agents, closed_by)
        conflict = conflict or len(set().union(*votes.values())) > 1
        counted = {mechanism: found for mechanism, found in votes.items() if mechanism not in TDM or mechanism == tdm}
        every = set().union(*counted.values())
        values[purpose] = "deny" if "deny" in every else "allow" if every else "unknown"
        if purpose == "train":
            by = sorted(mechanism for mechanism, found in counted.items() if values[purpose] in found)
    letters = (
        "u" * len(agents.agents) if said.state == "unknown" else "".join("d" if i in denied else "a" for i in range(len(agents.agents)))
    )
    capture = said.capture
    return {
        **values,
        "by": ",".join(by) or None,
        "robots": said.state,
        "robots_url": capture["url"] if capture else None,
        "robots_date": (capture["date"] or None) if capture else None,
        "robots_digest": capture["payload_digest"] if capture else None,
        "robots_distance_s": said.distance_s,
        "robots_flaws": ",".join(capture["flaws"]) or None if capture else None,
        "agents": letters,
        "conflict": conflict,
        "licence": next((s["text"] for s in statements if s["mechanism"] == LICENCE), None),
        "files": ",".join(s["mechanism"] for s in statements if s["value"] == "present" and s["mechanism"] != LICENCE and s["file"])
        or None,
        "statements": statements,
    }


def _votes(
    purpose: str, statements: Sequence[Mapping[str, Any]], denied: set[int], agents: Agents, closed_by: ClosedBy
) -> dict[str, set[str]]:
    """What each mechanism says of a purpose."""
    votes: dict[str, set[str]] = {}
    mine = agents.of[purpose]
    closed = [place in denied for place in mine]
    if closed and (any(closed) if closed_by == "any" else all(closed)):
        votes[ROBOTS_TXT] = {"deny"}
    for s in statements:
        if s["value"] == "present":
            continue
        places = {agents.places.get(name.lower(), -1) for name in s["agents"]}
        if s["mechanism"] == ROBOTS_TXT:
            if s["value"] == "allow" and places & set(mine):
                votes.setdefault(ROBOTS_TXT, {"allow"})
        elif s["purpose"] == purpose and (not s["agents"] or purpose == "train" or places & set(mine)):
            # A page that forbids training to one robot by name forbids it; what search engine may list it is that one's matter.
            votes.setdefault(s["mechanism"], set()).add(s["value"])
        elif s["purpose"] == "search" and places & set(mine) - set(agents.of["search"]):
            # `GPTBot: noindex`: of a robot that lists nothing it can only mean what that robot does.
            votes.setdefault(s["mechanism"], set()).add(s["value"])
    return votes


def reach(rules: Rules | None, state: State, agents: Agents) -> str:
    """A letter of CLASSES for each agent: how much of a site it may not fetch."""
    if rules is not None:
        return "".join(LETTER_OF[name] for name in rules.reach())
    return (LETTER_OF["all"] if state == "unreachable" else LETTER_OF["no_robots"]) * len(agents.agents)


@dataclass
class Tally:
    """Documents and tokens by what was judged. The keys of the counters are joined with a colon: ``train:deny``, ``content-signal:deny``, ``GPTBot:deny``,
    ``GPTBot:all``; ``tlds`` are counted by what is said of training."""

    agents: Agents
    documents: int = 0
    conflicts: int = 0
    tokens: float = 0.0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    token_counts: dict[str, dict[str, float]] = field(default_factory=dict)
    _agents: dict[str, tuple[int, float]] = field(default_factory=dict)
    _classes: dict[str, tuple[int, float]] = field(default_factory=dict)

    def add(self, row: Row, tokens: float, classes: str, tld: str) -> None:
        """One page; ``classes`` are those of its site (``reach``), ``tld`` is its top-level domain."""
        self.documents += 1
        self.tokens += tokens
        self.conflicts += bool(row["conflict"])
        self._count("robots", [row["robots"]], tokens)
        self._count("tlds", [f"{tld}:{row['train']}"], tokens)
        self._count("purposes", [f"{purpose}:{row[purpose]}" for purpose in PURPOSES], tokens)
        said = {f"{s['mechanism']}:{s['value']}" for s in row["statements"]}
        self._count("mechanisms", sorted(said), tokens)
        for patterns, letters in ((self._agents, row["agents"]), (self._classes, classes)):
            documents, sums = patterns.get(letters, (0, 0.0))
            patterns[letters] = (documents + 1, sums + tokens)

    def _count(self, what: str, keys: Iterable[str], tokens: float) -> None:
        counts, sums = self.counts.setdefault(what, Counter()), self.token_counts.setdefault(what, {})
        for key in keys:
            counts[key] += 1
            sums[key] = sums.get(key, 0.0) + tokens

    def notes(self) -> dict[str, Any]:
        """Whole numbers, for the report of a step: they are added up over partitions."""
        totals: dict[str, Any] = {"documents": self.documents, "tokens": round(self.tokens), "conflicts": self.conflicts}
        for what, counts in sorted(self.counts.items()):
            totals[what] = dict(sorted(counts.items()))
            totals[f"{what}_tokens"] = {key: round(n) for key, n in sorted(self.token_counts[what].items())}
        for what, patterns, words in (("agents", self._agents, LETTERS), ("classes", self._classes, CLASSES)):
            documents: Counter[str] = Counter()
            sums: dict[str, float] = {}
            for letters, (n, tokens) in sorted(patterns.items()):
                for agent, letter in zip(self.agents.agents, letters, strict=True):
                    key = f"{agent.name}:{words[letter]}"
                    documents[key] += n
                    sums[key] = sums.get(key, 0.0) + tokens
            totals[what], totals[f"{what}_tokens"] = dict(sorted(documents.items())), {key: round(n) for key, n in sorted(sums.items())}
        return totals


def account(notes: Mapping[str, Any], agents: Iterable[tuple[str, Sequence[str], bool]]) -> dict[str, Any]:
    """The counts of a whole run as ``winnow consent --json`` has them; ``agents`` are names, purposes and whether they crawl."""

    def figure(what: str, key: str) -> int:
        return int(notes.get(what, {}).get(key, 0))

    def both(what: str, key: str, value: str) -> dict[str, int]:
        return {value: figure(what, f"{key}:{value}"), f"{value}_tokens": figure(f"{what}_tokens", f"{key}:{value}")}

    tlds = sorted({key.rpartition(":")[0] for key in notes.get("tlds", {})})
    mechanisms = sorted({key.rpartition(":")[0] for key in notes.get("mechanisms", {})})
    found: dict[str, Any] = {
        "documents": int(notes.get("documents", 0)),
        "tokens": int(notes.get("tokens", 0)),
        "conflicts": int(notes.get("conflicts", 0)),
        "robots": {state: figure("robots", state) for state in ("found", "none", "unreachable", "unknown")},
        "purposes": {p: {k: v for value in ("deny", "allow", "unknown") for k, v in both("purposes", p, value).items()} for p in PURPOSES},
        "mechanisms": {
            m: {k: v for value in ("deny", "allow", "present") for k, v in both("mechanisms", m, value).items()} for m in mechanisms
        },
        "tlds": {t: {k: v for value in ("deny", "allow", "unknown") for k, v in both("tlds", t, value).items()} for t in tlds},
        "agents": {},
    }
    for name, purposes, crawls in agents:
        found["agents"][name] = {
            "disallowed": figure("agents", f"{name}:deny"),
            "allowed": figure("agents", f"{name}:allow"),
            "unknown": figure("agents", f"{name}:unknown"),
            "disallowed_tokens": figure("agents_tokens", f"{name}:deny"),
            "purposes": list(purposes),
            "crawls": crawls,
            "classes": {kind: figure("classes", f"{name}:{kind}") for kind in CLASSES.values()},
        }
    return found

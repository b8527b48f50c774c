"""``winnow consent``: what sites say about the use of the pages of a finished run; judged anew for another table of agents, out of the tables that the run left."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from winnow.tasks.consent.agents import Agent, Agents, read_agents
from winnow.tasks.consent.judge import CLASSES, Tally, account
from winnow.tasks.consent.steps import Court
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.step import Step
from winnow.tasks.ledger.find import Finished

CAPTURES, PAGES, JUDGED, CONSENT = "policy-files", "scatter-pages", "judge-pages", "consent"
CLOSED = {"none": 0, "no_robots": 0, "some": 1, "all": 2}
"""How far a site is closed to an agent, by its class."""
SAMPLES = 10


@dataclass(frozen=True)
class Left(Step):
    """A step as a run left it: its tables are there, what it was made from need not be."""

    left_at: str = ""

    @property
    def address(self) -> str:
        return self.left_at


def is_judged(run: Finished) -> bool:
    """Whether the run's recipe has ``consent``."""
    return run.has(JUDGED)


def consent(run: Finished, agents: Path | None = None) -> dict[str, Any]:
    """The counts of a run (``judge.account``): of its own table of agents, or of another one, for which every page is judged again, partition by partition.

    Raises:
        BadInput: the run's recipe has no ``consent``; the table of agents cannot be used. DamagedArtifact: a table is damaged.
    """
    if not is_judged(run):
        raise BadInput(
            f"The run {run.id} has no consent in it: its recipe {run.entry['recipe']} does not ask for it. Run with a recipe that does, such as "
            "`consent-annotated`, or one of your own with `consent: {}`."
        )
    judged = run.reports(JUDGED)
    if agents is None:
        notes: Counter[str] = Counter()
        nested: dict[str, Counter[str]] = {}
        for report in judged.values():
            for key, value in report["notes"].items():
                if isinstance(value, dict):
                    nested.setdefault(key, Counter()).update(value)
                else:
                    notes[key] += value
        table = agents_of(run)
        return account({**notes, **nested}, ((a.name, a.purposes, a.crawls) for a in table.agents))
    table = read_agents(agents)
    tally = Tally(table)
    captures, pages = (Left(run.address(CAPTURES)), sorted(run.reports(CAPTURES))), (Left(run.address(PAGES)), run.entry["shards"])
    for partition in range(len(judged)):
        court = Court.of(run.store, captures, pages, partition, len(judged), table, _options(run).get("closed_by", "any"), tally)
        for _ in court.judged():
            pass
    return account(tally.notes(), ((a.name, a.purposes, a.crawls) for a in table.agents))


def agents_of(run: Finished) -> Agents:
    """The table of agents by which a run was judged."""
    said = _options(run)["agents"]
    return Agents(tuple(Agent(a["name"], tuple(a.get("purposes", ())), a["crawls"]) for a in said["agents"]), said.get("date", ""))


def _options(run: Finished) -> Mapping[str, Any]:
    found: Mapping[str, Any] = run.manifest["recipe"]["consent"]
    return found


@dataclass(frozen=True)
class Moved:
    """How many sites closed and opened from one run to another, in whole or in part; ``samples`` are sites that closed or opened, with the classes (of agents) or
    values (of training) before and after."""

    closed: int = 0
    opened: int = 0
    samples: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Closures:
    """What closed and opened between two runs, of the ``sites`` whose robots.txt both know. ``train_ai`` is what is said of training at a site's root."""

    sites: int
    train_ai: Moved
    agents: Mapping[str, Moved] = field(default_factory=dict)


def closures(a: Finished, b: Finished) -> Closures | None:
    """What closed and opened from run A to run B; None unless both were judged. In memory is a row per site of A. Raises DamagedArtifact."""
    if not (is_judged(a) and is_judged(b)):
        return None
    names_a, names_b = ([agent.name for agent in agents_of(run).agents] for run in (a, b))
    before = {origin: (train, letters) for origin, train, letters in _sites(a)}
    shared = {name: (names_a.index(name), names_b.index(name)) for name in names_a if name in names_b}
    count: Counter[str] = Counter()
    samples: dict[str, list[tuple[str, str, str]]] = {}

    def move(name: str, origin: str, old: str, new: str, far: Mapping[str, int]) -> None:
        if far[old] != far[new]:
            count[f"{name}:{'closed' if far[new] > far[old] else 'opened'}"] += 1
            samples.setdefault(name, []).append((origin, old, new))
            samples[name] = sorted(samples[name])[:SAMPLES]

    sites = 0
    for origin, train, letters in _sites(b):
        if origin in before:
            sites += 1
            was, were = before[origin]
            move("", origin, was, train, {"allow": 0, "unknown": 0, "deny": 1})
            for name, (i, k) in shared.items():
                move(name, origin, CLASSES[were[i]], CLASSES[letters[k]], CLOSED)
    moved = {name: Moved(count[f"{name}:closed"], count[f"{name}:opened"], tuple(samples.get(name, ()))) for name in ("", *shared)}
    train_ai = moved.pop("")
    return Closures(sites, train_ai, {name: m for name, m in moved.items() if m.closed or m.opened})


def _sites(run: Finished) -> Iterator[tuple[str, str, str]]:
    """Origin, what is said of training and the classes of agents of each site whose robots.txt is known."""
    address = run.address(JUDGED)
    for shard in sorted(run.reports(JUDGED)):
        table = run.read(address, shard, table="sites")
        if table.num_rows:
            columns = [table[name].to_pylist() for name in ("origin", "train", "agents", "robots")]
            yield from ((origin, train, letters) for origin, train, letters, robots in zip(*columns, strict=True) if robots != "unknown")


def evidence(run: Finished, shard: str, identity: str) -> list[dict[str, Any]]:
    """Every statement about one page, with its line and file; none if the run was not judged. Raises DamagedArtifact."""
    if not run.has(CONSENT):
        return []
    table = run.read(run.address(CONSENT), shard, table="evidence")
    return [{k: v for k, v in row.items() if k != "id"} for row in table.to_pylist() if row["id"] == identity]


def said(statement: Mapping[str, Any]) -> str:
    """One statement in words."""
    verb = {"deny": "denies", "allow": "allows", "present": "is there"}[statement["value"]]
    what = statement["purpose"] or ""
    if names := statement["agents"]:
        few = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        what = f"{what} to {few}" if what else few
    where = "the page itself"
    if statement["file"]:
        line = f"line {statement['line']} of " if statement["line"] else ""
        where = f"{line}{statement['file']}, captured {statement['captured']} ({statement['source_file']}, offset {statement['offset']})"
    return f"{statement['mechanism']} {verb} {what}".rstrip() + f": `{statement['text']}`, {where}"

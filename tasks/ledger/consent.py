"""``winnow consent``: what sites say about the use of the pages of a finished run; judged anew for another table of agents, out of the tables that the run left."""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, cast

from winnow.tasks.consent.agents import Agent, Agents, read_agents, shipped
from winnow.tasks.consent.court import Court
from winnow.tasks.consent.judge import CLASSES, ClosedBy, Tally, account
from winnow.tasks.consent.judge_pages import SHARDS_PER_PARTITION
from winnow.tasks.consent.read_policy_files import LISTING, ReadPolicyFiles
from winnow.tasks.consent.scatter_pages import ScatterPages
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.crawl import ALL_BESIDE
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.places import source_place
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.store import Store
from winnow.tasks.ledger.find import Finished
from winnow.tasks.sources.crawl_ids import CRAWL_ID
from winnow.tasks.sources.resolve import resolve

CAPTURES, PAGES, JUDGED, CONSENT = "policy-files", "scatter-pages", "judge-pages", "consent"
CLOSED = {"none": 0, "no_robots": 0, "some": 1, "all": 2}
"""How far a site is closed to an agent, by its class."""
SAMPLES = 10


@dataclass(frozen=True)
class Left:
    """What a step left in a store, for reading and writing its tables: the step itself would have to be built from the whole recipe."""

    address: str
    label: ClassVar[str] = ""
    kind: ClassVar[str] = "join"
    tables: ClassVar[Mapping[str, Any]] = {}

    data_path, table_path = Step.data_path, Step.table_path


def left(address: str) -> Step:
    """A step by its address alone."""
    return cast(Step, Left(address))


def is_judged(run: Finished) -> bool:
    """Whether the run's recipe has ``consent``."""
    return run.has(JUDGED)


def consent(run: Finished, agents: Path | None = None) -> dict[str, Any]:
    """The counts of a run (``judge.account``): of its own table of agents, or of another one, for which every page is judged again, partition by partition.
    ``read`` says what was looked at: a run whose recipe has no ``consent`` left nothing of headers and meta tags, so of its pages robots.txt alone is read, now.

    Raises:
        BadInput: the table of agents cannot be used; the source of a run without consent is not there or too large to be read here. DamagedArtifact: a table is damaged.
    """
    everything = ["robots.txt", "headers", "meta tags"] if is_judged(run) and _looks_at_pages(run) else ["robots.txt"]
    if is_judged(run) and agents is None:
        table, notes = agents_of(run), _summed(report["notes"] for report in run.reports(JUDGED).values())
    else:
        table = read_agents(agents) if agents else agents_of(run) if is_judged(run) else shipped()
        tally = Tally(table)
        with contextlib.ExitStack() as stack:
            partitions = len(run.reports(JUDGED)) if is_judged(run) else -(-len(run.entry["shards"]) // SHARDS_PER_PARTITION)
            store, captures, pages = _tables(run) if is_judged(run) else _read_now(run, stack)
            closed_by: ClosedBy = run.manifest["recipe"]["consent"]["closed_by"] if is_judged(run) else "any"
            for partition in range(partitions):
                for _ in Court.of(store, captures, pages, partition, partitions, table, closed_by, tally).judged():
                    pass  # it is counted
        notes = tally.notes()
    return account(notes, ((a.name, a.purposes, a.crawls) for a in table.agents)) | {"read": everything}


def _summed(many: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    totals: Counter[str] = Counter()
    nested: dict[str, Counter[str]] = {}
    for notes in many:
        for key, value in notes.items():
            if isinstance(value, dict):
                nested.setdefault(key, Counter()).update(value)
            else:
                totals[key] += value
    return {**totals, **nested}


def _looks_at_pages(run: Finished) -> bool:
    """Whether the reader of the source told headers and meta tags: documents that already are text have none."""
    return run.has("extract")


Tables = tuple[Step, Sequence[str]]


def _tables(run: Finished) -> tuple[Store, Tables, Tables]:
    """Where the captures and the pages of a judged run lie."""
    captures, pages = left(run.address(CAPTURES)), left(run.address(PAGES))
    return run.store, (captures, sorted(run.reports(CAPTURES))), (pages, run.entry["shards"])


def _read_now(run: Finished, stack: contextlib.ExitStack) -> tuple[Store, Tables, Tables]:
    """The same of a run without consent, out of its source and its documents, in a folder that ``stack`` deletes. Raises BadInput, DamagedArtifact."""
    source, options = source_place(run.entry["source"])
    name = run.entry["snapshot"] if CRAWL_ID.fullmatch(run.entry["snapshot"]) else ""
    crawl, place = resolve(source, snapshot=name, limit=1, options=tuple(sorted(options.items())), beside=(LISTING,))
    files = sum(len(shard.files) for shard in crawl.beside)
    if files > ALL_BESIDE:
        raise BadInput(
            f"The run {run.id} has no consent in it, and the robots.txt of its crawl lie in {files:,} files, which is too much for this command. Run with a "
            "recipe that reads them, such as `consent-annotated`, or one of your own with `consent: {}`."
        )
    store = Store(stack.enter_context(tempfile.TemporaryDirectory(prefix="winnow-consent-")))
    context = ShardContext(crawl, place, run.store)
    read = ReadPolicyFiles("")
    scatter = ScatterPages(left(run.entry["tables"]["documents"]))
    captures, pages = (left(CAPTURES), read.shards(context)), (left(PAGES), run.entry["shards"])
    for shard in captures[1]:
        store.commit(captures[0], shard, replace(read.run(shard, context), tables={}), dict)
    for shard in pages[1]:
        store.commit(pages[0], shard, scatter.run(shard, context), dict)
    return store, captures, pages


def agents_of(run: Finished) -> Agents:
    """The table of agents by which a run was judged."""
    said = run.manifest["recipe"]["consent"]["agents"]
    return Agents(tuple(Agent(a["name"], tuple(a.get("purposes", ())), a["crawls"]) for a in said["agents"]), said.get("date", ""))


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

"""The steps of consent. ``ReadPolicyFiles`` (per file of the crawl's captures of robots.txt) and ``ScatterPages`` (per shard of pages) sort what they have by
registered domain; ``JudgePages`` (per range of domains) finds for each page the captures that count and judges it; ``Consent`` (per shard) has the columns.

A page and the files that speak of it meet in one partition, so that neither is held for the whole crawl; a redirect to another domain is followed within the
files that are read together. Another table of agents runs ``JudgePages`` again and reads no archive.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from winnow.tasks.archives.diagnose import NotAnArchive
from winnow.tasks.archives.warc import read_records
from winnow.tasks.consent.agents import PURPOSES, Agents
from winnow.tasks.consent.judge import LETTERS, ClosedBy, Tally, judged, reach
from winnow.tasks.consent.site import Site, origin, seconds
from winnow.tasks.consent.statements import STATEMENT, STATEMENTS, page_statements
from winnow.tasks.corpus.tokens import estimated_tokens
from winnow.tasks.dedup.resolve import group_sizes, rows_of_shard
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.ranges import KEY, ROWS_PER_GROUP, rows_of_partition
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult, WholeStep
from winnow.tasks.engine.store import Store
from winnow.tasks.extract.documents import host_of
from winnow.tasks.extract.losses import DROPPED, FILE_MISSING, FILE_NOT_AN_ARCHIVE, Losses
from winnow.tasks.extract.pages.policy_files import POLICY_FILES, ROBOTS, policy_row
from winnow.tasks.sources.domains import registered_domain, top_level
from winnow.tasks.transport.politeness import NotFound

LISTING = "robotstxt"
WANTED = frozenset({"response", "resource"})
MAX_RECORD_BYTES = 32 << 20
CAPTURES = pa.schema([pa.field("key", KEY), *POLICY_FILES])
TEXT = pa.string()
PAGES = pa.schema(
    [
        pa.field("key", KEY),
        pa.field("origin", TEXT),
        pa.field("row", pa.int32()),
        pa.field("url", TEXT),
        pa.field("date", TEXT),
        pa.field("tokens", pa.float64()),
        pa.field("statements", STATEMENTS),
        pa.field("capture", pa.struct(list(POLICY_FILES))),
    ]
)
"""A page, or (row -1) the capture of a file such as ai.txt that lay among the pages."""
JUDGED = pa.schema(
    [
        pa.field("shard", pa.int32()),
        pa.field("row", pa.int32()),
        *(pa.field(purpose, TEXT) for purpose in PURPOSES),
        pa.field("by", TEXT),
        pa.field("robots", TEXT),
        pa.field("robots_url", TEXT),
        pa.field("robots_date", TEXT),
        pa.field("robots_digest", TEXT),
        pa.field("robots_distance_s", pa.float64()),
        pa.field("robots_flaws", TEXT),
        pa.field("agents", TEXT),
        pa.field("conflict", pa.bool_()),
        pa.field("licence", TEXT),
        pa.field("files", TEXT),
        pa.field("statements", STATEMENTS),
    ]
)
SITES = pa.schema(
    [
        pa.field("origin", TEXT),
        pa.field("robots", TEXT),
        pa.field("robots_date", TEXT),
        pa.field("robots_digest", TEXT),
        pa.field("documents", pa.int64()),
        pa.field("tokens", pa.float64()),
        pa.field("train", TEXT),
        pa.field("agents", TEXT),
    ]
)
"""``train`` is judged for the root of the site; ``agents`` has a letter of ``judge.CLASSES`` for each."""
EVIDENCE = pa.schema([pa.field("id", TEXT), *STATEMENT])
SHARDS_PER_PARTITION = 128
ROWS_AT_ONCE = 8192


def domain_key(url: str) -> bytes:
    """128-bit key of the registered domain of a URL; zeros if it has no host."""
    host = origin(url).partition("://")[2].rpartition(":")[0]
    return xxhash.xxh3_128_digest(registered_domain(host).encode("utf-8", "surrogatepass")) if host else bytes(16)


@stable("step/read-policy-files")
@dataclass(frozen=True)
class ReadPolicyFiles(WholeStep):
    """Records of the crawl's captures of robots.txt in, one row per capture out (schema CAPTURES), by domain; a shard for some files of their listing.
    Statuses of all kinds are captures; a file that a redirect leads to is one too. A file that is not there, or is no archive, is one loss. Its rows are
    conserved, but none of them is a page, so it is no filter of the funnel. ``crawl`` is the digest of the shards of that listing."""

    name: ClassVar[str] = "policy-files"
    about: ClassVar[str] = "reads robots.txt and the like of every site"
    version: ClassVar[str] = "2"
    title: ClassVar[str] = "read robots.txt"

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return context.keys_beside(LISTING)

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        return {"dropped": DROPPED}

    def run(self, shard: str, context: ShardContext) -> StepResult:
        losses = Losses()
        rows_in = 0
        captures: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for file in context.shard(shard).files:
            try:
                with context.source.open_ahead(file.path) as stream:
                    for record in read_records(stream, max_block_bytes=MAX_RECORD_BYTES, wanted=WANTED):
                        rows_in += 1
                        where = (file.path, record.offset, record.length, record.record_id, record.uri)
                        if record.problem and record.problem != "oversized":
                            losses.name(f"damaged:{record.problem}", *where)
                        elif record.type not in WANTED:
                            losses.count(f"type:{record.type}")
                        elif (row := policy_row(record, file.path)) is None:
                            losses.name("http:bad_status_line", *where)
                        else:
                            (captures if row["kind"] else others).append(row)
            except NotFound as e:
                if context.source.strict:
                    raise
                rows_in += 1
                losses.name(FILE_MISSING, file.path, why=str(e))
            except NotAnArchive as e:
                rows_in += 1
                losses.name(FILE_NOT_AN_ARCHIVE, file.path, why=str(e))
        led_to = {row["location"] for row in (*captures, *others)}
        for row in others:
            if row["url"] not in led_to:
                losses.name("no_policy_file", row["source_file"], row["offset"], row["length"], row["record_id"], row["url"])
        captures += [row for row in others if row["url"] in led_to]
        keyed = [{"key": domain_key(row["url"]), **row} for row in captures]
        guests = [{"key": key, **row} for key, row in _guests(captures)]
        notes = {
            "flaws": dict(Counter(flaw for row in captures for flaw in row["flaws"])),
            "statuses": dict(Counter(str(row["status"]) for row in captures)),
        }
        table = pa.Table.from_pylist(sorted(keyed + guests, key=lambda r: (r["key"], r["url"], r["date"], r["offset"])), schema=CAPTURES)
        return StepResult(
            table, rows_in, len(captures), dict(losses.by_reason), notes | losses.notes, {"dropped": losses.table()}, ROWS_PER_GROUP
        )


def _guests(captures: Sequence[dict[str, Any]]) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """What redirects to other domains lead to, under the keys of the domains that they come from: there it is looked for."""
    by_url: dict[str, list[dict[str, Any]]] = {}
    for row in captures:
        by_url.setdefault(row["url"], []).append(row)
    seen: set[tuple[bytes, int]] = set()
    for row in captures:
        home = domain_key(row["url"])
        waiting = [row["location"]] if row["location"] else []
        for _ in range(5):
            there = [target for url in waiting for target in by_url.get(url, ())]
            for target in there:
                if domain_key(target["url"]) != home and (home, id(target)) not in seen:
                    seen.add((home, id(target)))
                    yield home, target | {"kind": ""}
            waiting = list(dict.fromkeys(target["location"] for target in there if target["location"]))


@stable("step/scatter-pages")
@dataclass(frozen=True)
class ScatterPages(ShardStep):
    """Documents in, one row each out (schema PAGES), by domain, with the statements of the page itself where the documents step has its headers and metadata;
    and the captures of policy files that the documents step came upon."""

    name: ClassVar[str] = "scatter-pages"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "sorts pages by site"
    kind: ClassVar[Kind] = "join"

    documents: Step

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.documents, shard, ["id", "url", "date", "language", "text_chars"])
        tokens = estimated_tokens(documents["text_chars"].to_numpy(), documents["language"].to_pylist())
        headers, metadata = (self._named(name, shard, context) for name in ("headers", "metadata"))
        rows = []
        columns = (documents[name].to_pylist() for name in ("id", "url", "date"))
        for row, (identity, url, date) in enumerate(zip(*columns, strict=True)):
            rows.append(
                {
                    "key": domain_key(url or ""),
                    "origin": origin(url or ""),
                    "row": row,
                    "url": url or "",
                    "date": date,
                    "tokens": float(tokens[row]),
                    "statements": page_statements(headers.get(identity, ()), metadata.get(identity, ())),
                    "capture": None,
                }
            )
        if "policy_files" in self.documents.tables:
            for capture in context.read(self.documents, shard, table="policy_files").to_pylist():
                blank = {"row": -1, "date": capture["date"], "tokens": 0.0, "statements": [], "capture": capture}
                rows.append({"key": domain_key(capture["url"]), "origin": origin(capture["url"]), "url": capture["url"], **blank})
        table = pa.Table.from_pylist(sorted(rows, key=lambda r: (r["key"], r["origin"], r["row"])), schema=PAGES)
        return StepResult(table, documents.num_rows, documents.num_rows, row_groups=ROWS_PER_GROUP)

    def _named(self, name: str, shard: str, context: ShardContext) -> dict[str, list[tuple[str, str]]]:
        """Names and values of a table of the documents step, by document."""
        found: dict[str, list[tuple[str, str]]] = {}
        if name in self.documents.tables:
            table = context.read(self.documents, shard, ["id", "name", "value"], table=name)
            for identity, key, value in zip(*(table[c].to_pylist() for c in ("id", "name", "value")), strict=True):
                found.setdefault(identity, []).append((key, value))
        return found


@stable("step/judge-pages")
@dataclass(frozen=True)
class JudgePages(WholeStep):
    """Pages and captures of one range of domains in; every page with its judgement out (schema JUDGED), by shard and row, and the table ``sites``. The notes
    have the counts of ``judge.Tally``. ``partitions`` bounds the memory and changes no result."""

    name: ClassVar[str] = "judge-pages"
    version: ClassVar[str] = "2"
    title: ClassVar[str] = "consent of sites"
    about: ClassVar[str] = "what robots.txt, headers and meta tags say about the use of each page"

    captures: ReadPolicyFiles
    pages: ScatterPages
    agents: Agents
    closed_by: ClosedBy
    partitions: int

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        return {"sites": SITES}

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{p:05d}" for p in range(self.partitions))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        captures, pages = (self.captures, self.captures.shards(context)), (self.pages, context.shard_keys)
        court = Court.of(context.store, captures, pages, int(shard), self.partitions, self.agents, self.closed_by)
        table = pa.concat_tables([JUDGED.empty_table(), *court.judged()]).sort_by([("shard", "ascending"), ("row", "ascending")])
        sizes = list(group_sizes(table["shard"].to_numpy()))
        return StepResult(table, table.num_rows, table.num_rows, {}, court.tally.notes(), {"sites": court.sites()}, sizes)


@stable("step/consent")
@dataclass(frozen=True)
class Consent(ShardStep):
    """Judgements in, the signals of consent out, one row per document: the columns of ``columns_of``; the table ``evidence`` has every statement with its line and
    its file."""

    name: ClassVar[str] = "consent"
    title: ClassVar[str] = "consent of pages"
    about: ClassVar[str] = "puts the words of sites beside their pages"
    kind: ClassVar[Kind] = "join"

    documents: Step
    judged: JudgePages

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        return {"evidence": EVIDENCE}

    def run(self, shard: str, context: ShardContext) -> StepResult:
        ids = context.read(self.documents, shard, ["id"])["id"].combine_chunks()
        found = rows_of_shard(self.judged, JUDGED, shard, context).sort_by("row")
        if found.num_rows != len(ids):
            raise ValueError(f"shard {shard}: {found.num_rows} judgements of {len(ids)} documents; a step lost or doubled rows")
        agents = self.judged.agents.agents
        letters = found["agents"].to_pylist()
        values = {name: found[column] for name, column in PLAIN.items()}
        values["consent_agents_denied"] = pa.array([row.count("d") for row in letters], pa.int64())
        for place, agent in enumerate(agents):
            values[agent.column] = pa.array([LETTERS[row[place]] for row in letters], TEXT)
        kinds = columns_of(self.judged.agents)
        table = pa.table({"id": ids, **{name: values[name].cast(kinds[name]) for name in kinds}})
        evidence = [
            {"id": identity, **row} for identity, rows in zip(ids.to_pylist(), found["statements"].to_pylist(), strict=True) for row in rows
        ]
        return StepResult(table, len(ids), len(ids), tables={"evidence": pa.Table.from_pylist(evidence, schema=EVIDENCE)})


PLAIN = {
    "consent_train_ai": "train",
    "consent_search": "search",
    "consent_user": "user",
    "consent_archive": "archive",
    "consent_train_ai_by": "by",
    "consent_conflict": "conflict",
    "consent_robots": "robots",
    "consent_robots_date": "robots_date",
    "consent_robots_digest": "robots_digest",
    "consent_robots_distance_s": "robots_distance_s",
    "consent_robots_flaws": "robots_flaws",
    "consent_licence": "licence",
    "consent_files": "files",
}
"""A signal -> its column of JUDGED."""


def columns_of(agents: Agents) -> dict[str, pa.DataType]:
    """The signals of consent, by name."""
    found = {name: JUDGED.field(column).type for name, column in PLAIN.items()}
    return found | {"consent_agents_denied": pa.int64()} | {agent.column: TEXT for agent in agents.agents}


class Court:
    """One range of domains: its captures and its pages. ``judged`` goes through the pages domain by domain; after it ``tally`` and ``sites`` are complete.

    Where a crawl keeps what its robots were told ``apart``, that alone is what they obeyed: a robots.txt among the pages is one that somebody linked to. Other
    archives have no other place for it.
    """

    def __init__(
        self, captures: pa.Table, pages: pa.Table, agents: Agents, closed_by: ClosedBy, tally: Tally | None = None, *, apart: bool = True
    ) -> None:
        lay = pages.filter(pc.equal(pages["row"], -1))
        among = pa.Table.from_pylist(
            [
                {"key": key, **row}
                for key, row in zip(lay["key"].to_pylist(), lay["capture"].to_pylist(), strict=True)
                if not (apart and row["kind"] == ROBOTS)
            ],
            CAPTURES,
        )
        self._captures = pa.concat_tables([captures.select(CAPTURES.names), among]).combine_chunks()
        pages = pages.filter(pc.not_equal(pages["row"], -1)).drop_columns(["capture"])
        self._pages = pages.sort_by([("key", "ascending"), ("origin", "ascending"), ("shard", "ascending"), ("row", "ascending")])
        self._agents, self._closed_by = agents, closed_by
        self.tally = tally or Tally(agents)
        self._sites: list[dict[str, Any]] = []
        self._rows: dict[bytes, list[int]] = {}
        for row, key in enumerate(self._captures["key"].to_pylist()):
            self._rows.setdefault(key, []).append(row)

    @classmethod
    def of(
        cls,
        store: Store,
        captures: tuple[Step, Sequence[str]],
        pages: tuple[Step, Sequence[str]],
        partition: int,
        partitions: int,
        agents: Agents,
        closed_by: ClosedBy,
        tally: Tally | None = None,
    ) -> "Court":
        """One partition of a run, out of the tables of two steps and the names of their shards; ``tally`` goes on counting. Raises DamagedArtifact."""
        return cls(
            rows_of_partition(store, *captures, CAPTURES, partition, partitions),
            rows_of_partition(store, *pages, PAGES, partition, partitions),
            agents,
            closed_by,
            tally,
            apart=bool(captures[1]),
        )

    def judged(self) -> Iterator[pa.Table]:
        """The pages with their judgements (schema JUDGED), some thousand at a time."""
        domain: Domain | None = None
        place, site, classes, tld = "", Site(self._agents, {}), "", ""
        for start in range(0, self._pages.num_rows, ROWS_AT_ONCE):
            rows = []
            for page in self._pages.slice(start, ROWS_AT_ONCE).to_pylist():
                if domain is None or domain.key != page["key"]:
                    domain, place = Domain(page["key"], self._captures, self._rows.get(page["key"], ())), ""
                when = seconds(page["date"])
                if place != page["origin"] or not self._sites:
                    place, tld = page["origin"], top_level(host_of(page["origin"]))
                    site = Site(self._agents, domain.captures(place), domain.at)
                    classes = self._open(site, place, when)
                row = judged(site.said(page["url"], when), page["statements"], self._agents, self._closed_by)
                self.tally.add(row, page["tokens"], classes, tld)
                self._sites[-1]["documents"] += 1
                self._sites[-1]["tokens"] += page["tokens"]
                rows.append({"shard": page["shard"], "row": page["row"], **row})
            yield pa.Table.from_pylist(rows, schema=JUDGED)

    def _open(self, site: Site, place: str, when: float | None) -> str:
        """A row for a site, as it was for its first page; the class of its robots.txt for each agent."""
        state, capture, _, rules = site.robots(when)
        classes = reach(rules, state, self._agents)
        root = judged(site.said(f"{place}/", when), (), self._agents, self._closed_by)
        digest, date = (capture["payload_digest"], capture["date"]) if capture else (None, None)
        known = {"origin": place, "robots": state, "robots_date": date, "robots_digest": digest, "train": root["train"], "agents": classes}
        self._sites.append(known | {"documents": 0, "tokens": 0.0})
        return classes

    def sites(self) -> pa.Table:
        """One row per site (schema SITES), of those that were judged."""
        return pa.Table.from_pylist(self._sites, schema=SITES)


class Domain:
    """The captures of one registered domain. Their bodies are read when they are asked for: a domain may have a million hosts."""

    def __init__(self, key: bytes, captures: pa.Table, rows: Sequence[int]) -> None:
        self.key, self._captures, self._numbers = key, captures, rows

    @cached_property
    def _light(self) -> pa.Table:
        return self._captures.select(["kind", "url"]).take(pa.array(self._numbers, pa.int64()))

    @cached_property
    def _by_url(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, url in zip(self._numbers, self._light["url"].to_pylist(), strict=True):
            found.setdefault(url, []).append(number)
        return found

    @cached_property
    def _by_origin(self) -> dict[str, dict[str, list[int]]]:
        found: dict[str, dict[str, list[int]]] = {}
        for number, kind, url in zip(self._numbers, *(self._light[c].to_pylist() for c in ("kind", "url")), strict=True):
            if kind:
                found.setdefault(origin(url), {}).setdefault(kind, []).append(number)
        return found

    def captures(self, place: str) -> dict[str, list[dict[str, Any]]]:
        """The captures of one origin, by kind."""
        return {kind: self._read(numbers) for kind, numbers in self._by_origin.get(place, {}).items()}

    def at(self, url: str) -> list[dict[str, Any]]:
        """The captures of a URL."""
        return self._read(self._by_url.get(url, []))

    def _read(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        return [row for n in numbers for row in self._captures.slice(n, 1).to_pylist()]

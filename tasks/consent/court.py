"""A court: one range of domains, in which every page is judged by its own words and by the captures that count for it. Neither is held for the whole crawl; a redirect
to another domain is followed within the files that are read together."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.consent.agents import PURPOSES, Agents
from winnow.tasks.consent.judge import ClosedBy, Tally, judged, reach
from winnow.tasks.consent.read_policy_files import CAPTURES
from winnow.tasks.consent.scatter_pages import PAGES
from winnow.tasks.consent.site import Site, origin, seconds
from winnow.tasks.consent.statements import STATEMENTS
from winnow.tasks.engine.ranges import rows_of_partition
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.store import Store
from winnow.tasks.extract.documents import host_of
from winnow.tasks.extract.pages.policy_files import ROBOTS
from winnow.tasks.sources.domains import top_level

TEXT = pa.string()
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
ROWS_AT_ONCE = 8192


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

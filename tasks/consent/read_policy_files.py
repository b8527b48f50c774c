"""``ReadPolicyFiles``: the captures of robots.txt that a crawl keeps apart from its pages, file by file, sorted by registered domain."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.archives.diagnose import NotAnArchive
from winnow.tasks.archives.warc import read_records
from winnow.tasks.consent.domains import domain_key
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.ranges import KEY, ROWS_PER_GROUP
from winnow.tasks.engine.step import StepResult, WholeStep
from winnow.tasks.extract.losses import DROPPED, FILE_MISSING, FILE_NOT_AN_ARCHIVE, Losses
from winnow.tasks.extract.pages.policy_files import POLICY_FILES, policy_row
from winnow.tasks.transport.politeness import NotFound

LISTING = "robotstxt"
WANTED = frozenset({"response", "resource"})
MAX_RECORD_BYTES = 32 << 20
CAPTURES = pa.schema([pa.field("key", KEY), *POLICY_FILES])


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

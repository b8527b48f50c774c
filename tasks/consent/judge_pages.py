"""``JudgePages``: every page of a range of domains with its judgement. Another table of agents runs this step again and reads no archive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from winnow.tasks.consent.agents import Agents
from winnow.tasks.consent.court import JUDGED, SITES, Court
from winnow.tasks.consent.judge import ClosedBy
from winnow.tasks.consent.read_policy_files import ReadPolicyFiles
from winnow.tasks.consent.scatter_pages import ScatterPages
from winnow.tasks.dedup.resolve import group_sizes
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import StepResult, WholeStep

SHARDS_PER_PARTITION = 128


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

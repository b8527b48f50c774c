"""``Consent``: the judgements of the pages of a shard as its signals, and the statements behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from winnow.tasks.consent.agents import Agents
from winnow.tasks.consent.court import JUDGED
from winnow.tasks.consent.judge import LETTERS
from winnow.tasks.consent.judge_pages import JudgePages
from winnow.tasks.consent.statements import STATEMENT
from winnow.tasks.dedup.resolve import rows_of_shard
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult

TEXT = pa.string()
EVIDENCE = pa.schema([pa.field("id", TEXT), *STATEMENT])
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

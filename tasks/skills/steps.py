"""Skills as steps: the graph of a reference set, what every document has of it, and its place under caps per skill."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.samples import GroupSamples, sample_keys
from winnow.tasks.engine.step import Kind, ShardStep, StepResult, WholeStep
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.models.files import file_sha256
from winnow.tasks.semantic.embed import sample_threshold
from winnow.tasks.semantic.neighbours import quota_shares
from winnow.tasks.skills.graph import DECIMALS, TEXTS, SkillGraph, fitted
from winnow.tasks.sources.jsonl import records

BACKGROUND = 2000
MOST_REFERENCE = 20_000
HAS = 0.1  # how much of a skill a document has that has it
GRID = 1001
SCALED = 100_000  # scores of a skill that its quantiles are made of
LISTS = pa.list_(pa.field("element", pa.float64()))
SKILLS = pa.schema(
    [
        pa.field("skill", pa.int32()),
        pa.field("label", pa.string()),
        pa.field("importance", pa.float64()),
        pa.field("edges", LISTS),
    ]
)
PHRASES = pa.schema([pa.field("hash", pa.uint64()), pa.field("skill", pa.int32()), pa.field("weight", pa.float64())])
SCORED = pa.schema(
    [pa.field("id", pa.string()), pa.field("skill", pa.int32()), pa.field("skill_score", pa.float64()), pa.field("skill_count", pa.int64())]
)
HELD = pa.schema([pa.field("id", pa.string()), pa.field("skill", pa.int32()), pa.field("share", pa.float64())])
SCALE = pa.schema([pa.field("skill", pa.int32()), pa.field("documents", pa.int64()), pa.field("points", LISTS)])
SIGNALS = {"skill_score": pa.float64(), "skill_count": pa.int64(), "skill_top": pa.string(), "skill_share": pa.float64()}


@stable("option/reference-file")
@dataclass(frozen=True)
class ReferenceFile:
    """A file by its content; where it lies does not count."""

    name: str
    sha256: str
    location: str = field(default="", metadata={"identity": False})

    def path(self) -> Path:
        """Raises BadInput if it is gone or has changed."""
        path = Path(self.location)
        if not path.is_file() or file_sha256(path) != self.sha256:
            raise BadInput(f"The file {path} is gone, or has changed since the run was planned. Put it back, or start again.")
        return path


@stable("step/fit-skills")
@dataclass(frozen=True)
class FitSkills(WholeStep):
    """Reference texts and a sample of the run's in, skills out (schema SKILLS), and their phrases (table ``phrases``)."""

    name: ClassVar[str] = "fit-skills"
    title: ClassVar[str] = "find skills"
    about: ClassVar[str] = "finds the skills of the reference"

    text: TextColumn
    reference: tuple[ReferenceFile, ...]
    skills: int
    given: ReferenceFile | None = None

    @property
    def tables(self) -> dict[str, pa.Schema]:
        return {"phrases": PHRASES}

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        reference = [row["text"] for file in self.reference for row in records(file.path(), "text")]
        step = max(1, -(-len(reference) // MOST_REFERENCE))
        background: list[str] = []
        least = sample_threshold(self.text.documents, context, BACKGROUND)
        for key in context.shard_keys:
            mine = sample_keys(context.read(self.text.documents, key, ["id"])["id"].to_pylist()) <= np.uint64(least)
            background += self.text.read(key, context).filter(pa.array(mine)).to_pylist() if mine.any() else []
        graph = fitted(reference[::step], background, self.skills, read_list(self.given.path()) if self.given else ())
        rows = [
            {"skill": n, "label": label, "importance": float(graph.importance[n]), "edges": graph.edges[n].tolist()}
            for n, label in enumerate(graph.labels)
        ]
        found = pa.table([graph.hashes, pa.array(graph.skill, pa.int32()), graph.weight], schema=PHRASES)
        table = pa.Table.from_pylist(rows, SKILLS)
        return StepResult(table, len(reference), table.num_rows, notes={"reference_documents": len(reference)}, tables={"phrases": found})

    def graph(self, context: ShardContext) -> SkillGraph:
        """What was fitted."""
        skills, known = context.read(self, "all"), context.read(self, "all", table="phrases")
        return SkillGraph(
            known["hash"].to_numpy(),
            known["skill"].to_numpy().astype(np.int64),
            known["weight"].to_numpy(),
            tuple(skills["label"].to_pylist()),
            skills["importance"].to_numpy(),
            np.array(skills["edges"].to_pylist(), np.float64).reshape(skills.num_rows, skills.num_rows),
        )


def read_list(path: Path) -> list[tuple[str, list[str]]]:
    """Skills that somebody lists: JSONL of ``{"skill", "phrases": [...]}``. Raises BadInput."""
    found = []
    for number, row in enumerate(records(path, "skill"), 1):
        words = row.get("phrases")
        if not isinstance(words, list) or not words or not all(isinstance(w, str) for w in words):
            raise BadInput(f"{path}, line {number}: phrases must be a list of texts.")
        found.append((row["skill"], words))
    if not found:
        raise BadInput(f"{path} lists no skill. Write a line such as " + '{"skill": "fractions", "phrases": ["common denominator"]}.')
    return found


@stable("step/score-skills")
@dataclass(frozen=True)
class ScoreSkills(ShardStep):
    """Texts in; of every document its score, the skill that it has most of, and how many it has out (schema SCORED); and which it has how much of
    (table ``skills``)."""

    name: ClassVar[str] = "score-skills"
    title: ClassVar[str] = "score skills"
    about: ClassVar[str] = "scores documents by skills"
    kind: ClassVar[Kind] = "join"

    text: TextColumn
    fitted: FitSkills

    @property
    def tables(self) -> dict[str, pa.Schema]:
        return {"skills": HELD}

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["id", "text"])
        texts = self.text.of(documents, shard, context).to_pylist()
        graph = self.fitted.graph(context)
        top, score, count = np.full(len(texts), -1), np.zeros(len(texts)), np.zeros(len(texts), np.int64)
        held: list[tuple[Any, Any, Any]] = []
        for at in range(0, len(texts) if graph.labels else 0, TEXTS):
            part = slice(at, min(at + TEXTS, len(texts)))
            has = graph.similarities(texts[part])
            score[part] = graph.scores(has)
            worth = has * graph.importance
            top[part] = np.where(worth.max(axis=1) > 0, worth.argmax(axis=1), -1)
            row, skill = np.nonzero(has >= HAS)
            count[part] = np.bincount(row, minlength=part.stop - at)
            held.append((row + at, skill, has[row, skill]))
        rows, skills, shares = (np.concatenate([h[n] for h in held] or [np.zeros(0)]) for n in range(3))
        table = pa.table([documents["id"], pa.array(top, pa.int32(), mask=top < 0), score, count], schema=SCORED)
        found = pa.table([documents["id"].take(pa.array(rows, pa.int64())), pa.array(skills, pa.int32()), shares], schema=HELD)
        return StepResult(table, len(texts), table.num_rows, tables={"skills": found})


@stable("step/skill-scale")
@dataclass(frozen=True)
class SkillScale(WholeStep):
    """Scores of all documents in; of each skill how many have most of it, and quantiles of their scores out (schema SCALE):
    of a sample, where there are very many."""

    name: ClassVar[str] = "skill-scale"
    title: ClassVar[str] = "scale skills"
    about: ClassVar[str] = "finds the percentiles of the scores"

    scored: ScoreSkills

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        held: GroupSamples[int] = GroupSamples(SCALED)
        read = 0
        for key in context.shard_keys:
            table = context.read(self.scored, key)
            read += table.num_rows
            table = table.filter(table["skill"].is_valid())
            held.add(table["id"].to_pylist(), table["skill"].to_numpy(), table["skill_score"].to_numpy())
        rows = [
            {"skill": s, "documents": held.counts[s], "points": np.quantile(v, np.linspace(0, 1, GRID), method="inverted_cdf").tolist()}
            for s, v in held.samples()
        ]
        return StepResult(pa.Table.from_pylist(rows, SCALE), read, len(rows))


@stable("step/skills")
@dataclass(frozen=True)
class Skills(ShardStep):
    """The signals of every document. ``skill_share`` is the smallest share of all documents at which the quota of its skill reaches it, if quotas are in
    proportion to importance and each skill is filled by score; 1 for a document that has none."""

    name: ClassVar[str] = "skills"
    about: ClassVar[str] = "finds the quota of its skill that reaches each document"
    kind: ClassVar[Kind] = "join"

    scored: ScoreSkills
    scale: SkillScale

    def run(self, shard: str, context: ShardContext) -> StepResult:
        table = context.read(self.scored, shard)
        graph = context.read(self.scored.fitted, "all")
        importance = np.maximum(graph["importance"].to_numpy(), 0.01)
        documents = np.zeros(len(importance), np.int64)
        known = np.flatnonzero(table["skill"].is_valid().to_numpy(zero_copy_only=False))
        skill = table["skill"].take(pa.array(known)).to_numpy().astype(np.int64)
        score = table["skill_score"].to_numpy()[known]
        place = np.ones(len(known), np.int64)
        for row in context.read(self.scale, "all").to_pylist():
            documents[row["skill"]] = row["documents"]
            mine = skill == row["skill"]
            above = 1 - np.searchsorted(np.array(row["points"]), score[mine], side="left") / GRID
            place[mine] = np.maximum(1, np.ceil(above * row["documents"])).astype(np.int64)
        share = np.ones(table.num_rows)
        if len(known):
            weights = np.where(documents > 0, importance, 0)
            share[known] = quota_shares(
                place.astype(np.float64) - 0.5, skill, documents, weights / weights.sum()
            )  # a quota is rounded, not cut
        label = graph["label"].take(table["skill"]) if graph.num_rows else pa.nulls(table.num_rows, pa.string())
        schema = pa.schema([pa.field("id", pa.string()), *SIGNALS.items()])
        made = pa.table([table["id"], table["skill_score"], table["skill_count"], label, np.round(share, DECIMALS)], schema=schema)
        return StepResult(made, table.num_rows, made.num_rows)

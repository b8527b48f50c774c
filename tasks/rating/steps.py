"""The rating as steps: a model from a sample, a strength of every document, its percentile in its language."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.engine.arrays import Floats
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.samples import GroupSamples
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult, WholeStep
from winnow.tasks.rating.judged import agreed
from winnow.tasks.rating.learn import Sample, sorted_sample
from winnow.tasks.rating.model import GRID, Group, RatingModel, fitted, percentiles, quantiles
from winnow.tasks.signals.measure import SignalTable

SAMPLED = 20_000
SCALED = 200_000
LISTS = pa.list_(pa.field("element", pa.float64()))
MODEL = pa.schema([pa.field("language", pa.string()), *(pa.field(name, LISTS) for name in ("weights", "quantiles", "ranks", "strengths"))])
RATED = pa.schema([pa.field("id", pa.string()), pa.field("language", pa.string()), pa.field("rating", pa.float64())])
SCALE = pa.schema([pa.field("language", pa.string()), pa.field("documents", pa.int64()), pa.field("points", LISTS)])
SIGNALS = {"rating": pa.float64(), "rating_percentile": pa.float64()}


@stable("option/rater-columns")
@dataclass(frozen=True)
class RaterColumns:
    """The columns called ``names`` of whatever tables have them, and the language of each document."""

    documents: Step
    tables: tuple[Step | SignalTable, ...]
    names: tuple[str, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return (self.documents, *(t.step if isinstance(t, SignalTable) else t for t in self.tables))

    def read(self, shard: str, context: ShardContext) -> Sample:
        """Those of a shard. Raises KeyError for a column that no table has: recipes are validated before anything runs."""
        facts = context.read(self.documents, shard, ["id", "language"])
        columns: dict[str, Any] = {}
        for part in self.tables:
            table = part.read(shard, context) if isinstance(part, SignalTable) else context.read(part, shard)
            columns |= {name: table[name] for name in self.names if name in table.column_names and name not in columns}
        values = np.full((facts.num_rows, len(self.names)), np.nan)
        for n, name in enumerate(self.names):
            values[:, n] = pc.cast(columns[name], pa.float64()).to_numpy(zero_copy_only=False)
        languages = [language or "" for language in facts["language"].to_pylist()]
        return Sample(facts["id"].to_pylist(), languages, np.full(facts.num_rows, np.nan), np.where(np.isfinite(values), values, np.nan))


@stable("step/fit-rating")
@dataclass(frozen=True)
class FitRating(WholeStep):
    """Raters' values of a sample in, the model out (schema MODEL, one row per language; the row without one is for all others). Without ``weights``
    they are found from how raters agree, with the ``signs`` of their directions."""

    name: ClassVar[str] = "fit-rating"
    title: ClassVar[str] = "weigh raters"
    about: ClassVar[str] = "learns how much each rater counts"

    columns: RaterColumns
    signs: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        taken, read = None, 0
        for key in context.shard_keys:
            found = self.columns.read(key, context)
            read += len(found.ids)
            taken = smallest(found if taken is None else joined(taken, found), SAMPLED)
        assert taken is not None or not context.shard_keys
        sample = taken or Sample([], [], np.zeros(0), np.zeros((0, len(self.signs))))
        weights = np.array(self.weights) if self.weights else agreed(sample.ranks(), np.array(self.signs))
        rows = [
            {"language": name, "weights": weights.tolist(), "quantiles": g.quantiles.ravel().tolist()}
            | {"ranks": g.ranks.ravel().tolist(), "strengths": g.strengths.tolist()}
            for name, g in fitted(sample.values, sample.languages, weights).groups.items()
        ]
        return StepResult(pa.Table.from_pylist(rows, MODEL), read, len(rows), notes={"sampled": len(sample.ids)})


def joined(a: Sample, b: Sample) -> Sample:
    """One after the other."""
    return Sample(a.ids + b.ids, a.languages + b.languages, np.concatenate([a.lengths, b.lengths]), np.concatenate([a.values, b.values]))


def smallest(sample: Sample, size: int) -> Sample:
    """The documents of a sample with the smallest hashed ids, in that order."""
    found = sorted_sample(sample)
    return Sample(found.ids[:size], found.languages[:size], found.lengths[:size], found.values[:size])


def model_of(table: pa.Table) -> RatingModel:
    """The model of a table with the schema MODEL."""
    groups: dict[str, Group] = {}
    weights: Floats = np.zeros(0)
    for row in table.to_pylist():
        weights = np.array(row["weights"])
        shape = (-1, len(weights))
        groups[row["language"]] = Group(
            np.array(row["quantiles"], np.float64).reshape(-1, GRID),
            np.array(row["ranks"], np.float64).reshape(shape),
            np.array(row["strengths"], np.float64),
        )
    return RatingModel(weights, groups)


@stable("step/rate")
@dataclass(frozen=True)
class Rate(ShardStep):
    """Raters' values in, one strength per document out (schema RATED); null for a document of which no rater says anything."""

    name: ClassVar[str] = "rate"
    title: ClassVar[str] = "rate documents"
    about: ClassVar[str] = "weighs the raters into one"
    kind: ClassVar[Kind] = "join"

    columns: RaterColumns
    fitted: FitRating

    def run(self, shard: str, context: ShardContext) -> StepResult:
        found = self.columns.read(shard, context)
        model = model_of(context.read(self.fitted, "all"))
        silent = ~np.isfinite(found.values).any(axis=1)
        rating = pa.array(model.ratings(found.values, found.languages), mask=silent)
        table = pa.table([found.ids, found.languages, rating], schema=RATED)
        return StepResult(table, len(found.ids), table.num_rows)


@stable("step/rating-scale")
@dataclass(frozen=True)
class RatingScale(WholeStep):
    """Strengths of all documents in, of each language the quantiles out (schema SCALE): of a sample, where there are very many."""

    name: ClassVar[str] = "rating-scale"
    title: ClassVar[str] = "scale ratings"
    about: ClassVar[str] = "finds the percentiles of ratings by language"

    rated: Rate

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        held: GroupSamples[str] = GroupSamples(SCALED)
        for key in context.shard_keys:
            table = context.read(self.rated, key)
            table = table.filter(table["rating"].is_valid())
            held.add(table["id"].to_pylist(), np.array(table["language"].to_pylist(), object), table["rating"].to_numpy())
        rows = [{"language": n, "documents": held.counts[n], "points": quantiles(v[:, None])[0].tolist()} for n, v in held.samples()]
        return StepResult(pa.Table.from_pylist(rows, SCALE), sum(held.counts.values()), len(rows))


@stable("step/rating")
@dataclass(frozen=True)
class Rating(ShardStep):
    """The signals ``rating`` and ``rating_percentile`` of every document."""

    name: ClassVar[str] = "rating"
    about: ClassVar[str] = "turns each rating into its percentile in its language"
    kind: ClassVar[Kind] = "join"

    rated: Rate
    scale: RatingScale

    def run(self, shard: str, context: ShardContext) -> StepResult:
        table = context.read(self.rated, shard)
        points = {row["language"]: np.array(row["points"]) for row in context.read(self.scale, "all").to_pylist()}
        rating = table["rating"].to_numpy(zero_copy_only=False)
        languages = np.array(table["language"].to_pylist(), object)
        place = np.full(len(rating), np.nan)
        for name in set(languages.tolist()) & points.keys():
            mine = languages == name
            place[mine] = percentiles(rating[mine], points[name])
        schema = pa.schema([pa.field("id", pa.string()), *SIGNALS.items()])
        made = pa.table([table["id"], table["rating"], pa.array(place, mask=~np.isfinite(place))], schema=schema)
        return StepResult(made, table.num_rows, made.num_rows)

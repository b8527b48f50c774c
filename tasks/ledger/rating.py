"""``winnow rate``: the documents of a file or a finished run with the values of raters, and the weights that a judged set gives these."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.given import given
from winnow.tasks.labels.judged import judgements, read
from winnow.tasks.ledger.find import Finished, open_run
from winnow.tasks.rating.judged import Judged, numbers, pairs_of, parsed, read_judged
from winnow.tasks.rating.learn import Sample, learn, sorted_sample
from winnow.tasks.rating.model import RatingModel, percentiles, quantiles
from winnow.tasks.rating.steps import SAMPLED, joined
from winnow.tasks.sources.jsonl import records


@dataclass(frozen=True)
class Asked:
    """``raters`` as on the command line; ``judged`` is JSONL or a table of judgements, on this machine or in a store; ``out`` is where a recipe is written."""

    raters: str
    judged: str = ""
    out: Path | None = None


@dataclass
class Rated:
    """Documents to learn from, in the order of their hashed ids. ``rows`` are the ids as they came, of a file."""

    asked: Asked
    sample: Sample
    judged: Judged | None
    rows: list[str] = field(default_factory=list)
    recipe: str = ""
    texts: Callable[[set[str]], Iterator[tuple[str, str]]] = lambda wanted: iter(())
    """The documents of these ids, with their texts."""
    model: RatingModel | None = None

    def forecast(self) -> dict[str, Any]:
        """What would be done without an endpoint. It costs nothing, as nobody is asked."""
        names, _ = parsed(self.asked.raters)
        pairs = len(pairs_of(self.judged, self.sample.ids, self.sample.languages, self.sample.lengths)) if self.judged else 0
        return {"documents": len(self.sample.ids), "raters": list(names), "pairs": pairs, "requests": 0, "cost": 0.0}

    def learned(self) -> dict[str, Any]:
        """Figures of the weights; a recipe is written if one was asked for.

        Raises:
            BadInput: the judged set has no pair among these documents.
        """
        names, signs = parsed(self.asked.raters)
        self.model, figures = learn(self.sample, self.judged, names, np.array([signs[n] for n in names]))
        if self.judged and not figures["judged"]["pairs"]:
            raise BadInput(
                "The judged set has no pair of documents of one language and similar length with different scores among these. "
                "Judge more of them: their ids must be those of the documents."
            )
        found = {"documents": len(self.sample.ids)} | figures
        if self.asked.out:
            made = {"extends": self.recipe or "raw", "rating": {"raters": figures["weights"]}}
            try:
                self.asked.out.write_text(yaml.safe_dump(made, sort_keys=False))
            except OSError as e:
                raise BadInput(f"The recipe {self.asked.out} cannot be written: {e.strerror}.") from None
            found["recipe"] = str(self.asked.out)
        return found

    def rated(self) -> Iterator[dict[str, Any]]:
        """``{"id", "rating", "percentile"}`` of every document of a file, in its order. The percentile is that in its language."""
        assert self.model is not None
        ratings = self.model.ratings(self.sample.values, self.sample.languages)
        place = np.zeros(len(ratings))
        names = np.array(self.sample.languages, object)
        for name in set(self.sample.languages):
            mine = names == name
            place[mine] = percentiles(ratings[mine], quantiles(ratings[mine][:, None])[0])
        at = {i: n for n, i in enumerate(self.sample.ids)}
        for i in self.rows:
            yield {"id": i, "rating": float(ratings[at[i]]), "percentile": float(place[at[i]])}


def judged_in(place: str) -> Judged:
    """What a file of ``--judged`` or a table of judgements says. Raises BadInput, also if it judges nothing."""
    return read_judged(rows_in(place), place)


def rows_in(place: str) -> Iterator[dict[str, Any]]:
    """The rows of JSONL; of a table of judgements (Parquet, or a folder of it) the mean score of each document. Raises BadInput."""
    path = given(place)
    if not path.is_dir() and path.suffix != ".parquet":
        yield from records(path)
        return
    scores: dict[str, list[float]] = {}
    for row in judgements(read(path)):
        if row.valid and row.score is not None and row.line is None:
            scores.setdefault(row.id, []).append(row.score)
    if not scores:
        raise BadInput(f"{place} has no valid scores of documents. Rating learns from a head with a scale, such as quality or educational.")
    for identity, found in sorted(scores.items()):
        yield {"id": identity, "score": sum(found) / len(found)}


def of_file(path: Path, asked: Asked) -> Rated:
    """The documents of a JSONL file. Raises BadInput: a rater that no line has, or ids that are not distinct."""
    names, _ = parsed(asked.raters)
    rows = list(records(path))
    ids = [str(row.get("id", n)) for n, row in enumerate(rows)]
    if len(set(ids)) < len(ids):
        raise BadInput(f"The ids of {path} are not distinct. Give each line its own.")
    values = np.stack([numbers([row.get(name) for row in rows]) for name in names], axis=1) if rows else np.zeros((0, len(names)))
    for n, name in enumerate(names):
        if not np.isfinite(values[:, n]).any():
            raise BadInput(f"No line of {path} has a number called {name}. Name columns that it has.")
    lengths = numbers(
        [row["text_chars"] if "text_chars" in row else len(row["text"]) if isinstance(row.get("text"), str) else None for row in rows]
    )
    sample = Sample(ids, [str(row.get("language") or "") for row in rows], lengths, values)

    def texts(wanted: set[str]) -> Iterator[tuple[str, str]]:
        for n, row in enumerate(records(path)):
            if (identity := str(row.get("id", n))) in wanted:
                yield identity, row["text"] if isinstance(row.get("text"), str) else ""

    return Rated(asked, sorted_sample(sample), judged_in(asked.judged) if asked.judged else None, ids, texts=texts)


def of_run(store: str, run: str, asked: Asked) -> Rated:
    """A sample of the documents of a finished run, and all that were judged. Raises BadInput: a rater that it has not measured."""
    names, _ = parsed(asked.raters)
    finished = open_run(store, run)
    judged = judged_in(asked.judged) if asked.judged else None
    wanted = set(judged.scores) | {i for pair in judged.pairs for i in pair} if judged else set()
    for name in names:
        if name not in finished.measured:
            raise BadInput(f"The run {finished.id} has no signal {name}. It has: {', '.join(finished.measured)}.")
    taken = Sample([], [], np.zeros(0), np.zeros((0, len(names))))
    for shard in finished.entry["shards"]:
        taken = _smallest(joined(taken, _of_shard(finished, shard, names)), wanted)

    def texts(wanted: set[str]) -> Iterator[tuple[str, str]]:
        for table in finished.shards("documents", ["id", "text"]):
            mine = table.filter(pa.array([i in wanted for i in table["id"].to_pylist()], pa.bool_()))
            yield from zip(mine["id"].to_pylist(), (text or "" for text in mine["text"].to_pylist()), strict=True)

    return Rated(asked, taken, judged, recipe=str(finished.entry["recipe"]), texts=texts)


def _of_shard(finished: Finished, shard: str, names: tuple[str, ...]) -> Sample:
    tables = finished.entry["tables"]
    signals = finished.read(tables["signals"], shard, ["id", "language", *names])
    values = [pc.cast(signals[name], pa.float64()).to_numpy(zero_copy_only=False) for name in names]
    chars = finished.read(tables["documents"], shard, ["text_chars"])["text_chars"].to_numpy(zero_copy_only=False)
    languages = [language or "" for language in signals["language"].to_pylist()]
    return Sample(signals["id"].to_pylist(), languages, chars.astype(np.float64), np.stack(values, axis=1).astype(np.float64))


def _smallest(sample: Sample, wanted: set[str]) -> Sample:
    """The documents with the smallest hashed ids, and those that are wanted."""
    found = sorted_sample(sample)
    if len(found.ids) <= SAMPLED:
        return found
    rows = [n for n, i in enumerate(found.ids) if n < SAMPLED or i in wanted]
    return Sample([found.ids[n] for n in rows], [found.languages[n] for n in rows], found.lengths[rows], found.values[rows])

"""Rehydration: how often each document of the corpus is to be repeated in training, by the size of the cluster of near-duplicates that it stands for.

FineWeb2 (Penedo et al. 2025, section 5) found that pages with a few copies are better than pages with none or with very many, and repeats them accordingly.
Nothing is repeated here: the corpus gets the column ``repeats``, and mixtures use it.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Phase, Section

COLUMN = "repeats"
FINEWEB2 = ((1, 1), (2, 2), (3, 3), (5, 5), (100, 8), (1000, 1))


@stable("option/rehydrate")
@dataclass(frozen=True)
class Rehydrate:
    """``by`` is the pass of deduplication whose clusters count. ``weights`` are pairs of the least size of a cluster and its repeats, ascending: those of
    FineWeb2's code, where a cluster of four counts as one of three."""

    by: str = "minhash"
    weights: tuple[tuple[int, int], ...] = FINEWEB2

    def repeats(self, sizes: pa.ChunkedArray) -> pa.Array:
        """int32 of each document. A document that is in no cluster is a cluster of its own."""
        least = [size for size, _ in self.weights]
        return pa.array([self.weights[max(bisect_right(least, size or 1) - 1, 0)][1] for size in sizes.to_pylist()], pa.int32())

    @property
    def sizes(self) -> str:
        """The column of the decisions table that it reads."""
        return f"{self.by}_cluster_size"


class RehydrateSection(Section):
    key = "rehydrate"
    phase: ClassVar[Phase] = "corpus"
    order = 20
    about = "A column `repeats` of the corpus: how often to repeat a document in training, by the size of its cluster of copies (FineWeb2)."
    options = Rehydrate
    names_decisions = True

    def read(self, value: Any, reader: Reader) -> Rehydrate:
        options = reader.mapping({} if value is True or value == "fineweb2" else value, self.key)
        weights: dict[Any, Any] = dict(reader.mapping(options.get("weights", dict(FINEWEB2)), "rehydrate.weights"))
        for size, repeats in weights.items():
            reader.whole_number(size, "a cluster size in rehydrate.weights", 1)
            reader.whole_number(repeats, "the repeats in rehydrate.weights", 0)
        if 1 not in weights:
            raise reader.error("rehydrate.weights must say what a document without copies gets: give 1 as the least size.")
        return Rehydrate(str(options.get("by", "minhash")), tuple(sorted(weights.items())))

    def uses(self, options: Any) -> tuple[str, ...]:
        return (options.sizes,)

    def written(self, options: Any, said: Any) -> Any:
        return {"by": options.by, "weights": dict(options.weights)}

    def schema(self) -> dict[str, Any]:
        weights = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
        given = {"type": "object", "properties": {"by": {"type": "string"}, "weights": weights}, "additionalProperties": False}
        return {"oneOf": [{"enum": ["fineweb2", True]}, given]}

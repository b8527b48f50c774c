"""Who hangs together: pairs of near copies, however they are found, become connected components."""

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from winnow.tasks.dedup.resolve import group_sizes
from winnow.tasks.engine.arrays import Ints
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.mixing import mixed
from winnow.tasks.engine.row_numbers import shards_and_rows
from winnow.tasks.engine.step import StepResult, WholeStep

EDGE_BYTES = 128  # measured peak per edge while components are found
EDGES = pa.schema([pa.field("a", pa.int64()), pa.field("b", pa.int64())])
"""Numbers of documents (tasks/engine/row_numbers.py)."""
COMPONENTS = pa.schema([pa.field("shard", pa.int32()), pa.field("row", pa.int32()), pa.field("component", pa.uint64())])


def components(ends: tuple[npt.NDArray[Any], npt.NDArray[Any]], nodes: int) -> npt.NDArray[Any]:
    """The number of the component of each of ``nodes`` nodes, which edges join from the first of ``ends`` to the second."""
    # Imported here: with what it imports itself SciPy takes a quarter of a second of every process, and few steps of few recipes call it.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    return cast("npt.NDArray[Any]", labels)


@dataclass(frozen=True)
class PairStep(WholeStep):
    """Base of the steps that find pairs of near copies (schema EDGES)."""

    copies: ClassVar[str]
    """What people call those that are near each other: "near-duplicates"."""

    @property
    def prefix(self) -> str:
        """Begins the labels of the steps that follow: a recipe may have two such passes, of signatures and of vectors."""
        return f"{self.label}-"


@stable("step/components")
@dataclass(frozen=True)
class Components(WholeStep):
    """Edges (schema EDGES) of all partitions of ``buckets`` in; every document that has one, with its component (a number that spreads over 64 bits) out (schema COMPONENTS,
    sorted by shard and row).

    Edges are taken in portions that fit the memory bound; between portions only one edge per document is carried on. So the floor is
    ``EDGE_BYTES`` per document that shares any bucket.
    """

    name: ClassVar[str] = "components"
    about: ClassVar[str] = "finds which documents hang together"

    buckets: PairStep

    @property
    def label(self) -> str:
        return f"{self.buckets.prefix}{self.name}"

    @property
    def title(self) -> str:
        return f"{self.buckets.copies}: connect pairs"

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        forest = np.zeros((2, 0), np.int64)
        waiting: list[Ints] = []
        edges_in = 0
        for partition in self.buckets.shards(context) or ():
            table = context.read(self.buckets, partition)
            waiting.append(np.stack([table["a"].to_numpy(), table["b"].to_numpy()]))
            edges_in += table.num_rows
            if sum(w.shape[1] for w in waiting) * EDGE_BYTES > context.memory_bytes:
                forest, waiting = _forest(np.concatenate([forest, *waiting], axis=1)), []
        forest = _forest(np.concatenate([forest, *waiting], axis=1))
        root, node = forest
        number, row = shards_and_rows(node)
        table = pa.table([number, row, mixed(root.astype(np.uint64))], schema=COMPONENTS)
        return StepResult(table, edges_in, table.num_rows, row_groups=list(group_sizes(number)))


def _forest(edges: Ints) -> Ints:
    """The same components as one edge (least member, member) per node, sorted by node; the least member has an edge to itself."""
    nodes, ends = np.unique(edges, return_inverse=True)
    ends = ends.reshape(edges.shape)
    label = components((ends[0], ends[1]), len(nodes))
    least = np.full(label.max(initial=-1) + 1, len(nodes))
    np.minimum.at(least, label, np.arange(len(nodes)))
    return np.stack([nodes[least[label]], nodes]) if len(nodes) else np.zeros((2, 0), np.int64)

"""Connected components of a graph of documents, by SciPy. It is imported where it is called: with what it imports itself it takes a quarter of a second
of every process, and few steps of few recipes call it."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt


def components(ends: tuple[npt.NDArray[Any], npt.NDArray[Any]], nodes: int) -> npt.NDArray[Any]:
    """The number of the component of each of ``nodes`` nodes, which edges join from the first of ``ends`` to the second."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    return cast("npt.NDArray[Any]", labels)

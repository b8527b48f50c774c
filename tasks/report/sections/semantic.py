"""Meaning: clusters of documents, the kept share against SemDeDup's eps, and how many neighbours the search by clusters misses."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from winnow.tasks.engine.arrays import Floats, Ints
from winnow.tasks.engine.samples import sample_keys
from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section, share_figure
from winnow.tasks.report.summary import Figure
from winnow.tasks.semantic.vectors import I8, loaded, similarities

EPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
UNLIKE = 0.2  # overlap in words below which a neighbour is another text
SAMPLED, AMONG = 200, 1_000_000
NEAR = 0.8
TOLERANCE = 1e-4


@section
class Meaning(Section):
    """One pass over the signals gives the curve for every eps."""

    name, title, chapter, place = "semantic", "Meaning", CONTENT, 60
    about = (
        "Every document has a vector, and is compared with those before it in its nearest clusters. A limit on semantic_similarity of 1 - eps keeps what "
        "SemDeDup keeps at that eps. Neighbours that share less than a fifth of their word n-grams, as estimated, are alike in subject and not copies."
    )
    needs = ("step:semantic",)

    def content(self, evidence: Evidence) -> Content | None:
        documents, above, unlike = 0, np.zeros(len(EPS), np.int64), np.zeros(len(EPS), np.int64)
        sizes: dict[int, int] = {}
        for table in evidence.read("semantic", ["semantic_cluster", "semantic_similarity", "semantic_overlap"]):
            documents += table.num_rows
            similarity, overlap = table["semantic_similarity"].to_numpy(), table["semantic_overlap"].to_numpy()
            for n, eps in enumerate(EPS):
                goes = similarity > 1 - eps
                above[n] += goes.sum()
                unlike[n] += (goes & (overlap < UNLIKE)).sum()
            counts = table["semantic_cluster"].drop_null().value_counts()
            for cluster, n in zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True):
                sizes[cluster] = sizes.get(cluster, 0) + n
        if not documents:
            return None
        rows = [
            {"eps": eps, "kept": documents - int(a), "kept_share": round(1 - int(a) / documents, 4), "unlike": int(u)}
            for eps, a, u in zip(EPS, above, unlike, strict=True)
        ]
        figures = tuple(figure for figure in (_missed(evidence),) if figure)
        values = {"rows": rows, "documents": documents, "clusters": len(sizes), "largest": max(sizes.values(), default=0)}
        return Content(values, figures=figures, rows=rows)


def _missed(evidence: Evidence) -> Figure | None:
    """Of a random sample of documents the share whose nearest neighbour of all, if it is near, was found. It is found if the later one of the two has
    a neighbour at least so near. Vectors are compared with those of the sample only, of the first million documents."""
    keys = np.concatenate(
        [np.zeros(0, np.uint64), *(sample_keys(t["id"].filter(t["vector"].is_valid()).to_pylist()) for t in _first(evidence, "embed"))]
    )
    if len(keys) < 2:
        return None
    threshold = np.sort(keys)[:SAMPLED][-1]
    own: list[I8] = []
    places: list[Ints] = []
    before = 0
    for table in _first(evidence, "embed"):
        mine = np.flatnonzero(
            table["vector"].is_valid().to_numpy(zero_copy_only=False) & (sample_keys(table["id"].to_pylist()) <= threshold)
        )
        if len(mine):
            own.append(loaded(table["vector"].take(pa.array(mine))))
            places.append(mine + before)
        before += table.num_rows
    vectors, place = np.concatenate(own), np.concatenate(places)
    value, best = np.full(len(vectors), -1.0), np.zeros(len(vectors), np.int64)
    before = 0
    for table in _first(evidence, "embed"):
        others = loaded(table["vector"])
        for at in range(0, len(others) if others.shape[1] else 0, 8192):
            found = similarities(vectors, others[at : at + 8192])
            inside = (place >= before + at) & (place < before + at + found.shape[1])
            found[np.flatnonzero(inside), place[inside] - before - at] = -1.0
            nearest = found.argmax(axis=1)
            better = found[np.arange(len(vectors)), nearest] > value
            value[better], best[better] = found[better, nearest[better]], before + at + nearest[better]
        before += table.num_rows
    measured = _at(evidence, np.concatenate([place, best])).reshape(2, -1).max(axis=0)
    near = value >= NEAR
    hits = int((measured[near] >= value[near] - TOLERANCE).sum())
    on = f"{int(near.sum())} of {len(vectors)} random documents that have a neighbour with a cosine of {NEAR} or more, against a comparison with all"
    return share_figure("nearest neighbours found", hits, int(near.sum()), measured_on=on) if near.any() else None


def _first(evidence: Evidence, step: str) -> Iterator[Any]:
    rows = 0
    for table in evidence.read(step, ["id", "vector"] if step == "embed" else ["semantic_similarity"]):
        if rows >= AMONG:
            return
        rows += table.num_rows
        yield table


def _at(evidence: Evidence, places: Ints) -> Floats:
    """The similarity that was measured of the documents at these places."""
    found, before = np.zeros(len(places)), 0
    for table in _first(evidence, "semantic"):
        values = table["semantic_similarity"].to_numpy()
        mine = (places >= before) & (places < before + len(values))
        found[mine] = values[places[mine] - before]
        before += len(values)
    return found

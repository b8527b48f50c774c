"""Clusters of copies by size, the largest of them, and what deduplication left."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from winnow.tasks.corpus.profile.groups import NAMES_PER_SHARD, grouped
from winnow.tasks.corpus.profile.read import Read, shown
from winnow.tasks.corpus.profile.tables import Row

LARGEST = 10
TEXT_CHARS = 160


def _cluster_kinds(decisions: pa.Table) -> list[str]:
    return [name.removesuffix("_cluster_size") for name in decisions.column_names if name.endswith("_cluster_size")]


def clusters(read: Read) -> dict[str, list[Row]]:
    sizes: list[Row] = []
    largest: list[Row] = []
    for by in _cluster_kinds(read.decisions):
        first = np.flatnonzero(read.decisions[f"{by}_cluster_rank"].to_numpy(zero_copy_only=False) == 0)
        members = read.decisions[f"{by}_cluster_size"].to_numpy(zero_copy_only=False)[first].astype(np.int64)
        power = 1 << np.floor(np.log2(members)).astype(np.int64)
        for low in np.unique(power):
            here = members[power == low]
            sizes.append({"by": by, "size_from": int(low), "clusters": len(here), "members": int(here.sum())})
        top = np.lexsort((first, -members))[:LARGEST]
        rows = first[top].tolist()
        for row, text, n in zip(rows, read.texts(rows), members[top].tolist(), strict=True):
            url = read.documents["url"][row].as_py() or ""
            said = {"url": url, "text": shown(text, TEXT_CHARS), "adult": read.is_adult(row, url, text)}
            largest.append({"by": by, "members": n, **said})
    return {"cluster_sizes": sizes, "largest_clusters": largest}


def copies(read: Read) -> Iterator[Row]:
    reasons = read.decisions["reason"].to_pylist()
    by_copies = tuple(f"{by}_" for by in (*_cluster_kinds(read.decisions), "minhash", "paragraph", "substring"))
    if not any(r and r.startswith(by_copies) for r in reasons):
        return
    met = np.array([r is None or r.startswith(by_copies) for r in reasons])
    stayed = np.array([r is None for r in reasons])[met]
    for dimension, values in (("language", read.languages), ("domain", read.domains)):
        names = [v for v, m in zip(values, met, strict=True) if m]
        for row in grouped(names, stayed, np.zeros(len(names), np.int64))[:NAMES_PER_SHARD]:
            yield {"dimension": dimension, **{k: row[k] for k in ("name", "documents", "kept")}}

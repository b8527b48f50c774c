"""Limits that documents cross: which, alone, and together."""

from collections import Counter
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.corpus.profile.tables import Row
from winnow.tasks.engine.arrays import Bools

PAIRS_PER_SHARD = 500
REASONS_PAIRED = 40


def alone_by_signal(decisions: pa.Table) -> dict[str, Bools]:
    """Signal -> the documents that its limit alone drops, and no other."""
    lengths = pc.list_value_length(decisions["crossed"]).to_numpy(zero_copy_only=False)
    crossed = decisions["crossed"].to_pylist()
    found: dict[str, Bools] = {}
    for i in np.flatnonzero(lengths > 0):
        names = {c["reason"].split(":", 1)[0] for c in crossed[i]}
        for name in names:
            flags = found.setdefault(name, np.zeros(len(lengths), bool))
            flags[i] = len(names) == 1
    return found


def limits(decisions: pa.Table) -> dict[str, list[Row]]:
    every, alone, pairs = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for crossed in decisions["crossed"].to_pylist():
        names = sorted({c["reason"] for c in crossed})
        every.update(names)
        alone.update(names if len(names) == 1 else ())
        pairs.update(combinations(names[:REASONS_PAIRED], 2))
    frequent = sorted(pairs.items(), key=lambda kv: (-kv[1], kv[0]))[:PAIRS_PER_SHARD]
    return {
        "limits": [{"reason": name, "documents": n, "alone": alone[name]} for name, n in sorted(every.items())],
        "overlaps": [{"one": one, "other": other, "documents": n} for (one, other), n in frequent],
    }

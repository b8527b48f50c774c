"""What each deciding step found and left: languages, lengths, domains."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from winnow.tasks.corpus.profile.histograms import lower_edges
from winnow.tasks.corpus.profile.read import Read
from winnow.tasks.corpus.profile.tables import Row
from winnow.tasks.engine.arrays import Bools


def steps(read: Read, left_by: Mapping[str, Bools]) -> dict[str, list[Row]]:
    """``left_by`` has, for each deciding step in order, the documents that it left."""
    languages: list[Row] = []
    lengths: list[Row] = []
    domains: list[Row] = []
    edges = lower_edges(read.text_chars.astype(np.float64))
    names = np.array(read.languages, object)
    before = np.ones(read.documents.num_rows, bool)
    for label, after in left_by.items():
        for key, values, rows in (("language", names, languages), ("lower_edge", edges, lengths)):
            known, index = np.unique(values[before], return_inverse=True)
            every, stayed = (np.bincount(index, weights, minlength=len(known)).astype(np.int64) for weights in (None, after[before]))
            rows += [
                {"step": label, key: value, "documents": n, "kept": k}
                for value, n, k in zip(known.tolist(), every.tolist(), stayed.tolist(), strict=True)
            ]
        bits = [_entropy(Counter(d for d, flag in zip(read.domains, flags, strict=True) if flag)) for flags in (before, after)]
        counts = {"documents": int(before.sum()), "kept": int(after.sum())}
        domains.append({"step": label, **counts, "entropy_bits": bits[0], "entropy_bits_kept": bits[1]})
        before = after
    return {"step_languages": languages, "step_lengths": lengths, "step_domains": domains}


def _entropy(counts: Counter[str]) -> float:
    n = np.array(sorted(counts.values()), np.float64)  # sorted: a sum of floats must not depend on the order of the rows
    shares = n / n.sum() if len(n) else n
    return float(-(shares * np.log2(shares)).sum()) + 0.0 if len(n) else 0.0

"""Documents by what they have in common: a language, a domain, an hour, a label."""

from collections.abc import Iterator, Sequence

import numpy as np

from winnow.tasks.corpus.profile.read import Read
from winnow.tasks.corpus.profile.tables import Row
from winnow.tasks.engine.arrays import Bools, Ints
from winnow.tasks.sources.domains import top_level

LABEL = ".label"
"""How the names of columns of labels end."""
UNSURE = "(unsure)"
"""What a null in a column of labels is called."""
NAMES_PER_SHARD = 2000


def groups(read: Read) -> Iterator[Row]:
    by = {
        "language": read.languages,
        "domain": read.domains,
        "tld": [top_level(d) for d in read.domains],
        "hour": [(d or "")[:13] or "unknown" for d in read.documents["date"].to_pylist()],
        "truncated": [t or "no" for t in read.documents["truncated"].to_pylist()],
        **{name: [x or UNSURE for x in read.signals[name].to_pylist()] for name in read.signals.column_names if name.endswith(LABEL)},
    }
    for dimension, names in by.items():
        rows = [{"dimension": dimension, **row} for row in grouped(names, read.kept, read.text_chars)]
        yield from rows[:NAMES_PER_SHARD]
        if rest := rows[NAMES_PER_SHARD:]:
            counts = ("documents", "kept", "chars", "chars_kept")
            yield {"dimension": dimension, "name": None, **{count: sum(row[count] for row in rest) for count in counts}}


def grouped(names: Sequence[str], kept: Bools, chars: Ints) -> list[Row]:
    """Counts by name, the most frequent first."""
    known, index = np.unique(np.array(names, object), return_inverse=True)
    size = len(known)
    sums = [np.bincount(index, weights, minlength=size) for weights in (None, kept, chars, chars * kept)]
    columns = [known.tolist(), *(np.asarray(s).astype(np.int64).tolist() for s in sums)]
    rows = [dict(zip(("name", "documents", "kept", "chars", "chars_kept"), row, strict=True)) for row in zip(*columns, strict=True)]
    return sorted(rows, key=lambda row: (-row["documents"], row["name"]))

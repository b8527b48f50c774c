"""The tables of a profile, and the type of their rows."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

_text, _count, _number = pa.string(), pa.int64(), pa.float64()
TABLES: Mapping[str, pa.Schema] = {
    "groups": pa.schema(
        {"dimension": _text, "name": _text, "documents": _count, "kept": _count, "chars": _count, "chars_kept": _count}
    ),
    "signals": pa.schema({"signal": _text, "lower_edge": _number, "documents": _count, "kept": _count, "alone": _count}),
    "limits": pa.schema({"reason": _text, "documents": _count, "alone": _count}),
    "overlaps": pa.schema({"one": _text, "other": _text, "documents": _count}),
    "step_languages": pa.schema({"step": _text, "language": _text, "documents": _count, "kept": _count}),
    "step_lengths": pa.schema({"step": _text, "lower_edge": _number, "documents": _count, "kept": _count}),
    "step_domains": pa.schema(
        {"step": _text, "documents": _count, "kept": _count, "entropy_bits": _number, "entropy_bits_kept": _number}
    ),
    "cluster_sizes": pa.schema({"by": _text, "size_from": _count, "clusters": _count, "members": _count}),
    "largest_clusters": pa.schema({"by": _text, "members": _count, "url": _text, "text": _text, "adult": pa.bool_()}),
    "copies": pa.schema({"dimension": _text, "name": _text, "documents": _count, "kept": _count}),
    "perplexity": pa.schema({"language": _text, "lower_edge": _number, "documents": _count, "kept": _count}),
    "samples": pa.schema(
        {
            "reason": _text, "draw": _text, "id": _text, "url": _text, "text": _text,
            "value": _number, "limit": _number, "adult": pa.bool_(),
        }
    ),
}  # fmt: skip
"""The tables of a profile by name; what they hold is said at ``Profile``."""
PROFILE = pa.schema([pa.field(name, pa.list_(pa.struct(list(schema)))) for name, schema in TABLES.items()])
"""One row per shard, and in it one column per table: a list of structs. So a shard has one object in the store, not one per table."""
Row = dict[str, Any]

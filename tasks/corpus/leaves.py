"""Leaves: what a document of a corpus is in the Merkle tree over all of them (``tasks/ledger/proofs.py``; ``docs/integrity.md`` has the format)."""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from winnow.tasks.engine.merkle import leaf_hash

COLUMNS = ("id", "url", "date", "text")
LEAVES = pa.schema([pa.field("id", pa.string()), pa.field("url", pa.string()), pa.field("leaf", pa.binary(32))])


def entry(document: Mapping[str, Any]) -> bytes:
    """The entry of a document in the tree: the JSON array ``[id, url, date, text]`` without spaces, in ASCII, a missing value as null."""
    return json.dumps([document[name] for name in COLUMNS], separators=(",", ":")).encode()


def leaves_of(documents: pa.Table) -> pa.Table:
    """The leaf of each row of a corpus's file (schema LEAVES), in the same order."""
    rows = zip(*(documents[name].to_pylist() for name in COLUMNS), strict=True)
    digests = [leaf_hash(entry(dict(zip(COLUMNS, row, strict=True)))) for row in rows]
    return pa.table([documents["id"], documents["url"], pa.array(digests, pa.binary(32))], schema=LEAVES)

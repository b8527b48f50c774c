"""The documents table: its schema, the names of its rows, and how rows become a table.

The rows come from archives (``extract.py``) or from documents that already are text (``read_documents.py``).
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import xxhash

from winnow.tasks.extract.language import LanguageModel

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("url", pa.string()),
        pa.field("host", pa.string()),
        pa.field("date", pa.string()),
        pa.field("text", pa.string()),
        pa.field("language", pa.string()),
        pa.field("language_score", pa.float64()),
        pa.field("source_file", pa.string()),
        pa.field("offset", pa.int64()),
        pa.field("length", pa.int64()),
        pa.field("record_id", pa.string()),
        pa.field("payload_digest", pa.string()),
        pa.field("payload_digest_holds", pa.bool_()),
        pa.field("http_status", pa.int16()),
        pa.field("mime", pa.string()),
        pa.field("charset", pa.string()),
        pa.field("payload_bytes", pa.int64()),
        pa.field("truncated", pa.string()),
        pa.field("text_chars", pa.int64()),
    ]
)
BATCH_ROWS = 1024


def document_id(source_file: str, offset: int, record_id: str) -> str:
    """32 hex digits: one per place in the crawl, so captures of one page differ; free of where the crawl is kept."""
    return xxhash.xxh3_128_hexdigest(f"{source_file}\n{offset}\n{record_id}".encode("utf-8", "surrogatepass"))


def clean(text: str) -> str:
    """A string that UTF-8 can hold: lone surrogates become U+FFFD, NUL is removed."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "") if "\0" in text else text


def host_of(url: str) -> str:
    """Host in lower case without port; empty if the URL has none or is malformed."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def to_table(rows: Iterable[dict[str, Any]], model: LanguageModel) -> pa.Table:
    """Rows of the documents schema as a table. Rows whose ``language`` is not set get it from the model."""
    batches: list[pa.RecordBatch] = []
    batch: list[dict[str, Any]] = []

    def flush() -> None:
        blank = [r for r in batch if not r.get("language")]
        for row, (language, score) in zip(blank, model.predict([r["text"] for r in blank]), strict=True):
            row["language"], row["language_score"] = language, score
        for row in batch:
            row["text_chars"] = len(row["text"])
        batches.append(pa.RecordBatch.from_pylist(batch, schema=SCHEMA))
        batch.clear()

    for row in rows:
        batch.append(row)
        if len(batch) == BATCH_ROWS:
            flush()
    if batch:
        flush()
    return pa.Table.from_batches(batches, schema=SCHEMA)

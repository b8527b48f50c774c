"""The documents table: its schema, how rows become a table, and documents that already are text (Parquet, JSONL).

What is read out of archives is in ``tasks/extract/extract.py``.
"""

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.extract.language import LanguageModel
from winnow.tasks.models.files import ModelFile

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
DROPPED = pa.schema(
    [
        pa.field("source_file", pa.string()),
        pa.field("offset", pa.int64()),
        pa.field("length", pa.int64()),
        pa.field("record_id", pa.string()),
        pa.field("url", pa.string()),
        pa.field("reason", pa.string()),
    ]
)
BATCH_ROWS = 1024
BLOCK_BYTES = 1 << 16
LANGUAGE_CODE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}")
"""As ISO 639, BCP 47 and FLORES (eng_Latn) write them."""


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


@stable("step/read-documents")
@dataclass(frozen=True)
class ReadDocuments(ShardStep):
    """Parquet or JSONL with a ``text`` column, optional ``id``, ``url``, ``date``, ``language`` (ISO code) -> the documents table.

    A ``language`` that is no code (it becomes the name of a folder) is not believed: the model says. ``offset`` is the row number in the file, ``length`` the characters of the text as given; ``id`` is the one given if there is one
    (a repeated one gets its place appended), so that users find their documents again.
    """

    name: ClassVar[str] = "read"
    version: ClassVar[str] = "2"

    model: ModelFile
    max_document_chars: int = 20_000_000

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        return {"dropped": DROPPED}

    def check(self) -> None:
        LanguageModel.of(self.model)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        dropped: Counter[str] = Counter()
        lost: list[dict[str, Any]] = []
        seen: set[str] = set()
        rows_in = 0

        def rows() -> Iterator[dict[str, Any]]:
            nonlocal rows_in
            for file in context.shard(shard).files:
                for number, row in enumerate(_read(context, file.path)):
                    rows_in += 1
                    reason = self._fault(row)
                    if reason:
                        dropped[reason] += 1
                        url = row.get("url") if isinstance(row, dict) else None
                        lost.append(
                            {
                                "source_file": file.path,
                                "offset": number,
                                "length": 0,
                                "record_id": "",
                                "url": clean(str(url or "")),
                                "reason": reason,
                            }
                        )
                        continue
                    yield self._document(row, file.path, number, seen)

        table = to_table(rows(), LanguageModel.of(self.model))
        return StepResult(table, rows_in, table.num_rows, dict(dropped), tables={"dropped": pa.Table.from_pylist(lost, schema=DROPPED)})

    def _fault(self, row: Any) -> str:
        if not isinstance(row, dict):
            return "malformed"
        text = row.get("text")
        if not isinstance(text, str):
            return "no_text"
        if not text.strip():
            return "empty"
        return "oversized" if len(text) > self.max_document_chars else ""

    def _document(self, row: dict[str, Any], path: str, number: int, seen: set[str]) -> dict[str, Any]:
        url, given = clean(str(row.get("url") or "")), clean(str(row["id"])) if row.get("id") is not None else ""
        identity = given or document_id(path, number, "")
        if identity in seen:
            identity = f"{identity}~{path}:{number}"
        seen.add(identity)
        language = row.get("language")
        if not isinstance(language, str) or not LANGUAGE_CODE.fullmatch(language):
            language = None
        return {
            "id": identity,
            "url": url,
            "host": host_of(url),
            "date": clean(str(row.get("date") or "")),
            "text": clean(row["text"]),
            "language": language,
            "language_score": float(row["language_score"])
            if isinstance(row.get("language_score"), float | int)
            else (1.0 if language else None),
            "source_file": path,
            "offset": number,
            "length": len(row["text"]),
            "record_id": given,
            "payload_digest": None,
            "payload_bytes": len(row["text"].encode("utf-8", "surrogatepass")),
        }


def _read(context: ShardContext, path: str) -> Iterator[Any]:
    """Rows of one file as dicts; a line that is no JSON object comes out as None. Told apart by the first bytes, not by name."""
    with context.source.open(path) as stream:
        head = stream.read(4)
    if head == b"PAR1":
        with context.source.open_seekable(path) as stream:
            yield from _parquet_rows(stream, path)
        return
    codec = "gzip" if head[:2] == b"\x1f\x8b" else "zstd" if head == b"\x28\xb5\x2f\xfd" else ""
    with context.source.open(path) as stream:
        for line in _lines(stream, codec):
            if line.strip():
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    yield None


def _parquet_rows(stream: BinaryIO, path: str) -> Iterator[dict[str, Any]]:
    try:
        file = pq.ParquetFile(stream)
    except (pa.ArrowInvalid, OSError) as e:
        raise BadInput(f"{path} is not a readable Parquet file ({e}). Write it again, or leave it out of the folder.") from None
    if "text" not in file.schema_arrow.names:
        raise BadInput(
            f"{path} has no column `text` (it has {', '.join(file.schema_arrow.names[:12])}). Rename the column that holds the text."
        )
    columns = [c for c in ("text", "id", "url", "date", "language", "language_score") if c in file.schema_arrow.names]
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=columns):
        yield from batch.to_pylist()


def _lines(stream: BinaryIO, codec: str) -> Iterator[bytes]:
    """Lines of a file; where a compressed one is damaged or cut, the lines before, then one that is no JSON and so is counted."""
    if not codec:
        yield from stream
        return
    rest = b""
    blocks = _gunzipped(stream) if codec == "gzip" else _unpacked(stream, codec)
    try:
        for block in blocks:
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
    except (OSError, zlib.error):
        yield rest + b"\0 damaged here"
        return
    yield rest


def _gunzipped(stream: BinaryIO) -> Iterator[bytes]:
    member = zlib.decompressobj(31)
    begun = False
    while block := stream.read(BLOCK_BYTES):
        while block:
            begun = True
            yield member.decompress(block)
            block = member.unused_data
            if member.eof:
                member, begun = zlib.decompressobj(31), False
    if begun:
        raise zlib.error("the file ends inside a gzip member")


def _unpacked(stream: BinaryIO, codec: str) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), codec) as plain:
        while block := plain.read(BLOCK_BYTES):
            yield block

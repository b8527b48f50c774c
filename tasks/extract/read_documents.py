"""Documents that already are text -> the documents table: Parquet, JSON lines, CSV, and plain text files. Every row that is none is counted and named.

How rows are read from each format is in a module of its own (``parquet_rows.py``, ``json_rows.py``, ``csv_rows.py``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.archives.charset import decode
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.crawl import FileSource, SourceFile
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.extract.csv_rows import csv_rows
from winnow.tasks.extract.documents import clean, document_id, host_of, to_table
from winnow.tasks.extract.json_rows import json_rows
from winnow.tasks.extract.language import LanguageModel
from winnow.tasks.extract.lines import codec_of, lines
from winnow.tasks.extract.losses import DROPPED, Losses
from winnow.tasks.extract.parquet_rows import NotParquet, open_parquet, parquet_rows
from winnow.tasks.extract.rows import Row
from winnow.tasks.models.files import ModelFile
from winnow.tasks.transport.politeness import NotFound

COLUMNS = ("id", "url", "date", "language", "language_score")
FILE_NOT_PARQUET = "file:not_parquet"
FILE_NO_TEXT = "file:no_text_column"
LANGUAGE_CODE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}")
"""As ISO 639, BCP 47 and FLORES (eng_Latn) write them."""


class NoTextColumn(BadInput):
    """A table without the column that holds the text."""


@stable("step/read")
@dataclass(frozen=True)
class ReadDocuments(ShardStep):
    """Rows with a ``text_column``, optional ``id``, ``url``, ``date``, ``language`` (ISO code) -> the documents table. A plain text file is one document.

    A ``language`` that is no code (it becomes the name of a folder) is not believed: the model says. ``offset`` is the number of the row in a Parquet
    or CSV file and the byte of the line in a file of JSON lines, ``length`` the characters of the text as given; ``id`` is the one given if there
    is one (repeated within a shard, it gets its place appended), so that users find their documents again. So however a file is cut into shards,
    its documents are the same.
    """

    name: ClassVar[str] = "read"
    version: ClassVar[str] = "4"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"dropped": DROPPED}

    model: ModelFile
    max_document_chars: int = 20_000_000
    text_column: str = "text"

    def check(self) -> None:
        LanguageModel.of(self.model)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        losses = Losses()
        seen: set[str] = set()
        rows_in = 0

        def documents() -> Iterator[dict[str, Any]]:
            nonlocal rows_in
            for file in context.shard(shard).files:
                try:
                    for row in read_rows(context.source, file, self.text_column):
                        rows_in += row.rows
                        if fault := row.fault or self._fault(row.values):
                            url = clean(str(row.values.get("url") or ""))
                            losses.name(fault, file.path, row.offset, url=url, why=clean(row.why), rows=row.rows)
                        else:
                            yield self._document(row, file.path, seen)
                except NotFound as e:
                    losses.file_missing(file, context, e)
                    rows_in += 1
                except (NotParquet, NoTextColumn) as e:
                    if len(context.crawl.files) == 1:
                        raise
                    losses.name(FILE_NOT_PARQUET if isinstance(e, NotParquet) else FILE_NO_TEXT, file.path, why=str(e))
                    rows_in += 1

        table = to_table(documents(), LanguageModel.of(self.model))
        return StepResult(table, rows_in, table.num_rows, dict(losses.by_reason), dict(losses.notes), tables={"dropped": losses.table()})

    def _fault(self, values: dict[str, Any]) -> str:
        text = values.get(self.text_column)
        if not isinstance(text, str):
            return "no_text"
        if not text.strip():
            return "empty"
        return "oversized" if len(text) > self.max_document_chars else ""

    def _document(self, row: Row, path: str, seen: set[str]) -> dict[str, Any]:
        values = row.values
        text: str = values[self.text_column]
        url, given = clean(str(values.get("url") or "")), clean(str(values["id"])) if values.get("id") is not None else ""
        identity = given or document_id(path, row.offset, "")
        if identity in seen:
            identity = f"{identity}~{path}:{row.offset}"
        seen.add(identity)
        language, score = values.get("language"), values.get("language_score")
        if not isinstance(language, str) or not LANGUAGE_CODE.fullmatch(language):
            language = None
        return {
            "id": identity,
            "url": url,
            "host": host_of(url),
            "date": clean(str(values.get("date") or "")),
            "text": clean(text),
            "language": language,
            "language_score": float(score) if isinstance(score, float | int) else (1.0 if language else None),
            "source_file": path,
            "offset": row.offset,
            "length": len(text),
            "record_id": given,
            "payload_digest": None,
            "payload_bytes": len(text.encode("utf-8", "surrogatepass")),
        }


def format_of(path: str, head: bytes) -> str:
    """``parquet``, ``csv``, ``tsv``, ``text`` or ``json``: by the ending where it says so, else by the first bytes."""
    plain = path.lower().removesuffix(".gz").removesuffix(".zst")
    for ending in ("csv", "tsv", "txt"):
        if plain.endswith(f".{ending}"):
            return "text" if ending == "txt" else ending
    return "parquet" if head.startswith(b"PAR1") or plain.endswith(".parquet") else "json"


def read_rows(source: FileSource, file: SourceFile, text_column: str) -> Iterator[Row]:
    """The rows of a file, or of the part of it that ``file`` names.

    Raises:
        NotFound: no such file. NotParquet, NoTextColumn: it is none of what its name says, or has no such column.
    """
    with source.open(file.path) as stream:
        head = stream.read(4)
    kind, codec = format_of(file.path, head), codec_of(head)
    with source.open_seekable(file.path) if kind == "parquet" or file.begin else source.open(file.path) as stream:
        match kind:
            case "parquet":
                table = open_parquet(stream, file.path)
                if text_column not in table.schema_arrow.names:
                    raise _no_column(file.path, text_column, table.schema_arrow.names)
                yield from parquet_rows(table, (text_column, *COLUMNS), file.begin, file.end)
            case "json":
                yield from json_rows(stream, codec, file.begin, file.end)
            case "text":
                every = list(lines(stream, codec))
                good = b"\n".join(line.data for line in every if not line.fault)
                yield Row(0, {text_column: decode(good, "text/plain").text})
                yield from (Row(line.begin, {}, line.fault, line.data.decode()) for line in every if line.fault)
            case _:
                for row in csv_rows(stream, codec, "," if kind == "csv" else "\t"):
                    if not row.fault and text_column not in row.values:
                        raise _no_column(file.path, text_column, list(row.values))
                    yield row


def _no_column(path: str, text_column: str, names: list[str]) -> NoTextColumn:
    return NoTextColumn(
        f"{path} has no column `{text_column}` (it has {', '.join(names[:12])}). Name the column that holds the text with --text-column."
    )

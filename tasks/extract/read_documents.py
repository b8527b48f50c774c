"""Documents that already are text -> the documents table: Parquet, JSON lines, CSV, and plain text files.

How rows are read from each format is in a module of its own (``parquet_rows.py``, ``json_rows.py``, ``csv_rows.py``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from winnow.tasks.archives.charset import decode
from winnow.tasks.engine.crawl import FileSource, SourceFile
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.csv_rows import csv_rows
from winnow.tasks.extract.json_rows import json_rows
from winnow.tasks.extract.lines import codec_of, lines
from winnow.tasks.extract.parquet_rows import open_parquet, parquet_rows
from winnow.tasks.extract.read_rows import COLUMNS, ReadRows, UnreadableFile
from winnow.tasks.extract.rows import Row


@stable("step/read")
@dataclass(frozen=True)
class ReadDocuments(ReadRows):
    """As ``ReadRows``. A row is numbered in a Parquet or CSV file; in a file of JSON lines it is the byte of its line: so however a file is cut into
    shards, its documents are the same. A plain text file is one document."""

    version: ClassVar[str] = "5"

    def rows(self, source: FileSource, file: SourceFile) -> Iterator[Row]:
        return read_rows(source, file, self.text_column)


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
        NotFound: no such file. UnreadableFile: it is none of what its name says, or has no such column.
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


def _no_column(path: str, text_column: str, names: list[str]) -> UnreadableFile:
    return UnreadableFile(
        f"{path} has no column `{text_column}` (it has {', '.join(names[:12])}). Name the column that holds the text with --text-column.",
        "file:no_text_column",
    )

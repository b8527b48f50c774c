"""The readers that winnow ships: archives (WARC and ARC, WET) and documents that already are text. How they read is in the steps they make."""

import io
import os
from typing import ClassVar

from winnow.tasks.archives.diagnose import NotAnArchive
from winnow.tasks.archives.warc import read_records
from winnow.tasks.engine.crawl import SourceFile
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.capture import WANTED
from winnow.tasks.extract.extract import OPTIONAL, Extract
from winnow.tasks.extract.lines import codec_of
from winnow.tasks.extract.parquet_rows import open_parquet, parts_of
from winnow.tasks.extract.read_documents import ReadDocuments, format_of, read_rows
from winnow.tasks.sources.base import Reader, Reading
from winnow.tasks.sources.source import Source
from winnow.tasks.transport.uri import scheme, shown

LOOK_BYTES = 4 << 20
LOOK_RECORDS, LOOK_ROWS = 200, 1000
FOOTER_ONLY_BYTES = 4 << 20  # a Parquet file may inflate to many times its size, so its footer is asked sooner


class Archives(Reader):
    """Pages as they were crawled: WARC and ARC."""

    kind: ClassVar[str] = "warc"
    listed: ClassVar[bool] = True
    endings: ClassVar[tuple[str, ...]] = (".warc", ".warc.gz", ".arc", ".arc.gz")

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"filedesc://") or (head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"WARC/") and not _is_wet(head))

    def documents(self, reading: Reading) -> Extract:
        wanted = tuple(name for name in reading.needs if name in OPTIONAL)
        largest = reading.max_record_bytes, reading.max_header_bytes
        return Extract(reading.extractor, reading.language_model, *largest, wanted or None)

    def check(self, source: Source, path: str, text_column: str) -> None:
        """Refuses metadata (WAT) and other archives whose first records hold no page."""
        with source.open(path) as stream:
            head = stream.read(LOOK_BYTES)
        kinds: dict[str, str] = {}
        try:
            for number, record in enumerate(read_records(io.BytesIO(head), wanted=frozenset())):
                kinds.setdefault(record.type, record.content_type)
                if record.type in WANTED or number == LOOK_RECORDS:
                    return
        except NotAnArchive:
            return  # the step says what it is, and counts it where other files are read
        if kinds.get("metadata", "").startswith("application/json"):
            raise BadInput(
                f"{shown(source.root)}/{path} holds metadata in JSON (a WAT file), and no text can be made of it. "
                "Give the WARC or WET files of the same crawl."
            )


class PlainTexts(Archives):
    """The text that Common Crawl took out of its pages: WET."""

    kind: ClassVar[str] = "wet"
    endings: ClassVar[tuple[str, ...]] = (".wet", ".wet.gz")

    def recognises(self, head: bytes) -> bool:
        return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"WARC/") and _is_wet(head)


class Documents(Reader):
    """Documents that already are text: Parquet, JSON lines, CSV and TSV, plain text."""

    kind: ClassVar[str] = "documents"
    endings: ClassVar[tuple[str, ...]] = tuple(
        ending + packed
        for ending, packings in (
            (".parquet", ("",)),
            (".jsonl", ("", ".gz", ".zst")),
            (".ndjson", ("", ".gz", ".zst")),
            (".json", (".gz", ".zst")),
        )
        for packed in packings
    )
    beside: ClassVar[tuple[str, ...]] = tuple(e + packed for e in (".csv", ".tsv", ".txt") for packed in ("", ".gz", ".zst"))

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"PAR1") or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")

    def documents(self, reading: Reading) -> ReadDocuments:
        return ReadDocuments(reading.language_model, text_column=reading.text_column)

    def check(self, source: Source, path: str, text_column: str) -> None:
        """Refuses a file that is not what its name says, or has no text in its first rows."""
        if scheme(source.root) in ("http", "https") and format_of(path, b"") == "parquet":
            with source.open(path) as stream:
                if not (head := stream.read(1024)).startswith(b"PAR1"):
                    open_parquet(io.BytesIO(head), path)
            return  # the whole file would have to travel to be looked into
        names: dict[str, None] = {}
        faults: dict[str, int] = {}
        for number, row in enumerate(read_rows(source, SourceFile(0, path), text_column)):
            text = row.values.get(text_column)
            if isinstance(text, str) and text.strip():
                return
            names |= dict.fromkeys(row.values)
            fault = row.fault or ("empty" if text == "" else f"no {text_column}")
            faults[fault] = faults.get(fault, 0) + 1
            if number == LOOK_ROWS:
                break
        where = f"{shown(source.root)}/{path}"
        if not faults:
            raise BadInput(f"{where} holds no document at all. Give another file, or leave it out.")
        if text_column in names:
            raise BadInput(
                f"{where} has no text: `{text_column}` is empty in its first {sum(faults.values())} rows. Give another file, or leave it out."
            )
        if names:
            raise BadInput(
                f"{where} has no text in `{text_column}` in its first {sum(faults.values())} rows (they have {', '.join(list(names)[:12])}). "
                "Name the column that holds the text with --text-column."
            )
        with source.open(path) as stream:
            head = stream.read(40)
        raise BadInput(
            f"{where} has no document in its first rows ({', '.join(f'{n} {f}' for f, n in faults.items())}); it begins {head!r}."
        )

    def parts(self, source: Source, path: str, part_bytes: int) -> list[tuple[int, int]]:
        if scheme(source.root) in ("http", "https"):
            return []
        with source.open(path) as stream:
            head = stream.read(4)
            kind = format_of(path, head)
            if not stream.seekable() or codec_of(head) or kind not in ("parquet", "json"):
                return []
            size = stream.seek(0, os.SEEK_END)
            if kind == "json":
                return [(begin, min(size, begin + part_bytes)) for begin in range(0, size, part_bytes)] if size > part_bytes else []
            if size < min(FOOTER_ONLY_BYTES, part_bytes // 8):
                return []
            try:
                parts = parts_of(open_parquet(stream, path), part_bytes)
            except BadInput:
                return []  # the step says what is wrong with it
            return parts if len(parts) > 1 else []


def _is_wet(head: bytes) -> bool:
    types = head.lower()
    return b"warc-type: conversion" in types and b"warc-type: response" not in types

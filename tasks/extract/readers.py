"""The readers that winnow ships: archives (WARC and ARC, WET) and documents that already are text. How they read is in the steps they make."""

from typing import ClassVar

from winnow.tasks.extract.documents import ReadDocuments
from winnow.tasks.extract.extract import OPTIONAL, Extract
from winnow.tasks.sources.base import Reader, Reading


class Archives(Reader):
    """Pages as they were crawled: WARC and ARC."""

    kind: ClassVar[str] = "warc"
    endings: ClassVar[tuple[str, ...]] = (".warc", ".warc.gz", ".arc", ".arc.gz")

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"filedesc://") or (head.lstrip().startswith(b"WARC/") and not _is_wet(head))

    def documents(self, reading: Reading) -> Extract:
        wanted = tuple(name for name in reading.needs if name in OPTIONAL)
        return Extract(reading.extractor, reading.language_model, reading.max_record_bytes, wanted or None)


class PlainTexts(Archives):
    """The text that Common Crawl took out of its pages: WET."""

    kind: ClassVar[str] = "wet"
    endings: ClassVar[tuple[str, ...]] = (".wet", ".wet.gz")

    def recognises(self, head: bytes) -> bool:
        return head.lstrip().startswith(b"WARC/") and _is_wet(head)


class Documents(Reader):
    """Documents that already are text: Parquet and JSONL."""

    kind: ClassVar[str] = "documents"
    endings: ClassVar[tuple[str, ...]] = (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst")

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"PAR1") or head.lstrip().startswith(b"{")

    def documents(self, reading: Reading) -> ReadDocuments:
        return ReadDocuments(reading.language_model)


def _is_wet(head: bytes) -> bool:
    types = head.lower()
    return b"warc-type: conversion" in types and b"warc-type: response" not in types

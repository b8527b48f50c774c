"""The account of what did not become a document: counted by reason, and named record by record in the table ``dropped``."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.crawl import SourceFile
from winnow.tasks.transport.politeness import NotFound

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
FILE = "file:"
"""Begins the reasons that cost a whole file."""
FILE_MISSING = "file:missing"
FILE_NOT_AN_ARCHIVE = "file:not_an_archive"
FILE_REASONS: Mapping[str, str] = {FILE_NOT_AN_ARCHIVE: "a whole file that is neither a WARC nor an ARC", f"{FILE}*": "a whole file: {}"}
"""What they mean, for the reasons of a step."""


def is_fatal(context: ShardContext) -> bool:
    """Whether a listed file that is not there ends the run: a strict one, or one of which it is all there is."""
    return context.source.strict or len({f.path for f in context.crawl.files}) == 1


class Losses:
    """Counts of one shard. ``by_reason`` counts rows; ``table`` names those that can be found again."""

    def __init__(self) -> None:
        self.by_reason: Counter[str] = Counter()
        self._rows: list[dict[str, Any]] = []

    @property
    def total(self) -> int:
        return self.by_reason.total()

    @property
    def notes(self) -> dict[str, dict[str, int]]:
        """The files of which nothing could be read, for the notes of the step."""
        lost = {row["source_file"]: 1 for row in self._rows if row["reason"].startswith(FILE)}
        return {"lost_files": lost} if lost else {}

    def count(self, reason: str, rows: int = 1) -> None:
        """Rows that nobody will look for, such as request records."""
        self.by_reason[reason] += rows

    def name(
        self, reason: str, path: str, offset: int = 0, length: int = 0, record_id: str = "", url: str = "", *, why: str = "", rows: int = 1
    ) -> None:
        """Count, and say where it was; ``why`` goes behind the reason in the table."""
        self.by_reason[reason] += rows
        self._rows.append(
            {
                "source_file": path,
                "offset": offset,
                "length": length,
                "record_id": record_id,
                "url": url,
                "reason": f"{reason} ({why})" if why else reason,
            }
        )

    def file_missing(self, file: SourceFile, context: ShardContext, error: NotFound) -> None:
        """A listed file is not there: that costs this file, unless it is all there is, or the run is strict. Then ``error`` is raised."""
        if is_fatal(context):
            raise error
        self.name(FILE_MISSING, file.path, why=str(error))

    def table(self) -> pa.Table:
        return pa.Table.from_pylist(self._rows, schema=DROPPED)

"""The step that makes documents of rows, whatever files they come from: every row that is none is counted and named.

A reader of another format derives from ``ReadRows`` and says what the rows of a file are (docs/adding-a-source.md).
"""

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.crawl import FileSource, SourceFile
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.extract.documents import clean, document_id, host_of, to_table
from winnow.tasks.extract.language import LanguageModel
from winnow.tasks.extract.losses import DROPPED, FILE_REASONS, Losses
from winnow.tasks.extract.rows import Row
from winnow.tasks.models.files import ModelFile
from winnow.tasks.transport.politeness import NotFound

COLUMNS = ("id", "url", "date", "language", "language_score")
LANGUAGE_CODE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}")
"""As ISO 639, BCP 47 and FLORES (eng_Latn) write them."""


class UnreadableFile(BadInput):
    """A file of which no row can be read. ``reason`` is what it counts as where other files are read: ``file:`` and a word."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class ReadRows(ShardStep):
    """Rows with a ``text_column``, optional ``id``, ``url``, ``date``, ``language`` (ISO code) -> the documents table.

    A ``language`` that is no code (it becomes the name of a folder) is not believed: the model says. ``offset`` is where the row
    stands in its file (``Row``), ``length`` the characters of the text as given; ``id`` is the one given if there
    is one, so that users find their documents again. Repeated within a file, or a part of one, it gets its place appended; two files that both have it keep it, as
    neither is looked at for the other. So the documents are the same whichever files share a shard.
    """

    name: ClassVar[str] = "read"
    about: ClassVar[str] = "reads the rows, names the language of their text"
    reasons: ClassVar[Mapping[str, str]] = {
        "malformed": "not a JSON object",
        "no_text": "no string in the column of the text",
        "empty": "a text of white space only",
        **FILE_REASONS,
    }
    tables: ClassVar[Mapping[str, pa.Schema]] = {"dropped": DROPPED}

    model: ModelFile
    max_document_chars: int = 20_000_000
    text_column: str = "text"

    def check(self) -> None:
        LanguageModel.of(self.model)

    @abstractmethod
    def rows(self, source: FileSource, file: SourceFile) -> Iterator[Row]:
        """The rows of a file, or of the part of it that ``file`` bounds, in order.

        Raises:
            NotFound: no such file. UnreadableFile: none of its rows can be read. Both cost the file, unless it is all there is.
        """

    def run(self, shard: str, context: ShardContext) -> StepResult:
        losses = Losses()
        rows_in = 0

        def documents() -> Iterator[dict[str, Any]]:
            nonlocal rows_in
            for file in context.shard(shard).files:
                seen: set[str] = set()  # of one file: which files share a shard must not change an id
                try:
                    for row in self.rows(context.source, file):
                        rows_in += row.rows
                        if fault := row.fault or self._fault(row.values):
                            url = clean(str(row.values.get("url") or ""))
                            losses.name(fault, file.path, row.offset, url=url, why=clean(row.why), rows=row.rows)
                        else:
                            yield self._document(row, file.path, seen)
                except NotFound as e:
                    losses.file_missing(file, context, e)
                    rows_in += 1
                except UnreadableFile as e:
                    if len(context.crawl.files) == 1:
                        raise
                    losses.name(e.reason, file.path, why=str(e))
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

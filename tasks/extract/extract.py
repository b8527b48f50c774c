"""Extract: WARC, ARC and WET records -> the documents table. Every record that does not become a document is counted with a reason.

Reading is in ``tasks/archives/``, one page to text in ``tasks/extract/page.py``, the account of what is lost in ``tasks/extract/losses.py``: here is only
the order of things.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa

from winnow.tasks.archives.charset import decode
from winnow.tasks.archives.diagnose import NotAnArchive
from winnow.tasks.archives.media_type import PLAIN
from winnow.tasks.archives.record import Record
from winnow.tasks.archives.segments import CONTINUATION, joined
from winnow.tasks.archives.warc import read_records
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.extract.capture import WANTED, NoPage, content_type_of, payload_of, text_of
from winnow.tasks.extract.documents import clean, document_id, host_of, to_table
from winnow.tasks.extract.extractors.base import Extractor
from winnow.tasks.extract.language import LanguageModel
from winnow.tasks.extract.losses import DROPPED, FILE_NOT_AN_ARCHIVE, FILE_REASONS, Losses
from winnow.tasks.extract.page import html_of
from winnow.tasks.extract.pages.policy_files import POLICY_FILES, kind_of, policy_row
from winnow.tasks.extract.pages.side_tables import SCHEMAS, side_rows
from winnow.tasks.extract.pages.spans import SCHEMA as SPANS
from winnow.tasks.extract.pages.spans import SpanRows
from winnow.tasks.models.files import ModelFile
from winnow.tasks.transport.politeness import NotFound

KIB, MIB = 1 << 10, 1 << 20


HEADERS = pa.schema([pa.field("id", pa.string()), pa.field("name", pa.string()), pa.field("value", pa.string())])
OPTIONAL: Mapping[str, pa.Schema] = {"headers": HEADERS, "spans": SPANS, "policy_files": POLICY_FILES, **SCHEMAS}
"""Tables that are made only when the recipe, one of its sections or one of its filters asks for them. ``headers``: one row per HTTP header of a page, names in
lower case; ``spans``: one per block of a page (tasks/extract/pages/spans.py); ``policy_files``: one per capture of a file such as robots.txt, whatever its status
(tasks/extract/pages/policy_files.py); the others are those of tasks/extract/pages/side_tables.py."""


class Sides:
    """The rows of the optional tables of one shard, while it is made."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self.spans = SpanRows() if "spans" in wanted else None
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in wanted if name != "spans"}

    def tables(self) -> dict[str, pa.Table]:
        made = {name: pa.Table.from_pylist(rows, schema=OPTIONAL[name]) for name, rows in self.rows.items()}
        return made if self.spans is None else made | {"spans": self.spans.table()}


@stable("step/extract")
@dataclass(frozen=True)
class Extract(ShardStep):
    """Records of all types in, one row per document out (schema: ``winnow.tasks.extract.documents.SCHEMA``).

    ``extractor`` turns HTML into text; ``model`` names the language of each document. Only captures with HTTP status 200 and a text
    type are documents. What is broken, too large or no text is counted, named in the table ``dropped``, and never ends the shard: a record of
    which the block has more than ``max_record_bytes`` or the header more than ``max_header_bytes``, a page that breaks the extractor. A file that
    is no archive at all, or is not there, is one loss; it is fatal when it is all there is (or, with ``strict``, when it is not there). ``wanted`` names
    further tables of OPTIONAL.
    """

    name: ClassVar[str] = "extract"
    about: ClassVar[str] = "reads the archive's records, takes the text out of pages, names its language"
    reasons: ClassVar[Mapping[str, str]] = {
        "type:revisit": "points to an earlier capture, holds no page",
        "extract:empty": "a page without any text",
        "empty_payload": "no bytes behind the header",
        "oversized": "larger than the recipe reads (max_record_mib)",
        "mime:missing": "no type declared, and not HTML by its looks",
        "mime:malformed": "the declared type is not one",
        "type:*": "a {} record, which holds no page",
        "http_status:*": "the server answered {}, not 200",
        "http:*": "the HTTP message cannot be read: {}",
        "mime:*": "declared as {}, not HTML or plain text",
        "damaged:*": "a damaged record: {}",
        "extract:*": "the extractor gave up: {}",
        **FILE_REASONS,
    }
    version: ClassVar[str] = "5"

    extractor: Extractor
    model: ModelFile
    max_record_bytes: int = 32 * MIB
    max_header_bytes: int = MIB
    wanted: tuple[str, ...] | None = None

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        return {"dropped": DROPPED} | {name: OPTIONAL[name] for name in self.wanted or ()}

    def check(self) -> None:
        LanguageModel.of(self.model)
        self.extractor.check()

    def run(self, shard: str, context: ShardContext) -> StepResult:
        losses = Losses()
        notes: Counter[str] = Counter()
        rows_in = 0
        sides = Sides(self.wanted or ())

        def documents() -> Iterator[dict[str, Any]]:
            nonlocal rows_in
            for file in context.shard(shard).files:
                try:
                    stream = context.source.open_ahead(file.path)
                except NotFound as e:
                    losses.file_missing(file, context, e)
                    rows_in += 1
                    continue
                with stream:
                    try:
                        for record in self._records(stream):
                            rows_in += 1
                            notes["archive_bytes"] += record.length
                            try:
                                yield self._document(record, file.path, notes, sides)
                            except NoPage as drop:
                                reason = str(drop)
                                if record.type in WANTED or record.problem:
                                    losses.name(reason, file.path, record.offset, record.length, clean(record.record_id), clean(record.uri))
                                else:
                                    losses.count(reason)
                    except NotAnArchive as e:
                        if len(context.crawl.files) == 1:
                            raise NotAnArchive(f"{file.path}: {e}") from None
                        rows_in += 1
                        losses.name(FILE_NOT_AN_ARCHIVE, file.path, why=str(e))

        table = to_table(documents(), LanguageModel.of(self.model))
        return StepResult(
            table,
            rows_in,
            table.num_rows,
            dict(losses.by_reason),
            dict(sorted(notes.items())) | losses.notes,
            {"dropped": losses.table()} | sides.tables(),
        )

    def _records(self, stream: BinaryIO) -> Iterator[Record]:
        records = read_records(
            stream, max_block_bytes=self.max_record_bytes, max_header_bytes=self.max_header_bytes, wanted=WANTED | {CONTINUATION}
        )
        return joined(records, self.max_record_bytes)

    def _document(self, record: Record, path: str, notes: Counter[str], sides: Sides) -> dict[str, Any]:
        looked_at = record.problem is None and record.type in WANTED and record.type != "conversion"
        if "policy_files" in sides.rows and looked_at and kind_of(record.uri) and (policy := policy_row(record, path)):
            sides.rows["policy_files"].append(policy)
        http, mime, holds = payload_of(record, self.max_record_bytes)
        if holds is False:
            notes["payload_digest_mismatches"] += 1
        page = text_of(http, mime, self.extractor)
        url, identity = clean(record.uri), document_id(path, record.offset, record.record_id)
        if sides.spans is not None:
            sides.spans.add(identity, page.spans)
        if "headers" in sides.rows:
            sides.rows["headers"] += [{"id": identity, "name": clean(name), "value": clean(value)} for name, value in http.headers.items()]
        asked = [name for name in sides.rows if name in SCHEMAS]
        if asked and mime != PLAIN:
            html = html_of(decode(http.payload, content_type_of(http, mime)).text, mime)
            for name, rows in side_rows(identity, self.extractor.bounded(html), url, asked).items():
                sides.rows[name] += rows
        return {
            "id": identity,
            "url": url,
            "host": host_of(url),
            "date": clean(record.date),
            "text": page.text,
            "source_file": path,
            "offset": record.offset,
            "length": record.length,
            "record_id": clean(record.record_id),
            "payload_digest": clean(record.payload_digest) or None,
            "payload_digest_holds": holds,
            "http_status": http.status or None,
            "mime": mime,
            "charset": page.charset,
            "payload_bytes": len(http.payload),
            "truncated": clean(record.headers.get("warc-truncated", "")) or None,
        }

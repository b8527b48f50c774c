"""Extract: WARC, ARC and WET records -> the documents table. Every record that does not become a document is counted with a reason.

Reading is in ``tasks/archives/warc.py``, charsets in ``tasks/archives/charset.py``, HTML to text in ``tasks/extract/extractors/``: here is only the order of things
and the account of what is lost.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.archives.charset import decode
from winnow.tasks.archives.diagnose import NotAnArchive
from winnow.tasks.archives.http_message import HttpResponse, parse_http_response, payload_digest_holds
from winnow.tasks.archives.record import Record
from winnow.tasks.archives.warc import read_records
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.extract.documents import DROPPED, clean, document_id, host_of, to_table
from winnow.tasks.extract.extractors.base import ExtractionFailed, Extractor
from winnow.tasks.extract.language import LanguageModel
from winnow.tasks.models.files import ModelFile

WANTED = frozenset({"response", "resource", "conversion"})
HTML = frozenset({"text/html", "application/xhtml+xml"})
MIB = 1 << 20


HEADERS = pa.schema([pa.field("id", pa.string()), pa.field("name", pa.string()), pa.field("value", pa.string())])
OPTIONAL: Mapping[str, pa.Schema] = {"headers": HEADERS}
"""Tables that are made only when a filter of the recipe needs them. ``headers``: one row per HTTP header of a page, names in lower case."""


class _Dropped(Exception):
    """This record becomes no document; the message is the reason."""


@stable("step/extract")
@dataclass(frozen=True)
class Extract(ShardStep):
    """Records of all types in, one row per document out (schema: ``winnow.tasks.extract.documents.SCHEMA``).

    ``extractor`` turns HTML into text; ``model`` names the language of each document. Only captures with HTTP status 200 and a text
    type are documents. ``wanted`` names further tables of OPTIONAL, for filters that need them. A file that is no archive at all is fatal when it is all there is, else it is one counted loss.
    """

    name: ClassVar[str] = "extract"

    extractor: Extractor
    model: ModelFile
    max_record_bytes: int = 32 * MIB
    wanted: tuple[str, ...] | None = None

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        return {"dropped": DROPPED} | {name: OPTIONAL[name] for name in self.wanted or ()}

    def check(self) -> None:
        LanguageModel.of(self.model)
        self.extractor.check()

    def run(self, shard: str, context: ShardContext) -> StepResult:
        dropped: Counter[str] = Counter()
        lost: list[dict[str, Any]] = []
        notes: Counter[str] = Counter()
        rows_in = 0
        headers: list[dict[str, Any]] | None = [] if "headers" in self.tables else None

        def documents() -> Iterator[dict[str, Any]]:
            nonlocal rows_in
            for file in context.shard(shard).files:
                with context.source.open_ahead(file.path) as stream:
                    try:
                        for record in read_records(stream, max_block_bytes=self.max_record_bytes, wanted=WANTED):
                            rows_in += 1
                            notes["archive_bytes"] += record.length
                            try:
                                yield self._document(record, file.path, notes, headers)
                            except _Dropped as drop:
                                reason = str(drop)
                                dropped[reason] += 1
                                if record.type in WANTED or record.problem:
                                    lost.append(_trace(record, file.path, reason))
                    except NotAnArchive as e:
                        if len(context.crawl.files) == 1:
                            raise NotAnArchive(f"{file.path}: {e}") from None
                        rows_in += 1
                        dropped["file:not_an_archive"] += 1
                        lost.append(
                            {
                                "source_file": file.path,
                                "offset": 0,
                                "length": 0,
                                "record_id": "",
                                "url": "",
                                "reason": f"file:not_an_archive ({e})",
                            }
                        )

        table = to_table(documents(), LanguageModel.of(self.model))
        return StepResult(
            table,
            rows_in,
            table.num_rows,
            dict(dropped),
            dict(sorted(notes.items())),
            {"dropped": pa.Table.from_pylist(lost, schema=DROPPED)}
            | ({"headers": pa.Table.from_pylist(headers, schema=HEADERS)} if headers is not None else {}),
        )

    def _document(self, record: Record, path: str, notes: Counter[str], headers: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        if record.problem and record.problem not in ("oversized", "block_digest_mismatch"):
            raise _Dropped(f"damaged:{record.problem}")
        if record.type not in WANTED:
            raise _Dropped(f"type:{record.type}")
        if record.problem == "block_digest_mismatch":
            raise _Dropped("damaged:block_digest_mismatch")
        if record.problem == "oversized":
            raise _Dropped("oversized")
        http, mime, holds = self._payload(record)
        if holds is False:
            notes["payload_digest_mismatches"] += 1
        if mime == "text/plain":
            decoded = decode(http.payload, http.content_type or "text/plain; charset=utf-8")
            text = decoded.text
        else:
            decoded = decode(http.payload, http.content_type)
            try:
                text = self.extractor.extract(decoded.text)
            except ExtractionFailed as e:
                raise _Dropped(f"extract:{e.reason}") from None
        text = clean(text)
        if not text.strip():
            raise _Dropped("extract:empty")
        url, identity = clean(record.uri), document_id(path, record.offset, record.record_id)
        if headers is not None:
            headers += [{"id": identity, "name": clean(name), "value": clean(value)} for name, value in http.headers.items()]
        return {
            "id": identity,
            "url": url,
            "host": host_of(url),
            "date": clean(record.date),
            "text": text,
            "source_file": path,
            "offset": record.offset,
            "length": record.length,
            "record_id": clean(record.record_id),
            "payload_digest": clean(record.payload_digest) or None,
            "payload_digest_holds": holds,
            "http_status": http.status or None,
            "mime": mime,
            "charset": decoded.encoding,
            "payload_bytes": len(http.payload),
            "truncated": clean(record.headers.get("warc-truncated", "")) or None,
        }

    def _payload(self, record: Record) -> tuple[HttpResponse, str, bool | None]:
        """The payload, its mime type and whether its digest holds. Raises _Dropped for what is no page."""
        if record.type == "conversion":
            return HttpResponse(200, "text/plain; charset=utf-8", {}, record.block, None), "text/plain", None
        if record.type == "resource":
            http = HttpResponse(200, record.content_type, {}, record.block, None)
        else:
            http = parse_http_response(record.block, max_payload_bytes=self.max_record_bytes)
            if http.problem:
                raise _Dropped(f"http:{http.problem}")
            if http.status != 200:
                raise _Dropped(f"http_status:{http.status}")
        mime = _mime(http)
        if mime not in HTML and mime != "text/plain":
            raise _Dropped(f"mime:{mime or 'missing'}")
        if not http.payload:
            raise _Dropped("empty_payload")
        return http, mime, payload_digest_holds(record, http)


def _mime(http: HttpResponse) -> str:
    """Declared mime type in lower case; HTML where none is declared and the payload begins like a page."""
    declared = clean(http.content_type).split(";")[0].strip().lower()
    if declared:
        return declared if len(declared) <= 60 and declared.isprintable() and "/" in declared else "malformed"
    return "text/html" if http.payload.lstrip()[:1] == b"<" else ""


def _trace(record: Record, path: str, reason: str) -> dict[str, Any]:
    return {
        "source_file": path,
        "offset": record.offset,
        "length": record.length,
        "record_id": clean(record.record_id),
        "url": clean(record.uri),
        "reason": reason,
    }

"""One capture of an archive -> its payload, and the text of it, or the reason why there is none. Reading archives is in ``tasks/archives/``; what is counted, and where,
is told by the steps that read (``extract.py``, ``tasks/corpus/refine.py``)."""

from winnow.tasks.archives.http_message import HttpResponse, parse_http_response, payload_digest_holds
from winnow.tasks.archives.media_type import PAGES, PLAIN, media_type
from winnow.tasks.archives.record import Record
from winnow.tasks.engine.errors import Transient, WinnowError
from winnow.tasks.extract.extractors.base import ExtractionFailed, Extractor
from winnow.tasks.extract.page import PageText, page_text

WANTED = frozenset({"response", "resource", "conversion"})
"""Types of the records that may hold a page."""


class NoPage(Exception):
    """This record becomes no document; the message is the reason."""


def payload_of(record: Record, max_bytes: int) -> tuple[HttpResponse, str, bool | None]:
    """The payload, its mime type and whether its digest holds. Raises NoPage for what is no page."""
    if record.problem and record.problem not in ("oversized", "block_digest_mismatch"):
        raise NoPage(f"damaged:{record.problem}")
    if record.type not in WANTED:
        raise NoPage(f"type:{record.type}")
    if record.problem == "block_digest_mismatch":
        raise NoPage("damaged:block_digest_mismatch")
    if record.problem == "oversized":
        raise NoPage("oversized")
    if record.type == "conversion":
        return HttpResponse(200, "text/plain; charset=utf-8", {}, record.block, None), PLAIN, None
    if record.type == "resource":
        http = HttpResponse(200, record.content_type, {}, record.block, None)
    else:
        http = parse_http_response(record.block, max_payload_bytes=max_bytes)
        if http.problem:
            raise NoPage(f"http:{http.problem}")
        if http.status != 200:
            raise NoPage(f"http_status:{http.status}")
    mime = media_type(http.content_type, record.headers.get("warc-identified-payload-type", ""), http.payload)
    if mime not in PAGES:
        raise NoPage(f"mime:{mime or 'missing'}")
    if not http.payload:
        raise NoPage("empty_payload")
    return http, mime, payload_digest_holds(record, http)


def content_type_of(http: HttpResponse, mime: str) -> str:
    """The content type to decode by: plain text that says nothing is UTF-8."""
    return http.content_type or (f"{PLAIN}; charset=utf-8" if mime == PLAIN else "")


def text_of(http: HttpResponse, mime: str, extractor: Extractor) -> PageText:
    """The text of a payload. Raises NoPage: the extractor gives up, breaks on this page, or finds nothing."""
    try:
        page = page_text(http.payload, mime, content_type_of(http, mime), extractor)
    except ExtractionFailed as e:
        raise NoPage(f"extract:{e.reason}") from None
    except (WinnowError, Transient, MemoryError):
        raise
    except Exception as e:  # a page that breaks a library is one page, not the shard
        raise NoPage(f"extract:error:{type(e).__name__}") from None
    if not page.text.strip():
        raise NoPage("extract:empty")
    return page

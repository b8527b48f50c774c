"""Files in which a site says what may be done with its pages: robots.txt (RFC 9309), tdmrep.json (W3C TDMRep), ai.txt, llms.txt, rsl.xml. One row per capture, as it came;
what the files mean is in tasks/consent."""

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pyarrow as pa

from winnow.tasks.archives.http_message import parse_http_response
from winnow.tasks.archives.record import Record
from winnow.tasks.extract.documents import clean

MOST_BYTES = 500 * 1024
"""Of longer files this much is kept: what RFC 9309, section 2.5, asks a crawler to read."""
MOST_PAYLOAD_BYTES = 1 << 20
ROBOTS, TDMREP, AI_TXT, LLMS_TXT, RSL = "robots.txt", "tdmrep.json", "ai.txt", "llms.txt", "rsl.xml"
PATHS = {
    "/robots.txt": ROBOTS,
    "/.well-known/tdmrep.json": TDMREP,
    "/ai.txt": AI_TXT,
    "/.well-known/ai.txt": AI_TXT,
    "/llms.txt": LLMS_TXT,
    "/.well-known/llms.txt": LLMS_TXT,
    "/rsl.xml": RSL,
    "/.well-known/rsl.xml": RSL,
}
POLICY_FILES = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("url", pa.string()),
        pa.field("date", pa.string()),
        pa.field("status", pa.int16()),
        pa.field("location", pa.string()),
        pa.field("body", pa.binary()),
        pa.field("flaws", pa.list_(pa.field("element", pa.string()))),
        pa.field("payload_digest", pa.string()),
        pa.field("source_file", pa.string()),
        pa.field("offset", pa.int64()),
        pa.field("length", pa.int64()),
        pa.field("record_id", pa.string()),
    ]
)
"""``kind``: a value of PATHS, '' for any other file (where a redirect leads); ``location``: absolute address of a redirect; ``body``: free of its codings, at most
``MOST_BYTES``, and empty for a page without any rule in it; ``flaws``: ``html`` (a page where a file should be), ``utf-16``, ``oversized``, ``truncated``, and problems of HTTP."""
MARKUP = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)


def kind_of(url: str) -> str:
    """Which policy file a URL names; '' if none. A query does not count, the place does."""
    try:
        return PATHS.get(urlsplit(url).path, "")
    except ValueError:
        return ""


def policy_row(record: Record, source_file: str) -> dict[str, Any] | None:
    """The row of a response or resource record; None if it holds no HTTP response with a status. Total on any block."""
    if record.type == "resource":
        status, location, body, flaws = 200, "", record.block, []
    else:
        http = parse_http_response(record.block, max_payload_bytes=MOST_PAYLOAD_BYTES)
        if not http.status:
            return None
        status, body = http.status, http.payload
        location = _absolute(record.uri, http.headers.get("location", "")) if 300 <= status < 400 else ""
        flaws = [http.problem] if http.problem and http.problem != "payload_oversized" else []
    url = clean(record.uri)
    if len(body) > MOST_BYTES or record.problem == "oversized":
        flaws.append("oversized")
    if record.headers.get("warc-truncated"):
        flaws.append("truncated")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        flaws.append("utf-16")
    if kind_of(url) != RSL and MARKUP.match(body[:4096]):
        flaws.append("html")
        if b"user-agent" not in body.lower():
            body = b""  # a soft error page, or the front page where a redirect ends
    return {
        "kind": kind_of(url),
        "url": url,
        "date": clean(record.date),
        "status": min(status, 999),
        "location": clean(location),
        "body": bytes(body[:MOST_BYTES]),
        "flaws": flaws,
        "payload_digest": clean(record.payload_digest) or None,
        "source_file": source_file,
        "offset": record.offset,
        "length": record.length,
        "record_id": clean(record.record_id),
    }


def _absolute(url: str, location: str) -> str:
    try:
        return urljoin(url, location.strip()).partition("#")[0] if location else ""
    except ValueError:
        return ""

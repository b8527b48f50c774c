"""What a payload is: by its first bytes, by what the crawl identified, and by what the server declared, in this order of trust.

The signatures of HTML and of binary formats, and what counts as a binary byte, follow the WHATWG MIME Sniffing standard, sections 6 and 7;
``WARC-Identified-Payload-Type`` (WARC 1.1, 5.14) is what Common Crawl's crawler found with Apache Tika.
"""

import re

from winnow.tasks.archives.charset import narrow

HTML, XHTML, PLAIN = "text/html", "application/xhtml+xml", "text/plain"
PAGES = frozenset({HTML, XHTML, PLAIN})
BINARY = "binary"
LOOK_BYTES = 8192

_WORD = r"[!#$&^_.+0-9A-Za-z-]{1,60}"
_TYPE = re.compile(rf"(?<![!#$&^_.+0-9A-Za-z/-])({_WORD}/{_WORD})(?![!#$&^_.+0-9A-Za-z/-])")
_QUOTED = re.compile(r'=\s*"[^"]*"')
# Types that servers give to what they do not know.
_UNKNOWN = frozenset(
    "application/octet-stream binary/octet-stream application/binary application/unknown application/x-unknown unknown/unknown unknown/type "
    "application/force-download application/download application/x-download application/x-msdownload application/x-httpd-php "
    "application/x-unknown-content-type application/x-unknown-mime-type content/unknown httpd/unix-directory".split()
)
_XML = re.compile(r"(?:text|application)/xml|[^/]+/[^/]+\+xml")
_NOT_BINARY = re.compile(r"text/|application/(?:.*xml|.*json|.*javascript|.*ecmascript|x-httpd|x-sh|x-php|rtf)")
_BEGIN = rb"(?:\xef\xbb\xbf)?[\s\0]*(?:<\?xml[^>]{0,400}>\s*)?(?:<!--(?:(?!-->).){0,4000}-->\s*)*"
_MARKUP = re.compile(
    _BEGIN
    + rb"<(?:!doctype\s+html|html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p|meta|link|center|span|main|article|form)"
    rb"(?=[\s>/])",
    re.IGNORECASE | re.DOTALL,
)
_DOCUMENT = re.compile(_BEGIN + rb"<(?:!doctype\s+html|html|head)(?=[\s>])", re.IGNORECASE | re.DOTALL)
_FEED = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?[^>]{0,400}>\s*|<!--(?:(?!-->).){0,4000}-->\s*){0,9}"
    rb"<(?:(?P<rss>rss)|(?P<atom>feed)(?=\s[^>]{0,400}xmlns)|(?P<rdf>rdf:RDF)|(?P<sitemap>urlset|sitemapindex)(?=\s[^>]{0,400}xmlns))(?=[\s>])",
    re.DOTALL,
)
_FEEDS = {"rss": "application/rss+xml", "atom": "application/atom+xml", "rdf": "application/rdf+xml", "sitemap": "application/xml"}
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"%!PS-Adobe", "application/postscript"),
    (b"{\\rtf", "application/rtf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"\x04\x22\x4d\x18", "application/x-lz4"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/x-rar-compressed"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\1\0", "image/x-icon"),
    (b"RIFF", "application/x-riff"),
    (b"OggS\0", "application/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"FLV\1", "video/x-flv"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"FWS", "application/x-shockwave-flash"),
    (b"CWS", "application/x-shockwave-flash"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-msdownload"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"\0asm", "application/wasm"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"PAR1", "application/vnd.apache.parquet"),
)
# Magic numbers that are letters: believed only before bytes that no text has.
_LETTERS = frozenset({b"BZh", b"RIFF", b"ID3", b"FWS", b"CWS", b"MZ", b"wOFF", b"wOF2", b"fLaC", b"PAR1", b"GIF87a", b"GIF89a"})
_CONTROL = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_BINARY_SHARE = 0.02


def media_type(content_type: str, identified: str, payload: bytes) -> str:
    """The type of a payload, in lower case: one of ``PAGES`` for what can be a document; ``binary`` for bytes that are no text; '' if nothing
    declares or shows a type.

    ``content_type`` is the header field as it stands, joined, doubled or without a semicolon; ``identified`` is WARC-Identified-Payload-Type.
    """
    head = payload[:LOOK_BYTES]
    declared, known = declared_type(content_type), declared_type(identified)
    if magic := magic_type(head):
        return magic
    if declared in PAGES and (feed := _FEED.match(narrow(head))):
        return _FEEDS[str(feed.lastgroup)]
    if _is_markup(head):
        return _of_markup(declared, known, head)
    if declared in PAGES or (declared in _UNKNOWN | {""} and known in PAGES):
        if is_binary(head):
            return BINARY
        if known and known not in PAGES and not _NOT_BINARY.match(known) and known not in _UNKNOWN:
            return known
        return declared if declared in PAGES else known
    if not declared and payload.lstrip()[:1] == b"<":
        return HTML
    return declared or ("malformed" if content_type.strip() else "")


def declared_type(field: str) -> str:
    """The media type of a header field in lower case, '' if it holds none. Of several the last counts (Fetch standard, "extract a MIME type")."""
    found = [t.lower() for t in _TYPE.findall(_QUOTED.sub("=", field[:1000])) if t != "*/*"]
    return found[-1] if found else ""


def magic_type(head: bytes) -> str:
    """The binary format whose magic number the bytes begin with, '' if they begin with none."""
    begun = head.lstrip()
    for magic, name in _MAGIC:
        if (head.startswith(magic) or (magic == b"%PDF-" and begun.startswith(magic))) and (
            magic not in _LETTERS or is_binary(head[:512], 1)
        ):
            return name
    return "video/mp4" if head[4:8] == b"ftyp" and head[:1] == b"\0" else ""


def is_binary(head: bytes, most: int | None = None) -> bool:
    """Whether so many bytes are control characters that this is no text; wide encodings aside, whose zeros stand in a pattern."""
    control = len(head) - len(head.translate(None, _CONTROL))
    if control < (2 if most is None else most) or narrow(head) is not head:
        return False
    return most is not None or control > _BINARY_SHARE * len(head)


def _is_markup(head: bytes) -> bool:
    return bool(_MARKUP.match(narrow(head)))


def _of_markup(declared: str, known: str, head: bytes) -> str:
    """The type of what begins like HTML: a page, unless the server says that it is something else and the crawl does not say that it is HTML."""
    if declared in (HTML, XHTML):
        return declared
    if declared == PLAIN:
        return HTML if _DOCUMENT.match(head) or known in (HTML, XHTML) else PLAIN
    xml = bool(_XML.fullmatch(declared)) and bool(_DOCUMENT.match(head))
    if declared in _UNKNOWN or not declared or known in (HTML, XHTML) or xml:
        return XHTML if known == XHTML or xml else HTML
    return declared

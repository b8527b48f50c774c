"""From bytes to text: which encoding a page is in, by what evidence, and decoding that never fails.

The order of evidence follows the HTML standard (byte order mark, transport, meta), with one doubt added: a declaration is believed only where
the bytes allow it. Pages are declared UTF-8 and are not, or declared Latin-1 by a server's default and are UTF-8. Detection without a
declaration is uchardet's, through resiliparse.
"""

import codecs
import re
from typing import NamedTuple

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

META_BYTES = 2048
DETECT_BYTES = 1 << 16
HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
META_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,400}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Python's names for what the HTML standard calls otherwise, or for the superset that browsers use.
WIDER = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "iso-8859-8-i": "iso-8859-8",
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "x-user-defined": "windows-1252",
}
# Which of four bytes in a row are zero.
WIDE = {"x0x0": "utf-16-le", "0x0x": "utf-16-be", "x000": "utf-32-le", "000x": "utf-32-be"}
NOT_WEB = frozenset({"undefined", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "palmos"})


class Decoded(NamedTuple):
    """``evidence``: ``bom``, ``http``, ``meta``, ``utf-8`` (valid although declared otherwise or not at all), ``detected`` or ``default``."""

    text: str
    encoding: str
    evidence: str


def decode(payload: bytes, content_type: str) -> Decoded:
    """Total: bytes that the encoding does not allow become U+FFFD. ``content_type`` is the header field of the response."""
    for mark, encoding in MARKS:
        if payload.startswith(mark):
            return Decoded(payload[len(mark) :].decode(encoding, "replace"), encoding, "bom")
    if wide := _by_zeros(payload[:META_BYTES]):
        return Decoded(payload.decode(wide, "replace"), wide, "detected")
    http = HTTP_CHARSET.search(content_type)
    meta = META_CHARSET.search(payload[:META_BYTES])
    declared = [
        (label, evidence)
        for label, evidence in ((http and http[1], "http"), (meta and meta[1].decode("ascii", "replace"), "meta"))
        if label
    ]
    if (text := _strictly(payload, "utf-8")) is not None and (declared or not payload.isascii()):
        named = next((e for label, e in declared if codec_of(label) == "utf-8"), "utf-8")
        if not payload.isascii() or not any(_is_escaped(label) for label, _ in declared):
            return Decoded(text, "utf-8", named)
    for label, evidence in declared:
        codec = codec_of(label)
        if codec and codec != "utf-8" and (text := _mostly(payload, codec)) is not None:
            return Decoded(text, codec, evidence)
    if any(codec_of(label) == "utf-8" for label, _ in declared) and _share_of_broken_utf8(payload) < 0.02:
        return Decoded(payload.decode("utf-8", "replace"), "utf-8", declared[0][1])
    found = codec_of(detect_encoding(payload[:DETECT_BYTES], max_len=DETECT_BYTES, html5_compatible=False, from_html_meta=False) or "")
    if found:
        return Decoded(payload.decode(found, "replace"), found, "detected")
    return Decoded(payload.decode("windows-1252", "replace"), "windows-1252", "default")


def codec_of(label: str) -> str:
    """Python's codec for a declared label, the superset that browsers use; empty for one that nobody knows."""
    label = label.strip().lower().replace("_", "-")
    name = WIDER.get(label) or map_encoding_to_html5(label, False) or label
    try:
        codec = codecs.lookup(WIDER.get(name, name))
    except (LookupError, ValueError):
        return ""
    return codec.name if codec._is_text_encoding and codec.name not in NOT_WEB else ""


def _by_zeros(head: bytes) -> str:
    """UTF-16 or UTF-32 without a mark: in markup most characters are ASCII, so the zero bytes stand in a pattern."""
    if b"\0" not in head:
        return ""
    quarters = [head[i : len(head) - len(head) % 4 : 4] for i in range(4)]
    zeros = [q.count(0) / max(1, len(q)) > 0.5 for q in quarters]
    return WIDE.get("".join("0" if z else "x" for z in zeros), "")


def _strictly(payload: bytes, codec: str) -> str | None:
    try:
        return payload.decode(codec)
    except (UnicodeDecodeError, UnicodeError):
        return None


def _mostly(payload: bytes, codec: str) -> str | None:
    """The text if the bytes allow the codec but for a few slips; one byte in a thousand is a slip, more is another encoding."""
    text = payload.decode(codec, "replace")
    slips = text.count("\ufffd")
    return text if slips <= 2 + len(payload) // 1000 else None


def _is_escaped(label: str) -> bool:
    """Encodings that write other scripts in ASCII bytes."""
    return codec_of(label) in ("iso2022_jp", "hz", "utf-7", "utf-16", "utf-16-le", "utf-16-be")


def _share_of_broken_utf8(payload: bytes) -> float:
    """Broken sequences of those that are not ASCII: a truncated page or one wrong quotation mark is still UTF-8."""
    text = payload.decode("utf-8", "replace")
    beyond = sum(1 for c in text if c > "\x7f")
    return text.count("\ufffd") / max(1, beyond)

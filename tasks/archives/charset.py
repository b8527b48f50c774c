"""From bytes to text: which encoding a page is in, by what evidence, and decoding that never fails.

The order of evidence follows the HTML standard (byte order mark, transport, meta), with one doubt added: a declaration is believed only where
the bytes allow it. Pages are declared UTF-8 and are not, or declared Latin-1 by a server's default and are UTF-8. An encoding of single bytes
allows any bytes and so proves nothing by decoding: what two declarations, or a declaration and the detector, make of the words that are not
ASCII is compared, and words that no language writes (``ÌÅËÜÍÈÖÀ``, ``лЕКЭМХЖЮ``, ``za¿ó³æ``) decide. Detection without a declaration is
uchardet's, through resiliparse.
"""

import codecs
import re
from typing import NamedTuple

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

META_BYTES = 4096
DETECT_BYTES = 1 << 16
HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
XML_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,400}?encoding\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
META = re.compile(rb"<meta(?=[\s/])([^>]{0,1000})", re.IGNORECASE)
ATTRIBUTE = re.compile(rb"([^\s=/>\"']{1,40})\s*=\s*(?:\"([^\"]*)\"?|'([^']*)'?|([^\s>]+))")
CONTENT_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
# Where the markup of a page only seems to stand: what is written there declares nothing.
NO_MARKUP = re.compile(rb"<!--.*?(?:-->|\Z)|<(script|style|title|textarea|noscript|xmp)\b[^>]*>.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
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
# Characters that every long text has, of any script: markup, spaces, line ends, CJK full stops and commas.
COMMON = frozenset("<>/=\"' \n\r\t.,;:-0123456789aeio、。，！？")
_WIDE_CODECS = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
CLEARLY = 0.3
# One broken sequence of UTF-8 on so many valid ones, where it is declared and where it is not.
BROKEN_WHERE_SAID, BROKEN, LEAST_VALID = 4, 10, 8
# What servers say by default of pages that they know nothing of.
DEFAULTS = frozenset({"cp1252", "iso8859-1", "ascii"})
ODD_CHARS, ODD_WORDS = 1 << 18, 4000
WORD_BEYOND_ASCII = re.compile(r"[A-Za-z]{0,30}[^\x00-\x7f\s]{1,30}(?:[A-Za-z]|[^\x00-\x7f\s]){0,30}")
# A word is odd if it has three letters or signs of Latin-1 and none of ASCII; a sign between two letters; Latin among letters of
# other alphabets; a capital behind a small letter of Greek or Cyrillic; a control character; or the mark of what could not be decoded.
ODD = re.compile(
    r"^[\u00a1-\u00ff]{3,}$|[A-Za-z\u00c0-\u024f][\u00a1-\u00a6\u00a8-\u00ac\u00ae-\u00b1\u00b5\u00b6\u00b8\u00b9\u00bb-\u00bf\u00d7\u00f7]"
    r"[A-Za-z\u00c0-\u024f]|[A-Za-z][\u0370-\u06ff]|[\u0370-\u06ff][A-Za-z]|[α-ωά-ώа-яё][Α-ΩΆ-ΏА-ЯЁ]|[\x80-\x9f]|\ufffd"
)
CAPITALS = re.compile(r"[А-ЯЁ]{4,}\Z|[Α-ΩΆ-Ώ]{4,}\Z")
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
    if wide := _wide(payload[:META_BYTES]):
        return Decoded(payload.decode(wide, "replace"), wide, "detected")
    http = HTTP_CHARSET.search(content_type)
    text = _strictly(payload, "utf-8")
    if text is not None and http and codec_of(http[1]) == "utf-8" and not payload.isascii():
        return Decoded(text, "utf-8", "http")  # most pages: what they declare themselves need not be looked for
    declared = [(label, evidence) for label, evidence in ((http and http[1], "http"), (_meta(payload[:META_BYTES]), "meta")) if label]
    if text is not None and (declared or not payload.isascii()):
        named = next((e for label, e in declared if codec_of(label) == "utf-8"), "utf-8")
        if not payload.isascii() or not any(_is_escaped(label) for label, _ in declared):
            return Decoded(text, "utf-8", named)
    if text is None and (evidence := _nearly_utf8(payload, declared)):
        return Decoded(payload.decode("utf-8", "replace"), "utf-8", evidence)
    said = next((e for label, e in declared if codec_of(label) in _WIDE_CODECS), None)
    if said and not _is_plain(payload) and (wide := _wide(payload[:META_BYTES], said=True)):
        return Decoded(payload.decode(wide, "replace"), wide, said)
    possible = [
        Decoded(text, codec, evidence)
        for label, evidence in declared
        if (codec := codec_of(label)) and codec not in _WIDE_CODECS | {"utf-8"} and (text := _mostly(payload, codec)) is not None
    ]
    if possible:
        return _most_plausible(possible, payload)
    if found := _detected(payload):
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


def narrow(head: bytes) -> bytes:
    """The first bytes of a payload as UTF-8 if they are in UTF-16 or UTF-32, marked or not; else the same object."""
    marked = next((encoding for mark, encoding in MARKS if head.startswith(mark)), "")
    wide = _wide(head) if not marked else marked if marked != "utf-8" else ""
    return head.decode(wide, "replace").lstrip("\ufeff").encode("utf-8", "replace") if wide else head


def _wide(head: bytes, *, said: bool = False) -> str:
    """UTF-16 or UTF-32 without a mark, '' if the bytes are neither. In whatever script a text is, spaces, digits and markup are ASCII, and so half
    of their bytes are zero; read in the wrong order they are characters that hardly occur. Where UTF-16 is ``said``, no zero is needed."""
    if b"\0" not in head and not said:
        return ""
    head = head[: len(head) - len(head) % 4] or head[: len(head) - len(head) % 2]
    if not head:
        return ""
    quarters = [head[i::4].count(0) / max(1, len(head) // 4) for i in range(4)]
    if len(head) >= 8 and min(quarters[2:]) > 0.9 and quarters[0] < 0.5:
        return "utf-32-le"
    if len(head) >= 8 and min(quarters[:2]) > 0.9 and quarters[3] < 0.5:
        return "utf-32-be"
    found = {codec: head.decode(codec, "replace") for codec in ("utf-16-le", "utf-16-be")}
    common = {codec: sum(c in COMMON for c in text) for codec, text in found.items()}
    best = max(found, key=lambda codec: common[codec])
    other = min(common.values())
    text = found[best]
    strange = sum(not (c.isprintable() or c in "\r\n\t\u200b\u200c\u200d\u200e\u200f\u3000\u00ad\u00a0") for c in text)
    least = 1 if said else max(2, len(text) // 100)
    return best if common[best] >= least and common[best] > 4 * other and strange <= len(text) // 20 else ""


def _is_plain(payload: bytes) -> bool:
    """Whether bytes that are said to be UTF-16 are markup in single bytes: a declaration that could be read cannot be true."""
    return b"<" in payload[:META_BYTES] and b"\0" not in payload[:META_BYTES]


def _meta(head: bytes) -> str:
    """The label that the page itself declares, '' if it declares none. HTML standard, 13.2.3.2: what stands in comments and scripts does not count,
    and of a ``content`` only that of no other purpose does."""
    if xml := XML_ENCODING.match(head):
        return str(xml[1].decode("ascii", "replace"))
    for tag in META.finditer(NO_MARKUP.sub(b" ", head)):
        found: dict[bytes, bytes] = {}
        for name, *values in ATTRIBUTE.findall(tag[1]):
            found.setdefault(name.lower(), next((v for v in values if v), b""))
        label = found.get(b"charset", b"").strip()
        if not label and (
            found.get(b"http-equiv", b"").lower() == b"content-type" or not found.keys() & {b"name", b"property", b"itemprop"}
        ):
            content = CONTENT_CHARSET.search(found.get(b"content") or found.get(b"value", b""))
            label = content[1] if content else b""
        if 2 <= len(label) <= 40:
            return str(label.decode("ascii", "replace"))
    return ""


def _detected(payload: bytes) -> str:
    return codec_of(detect_encoding(payload[:DETECT_BYTES], max_len=DETECT_BYTES, html5_compatible=False, from_html_meta=False) or "")


def _most_plausible(possible: list[Decoded], payload: bytes) -> Decoded:
    """The first of the declared readings, unless another reading has far fewer words that no language writes. What the page says of itself comes
    before a server's default."""
    if len(possible) == 2 and possible[0].evidence == "http" and possible[0].encoding in DEFAULTS:
        possible = possible[::-1]
    best = possible[0]
    for other in possible[1:]:
        # Of two declarations, one makes small letters capitals where KOI8 and windows-1251 are confused.
        if other.encoding != best.encoding and _oddness(other.text, CAPITALS) < _oddness(best.text, CAPITALS) - CLEARLY:
            best = other
    least = _oddness(best.text)
    if least > CLEARLY and (found := _detected(payload)) and found not in ("utf-8", "ascii", best.encoding):
        text = _mostly(payload, found)
        if text is not None and _oddness(text) < least - CLEARLY:
            return Decoded(text, found, "detected")
    return best


def _oddness(text: str, also: re.Pattern[str] | None = None) -> float:
    """Share of the words beyond ASCII that no language writes, of the first few thousand."""
    words = odd = 0
    for found in WORD_BEYOND_ASCII.finditer(text[:ODD_CHARS]):
        words += 1
        odd += bool(ODD.search(found[0]) or (also and also.match(found[0])))
        if words == ODD_WORDS:
            break
    return odd / words if words else 0.0


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
    return codec_of(label) in ("iso2022_jp", "hz", "utf-7")


def _nearly_utf8(payload: bytes, declared: list[tuple[str, str]]) -> str:
    """The evidence that a payload which is no UTF-8 is UTF-8 all the same, but for some bytes: a cut, a wrong quotation mark, a part from another page. '' if it is
    not. Text in other encodings has hardly any valid sequences of several bytes, and broken ones everywhere."""
    text = payload[:DETECT_BYTES].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    valid = len(text) - len(text.encode("ascii", "ignore")) - broken
    said = next((evidence for label, evidence in declared if codec_of(label) == "utf-8"), "")
    if said and broken <= max(valid // BROKEN_WHERE_SAID, int(len(payload) > DETECT_BYTES)):
        return said
    return "utf-8" if valid >= LEAST_VALID and broken <= valid // BROKEN else ""

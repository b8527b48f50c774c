"""Where a record begins: at a place where one is due, and in a damaged stretch where none is.

WARC/1.1 (ISO 28500:2017); ARC file format, Internet Archive 1996.
"""

import re

from winnow.tasks.archives.digests import Buffer

NEWLINES = re.compile(rb"[\r\n]*")
# A begin is believed at the place where a record is due ...
WARC_DUE = re.compile(rb"WARC/(?:\d[\d.]{0,6})?[ \t\r]*(?:\n|\Z)", re.IGNORECASE)
_ARC_LINE = rb"[A-Za-z][A-Za-z0-9+.\-]{1,20}:[^\r\n]{0,8192}? [0-9A-Fa-f.:\-]{1,45} \d{12,18} [^\r\n]{0,400}\r?\n"
ARC_DUE = re.compile(rb"filedesc:[^\r\n]{0,8192}\r?\n\d |" + _ARC_LINE)
# ... and elsewhere only if a header field follows (WARC) or the line has all its parts (ARC).
WARC_BEGIN = re.compile(rb"WARC/\d{1,3}\.\d{1,3}[ \t]*\r?\n[A-Za-z][A-Za-z\-]{1,40}[ \t]*:")
ARC_BEGIN = re.compile(
    rb"(?:(?<=\n)(?:https?|ftp|dns|filedesc):(?:(?! [a-z]{2,8}:)[^\r\n]){0,8192}?|(?:https?|ftp|dns|filedesc):\S{1,8192})"
    rb" [0-9A-Fa-f.:\-]{1,45} \d{14,18} [^\r\n]{0,400}\r?\n"
)
_MARKS = {WARC_BEGIN: (b"WARC/",), ARC_BEGIN: (b"://", b"dns:")}  # nothing begins without one of these: found many times faster
BEGIN_BYTES = 1 << 14  # longest begin that is recognised


def begins_record(data: Buffer, at: int = 0) -> bool:
    """Whether a record may begin here, blank lines aside: at a place where one is due."""
    skipped = NEWLINES.match(data, at)
    at = skipped.end() if skipped else at
    return bool(WARC_DUE.match(data, at) or ARC_DUE.match(data, at))


def find_record(data: bytes | bytearray, begin: int, end: int, patterns: tuple[re.Pattern[bytes], ...] = (WARC_BEGIN, ARC_BEGIN)) -> int:
    """Where a record certainly begins in a stretch where none was due; -1 if nowhere. The nearer it is, the sooner it is found."""
    width = 1 << 16
    while begin < end:
        hit, stop = -1, min(end, begin + width + BEGIN_BYTES)
        for pattern in patterns:
            first = min((at for mark in _MARKS[pattern] if (at := data.find(mark, begin, stop)) >= 0), default=-1)
            if first >= 0 and (match := pattern.search(data, max(begin, first - 8), stop)):
                hit = stop = match.start()
        if hit >= 0:
            return hit
        begin, width = begin + width, 2 * width
    return -1

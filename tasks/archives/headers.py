"""Header fields of WARC and ARC records, under one set of names."""

import re

_FIELD = re.compile(r"([^:\r\n]+):[ \t]*([^\r\n]*)")
_FOLD = re.compile(r"\r?\n[ \t]+")
_ARC_HEADER = re.compile(r"(\S.*?) ([0-9A-Fa-f.:\-]{1,45}) (\d{8,18}|-) (.*)")


def warc_fields(head: bytes) -> dict[str, str]:
    """Header fields, names in lower case; the first of repeated ones, folded lines joined, bytes that are no UTF-8 replaced."""
    text = head.decode("utf-8", "replace")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        fields.setdefault(name.strip().lower(), value.strip())
    return fields


def arc_fields(line: bytes) -> dict[str, str]:
    """The header line of an ARC record under the names of the WARC fields that mean the same."""
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    match = _ARC_HEADER.fullmatch(text)
    uri, ip, date, rest = match.groups() if match else (text.partition(" ")[0], "", "", text.partition(" ")[2])
    words = rest.split() or [""]
    d = date[:14]
    return {
        "warc-type": "warcinfo" if uri.startswith("filedesc:") else "response" if uri.lower().startswith("http") else "resource",
        "warc-target-uri": uri,
        "warc-ip-address": ip,
        "warc-date": f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:14]}Z" if len(d) == 14 else "",
        "content-type": words[0] if len(words) > 1 else "",
        "content-length": words[-1],
    }


def content_length(fields: dict[str, str]) -> int | None:
    """The Content-Length that the fields state; None if it is missing or no number."""
    text = fields.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None

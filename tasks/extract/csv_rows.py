"""Rows of a CSV or TSV file with a header line (RFC 4180), in UTF-8."""

import csv
from collections.abc import Iterator
from typing import BinaryIO

from winnow.tasks.extract.lines import lines
from winnow.tasks.extract.rows import Row

FIELD_CHARS = 128 << 20


def csv_rows(stream: BinaryIO, codec: str = "", delimiter: str = ",") -> Iterator[Row]:
    """The rows by the names of the header. One of another number of fields is ``malformed``; so is the rest of a file that no longer is CSV."""
    csv.field_size_limit(FIELD_CHARS)
    faults: list[Row] = []
    reader = csv.reader(_text(stream, codec, faults), delimiter=delimiter, strict=True)
    header: list[str] = []
    number = 0
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as e:
            yield Row(number, {}, "malformed", str(e))
            number += 1
            continue
        if not header:
            header = [name.strip() for name in fields]
        elif fields:
            fits = len(fields) == len(header)
            yield Row(number, dict(zip(header, fields, strict=True))) if fits else Row(number, {}, "malformed", f"{len(fields)} fields")
            number += 1
    yield from (fault._replace(offset=number) for fault in faults)


def _text(stream: BinaryIO, codec: str, faults: list[Row]) -> Iterator[str]:
    for line in lines(stream, codec):
        if line.fault:
            faults.append(Row(0, {}, line.fault, line.data.decode("utf-8", "replace")))
        else:
            text = line.data.decode("utf-8", "replace").replace("\0", "")
            yield (text.removeprefix("\ufeff") if line.begin == 0 else text) + "\n"

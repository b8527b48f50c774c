"""Rows of a file of JSON lines: one object a line (https://jsonlines.org)."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from winnow.tasks.extract.lines import lines
from winnow.tasks.extract.rows import Row


def json_rows(stream: BinaryIO, codec: str = "", begin: int = 0, end: int = 0) -> Iterator[Row]:
    """The objects of a part, in order. A line that is no JSON object is ``malformed``; blank ones are nothing."""
    for line in lines(stream, codec, begin, end):
        if line.fault:
            yield Row(line.begin, {}, line.fault, line.data.decode("utf-8", "replace"))
        elif line.data.strip():
            try:
                values = json.loads(line.data)
            except (ValueError, RecursionError) as e:
                yield Row(line.begin, {}, "malformed", type(e).__name__)
                continue
            yield Row(line.begin, values) if isinstance(values, dict) else Row(line.begin, {}, "malformed", "not an object")

"""What a reader of tables hands on: one row, or a stretch of rows that cannot be read, with the place where it stands."""

from typing import Any, NamedTuple


class Row(NamedTuple):
    """``offset`` is the number of the row in a Parquet or CSV file, and the byte where the line begins in a file of JSON lines: the same whatever part
    of the file is read. ``fault`` names what is broken, of so many ``rows``; ``why`` says more."""

    offset: int
    values: dict[str, Any]
    fault: str = ""
    why: str = ""
    rows: int = 1

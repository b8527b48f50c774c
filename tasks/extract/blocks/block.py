"""The typed blocks that a page becomes, and the runs in them. Values only: reading is in ``reading.py``, writing in ``plain.py`` and ``markdown.py``."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["heading", "paragraph", "item", "table", "code", "formula", "quotation", "caption", "term", "definition"]
RunKind = Literal["text", "code", "formula", "display", "strong", "emphasis"]


class Run(NamedTuple):
    """A piece of a block's text. Code is as the page has it, formulas are LaTeX without delimiters, ``display`` are those on a line of their own."""

    kind: RunKind
    text: str


Runs = tuple[Run, ...]


class Cell(NamedTuple):
    """A cell as the page wrote it: over how many columns and rows it spans, and whether it is a header."""

    runs: Runs
    columns: int
    rows: int
    header: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; all rows are equally long, for a cell that spans is in each of its places. ``header_rows``: how many of the first are headers.
    ``spanned``: the cells row by row as the page wrote them, if one of them spans."""

    rows: tuple[tuple[Runs, ...], ...]
    header_rows: int = 0
    spanned: tuple[tuple[Cell, ...], ...] = ()


class Block(NamedTuple):
    """One block of a page's content.

    ``runs``: the text, empty for tables and code; lines of a paragraph are apart by line feeds.
    ``level``: of a heading 1 to 6, of an item its depth from 1. ``number``: of an item in an ordered list; ``opens``: whether it begins the item.
    ``quotes``: how many quotations it is in. ``code`` and ``language``: of code, exactly as the page shows it.
    ``tight``: nothing but a line feed stands between it and the block before.
    """

    kind: Kind
    runs: Runs = ()
    level: int = 0
    number: int | None = None
    opens: bool = True
    quotes: int = 0
    tight: bool = False
    code: str = ""
    language: str | None = None
    table: Table | None = None


class Span(NamedTuple):
    """Where a block stands in a written text: characters ``start`` to ``end``."""

    start: int
    end: int
    kind: str
    level: int
    language: str | None

"""Tables of data as a grid of cells. Whether a table is one, or is there for the layout, is told in ``units.py``."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from winnow.tasks.extract.blocks import inline
from winnow.tasks.extract.blocks.block import Cell, Run, Runs, Table
from winnow.tasks.extract.blocks.code import code_text
from winnow.tasks.extract.blocks.formulas import InText
from winnow.tasks.extract.blocks.headings import without_anchors
from winnow.tasks.extract.blocks.markup import NO_MARKUP, attributes, unescaped
from winnow.tasks.extract.math.sources import Formula

MOST_SPAN = 1000  # as in the HTML standard
MOST_COLUMNS = 2000
# Cells that spans add, beside those written: a table of spans alone would grow with their product.
MOST_ADDED, MOST_ADDED_PER_CELL = 20_000, 4
CELLS = frozenset({"td", "th"})
SECTIONS = frozenset({"thead", "tbody", "tfoot"})
# The tags that make up tables, and what no tags are looked for in.
STRUCTURE = re.compile(rf"<(/?)(table|caption|thead|tbody|tfoot|tr|td|th|pre)(?=[\s/>])([^>]*+)>|{NO_MARKUP}", re.DOTALL)


@dataclass(slots=True)
class _Cell:
    begin: int
    columns: int
    rows: int
    header: bool
    end: int = -1
    code: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A table's own cells, row by row, before spans; the number of each row's section, which no cell spans beyond; and the caption."""

    rows: list[list[_Cell]]
    sections: list[int]
    header_rows: int
    caption: str


def cells_of(markup: str) -> Written:
    """The rows and cells of the first table in the markup; those of tables inside cells are text of the cells."""
    rows: list[list[_Cell]] = []
    sections: list[int] = []
    header_rows = depth = section = 0
    in_head = False
    caption_begin = -1
    caption = ""
    for match in STRUCTURE.finditer(markup):
        closes, name, written = match.groups()
        if not name:
            continue
        if name == "table":
            depth += -1 if closes else 1
            if depth == 0:
                break
        if depth != 1:
            if rows and rows[-1] and rows[-1][-1].end < 0 and name == "pre":
                rows[-1][-1].code = True
            continue
        if name in CELLS:
            if closes:
                if rows and rows[-1]:
                    rows[-1][-1].end = match.start()
            elif rows:
                found = attributes(written) if "span" in written else {}
                rows[-1].append(_Cell(match.end(), _span(found.get("colspan")), _span(found.get("rowspan"), zero=MOST_SPAN), name == "th"))
        elif name == "tr":
            if not closes:
                rows.append([])
                sections.append(section)
                header_rows += in_head
        elif name == "caption":
            if closes and caption_begin >= 0:
                caption = markup[caption_begin : match.start()]
            elif not closes:
                caption_begin = match.end()
        elif name in SECTIONS:
            in_head = name == "thead" and not closes
            section += 1
        elif name == "pre" and rows and rows[-1]:
            rows[-1][-1].code = True
    return Written(rows, sections, header_rows, caption)


def _span(written: str | None, zero: int = 1) -> int:
    """A span as browsers read it."""
    if written is None:
        return 1
    digits = ""
    for char in written.strip():
        if char not in "0123456789" or len(digits) > 8:
            break
        digits += char
    value = int(digits) if digits else 1
    return min(value, MOST_SPAN) if value else zero


def read(markup: str, formulas: Sequence[Formula], in_text: InText, wanted: int) -> tuple[Table, Runs]:
    """A table of data and its caption. A cell that spans rows or columns is repeated in each of them; how it was written is in ``spanned``."""
    written = cells_of(markup)
    grid: list[list[Runs]] = []
    begun: set[int] = set()  # columns in which a cell begins
    pending: dict[int, tuple[int, Runs]] = {}  # column -> rows left, runs
    added, most_added = 0, MOST_ADDED + MOST_ADDED_PER_CELL * sum(map(len, written.rows))
    header_rows = written.header_rows
    own: list[tuple[Cell, ...]] = []
    for number, cells in enumerate(written.rows):
        row: list[Runs] = []
        left = bisect_right(written.sections, written.sections[number]) - number - 1
        carried: dict[int, tuple[int, Runs]] = {}
        if number == header_rows == 0 and cells and all(c.header for c in cells):
            header_rows = 1
        mine: list[Cell] = []
        for cell in cells:
            _fill(row, pending, carried)
            runs = in_text.read(_cell_runs(markup[cell.begin : cell.end if cell.end >= 0 else len(markup)], cell, formulas, wanted))
            rows_more = min(cell.rows - 1, left)
            begun.add(len(row))
            mine.append(Cell(runs, cell.columns, rows_more + 1, cell.header))
            for k in range(cell.columns):
                if len(row) >= MOST_COLUMNS or (k and added >= most_added):
                    break
                added += k > 0
                if rows_more and added + rows_more <= most_added:
                    carried[len(row)] = (rows_more, runs)
                    added += rows_more
                row.append(runs)
        _fill(row, pending, carried)
        while pending:
            # Cells that span further rows, behind a gap in this one.
            column = min(pending)
            if column < len(row):  # under a cell of this row that spans columns
                del pending[column]
                continue
            row += [()] * (column - len(row))
            _fill(row, pending, carried)
        pending = carried
        grid.append(row)
        own.append(tuple(mine))
    grid = [row for row in grid if any(row)]
    if max(map(len, grid), default=0) > len(begun):
        # A column in which no cell begins is none: who wants a cell as wide as the table writes colspan="100".
        grid = [[runs for column, runs in enumerate(row) if column in begun] for row in grid]
    width = max((len(row) for row in grid), default=0)
    if width * len(grid) > sum(map(len, grid)) + MOST_ADDED:
        width = 0  # one row is far longer than the others: they stay as they are
    rows = tuple(tuple(row + [()] * (width - len(row))) for row in grid)
    spanned = tuple(own) if any(cell.columns > 1 or cell.rows > 1 for mine in own for cell in mine) else ()
    return Table(rows, min(header_rows, len(rows)), spanned), in_text.read(
        inline.read(without_anchors(written.caption), 0, formulas, wanted)
    )


def _fill(row: list[Runs], pending: dict[int, tuple[int, Runs]], carried: dict[int, tuple[int, Runs]]) -> None:
    """Put into a row the cells of rows above that stand at its end."""
    while len(row) in pending:
        rows_left, runs = pending.pop(len(row))
        if rows_left > 1:
            carried[len(row)] = (rows_left - 1, runs)
        row.append(runs)


def _cell_runs(markup: str, cell: _Cell, formulas: Sequence[Formula], wanted: int) -> Runs:
    """What a cell says, on one line: paragraphs, items and line breaks in it are apart by spaces."""
    if "<" not in markup:
        return inline.plain(unescaped(markup), formulas)
    if cell.code and markup.count("<pre") == 1 and markup.strip().startswith("<pre"):
        code = " ".join(code_text(markup, None).split("\n"))
        return (Run("code", code),) if code else ()
    return inline.read(markup, 0, formulas, wanted)

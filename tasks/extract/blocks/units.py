"""What of a page hangs together: code and tables of data, each with all its blocks. Such a unit is content as a whole or not at all."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt

from winnow.tasks.extract.blocks.code import is_gutter
from winnow.tasks.extract.blocks.markup import attributes
from winnow.tasks.extract.extractors.page_blocks import BLOCK_TAGS, GROUP_NAMES, HIDDEN_BIT, MARKS, NOT_CODE, TAG_ID, Page

CODE_BIT = 1 << GROUP_NAMES.index("code")
# Of what may be hidden, or a banner.
NOTICE_BIT, OVERLAY_BIT = (1 << GROUP_NAMES.index(name) for name in ("notice", "overlay"))
SUSPECT_BITS = HIDDEN_BIT | NOTICE_BIT | OVERLAY_BIT
CODE_MARK = 1 << MARKS["code"]
PRE, TABLE, TR, TD, TH, CAPTION, THEAD, DIV, LI, H1, NOSCRIPT = (
    TAG_ID[t] for t in "pre table tr td th caption thead div li h1 noscript".split()
)
HEADINGS = frozenset(TAG_ID[f"h{k}"] for k in range(1, 7))
# Elements that no table of data has in its cells.
LAYOUT = frozenset(TAG_ID[t] for t in "article main nav header footer aside section form fieldset blockquote figure".split())
# Highlighters whose lines are elements, without a <pre> around them.
LINES = re.compile(
    r"(?:^|\s)(?:CodeMirror-code|CodeMirror-lines|syntaxhighlighter|js-file-line-container|blob-wrapper|crayon-table|crayon-main|ace_text-layer|view-lines|dp-highlighter|hljs-ln|codehilite|highlight|blockcode)(?=\s|$)"
)
LISTINGS = (
    (b'"fragment"', re.compile(rb'\sclass="fragment"')),
    (b"white-space", re.compile(rb'\sstyle="(?:[^"]*[;\s])?white-space\s*:\s*pre(?![\w-])', re.IGNORECASE)),
)
LINE_OF = re.compile(
    r"(?:^|\s)(?:CodeMirror-line|blob-code\S*|js-file-line|crayon-line|ace_line|view-line|hljs-ln-code|lines-code|line|code)(?=\s|$)"
)
EQUATION = re.compile(r"(?:^|\s)(?:ltx_equation\S*|ltx_eqn_\S*|equation)(?=\s|$)")
DIGITS = re.compile(r"[\s\d]*")
CALLOUTS = re.compile(r"(?:^|\s)(?:colist|calloutlist)(?=\s|$)")
LEVELS = 8
MOST_LOOKS = 40
MOST_HELD, LONG_HELD_WORDS = 20, 15  # of tables in cells


@dataclass(frozen=True, slots=True)
class Unit:
    """``element`` and the blocks: first, and first behind. ``pre``: the element of the code itself, where ``element`` has more.

    Callouts are the remarks on the lines of code before them, set as a table of numbers and texts. ``lines``: the code is not preformatted, its lines are elements or end with ``<br>``. ``part``: the unit is only a part of the element, from the first
    block to the last.
    """

    kind: Literal["code", "table", "callouts"]
    element: int
    first: int
    behind: int
    pre: int
    lines: bool = False
    part: bool = False


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """What an element is by its tag."""
    from winnow.tasks.extract.blocks.element_kernels import CODED, HEADED, SUSPECT, TABLED

    kinds = np.zeros(len(BLOCK_TAGS) + 1, np.uint8)
    kinds[[PRE, TABLE, H1, NOSCRIPT]] = CODED, TABLED, HEADED, SUSPECT
    return kinds


class Tree:
    """A page's elements, where a loop in Python asks for them one by one."""

    def __init__(self, page: Page) -> None:
        from winnow.tasks.extract.blocks.element_kernels import notable

        self.page = page
        self._what = np.empty(len(page.element_tag), np.uint8)
        of_page = page.element_tag, page.element_bits, page.element_first, page.element_behind, page.block_marks
        self.has: int = notable(*of_page, _kinds(), CODE_BIT, SUSPECT_BITS, CODE_MARK, CODE_MARK | NOT_CODE, self._what)
        self._first_cells: dict[int, list[int]] = {}
        self._lines_of: dict[int, tuple[int, int, int]] = {}
        self._has_many: dict[int, bool] = {}
        self._is_numbers: dict[int, bool] = {}

    # What a page does not need is not made: most have neither code nor tables.

    @cached_property
    def tag(self) -> list[int]:
        """The tag of each element."""
        tags: list[int] = self.page.element_tag.tolist()
        return tags

    @cached_property
    def parent(self) -> list[int]:
        """The element around each."""
        parents: list[int] = self.page.element_parent.tolist()
        return parents

    @cached_property
    def first(self) -> list[int]:
        """The first block in each."""
        firsts: list[int] = self.page.element_first.tolist()
        return firsts

    @cached_property
    def behind(self) -> list[int]:
        """The first block behind each."""
        behinds: list[int] = self.page.element_behind.tolist()
        return behinds

    def that_are(self, what: int, chosen: npt.NDArray[np.bool_] | None = None) -> list[int]:
        """The elements with a block in them, or with a ``chosen`` one, that are CODED, TABLED, HEADED or SUSPECT (``element_kernels``), in order."""
        if not self.has & what:
            return []
        if chosen is None:
            elements: list[int] = np.flatnonzero(self._what & what).tolist()
            return elements
        from winnow.tasks.extract.blocks.element_kernels import holding

        found = np.empty(len(self._what), np.int32)
        count = holding(self._what, what, self.page.element_first, self.page.element_behind, chosen, found)
        elements = found[:count].tolist()
        return elements

    @cached_property
    def _pres(self) -> list[int]:
        pres: list[int] = np.flatnonzero(self.page.element_tag == PRE).tolist()
        return pres

    def above(self, element: int, tag: int) -> int:
        """The nearest element of a tag that holds an element, 0 if there is none."""
        while element and self.tag[element] != tag:
            element = self.parent[element]
        return element

    # What follows is asked for each <pre> and each cell of a table, and told once per table: a page may be one table with a <pre> in every cell.

    def first_cells(self, table: int) -> list[int]:
        """The cells of a table, no more than the four first."""
        if table not in self._first_cells:
            self._first_cells[table] = list(islice((i for i in self.inside(table) if self.tag[i] in (TD, TH)), 4))
        return self._first_cells[table]

    def lines_of(self, table: int) -> tuple[int, int, int]:
        """How many cells of a table are lines of code, how many numbers of lines, and how many neither. (0, 0, 1) where it is no table of lines."""
        if table not in self._lines_of:
            self._lines_of[table] = self._count_lines(table)
        return self._lines_of[table]

    def _count_lines(self, table: int) -> tuple[int, int, int]:
        rows = numbers = others = 0
        for i in self.inside(table):
            if self.tag[i] == PRE or self.tag[i] == TABLE:
                return 0, 0, 1
            if self.tag[i] in (TD, TH):
                empty = self.first[i] == self.behind[i]
                if not empty and int(self.page.element_bits[i]) & CODE_BIT:
                    rows += 1
                elif is_gutter(self.names(i)):
                    numbers += 1
                elif not empty:
                    others += 1
        return rows, numbers, others

    def has_many(self, parent: int) -> bool:
        """Whether two <pre> or more are children of an element."""
        if parent not in self._has_many:
            pres = (i for i in self.inside(parent) if self.tag[i] == PRE and self.parent[i] == parent)
            self._has_many[parent] = len(list(islice(pres, 2))) == 2
        return self._has_many[parent]

    def is_numbers(self, cell: int, texts: list[str]) -> bool:
        """Whether a cell holds nothing but the numbers of lines."""
        if cell not in self._is_numbers:
            held = "".join(texts[self.first[cell] : self.behind[cell]])
            self._is_numbers[cell] = is_gutter(self.names(cell)) or DIGITS.fullmatch(held) is not None
        return self._is_numbers[cell]

    def holds_pre(self, element: int) -> bool:
        """Whether a <pre> is inside it."""
        inside = self.inside(element)
        at = bisect_left(self._pres, inside.start)
        return at < len(self._pres) and self._pres[at] < inside.stop

    def written(self, element: int) -> str:
        """The attributes of an element as they are written."""
        page = self.page
        return page.html[page.element_attributes[element] : page.element_content[element]].decode()

    def names(self, element: int) -> str:
        """Its class."""
        written = self.written(element)
        return attributes(written).get("class", "") if "class=" in written else ""

    def inside(self, element: int) -> range:
        """The elements inside it."""
        page = self.page
        return range(element + 1, int(np.searchsorted(page.element_attributes, page.element_end[element])))

    def markup(self, element: int) -> str:
        """What is inside it, as it is written."""
        page = self.page
        begin = page.html.find(b">", page.element_content[element]) + 1
        return page.html[begin : page.element_end[element]].decode()


def units(page: Page, tree: Tree, texts: list[str], words: npt.NDArray[np.int64]) -> list[Unit]:
    """All units of a page with a block in them, in order, none inside another."""
    from winnow.tasks.extract.blocks.element_kernels import CODED, PURE, TABLED

    listings = _listings(page)
    if not listings and not tree.has & (CODED | TABLED | PURE):
        return []
    coded = tree.that_are(CODED)
    if listings:
        coded = sorted({*coded, *listings})
    found = _code(tree, coded, texts, set(listings))
    tables = tree.that_are(TABLED)
    data = set(_of_data(tree, tables, words)) if tables else ()
    for t in tables:
        if CALLOUTS.search(tree.names(tree.parent[t])):
            found.append(Unit("callouts", t, tree.first[t], tree.behind[t], t))
        elif t in data:
            found.append(Unit("table", t, tree.first[t], tree.behind[t], t))
    if tree.has & PURE:
        found += _pure(tree, (page.block_marks & (CODE_MARK | NOT_CODE)) == CODE_MARK)
    found.sort(key=lambda u: (u.first, -u.behind, u.element))
    out: list[Unit] = []
    for unit in found:
        if not out or unit.first >= out[-1].behind:
            out.append(unit)
    return out


def _listings(page: Page) -> list[int]:
    """Elements that are set as <pre> is: by their style, or by the style sheet of Doxygen, as the attributes say that nothing else has."""
    found = []
    for e in page.listings.tolist():
        written = page.html[page.element_attributes[e] : page.element_content[e]]
        if any(word in written and pattern.search(written) for word, pattern in LISTINGS):
            found.append(e)
    return found


def _code(tree: Tree, candidates: list[int], texts: list[str], listings: set[int]) -> list[Unit]:
    """Code in <pre>, and in the frames of highlighters that have none."""
    found: list[Unit] = []
    covered = 0
    for e in candidates:
        if e < covered:
            continue
        lines = tree.tag[e] != PRE
        if not lines:
            root = _around(tree, e, texts)
        elif e in listings:
            lines = "fragment" in tree.names(e)
            only_text = tree.behind[e] - tree.first[e] == 1 and "\n" in texts[tree.first[e]].strip()
            root = e if (lines or only_text) and not tree.holds_pre(e) else 0
        elif tree.tag[e] == TD:
            root = _table_of_lines(tree, e)
        elif LINES.search(names := tree.names(e)) and not tree.holds_pre(e) and _has_lines(tree, e, names):
            root = e
        else:
            continue
        if not root:
            continue
        found.append(Unit("code", root, tree.first[root], tree.behind[root], e, lines))
        covered = max(covered, tree.inside(root).stop)
    return found


def _table_of_lines(tree: Tree, cell: int) -> int:
    """The table of which a cell of code is a line, or that holds all lines: no other cells but those of the numbers."""
    row = tree.parent[cell]
    table = tree.above(row, TABLE)
    if not table or tree.tag[row] != TR:
        return 0
    rows, numbers, others = tree.lines_of(table)
    # A single line is code where its number stands beside it.
    is_code = rows >= 2 or _has_lines(tree, cell, "") or (rows and numbers and LINE_OF.search(tree.names(cell)))
    return table if is_code and not others else 0


def _pure(tree: Tree, pure: npt.NDArray[np.bool_]) -> list[Unit]:
    """Lines that are nothing but <code>, two or more one below another: apart by <br>, or each in a <div>."""
    found: list[Unit] = []
    element: list[int] = tree.page.block_element.tolist()
    broken: list[int] = tree.page.block_break.tolist()
    spots = np.flatnonzero(pure).tolist()
    k = 0
    while k < len(spots):
        i = k
        while k + 1 < len(spots) and spots[k + 1] == spots[k] + 1:
            k += 1
        k += 1
        begin, end = spots[i], spots[k - 1] + 1
        b = begin
        while b < end:
            behind = b + 1
            while behind < end and broken[behind] and element[behind] == element[b]:
                behind += 1
            if behind > b + 1:
                found.append(Unit("code", element[b], b, behind, element[b], True, True))
                b = behind
                continue
            root, e = 0, element[b]
            while tree.tag[e] == DIV and tree.first[e] >= begin and tree.behind[e] <= end:
                root, e = e, tree.parent[e]
            if root and tree.behind[root] - tree.first[root] > 1:
                found.append(Unit("code", root, tree.first[root], tree.behind[root], root, True))
                behind = tree.behind[root]
            b = behind
    return found


def _has_lines(tree: Tree, element: int, names: str) -> bool:
    if "syntaxhighlighter" in names or "crayon" in names:
        return True
    return sum(1 for i in tree.inside(element)[:MOST_LOOKS] if tree.tag[i] == LI or LINE_OF.search(tree.names(i))) >= 2


def _around(tree: Tree, pre: int, texts: list[str]) -> int:
    """The element to take for a <pre>: the table with its line numbers beside it, the parent of many that are a line each, else itself."""
    up = tree.parent[pre]
    if up and "line" in tree.names(pre).lower() and tree.has_many(up):
        return up
    e = pre
    for _ in range(LEVELS):
        e = tree.parent[e]
        if not e or tree.tag[e] == TD or tree.tag[e] == TH:
            break
    if tree.tag[e] not in (TD, TH):
        return pre
    cell, table = e, tree.above(e, TABLE)
    cells = tree.first_cells(table) if table else []
    if len(cells) not in (2, 3) or cell not in cells:
        return pre
    others = [c for c in cells if c != cell]
    if all(tree.is_numbers(c, texts) for c in others):
        return table
    # This is the cell of the numbers, before the code.
    return table if len(others) == 1 and tree.is_numbers(cell, texts) else pre


@cache
def _kinds_in_tables() -> npt.NDArray[np.uint8]:
    """What tags are in tables."""
    from winnow.tasks.extract.blocks import table_kernels as kernels

    kinds = np.zeros(len(BLOCK_TAGS) + 1, np.uint8)
    for kind, tags in (
        (kernels.IS_LAYOUT, LAYOUT),
        (kernels.IS_TABLE, {TABLE}),
        (kernels.IS_ROW, {TR}),
        (kernels.IS_CELL, {TD, TH}),
        (kernels.IS_HEADER, {TH}),
        (kernels.IS_NAME, {CAPTION, THEAD}),
        (kernels.IS_HEADING, HEADINGS),
    ):
        kinds[sorted(tags)] |= kind
    return kinds


def _of_data(tree: Tree, tables: list[int], words: npt.NDArray[np.int64]) -> list[int]:
    """The tables that hold data: rows and columns of cells that are short, with no page's structure in them. A few words set as a table in a cell of data are
    none; a table with more in its cells is one of the page's layout."""
    from winnow.tasks.extract.blocks import table_kernels as kernels

    page, facts = tree.page, np.empty((len(tables), kernels.FACTS), np.int32)
    of_page = page.element_tag, page.element_attributes, page.element_end, page.element_first, page.element_behind
    kernels.count_tables(np.asarray(tables, np.int32), *of_page, words, _kinds_in_tables(), MOST_HELD, LONG_HELD_WORDS, facts)
    return [table for table, of in zip(tables, facts.tolist(), strict=True) if _is_data(tree, table, *of)]


def _is_data(
    tree: Tree,
    table: int,
    rows: int,
    cells: int,
    headers: int,
    named: int,
    headings: int,
    held: int,
    filled: int,
    long: int,
    longer: int,
    several: int,
) -> bool:
    """Whether a table holds data, by what is counted of it (``table_kernels.count_tables``) and what its attributes say."""
    if rows < 2 or cells < 4 or cells < 1.5 * rows or (held and not headers):
        return False
    written = tree.written(table)
    if 'role="presentation"' in written or 'role="none"' in written or EQUATION.search(tree.names(table)):
        return False
    says_so = headers > 0 or named > 0 or 'role="table"' in written or 'role="grid"' in written
    if (headings and not (headers and says_so)) or not filled or filled * 3 < cells:
        return False
    if says_so:
        return longer * 4 <= filled
    return not long and several * 4 <= filled and filled * 2 >= cells

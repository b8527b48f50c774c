"""What of a page hangs together: code and tables of data, each with all its blocks. Such a unit is content as a whole or not at all."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from winnow.tasks.extract.blocks.code import is_gutter
from winnow.tasks.extract.blocks.markup import attributes
from winnow.tasks.extract.extractors.page_blocks import GROUP_NAMES, TAG_ID, Page

CODE_BIT = 1 << GROUP_NAMES.index("code")
PRE, TABLE, TR, TD, TH, CAPTION, THEAD = (TAG_ID[t] for t in "pre table tr td th caption thead".split())
HEADINGS = frozenset(TAG_ID[f"h{k}"] for k in range(1, 7))
# Elements that no table of data has in its cells.
LAYOUT = frozenset(TAG_ID[t] for t in "article main nav header footer aside section form fieldset blockquote figure".split())
# Highlighters whose lines are elements, without a <pre> around them.
LINES = re.compile(
    r"(?:^|\s)(?:CodeMirror-code|CodeMirror-lines|syntaxhighlighter|js-file-line-container|blob-wrapper|crayon-table|crayon-main|ace_text-layer|view-lines|dp-highlighter|hljs-ln|codehilite|highlight)(?=\s|$)"
)
LINE_OF = re.compile(r"(?:^|\s)(?:CodeMirror-line|blob-code\S*|js-file-line|crayon-line|ace_line|view-line|hljs-ln-code|line|code)(?=\s|$)")
EQUATION = re.compile(r"(?:^|\s)(?:ltx_equation\S*|ltx_eqn_\S*|equation)(?=\s|$)")
DIGITS = re.compile(r"[\s\d]*")
LEVELS = 8
LONG_CELL_WORDS, LONG_DATA_CELL_WORDS = 60, 250


@dataclass(frozen=True, slots=True)
class Unit:
    """``element`` and the blocks inside it: first, and first behind. ``pre``: the element of the code itself, where ``element`` has more."""

    kind: Literal["code", "table"]
    element: int
    first: int
    behind: int
    pre: int


class Tree:
    """A page's elements, where a loop in Python asks for them one by one."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.tag: list[int] = page.element_tag.tolist()
        self.parent: list[int] = page.element_parent.tolist()
        self.first: list[int] = page.element_first.tolist()
        self.behind: list[int] = page.element_behind.tolist()

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


def units(page: Page, tree: Tree, texts: list[str], words: list[int]) -> list[Unit]:
    """All units of a page with a block in them, in order, none inside another."""
    has_code = (page.element_tag == PRE) | (page.element_bits & CODE_BIT != 0)
    has_table = page.element_tag == TABLE
    held = page.element_behind > page.element_first
    found: list[Unit] = []
    covered = 0  # elements before this are in a unit
    code = _code(tree, np.flatnonzero(has_code & held).tolist(), texts)
    taken = {e for unit in code for e in (unit.element,)}
    spans = [(unit.element, unit.first, unit.behind) for unit in code]
    tables = [t for t in np.flatnonzero(has_table & held).tolist() if t not in taken and _is_data(tree, t, texts, words, spans)]
    for unit in sorted([*code, *(Unit("table", t, tree.first[t], tree.behind[t], t) for t in tables)], key=lambda u: u.element):
        if unit.element >= covered:
            found.append(unit)
            covered = tree.inside(unit.element).stop
    return found


def _code(tree: Tree, candidates: list[int], texts: list[str]) -> list[Unit]:
    found: list[Unit] = []
    covered = 0
    for e in candidates:
        if e < covered:
            continue
        if tree.tag[e] == PRE:
            root = _around(tree, e, texts)
        elif LINES.search(names := tree.names(e)) and not any(tree.tag[i] == PRE for i in tree.inside(e)) and _has_lines(tree, e, names):
            root = e
        else:
            continue
        if found and root < found[-1].element:
            root = e
        found.append(Unit("code", root, tree.first[root], tree.behind[root], e))
        covered = tree.inside(root).stop
    return found


def _has_lines(tree: Tree, element: int, names: str) -> bool:
    if "syntaxhighlighter" in names or "crayon" in names:
        return True
    return sum(1 for i in list(tree.inside(element))[:40] if LINE_OF.search(tree.names(i))) >= 2


def _around(tree: Tree, pre: int, texts: list[str]) -> int:
    """The element to take for a <pre>: the table with its line numbers beside it, the parent of many that are a line each, else itself."""
    up = tree.parent[pre]
    siblings = 0
    if up and "line" in tree.names(pre).lower():
        siblings = sum(1 for i in tree.inside(up) if tree.tag[i] == PRE and tree.parent[i] == up)
        if siblings > 1:
            return up
    e = pre
    for _ in range(LEVELS):
        e = tree.parent[e]
        if not e or tree.tag[e] == TD or tree.tag[e] == TH:
            break
    if tree.tag[e] not in (TD, TH):
        return pre
    cell, table = e, e
    while table and tree.tag[table] != TABLE:
        table = tree.parent[table]
    cells = [i for i in tree.inside(table) if tree.tag[i] in (TD, TH)] if table else []
    if len(cells) not in (2, 3) or cell not in cells:
        return pre
    others = [c for c in cells if c != cell]
    if all(is_gutter(tree.names(c)) or DIGITS.fullmatch("".join(texts[tree.first[c] : tree.behind[c]])) for c in others):
        return table
    # This is the cell of the numbers, before the code.
    numbers = is_gutter(tree.names(cell)) or DIGITS.fullmatch("".join(texts[tree.first[cell] : tree.behind[cell]]))
    return table if numbers and len(others) == 1 else pre


def _is_data(tree: Tree, table: int, texts: list[str], words: list[int], code: list[tuple[int, int, int]]) -> bool:
    """Whether a table holds data: rows and columns of cells that are short, with no page's structure in them."""
    inside = tree.inside(table)
    tags = tree.page.element_tag[table + 1 : inside.stop]
    counts = np.bincount(tags, minlength=256)
    if counts[TABLE] or any(counts[t] for t in LAYOUT):
        return False
    cells, rows, headers = int(counts[TD] + counts[TH]), int(counts[TR]), int(counts[TH])
    if rows < 2 or cells < 4 or cells < 1.5 * rows:
        return False
    written = tree.written(table)
    if 'role="presentation"' in written or 'role="none"' in written or EQUATION.search(tree.names(table)):
        return False
    says_so = headers > 0 or counts[CAPTION] > 0 or counts[THEAD] > 0 or 'role="table"' in written or 'role="grid"' in written
    if any(counts[t] for t in HEADINGS) and not (headers and says_so):
        return False
    places = (np.flatnonzero((tags == TD) | (tags == TH)) + table + 1).tolist()
    first, behind = tree.first, tree.behind
    long = several = filled = 0
    most = LONG_DATA_CELL_WORDS if says_so else LONG_CELL_WORDS
    for c in places:
        begin, end = first[c], behind[c]
        if end > begin:
            filled += 1
            long += sum(words[begin:end]) > most
            several += end - begin > 3
    if not filled or filled * 3 < cells:
        return False
    if says_so:
        return long * 4 <= filled
    return not long and several * 4 <= filled and filled * 2 >= cells

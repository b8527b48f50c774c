"""Chosen blocks of a page -> text: plain, or with its structure as Markdown (headings, lists, tables, code, quotations)."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from winnow.tasks.extract.extractors.page_blocks import BLOCK_TAGS, Page

HEADINGS = {f"h{k}": k for k in range(1, 7)}
CELLS = frozenset({"td", "th"})
LISTS = frozenset({"ul", "ol"})
# Elements after which a paragraph ends; others end a line.
PARAGRAPHS = frozenset("p pre blockquote table ul ol dl article section h1 h2 h3 h4 h5 h6 figure address details main".split())
SHAPING = PARAGRAPHS | HEADINGS.keys() | CELLS | LISTS | {"pre", "li", "tr", "blockquote"}
MAX_INDENT = 8
TAGS = ("", *BLOCK_TAGS)


class Place(NamedTuple):
    """Where an element stands. Elements are numbers; 0 where there is none around. ``paragraph`` is the nearest element of PARAGRAPHS."""

    heading: int = 0
    pre: int = 0
    item: int = 0
    ordered: bool = False
    lists: int = 0
    outer_list: int = 0
    cell: int = 0
    row: int = 0
    quotes: int = 0
    paragraph: int = 0


class Places:
    """Places of the elements of a page, each worked out once."""

    def __init__(self, page: Page) -> None:
        self.parent: list[int] = page.element_parent.tolist()
        self.tag = [TAGS[tag] for tag in page.element_tag.tolist()]
        self.known: dict[int, Place] = {0: Place()}

    def __getitem__(self, element: int) -> Place:
        chain = []
        while element not in self.known:
            chain.append(element)
            element = self.parent[element]
        place = self.known[element]
        for e in reversed(chain):
            if self.tag[e] in SHAPING:
                place = self._inside(place, e)
            self.known[e] = place
        return place

    def _inside(self, p: Place, e: int) -> Place:
        tag = self.tag[e]
        if tag in PARAGRAPHS and not (tag in LISTS and p.item):
            p = p._replace(paragraph=e)
        if tag in HEADINGS:
            return p._replace(heading=HEADINGS[tag], pre=0)
        if tag == "pre":
            return p._replace(pre=e)
        if tag in LISTS:
            return p._replace(heading=0, item=0, ordered=tag == "ol", lists=p.lists + 1, outer_list=p.outer_list or e)
        if tag == "li":
            return p._replace(heading=0, item=e)
        if tag == "tr" or tag in CELLS:
            place = Place(row=e if tag == "tr" else p.row, cell=e if tag in CELLS else 0)
            return place._replace(pre=p.pre, quotes=p.quotes, paragraph=p.paragraph)
        if tag == "blockquote":
            return p._replace(quotes=p.quotes + 1)
        return p


class Line(NamedTuple):
    """One line or more of text, or the cells of a table's row, and where they stand."""

    place: Place
    cells: list[str]


def write(page: Page, chosen: list[int], texts: list[str], *, markup: bool) -> str:
    """Text of the chosen blocks, in the page's order. ``texts``: one per block, white space as in the source. Total."""
    out: list[str] = []
    before: Line | None = None
    numbers: dict[int, int] = {}
    for line in _lines(page, chosen, texts):
        gap = _gap(before, line, markup=markup) if before is not None else ""
        if markup:
            text = _marked(page, line, before, numbers)
            if before is not None and before.place.pre and before.place.pre != line.place.pre:
                out.append("\n```")
            if line.place.pre and (before is None or before.place.pre != line.place.pre):
                text = "```\n" + text
        else:
            first = line.place.item and (before is None or before.place.item != line.place.item)
            text = ("• " if first else "") + "\t".join(line.cells)
        out += (gap, text)
        before = line
    if markup and before is not None and before.place.pre:
        out.append("\n```")
    return "".join(out)


def _lines(page: Page, chosen: list[int], texts: list[str]) -> Iterator[Line]:
    """Blocks as lines. The cells of a row are one line if no cell has two blocks: else the table is there for the layout."""
    places = Places(page)
    element: list[int] = page.block_element.tolist()
    blocks = ((places[element[b]], texts[b]) for b in chosen)
    for row, group in groupby(blocks, key=lambda block: block[0].row):
        members = [(p, _tidied(p, t)) for p, t in group]
        members = [(p, t) for p, t in members if t]
        cells = [p.cell for p, _ in members]
        if row and len(cells) > 1 and len(set(cells)) == len(cells):
            yield Line(members[0][0], [" ".join(t.split()) for _, t in members])
        else:
            for p, t in members:
                yield Line(p, [t])


def _tidied(place: Place, text: str) -> str:
    return text.strip("\n").rstrip() if place.pre else " ".join(text.split())


def _gap(a: Line, b: Line, *, markup: bool) -> str:
    """What stands between two lines: a line feed inside a list, a table, a code block or a paragraph, else a blank line."""
    p, q = a.place, b.place
    if p.pre and p.pre == q.pre:
        return "\n"
    if len(a.cells) > 1 and len(b.cells) > 1:
        return "\n"
    if p.outer_list and p.outer_list == q.outer_list and not p.heading and not q.heading:
        return "\n" if p.item != q.item or not markup else "\n\n"
    return "\n" if p.paragraph == q.paragraph and not p.heading and p.lists == q.lists and len(a.cells) == len(b.cells) else "\n\n"


def _marked(page: Page, line: Line, before: Line | None, numbers: dict[int, int]) -> str:
    """A line in Markdown."""
    p = line.place
    if len(line.cells) > 1:
        row = "| " + " | ".join(c.replace("|", "\\|") for c in line.cells) + " |"
        opens = before is None or len(before.cells) < 2
        return row + ("\n|" + " --- |" * len(line.cells) if opens else "")
    text = line.cells[0]
    if p.pre:
        return text.replace("```", "'''")
    indent = "  " * (min(p.lists, MAX_INDENT) - 1)
    if p.heading:
        return "#" * p.heading + " " + text
    if p.item:
        if before is not None and before.place.item == p.item:
            text = indent + "  " + text
        else:
            of = page.element_parent[p.item]
            numbers[of] = numbers.get(of, 0) + 1
            text = indent + (f"{numbers[of]}. " if p.ordered else "- ") + text
    return "> " * min(p.quotes, MAX_INDENT) + text

"""Chosen blocks of a page -> typed blocks: what each is (heading, item, table, code...), by the elements it stands in."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from winnow.tasks.extract.blocks import inline, tables
from winnow.tasks.extract.blocks.block import Block, Kind, Run, Runs
from winnow.tasks.extract.blocks.code import code_text, language_of
from winnow.tasks.extract.blocks.formulas import InText
from winnow.tasks.extract.blocks.headings import without_anchors
from winnow.tasks.extract.blocks.markup import attributes
from winnow.tasks.extract.blocks.units import Tree, Unit
from winnow.tasks.extract.extractors.page_blocks import BLOCK_TAGS, Page

HEADINGS = {f"h{k}": k for k in range(1, 7)}
CELLS = frozenset({"td", "th"})
LISTS = frozenset({"ul", "ol"})
KINDS: dict[str, Kind] = {"figcaption": "caption", "caption": "caption", "dt": "term", "dd": "definition"}
# Elements after which a paragraph ends; others end a line.
PARAGRAPHS = frozenset("p pre blockquote table ul ol dl article section h1 h2 h3 h4 h5 h6 figure address details main".split())
SHAPING = PARAGRAPHS | HEADINGS.keys() | CELLS | LISTS | KINDS.keys() | {"li", "tr", "blockquote"}
TAGS = ("", *BLOCK_TAGS)
TEXT_AND_CODE = inline.TEXT_MARKS | 1 << inline.CODE
EMPHASES = 1 << inline.STRONG | 1 << inline.EMPHASIS
# A heading whose text begins or ends with a sign that links to it, or has a link to edit it.
ANCHORED = re.compile(r"^\s*[#¶§🔗⚓※∞]|[#¶§🔗⚓※∞]\s*$|\[|\b(?:edit|anchor)\b|permalink|copy link|link to\b", re.IGNORECASE)
LANGUAGE_LEVELS = 4
# Kinds of blocks between which and others there is always a blank line.
UNITS = frozenset({"code", "table"})
# A <code> that is set as a block: highlighters say so in its class.
CODE_BLOCK = re.compile(
    r'<code[^>]*(?:class="[^"]*(?:language-|lang-|hljs|prettyprint|brush|highlight|sourceCode|code-?block)|white-space:\s*pre)'
)
INNER_CODE = re.compile(r'<(code|pre|table|div|span|td)((?:\s++[^\s=>/"]++="[^"]*+")++)')
MOST_INNER = 12


class Place(NamedTuple):
    """Where an element stands. Elements are numbers; 0 where there is none around. ``paragraph`` is the nearest element of PARAGRAPHS."""

    heading: int = 0
    item: int = 0
    lists: int = 0
    outer_list: int = 0
    quotes: int = 0
    paragraph: int = 0
    kind: Kind = "paragraph"


class Places:
    """Places of the elements of a page, each worked out once."""

    def __init__(self, tree: Tree) -> None:
        self.parent = tree.parent
        self.tag = tree.tag
        self.known: dict[int, Place] = {0: Place()}

    def __getitem__(self, element: int) -> Place:
        chain = []
        while element not in self.known:
            chain.append(element)
            element = self.parent[element]
        place = self.known[element]
        for e in reversed(chain):
            tag = TAGS[self.tag[e]]
            if tag in SHAPING:
                place = self._inside(place, e, tag)
            self.known[e] = place
        return place

    def _inside(self, p: Place, e: int, tag: str) -> Place:
        # Made anew, field by field: ``_replace`` takes three times as long, and most of the time of a page is here.
        heading, item, lists, outer_list, quotes, paragraph, kind = p
        if tag in PARAGRAPHS and not (item and tag in LISTS):
            paragraph = e
        if tag in HEADINGS:
            return Place(HEADINGS[tag], item, lists, outer_list, quotes, paragraph, kind)
        if tag in LISTS:
            return Place(0, 0, lists + 1, outer_list or e, quotes, paragraph, kind)
        if tag == "li":
            return Place(0, e, lists, outer_list, quotes, paragraph, kind)
        if tag == "tr" or tag in CELLS:
            return Place(0, 0, 0, 0, quotes, paragraph)
        if tag == "blockquote":
            quotes += 1
        elif tag in KINDS:
            kind = KINDS[tag]
        return Place(heading, item, lists, outer_list, quotes, paragraph, kind)


def read(
    page: Page,
    tree: Tree,
    chosen: Sequence[int],
    texts: list[str],
    taken: Sequence[Unit],
    in_text: InText,
    shown: dict[int, str],
    *,
    emphasis: bool,
) -> list[Block]:
    """Typed blocks of the chosen ones. ``taken``: the units among them, in order; ``in_text`` finds formulas between delimiters;
    ``shown``: texts of blocks with their white space as shown, where it is known."""
    return _Reader(page, tree, texts, in_text, shown, emphasis=emphasis).blocks(chosen, taken)


class _Reader:
    def __init__(self, page: Page, tree: Tree, texts: list[str], in_text: InText, shown: dict[int, str], *, emphasis: bool) -> None:
        self.page, self.tree, self.texts, self.formulas = page, tree, texts, page.formulas
        self.in_text, self.shown = in_text, shown
        self.places = Places(tree)
        self.element: list[int] = page.block_element.tolist()
        self.broken: list[int] = page.block_break.tolist()
        self.marks: list[int] = page.block_marks.tolist()
        self.wanted = TEXT_AND_CODE | (EMPHASES if emphasis else 0)
        self.numbers: dict[int, dict[int, int]] = {}
        self.out: list[Block] = []
        self.before: Place | None = None

    def blocks(self, chosen: Sequence[int], taken: Sequence[Unit]) -> list[Block]:
        starts = {unit.first: unit for unit in taken}
        k, count = 0, len(chosen)
        while k < count:
            block = chosen[k]
            unit = starts.get(block)
            if unit is not None:
                self._unit(unit)
                while k < count and chosen[k] < unit.behind:
                    k += 1
                continue
            lines = [block]
            while (
                k + 1 < count
                and chosen[k + 1] == lines[-1] + 1
                and self.broken[chosen[k + 1]]
                and self.element[chosen[k + 1]] == self.element[block]
                and chosen[k + 1] not in starts
                and not self._is_apart(chosen[k], chosen[k + 1])
            ):
                k += 1
                lines.append(chosen[k])
            self._paragraph(lines)
            k += 1
        return self.out

    def _is_apart(self, block: int, other: int) -> bool:
        """Whether an empty line or a rule is between two lines: ``<br><br>`` ends a paragraph as ``</p>`` does."""
        page = self.page
        between = page.html[page.block_end[block] : page.block_begin[other]]
        return b"<hr" in between or between.count(b"<br") > 1

    def _begins_apart(self, block: int) -> bool:
        """Whether an empty line is before a line."""
        return block > 0 and self._is_apart(block - 1, block)

    def _plain(self, block: int) -> str:
        """The text of a block as a browser shows its white space."""
        shown = self.shown.get(block)
        return " ".join(self.texts[block].split()) if shown is None else shown

    # --- paragraphs ---------------------------------------------------------------------------------------------------------------------

    def _paragraph(self, lines: list[int]) -> None:
        element = self.element[lines[0]]
        place = self.places.known.get(element) or self.places[element]
        if place.heading:
            runs = self._heading(lines)
            if not runs:
                return
        elif len(lines) == 1:
            runs = self._line(lines[0])
            if not runs:
                return
            code = self._code_of(lines[0], runs) if runs[0].kind == "code" else None
            if code is not None:
                self._add(Block("code", code=code), place)
                return
        else:
            read = [runs for runs in map(self._line, lines) if runs]
            if not read:
                return
            runs = _with_between(read, "\n")
        if self.in_text.may_hold:
            runs = self.in_text.read(runs)
        heading, item, lists, _, quotes, _, kind = place
        tight = self._follows(place) and not (self.broken[lines[0]] and self._begins_apart(lines[0]))
        if heading:
            block = Block("heading", runs, heading, None, True, quotes, tight)
        elif item:
            opens = self.before is None or self.before.item != item
            # An item outside of any list is one all the same.
            block = Block(
                "item" if opens else "paragraph", runs, max(lists, 1), self._number(item) if opens else None, opens, quotes, tight
            )
        elif len(runs) == 1 and runs[0].kind == "display":
            block = Block("formula", runs, 0, None, True, quotes, tight)
        else:
            block = Block("quotation" if quotes and kind == "paragraph" else kind, runs, lists, None, True, quotes, tight)
        self._add(block, place)

    def _heading(self, lines: list[int]) -> Runs:
        """A heading's runs, on one line, without the sign that links to it and the link to edit it."""
        read = []
        for block in lines:
            page = self.page
            if ANCHORED.search(self.texts[block]):
                markup = without_anchors(page.html[page.block_begin[block] : page.block_end[block]].decode())
                runs = inline.read(markup, int(page.block_open[block]), self.formulas, self.wanted)
            else:
                runs = self._line(block)
            if runs:
                read.append(runs)
        return _with_between(read, " ")

    def _line(self, block: int) -> Runs:
        if self.marks[block] & self.wanted:
            page = self.page
            markup = page.html[page.block_begin[block] : page.block_end[block]].decode()
            return inline.read(markup, int(page.block_open[block]), self.formulas, self.wanted)
        if self.formulas:
            return inline.plain(self.texts[block], self.formulas)
        text = self._plain(block)
        return (Run("text", text),) if text else ()

    def _code_of(self, block: int, read: Runs) -> str | None:
        """The code that a paragraph is nothing but, in an element set as a block."""
        if len(read) > 1 or "\n" not in self.texts[block].strip():
            return None
        page = self.page
        markup = page.html[page.block_begin[block] : page.block_end[block]].decode()
        return code_text(markup, None) if CODE_BLOCK.search(markup) else None

    def _number(self, item: int) -> int | None:
        """The number that a browser writes before an item of an ordered list."""
        tree = self.tree
        of = tree.parent[item]
        if TAGS[tree.tag[of]] != "ol":
            return None
        known = self.numbers.get(of)
        if known is None:
            items = [e for e in tree.inside(of) if tree.parent[e] == of and TAGS[tree.tag[e]] == "li"]
            written = attributes(tree.written(of))
            step = -1 if "reversed" in written else 1
            number = _whole(written.get("start"), len(items) if step < 0 else 1)
            known = self.numbers[of] = {}
            for e in items:
                own = tree.written(e)
                if " value=" in own:
                    number = _whole(attributes(own).get("value"), number)
                known[e] = number
                number += step
        return known.get(item)

    # --- units --------------------------------------------------------------------------------------------------------------------------

    def _unit(self, unit: Unit) -> None:
        place = self.places[unit.element]
        page = self.page
        if unit.part:
            markup = page.html[page.block_begin[unit.first] : page.block_end[unit.behind - 1]].decode()
        else:
            markup = self.tree.markup(unit.element)
        if unit.kind == "table":
            table, caption = tables.read(f"<table>{markup}</table>", self.formulas, self.in_text, self.wanted)
            if caption:
                self._add(Block("caption", caption, tight=self._follows(place)), place)
            if table.rows:
                self._add(Block("table", table=table), place)
            return
        language = self._language(unit, markup)
        code = code_text(markup, language, preformatted=not unit.lines)
        if code:
            self._add(Block("code", code=code, language=language), place)

    def _language(self, unit: Unit, markup: str) -> str | None:
        """The language that the code's elements name: those inside first, then those around."""
        tree = self.tree
        inner = [(match[2], match[1]) for match, _ in zip(INNER_CODE.finditer(markup), range(MOST_INNER), strict=False)]
        around = [(tree.written(unit.pre), TAGS[tree.tag[unit.pre]])] if unit.pre != unit.element else []
        e = unit.element
        for _ in range(LANGUAGE_LEVELS + 1):
            around.append((tree.written(e), TAGS[tree.tag[e]]))
            e = tree.parent[e]
            if not e:
                break
        for written, tag in (around[0], *inner, *around[1:]):
            if "class=" in written or "data-" in written or "lang" in written:
                language = language_of(written, tag)
                if language is not None:
                    return language
        return None

    # --- gaps ---------------------------------------------------------------------------------------------------------------------------

    def _add(self, block: Block, place: Place) -> None:
        self.out.append(block)
        self.before = place

    def _follows(self, place: Place) -> bool:
        """Whether a line feed is enough between the block before and one here."""
        return self.before is not None and self.out[-1].kind not in UNITS and _tight(self.before, place)


def _tight(p: Place, q: Place) -> bool:
    """Whether a line feed is enough between two blocks: between the items of a list and inside a paragraph."""
    if p.heading or q.heading:
        return False
    if p.outer_list and p.outer_list == q.outer_list:
        return p.item != q.item
    return p.paragraph == q.paragraph and p.lists == q.lists


def _with_between(read: list[Runs], between: str) -> Runs:
    """The runs of several lines as those of one text."""
    if len(read) < 2:
        return read[0] if read else ()
    return _joined([run for line in read for run in (Run("text", between), *line)][1:])


def _joined(runs: list[Run]) -> Runs:
    """Neighbours of a kind as one."""
    out: list[Run] = []
    for run in runs:
        if out and out[-1].kind == run.kind == "text":
            out[-1] = Run("text", out[-1].text + run.text)
        else:
            out.append(run)
    return tuple(out)


def _whole(written: str | None, otherwise: int) -> int:
    try:
        return max(-(10**9), min(10**9, int((written or "").strip()[:12])))
    except ValueError:
        return otherwise

"""Chosen blocks of a page -> typed blocks: what each is (heading, item, table, code...), by the elements it stands in."""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from winnow.tasks.extract.blocks import inline, tables
from winnow.tasks.extract.blocks.block import Block, Kind, Run, Runs
from winnow.tasks.extract.blocks.code import code_text, language_of
from winnow.tasks.extract.blocks.formulas import InText
from winnow.tasks.extract.blocks.headings import without_anchors
from winnow.tasks.extract.blocks.markup import attributes
from winnow.tasks.extract.blocks.units import Tree, Unit
from winnow.tasks.extract.extractors.page_blocks import BLOCK_TAGS, TAG_ID, Page
from winnow.tasks.extract.search import holds

KINDS: tuple[Kind, ...] = ("paragraph", "caption", "term", "definition")
KIND_OF = {"figcaption": 1, "caption": 1, "dt": 2, "dd": 3}
# Elements after which a paragraph ends; others end a line.
PARAGRAPHS = "p pre blockquote table ul ol dl article section h1 h2 h3 h4 h5 h6 figure address details main".split()
TAGS = ("", *BLOCK_TAGS)
TEXT_AND_CODE = inline.TEXT_MARKS | 1 << inline.CODE
EMPHASES = 1 << inline.STRONG | 1 << inline.EMPHASIS
# A heading whose text begins or ends with a sign that links to it, or has a link to edit it.
ANCHORED = re.compile(r"^\s*[#¶§🔗⚓※∞]|[#¶§🔗⚓※∞]\s*$|\[|\b(?:edit|anchor)\b|permalink|copy link|link to\b", re.IGNORECASE)
# One of these is in each such text, in lower case; a look for each is far faster than one for all.
OF_ANCHORED = (*"# ¶ § 🔗 ⚓ ※ ∞ [ edit anchor permalink".split(), "copy link", "link to")
LINK_SIGNS = ("#", "¶", "§", "🔗", "\uf0c1", "↩", "↩\ufe0e", "↩\ufe0f")
# MediaWiki has the link to edit a section beside its heading.
EDIT_LINK = re.compile(rb'\s*<span class="mw-editsection')
LANGUAGE_LEVELS = 4
# Kinds of blocks between which and others there is always a blank line.
UNITS = frozenset({"code", "table"})
# A <code> that is set as a block: highlighters say so in its class.
CODE_BLOCK = re.compile(
    r'<code[^>]*(?:class="[^"]*(?:language-|lang-|hljs|prettyprint|brush|highlight|sourceCode|code-?block)|white-space:\s*pre)'
)
INNER_CODE = re.compile(r'<(code|pre|table|div|span|td)((?:\s++[^\s=>/"]++="[^"]*+")++)')
MOST_INNER = 12
# Where an element stands: the level of its heading; its item, how many lists it is in, and the outermost of them; how many quotations; the nearest element of
# PARAGRAPHS; its place in KINDS. Elements are numbers; 0 where there is none around. The fields are those of ``element_kernels``.
Place = list[int]
HEADING, OF_ITEM, LISTS, OUTER_LIST, _, OF_PARAGRAPH, _ = range(7)


@cache
def _shapes() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """What tags do to the places of what is inside them: their shape, the levels of headings, kinds."""
    from winnow.tasks.extract.blocks.element_kernels import CELL, ITEM, LIST, PARAGRAPH, QUOTES

    shapes, headings, kinds = np.zeros((3, len(TAGS)), np.uint8)
    for shape, names in (
        (PARAGRAPH, PARAGRAPHS),
        (LIST, ("ul", "ol")),
        (ITEM, ("li",)),
        (CELL, ("tr", "td", "th")),
        (QUOTES, ("blockquote",)),
    ):
        for name in names:
            shapes[TAG_ID[name]] |= shape
    for level in range(1, 7):
        headings[TAG_ID[f"h{level}"]] = level
    for name, kind in KIND_OF.items():
        kinds[TAG_ID[name]] = kind
    return shapes, headings, kinds


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
        from winnow.tasks.extract.blocks.element_kernels import FIELDS, fill_places

        self.page, self.tree, self.texts, self.formulas = page, tree, texts, page.formulas
        self.in_text, self.shown = in_text, shown
        self.places = np.empty((len(page.element_tag), FIELDS), np.int32)
        fill_places(page.element_tag, page.element_parent, *_shapes(), self.places)
        self.has_links_beside = holds(page.html, b"headerlink") or holds(page.text, "↩".encode())
        self.noted = _with_notes(page)
        self.wanted = TEXT_AND_CODE | (EMPHASES if emphasis else 0)
        self.numbers: dict[int, dict[int, int]] = {}
        self.out: list[Block] = []
        self.before: Place | None = None

    def blocks(self, chosen: Sequence[int], taken: Sequence[Unit]) -> list[Block]:
        starts = {unit.first: unit for unit in taken}
        page, places = self.page, np.asarray(chosen, np.intp)
        elements = page.block_element[places]
        of = self.places[elements].tolist()
        element: list[int] = elements.tolist()
        broken: list[int] = page.block_break[places].tolist()
        marked: list[int] = (page.block_marks[places] & self.wanted).tolist()
        k, count = 0, len(chosen)
        while k < count:
            block = chosen[k]
            unit = starts.get(block)
            if unit is not None:
                self._unit(unit)
                while k < count and chosen[k] < unit.behind:
                    k += 1
                continue
            first = k
            k += 1
            while (
                k < count
                and broken[k]
                and chosen[k] == chosen[k - 1] + 1
                and element[k] == element[first]
                and chosen[k] not in starts
                and not self._is_apart(chosen[k - 1], chosen[k])
            ):
                k += 1
            heading = of[first][HEADING]
            read = self._heading if heading else self._line
            runs = read(block, marked[first])
            if k - first > 1:
                lines = [runs, *(read(chosen[i], marked[i]) for i in range(first + 1, k))]
                runs = _with_between([line for line in lines if line], " " if heading else "\n")
            if runs:
                self._paragraph(block, of[first], runs, alone=k - first == 1, broken=broken[first] != 0)
        return self.out

    def _is_apart(self, block: int, other: int) -> bool:
        """Whether an empty line or a rule is between two lines: ``<br><br>`` ends a paragraph as ``</p>`` does."""
        page = self.page
        between = page.html[page.block_end[block] : page.block_begin[other]]
        return b"<hr" in between or between.count(b"<br") > 1

    def _begins_apart(self, block: int) -> bool:
        """Whether an empty line is before a line."""
        return block > 0 and self._is_apart(block - 1, block)

    # --- paragraphs ---------------------------------------------------------------------------------------------------------------------

    def _paragraph(self, block: int, place: Place, runs: Runs, *, alone: bool, broken: bool) -> None:
        """Add what the runs of some lines are. ``block``: the first, ``alone`` if there was no other, ``broken`` if a line break is before it."""
        heading, item, lists, _, quotes, _, kind = place
        if alone and not heading and runs[0].kind == "code" and (code := self._code_of(block, runs)) is not None:
            self._add(Block("code", code=code), place)
            return
        if self.in_text.may_hold:
            runs = self.in_text.read(runs)
        tight = self._follows(place) and not (broken and self._begins_apart(block))
        if heading:
            of = Block("heading", runs, heading, None, True, quotes, tight)
        elif item:
            opens = self.before is None or self.before[OF_ITEM] != item
            # An item outside of any list is one all the same.
            number = self._number(item) if opens else None
            of = Block("item" if opens else "paragraph", runs, max(lists, 1), number, opens, quotes, tight)
        elif len(runs) == 1 and runs[0].kind == "display":
            of = Block("formula", runs, 0, None, True, quotes, tight)
        else:
            of = Block("quotation" if quotes and not kind else KINDS[kind], runs, lists, None, True, quotes, tight)
        self._add(of, place)

    def _heading(self, block: int, marked: int) -> Runs:
        """A heading's runs without the sign that links to it and the link to edit it."""
        text = self.texts[block]
        lowered = text.lower()
        if not any(word in lowered for word in OF_ANCHORED) or not ANCHORED.search(text):
            return self._line(block, marked)
        return self._without_anchors(block)

    def _without_anchors(self, block: int) -> Runs:
        page = self.page
        markup = without_anchors(page.html[page.block_begin[block] : page.block_end[block]].decode())
        return inline.read(markup, int(page.block_open[block]), self.formulas, self.wanted)

    def _line(self, block: int, marked: int) -> Runs:
        if self.has_links_beside and self.texts[block].rstrip().endswith(LINK_SIGNS):
            # Sphinx links to terms, captions and numbers of equations as it does to headings, and notes link back.
            return self._without_anchors(block)
        if self.texts[block].lstrip()[:1] == "[" and EDIT_LINK.match(self.page.html, int(self.page.block_begin[block])):
            return ()
        if marked or block in self.noted:
            page = self.page
            markup = page.html[page.block_begin[block] : page.block_end[block]].decode()
            return inline.read(markup, int(page.block_open[block]), self.formulas, self.wanted)
        if self.formulas:
            return inline.plain(self.texts[block], self.formulas)
        # As a browser shows its white space.
        text = self.shown.get(block)
        if text is None:
            text = " ".join(self.texts[block].split())
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
        place = self.places[unit.element].tolist()
        page = self.page
        if unit.part:
            markup = page.html[page.block_begin[unit.first] : page.block_end[unit.behind - 1]].decode()
        else:
            markup = self.tree.markup(unit.element)
        if unit.kind != "code":
            table, caption = tables.read(f"<table>{markup}</table>", self.formulas, self.in_text, self.wanted)
            if caption:
                self._add(Block("caption", caption, tight=self._follows(place)), place)
            if unit.kind == "callouts":
                for number, row in enumerate(table.rows, 1):
                    self._add(Block("item", row[-1], place[LISTS] + 1, number, tight=number > 1), place)
            elif table.rows:
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


def _with_notes(page: Page) -> frozenset[int]:
    """The blocks in which a number that is a link stands at the end of a word."""
    from winnow.tasks.extract.blocks.text_kernels import with_notes

    found = np.empty(len(page.block_run), np.int32)
    text = np.frombuffer(page.text, np.uint8)
    count = with_notes(text, page.run_end, page.run_link, page.block_run, inline.MOST_NOTE_CHARS, found)
    return frozenset(found[:count].tolist())


def _tight(p: Place, q: Place) -> bool:
    """Whether a line feed is enough between two blocks: between the items of a list and inside a paragraph."""
    if p[HEADING] or q[HEADING]:
        return False
    if p[OUTER_LIST] and p[OUTER_LIST] == q[OUTER_LIST]:
        return p[OF_ITEM] != q[OF_ITEM]
    return p[OF_PARAGRAPH] == q[OF_PARAGRAPH] and p[LISTS] == q[LISTS]


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

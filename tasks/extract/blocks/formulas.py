"""Formulas of a page, each once: the elements that hold them are put out of the page, and a mark that no page can hold takes their place in the text.

Which elements hold formulas, and what LaTeX is in them, is told in ``tasks/extract/math/``.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from winnow.tasks.extract.blocks.block import Run, RunKind, Runs
from winnow.tasks.extract.blocks.markup import RAW, VOID, attributes
from winnow.tasks.extract.extractors.names import telling_tags, words_of
from winnow.tasks.extract.math.commands import LATEX_COMMAND
from winnow.tasks.extract.math.delimiters import NAMING, Delimiters, page_delimiters, split
from winnow.tasks.extract.math.sources import Formula, formula, may_have_role, page_has_math_scripts, role
from winnow.tasks.extract.search import holds

if TYPE_CHECKING:
    from winnow.tasks.extract.extractors import page_kernels

# Two noncharacters of Unicode, which no text may hold, with the formula's number between them.
BEGIN, END = "\ufdd0", "\ufdd1"
PLACEHOLDER = re.compile(f"{BEGIN}([0-9]{{1,9}}){END}")
# Attributes of elements that have to do with formulas have one of these in them; page_kernels.speaks_of_formulas looks for as many.
SPEAKING = tuple(b"tex math mjx formula codecogs cht=tx equation data-expr ql-img".split())
SPEAKING_VALUE = re.compile(rb"\\[a-z]{2}|\\[(\[]|\"\$[^{(]")
ALWAYS = frozenset("math mjx-container mathjax mjx-assistive-mml math-renderer la-tex katex-element tex-math".split())
# Markdown's block of code in the language "math", as GitHub and GitLab have it, is a display.
PRE_OF_FORMULA = re.compile(rb'\s*<code(\s[^>]*\bclass="[^"]*\blanguage-math\b[^>]*)>')
VERBATIM = frozenset("pre code textarea samp kbd".split())
NAMES = ALWAYS | VERBATIM | RAW
# Elements looked through again and again for the ends of elements inside them: at most so many characters per character of the page.
MOST_LOOKS = 20
RENDERERS = (b"athjax", b"athJax", b"atex", b"aTeX", b"sciimath", b"SCIIMath", b"athquill", b"athMath")
# What may begin a formula in a text, by the delimiters that no page has to name.
DELIMITER = re.compile(r"\$[^$]*\$|\\[(\[]|\\begin\{|\[(?:i?tex|math|latex|texx)\]|`[^`]+`")


@cache
def _names() -> "page_kernels.WordTable":
    """What the kernel knows of NAMES. Those that are too long for it need not be there."""
    from winnow.tasks.extract.extractors.page_kernels import NAME_BYTES, RAW_NAME

    return words_of({name: RAW_NAME if name in RAW else 1 for name in sorted(NAMES) if len(name) <= NAME_BYTES})


def extracted(html: bytes) -> tuple[bytes, tuple[Formula, ...]]:
    """A page, in UTF-8, without its formulas' elements, and the formulas; where the n-th stood is its number between BEGIN and END. Linear."""
    html = html.replace(BEGIN.encode(), b"").replace(END.encode(), b"")
    math_scripts = page_has_math_scripts(html)
    found: list[Formula] = []
    parts: list[bytes] = []
    kept = place = 0
    budget = MOST_LOOKS * len(html) + 100_000
    for begin, behind_name, at in telling_tags(html, _names()):
        if begin < place:
            continue
        name, written = html[begin + 1 : behind_name].decode().lower(), html[behind_name : at - 1]
        what = ""
        if name in ALWAYS or name.endswith(":math") or name == "script" or (_speaks(written) if name == "img" else may_have_role(written)):
            what = role(name, named := attributes(written.decode()), math_scripts)
        if name == "pre" and not what and (inner := PRE_OF_FORMULA.match(html, at)):
            what, named = "formula", attributes(inner[1].decode())
        if not what and name not in VERBATIM and name not in RAW:
            continue
        end = at if name in VOID else _end(html, name, at)
        budget -= end - at
        if budget < 0:
            break
        if what == "formula":
            read = formula(name, named, html[begin:end].decode())
            if read is not None:
                parts += (html[kept:begin], f"{BEGIN}{len(found)}{END}".encode())
                found.append(read)
                kept = place = end
                continue
        elif what == "rendering":
            parts.append(html[kept:begin])
            kept = place = end
            continue
        if name in VERBATIM or name in RAW:
            place = end
    return (b"".join([*parts, html[kept:]]) if found or kept else html), tuple(found)


def _speaks(written: bytes) -> bool:
    """Whether attributes have to do with formulas. A look for each word is ten times as fast as one for all in either case."""
    lowered = written.lower()
    for word in SPEAKING:
        if word in lowered:
            return True
    return (b"\\" in lowered or b'"$' in lowered) and SPEAKING_VALUE.search(lowered) is not None


@lru_cache(maxsize=64)
def _tags(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"<(/?)%b(?=[\s/>])" % re.escape(name.encode()), re.IGNORECASE)


def _end(html: bytes, name: str, at: int) -> int:
    """The place behind the end tag of an element whose content begins here."""
    if name in RAW:
        end = html.find(f"</{name}>".encode(), at)
        return len(html) if end < 0 else end + len(name) + 3
    depth = 1
    for match in _tags(name).finditer(html, at):
        depth += -1 if match[1] else 1
        if depth == 0:
            end = html.find(b">", match.end())
            return len(html) if end < 0 else end + 1
    return len(html)


def with_formulas(pieces: Iterable[tuple[RunKind, str]], formulas: Sequence[Formula]) -> Iterator[tuple[RunKind, str]]:
    """Pieces of text with the formulas that stood in them."""
    for kind, text in pieces:
        if BEGIN not in text:
            yield kind, text
            continue
        for k, part in enumerate(PLACEHOLDER.split(text)):
            if k % 2 == 0:
                if part:
                    yield kind, part
            elif int(part) < len(formulas):
                one = formulas[int(part)]
                yield ("display" if one.display else "formula"), one.latex


class InText:
    """Formulas between delimiters in the text of a page, by the delimiters that the page itself names. Looked for once a text has some.

    ``page``: its source. ``text``: the text of its elements, where that is known; a page without a sign of a formula in it is spared all looks."""

    def __init__(self, page: str, text: bytes | None = None) -> None:
        self.page = page
        self.text = text

    @cached_property
    def delimiters(self) -> Delimiters | None:
        """All delimiters of the page, None if no formula is between any."""
        return page_delimiters(self.page)

    @cached_property
    def signs(self) -> int:
        """Which signs of formulas are in the text (``text_kernels``)."""
        if self.text is None:
            return -1
        from winnow.tasks.extract.blocks.text_kernels import signs_of_formulas

        return signs_of_formulas(np.frombuffer(self.text, np.uint8))

    @property
    def has_delimiters(self) -> bool:
        """Whether two dollars, or a backslash before a bracket, are in the text."""
        from winnow.tasks.extract.blocks.text_kernels import DELIMITER

        return bool(self.signs & DELIMITER)

    @cached_property
    def has_own_delimiters(self) -> bool:
        """Whether the page names delimiters. Then any characters may be some, and no look at a text for the usual ones tells."""
        from winnow.tasks.extract.blocks.text_kernels import BACKSLASH, RELATION

        if not self.signs & (BACKSLASH | RELATION):  # one of them is in all formulas between such delimiters
            return False
        if not holds(self.page, *(word.encode() for word in NAMING)) or self.delimiters is None:
            return False
        return any(pair.configured for pair in self.delimiters.pairs)

    @cached_property
    def may_hold(self) -> bool:
        """Whether a text of the page may hold formulas, by what is in all of them."""
        from winnow.tasks.extract.blocks.text_kernels import BACKSLASH, BACKTICK, BRACKET, DOLLAR

        # One of these is in each text that DELIMITER finds something in.
        return self.has_own_delimiters or bool(self.signs & (BACKSLASH | BACKTICK | BRACKET | DOLLAR))

    @cached_property
    def _has_renderer(self) -> bool:
        return holds(self.page, *RENDERERS)

    def read(self, runs: Runs) -> Runs:
        """Runs whose texts are cut where formulas stand."""
        if not self.has_own_delimiters:
            for run in runs:
                text = run.text
                if not ("$" in text or "\\" in text or "`" in text or "tex]" in text or "math]" in text):
                    continue
                if run.kind == "text" and DELIMITER.search(text) and self._are_read(text):
                    break
            else:
                return runs
        if self.delimiters is None:
            return runs
        out: list[Run] = []
        for run in runs:
            if run.kind != "text":
                out.append(run)
                continue
            for part in split(run.text, self.delimiters):
                if isinstance(part, str):
                    out.append(Run("text", part))
                else:
                    out.append(Run("display" if part.display else "formula", part.latex))
        return tuple(out)

    def without_formulas(self, text: str) -> str | None:
        """What of a text is between its formulas, None if it has none."""
        if self.delimiters is None:
            return None
        parts = split(text, self.delimiters)
        between = [part for part in parts if isinstance(part, str)]
        return "".join(between) if len(between) < len(parts) else None

    def _are_read(self, text: str) -> bool:
        """Whether delimiters may be meant: the page speaks of a program that sets formulas, or the text has commands of LaTeX."""
        return self._has_renderer or ("\\" in text and LATEX_COMMAND.search(text) is not None)

"""Main content by a learned classifier of the page's blocks: better than the rules, within twice their time (docs/extraction.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from resiliparse.parse.html import HTMLTree

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.blocks import choosing, markdown, plain, reading
from winnow.tasks.extract.blocks.block import Block, Span
from winnow.tasks.extract.blocks.fallback import article
from winnow.tasks.extract.blocks.formulas import InText
from winnow.tasks.extract.blocks.units import Tree, units
from winnow.tasks.extract.extractors.base import STRUCTURES, ExtractionFailed, Extractor
from winnow.tasks.extract.extractors.block_features import features
from winnow.tasks.extract.extractors.block_trees import best_blocks, shipped
from winnow.tasks.extract.extractors.page_blocks import Page, page_blocks
from winnow.tasks.extract.extractors.resiliparse_text import parsed

SPANS = ("repeat", "html")
FEW_CHARS = 250  # a page whose elements hold less may be drawn by a script


@stable("extractor/learned-blocks")
@dataclass(frozen=True)
class LearnedBlocks(Extractor):
    """``model`` is the digest of the model that ships with this version, ``structure`` says what the text is: ``plain``, or ``markdown`` with
    headings, lists, tables and code marked. The words are the same. ``emphasis`` marks bold and italic words in Markdown, too. ``spans`` says what becomes of table
    cells that span rows or columns: ``repeat`` (the default) has them in each of their places, ``html`` keeps such a table as HTML in Markdown.

    A page of more than ``max_blocks`` blocks is refused (``too_many_blocks``): each takes a kilobyte of features.
    """

    version: ClassVar[str] = "11"
    tells_blocks: ClassVar[bool] = True
    distribution: ClassVar[str] = "resiliparse"

    model: str = ""
    structure: str = "plain"
    emphasis: bool = False
    max_blocks: int = 200_000
    spans: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _, digest = shipped()
        if not self.model:
            object.__setattr__(self, "model", digest)
        elif self.model != digest:
            raise BadInput(
                f"The block model {self.model} is not in this version of Winnow, which ships {digest}. Leave `model` out of the recipe."
            )

        if self.structure not in STRUCTURES:
            raise BadInput(f"There is no structure {self.structure!r} of a text; write `structure: plain` or `structure: markdown`.")
        if self.spans not in (None, *SPANS):
            raise BadInput(f"There is no way {self.spans!r} to write cells that span; write `spans: repeat` or `spans: html`.")
        if self.spans == "repeat":
            object.__setattr__(self, "spans", None)  # what is said is what is the default: it has one address

    def writing(self, structure: str) -> Self:
        return replace(self, structure=structure)

    def check(self) -> None:
        """The model was read when this was made, and a page would load the kernels, 0.6 s, also where none is extracted: so only options are left.

        Raises:
            BadInput: tables as HTML in plain text.
        """
        if self.spans == "html" and self.structure != "markdown":
            raise BadInput(
                "Tables are kept as HTML in Markdown only: write `structure: markdown` beside `spans: html`, or leave `spans` out."
            )

    def load(self) -> None:
        """Load all kernels, as the first pages do; what is not compiled yet is compiled, and kept for other processes."""
        self.extract("<p>A page of many tags.</p>" * self.max_depth + "<p><b hidden>and</b> <math><mi>a</mi></math></p>")

    def text_of(self, html: str) -> str:
        return self._written(html)[0]

    def extract_with_spans(self, html: str) -> tuple[str, Sequence[Span]]:
        return self._written(self.bounded(html))

    def _written(self, html: str) -> tuple[str, Sequence[Span]]:
        blocks = self._blocks(html)
        return markdown.write(blocks, keep_spans=self.spans == "html") if self.structure == "markdown" else plain.write(blocks)

    def blocks(self, html: str) -> list[Block]:
        """The typed blocks of a page. Raises ExtractionFailed."""
        return self._blocks(self.bounded(html))

    def _blocks(self, html: str) -> list[Block]:
        tree = parsed(html)
        page = page_blocks(tree)
        if len(page.block_element) > self.max_blocks:
            raise ExtractionFailed("too_many_blocks")
        blocks: list[Block] = []
        if len(page.block_element):
            trees, _ = shipped()
            names, matrix, texts = features(page)
            words = matrix[names.index("words")].astype(np.int64)
            blocks = content(page, trees.probabilities(names, matrix), words, texts, InText(html, page.text), emphasis=self.emphasis)
        if ("<script" in html or "itemprop" in html) and _chars(blocks) < FEW_CHARS:
            blocks = self._drawn(tree, page, blocks)
        return blocks

    def _drawn(self, tree: HTMLTree, page: Page, blocks: list[Block]) -> list[Block]:
        """The article that scripts draw in the browser, if it is far longer than what the elements of the page hold."""
        head = tree.head
        found = article((head.html if head is not None else "") + page.html.decode())
        if not found:
            return blocks
        drawn = page_blocks(parsed(found))
        if not len(drawn.block_element):
            return blocks
        _, _, texts = features(drawn)
        read = reading.read(drawn, Tree(drawn), range(len(texts)), texts, (), InText(found, drawn.text), {}, emphasis=self.emphasis)
        return read if _chars(read) > 3 * _chars(blocks) else blocks


def _chars(blocks: list[Block]) -> int:
    """How much text there is; a table or code is always enough."""
    if any(block.kind in ("table", "code") for block in blocks):
        return FEW_CHARS
    return sum(len(run.text) for block in blocks for run in block.runs)


def content(
    page: Page, probabilities: npt.NDArray[np.int64], words: npt.NDArray[np.int64], texts: list[str], in_text: InText, *, emphasis: bool
) -> list[Block]:
    """The content of a page as typed blocks, by what the model says of each of its blocks."""
    tree = Tree(page)
    chosen = best_blocks(probabilities, words)
    out = choosing.unseen(page, tree, chosen, words)
    if out.any():
        words = np.where(out, 0, words)
        chosen = best_blocks(np.where(out, -1, probabilities), words) & ~out
    counts = words.tolist()
    found = units(page, tree, texts, words)
    chosen, taken = choosing.with_units(tree, chosen, found, words, probabilities)
    chosen &= ~out
    choosing.with_lists(page, chosen, out, words, found)
    choosing.with_formulas(page, chosen, out, texts, probabilities, in_text)
    choosing.with_tied(page, tree, chosen, texts, words, found)
    choosing.with_heading(page, tree, chosen, texts, words)
    kept, shown = choosing.without_copies(page, tree, np.flatnonzero(chosen).tolist(), counts, texts, taken)
    return reading.read(page, tree, kept, texts, taken, in_text, shown, emphasis=emphasis)

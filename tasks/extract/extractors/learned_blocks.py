"""Main content by a learned classifier of the page's blocks: better than the rules, within twice their time (docs/extraction.md)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.extractors.base import ExtractionFailed, Extractor
from winnow.tasks.extract.extractors.block_features import features
from winnow.tasks.extract.extractors.block_trees import best_blocks, shipped
from winnow.tasks.extract.extractors.block_writer import write
from winnow.tasks.extract.extractors.page_blocks import page_blocks
from winnow.tasks.extract.extractors.resiliparse_text import parsed

COPIED_WORDS = 8


@stable("extractor/learned-blocks")
@dataclass(frozen=True)
class LearnedBlocks(Extractor):
    """``model`` is the digest of the model that ships with this version, ``markup`` keeps headings, lists, tables and code as Markdown.

    A page of more than ``max_blocks`` blocks is refused (``too_many_blocks``): each takes a kilobyte of features.
    """

    version: ClassVar[str] = "2"
    distribution: ClassVar[str] = "resiliparse"

    model: str = ""
    markup: bool = False
    max_blocks: int = 200_000

    def __post_init__(self) -> None:
        super().__post_init__()
        _, digest = shipped()
        if not self.model:
            object.__setattr__(self, "model", digest)
        elif self.model != digest:
            raise BadInput(
                f"The block model {self.model} is not in this version of Winnow, which ships {digest}. Leave `model` out of the recipe."
            )

    def check(self) -> None:
        """Nothing is left to miss: the model was read when this was made. A page would load the kernels, 0.6 s, also where none is extracted."""

    def load(self) -> None:
        """Load all kernels, as the first pages do; what is not compiled yet is compiled, and kept for other processes."""
        self.extract("<p>A page of many tags.</p>" * self.max_depth)

    def text_of(self, html: str) -> str:
        page = page_blocks(parsed(html))
        if len(page.block_element) > self.max_blocks:
            raise ExtractionFailed("too_many_blocks")
        if not len(page.block_element):
            return ""
        trees, _ = shipped()
        names, matrix, texts = features(page)
        words = matrix[names.index("words")].astype(np.int64)
        chosen = best_blocks(trees.probabilities(names, matrix), words)
        return write(page, once(np.flatnonzero(chosen).tolist(), words.tolist(), texts), texts, markup=self.markup)


def once(chosen: list[int], words: list[int], texts: list[str]) -> list[int]:
    """Without later copies of a block of ``COPIED_WORDS`` or more: pages hold their text once for wide and once for narrow screens."""
    seen: set[str] = set()
    kept = []
    for block in chosen:
        if words[block] >= COPIED_WORDS:
            text = " ".join(texts[block].split())
            if text in seen:
                continue
            seen.add(text)
        kept.append(block)
    return kept

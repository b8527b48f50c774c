"""Pages for the tests of blocks: an article with something in the middle, and what is read of them."""

import numpy as np

from winnow.tasks.extract.blocks import markdown, plain, reading
from winnow.tasks.extract.blocks.formulas import InText
from winnow.tasks.extract.blocks.units import Tree, units
from winnow.tasks.extract.extractors.block_features import features
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.extractors.page_blocks import page_blocks
from winnow.tasks.extract.extractors.resiliparse_text import parsed

BEFORE = (
    "The weaver kept her loom beside the window of the upper floor, because the light from the north stayed even through the whole of the afternoon.",
    "She had learned the trade from an aunt, and wrote down every pattern in a book that her children later gave to the museum of the valley.",
)
AFTER = (
    "In the second year a merchant from the coast ordered forty lengths of cloth, and for the first time she hired two helpers from the village.",
    "The loom is still there today, and on the last Sunday of each month somebody from the museum shows how a pattern was set up and woven.",
)


def article(middle: str, head: str = "", before_main: str = "", lang: str = "en") -> str:
    """A page with navigation and footer whose article has ``middle`` between its paragraphs."""
    first, last = ("".join(f"<p>{p}</p>" for p in part) for part in (BEFORE, AFTER))
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>The loom by the window</title>{head}</head><body>'
        '<header><nav><ul><li><a href="/">Start</a></li><li><a href="/valley">The valley</a></li></ul></nav></header>'
        f"{before_main}<main><article><h1>The loom by the window</h1>{first}{middle}{last}</article></main>"
        '<footer><p>© Valley museum</p><ul><li><a href="/imprint">Imprint</a></li></ul></footer></body></html>'
    )


def all_blocks(html: str, *, emphasis: bool = False):
    """Every block of a page, chosen by nobody."""
    page = page_blocks(parsed(html))
    _, _, texts = features(page)
    tree = Tree(page)
    return reading.read(
        page,
        tree,
        range(len(texts)),
        texts,
        units(page, tree, texts, np.asarray([len(t.split()) for t in texts], np.int64)),
        InText(html),
        {},
        emphasis=emphasis,
    )


def as_plain(html: str) -> str:
    return plain.write(all_blocks(html))[0]


def as_markdown(html: str, *, emphasis: bool = False) -> str:
    return markdown.write(all_blocks(html, emphasis=emphasis))[0]


def extracted(middle: str, structure: str = "plain", **other: str) -> str:
    """The text of an article with ``middle`` in it, by the extractor with its model."""
    return LearnedBlocks(structure=structure).extract(article(middle, **other))

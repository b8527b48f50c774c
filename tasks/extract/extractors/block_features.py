"""Numbers that describe the blocks of a page, one float32 row per feature, for the trees of the learned extractor.

Only integers, and sums, quotients and comparisons of them, so that every machine gets the same bits: no logarithm, no random hash.
"""

import unicodedata
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from winnow.tasks.extract.extractors.page_blocks import BLOCK_TAGS, GROUP_NAMES, TAG_ID, Page

if TYPE_CHECKING:
    from winnow.tasks.extract.extractors import feature_kernels

Ints = npt.NDArray[np.int64]

STOPS = ".!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964\u0965\u17d4\u1362"
COMMAS = ",;:\u3001\uff0c\uff1b\uff1a\u060c\u061b"


@cache
def char_classes() -> npt.NDArray[np.uint8]:
    """Class of every code point. Above U+3100 by range, which spares a million look-ups."""
    from winnow.tasks.extract.extractors.feature_kernels import CJK, COMMA, DIGIT, LETTER, LOWER, MARK, OTHER, SPACE, STOP, UPPER

    table = np.full(0x110000, LETTER, np.uint8)
    for code in range(0x3100):
        char, category = chr(code), unicodedata.category(chr(code))
        if char.isspace() or category in ("Cc", "Cf", "Zs"):
            kind = SPACE
        elif category == "Ll":
            kind = LOWER
        elif category in ("Lu", "Lt"):
            kind = UPPER
        elif category[0] == "L":
            kind = LETTER
        elif category[0] == "M":
            kind = MARK
        elif category[0] == "N":
            kind = DIGIT
        else:
            kind = OTHER
        table[code] = kind
    for first, last in ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x20000, 0x2FFFF)):
        table[first : last + 1] = CJK
    table[0xE000:0xF900] = OTHER
    table[0xFF00:0xFF10] = table[0xFF1A:0xFF21] = OTHER
    table[0x1F000:0x20000] = OTHER
    table[0xFE00:0xFE10] = table[0xFEFF] = SPACE
    for stop in STOPS:
        table[ord(stop)] = STOP
    for comma in COMMAS:
        table[ord(comma)] = COMMA
    return table


TAGS = tuple("blockquote dd figcaption article main header footer aside section form figure noscript pre li".split())
ABOVE = tuple(
    "nav side foot comment share related tags notice overlay search pager body post product list doc hidden table thread title unseen".split()
)
NEAR = tuple("nav side foot comment ad meta tags notice overlay caption body post product thread action table".split())
ALL_NAMES = (*GROUP_NAMES, "unseen")
PAGE_TAGS = tuple("p li td main".split())
PAGE_NAMES = tuple("comment thread body".split())
REACHES = (3, 8, 20)
LEVELS = range(1, 6)
BEST = (50, 75, 90)
NAMES = (
    *"chars words link_share letter_share upper_share stops commas last_kind line_break tag parent_tag grandparent_tag depth".split(),
    *(f"{name}_tag" for name in TAGS),
    *(f"{name}_above" for name in ABOVE),
    *(f"{name}_near" for name in NEAR),
    "heading",
    *(f"{name}{by}" for by in ("-1", "+1") for name in ("words", "tag", "stops", "link_share")),
    *(f"{name}~{reach}" for name in ("words", "link_share", "stops_per_word", "prose_share") for reach in REACHES),
    "words^0",
    *(f"{name}^{level}" for name in ("words", "link_share", "prose_share", "blocks", "page_share", "stops_per_word") for level in LEVELS),
    *(f"best{k}_{name}" for name in ("distance", "place", "share", "link_share") for k in BEST),
    *(f"{key}_{name}" for key in ("path", "names_path") for name in "blocks words_per_block page_share link_share prose_share".split()),
    *"place block blocks_behind prose_before prose_behind".split(),
    *(f"{name}_{kind}" for kind in ("prose", "h1", "heading") for name in ("since", "until", "from_first")),
    *"copies in_title page_blocks page_words page_link_share page_prose_share".split(),
    *(f"page_{name}_share" for name in (*PAGE_TAGS, *PAGE_NAMES)),
    *"page_articles page_headings page_pre page_prose_blocks".split(),
)
LAST_KIND, COPIES, IN_TITLE = (NAMES.index(name) for name in ("last_kind", "copies", "in_title"))


@cache
def wanted() -> "feature_kernels.Wanted":
    """What the rows are about, as the kernel takes it."""
    from winnow.tasks.extract.extractors.feature_kernels import Wanted

    return Wanted(
        tags=_tags(TAGS),
        above=_groups(ABOVE),
        near=_groups(NEAR),
        headings=sum(1 << TAG_ID[f"h{k}"] for k in range(1, 7)),
        reaches=np.asarray(REACHES, np.int64),
        percents=np.asarray(BEST, np.int64),
        page_tags=_tags(PAGE_TAGS),
        page_names=_groups(PAGE_NAMES),
        h1=TAG_ID["h1"],
        article=TAG_ID["article"],
        pre=TAG_ID["pre"],
    )


def _tags(names: tuple[str, ...]) -> Ints:
    return np.asarray([TAG_ID[name] for name in names], np.int64)


def _groups(names: tuple[str, ...]) -> Ints:
    return np.asarray([ALL_NAMES.index(name) for name in names], np.int64)


def features(page: Page) -> tuple[tuple[str, ...], npt.NDArray[np.float32], list[str]]:
    """Names of the rows, features x blocks, and the text of each block with white space as it was. A page without blocks has no columns."""
    from winnow.tasks.extract.extractors import feature_kernels as kernels

    n, classes = len(page.block_element), char_classes()
    counts, bare = np.zeros((kernels.BY_CLASS + kernels.CLASSES, n), np.int64), np.empty((3, n), np.int64)
    ends = np.zeros(n + 1, np.int64)
    matrix = np.empty((len(NAMES), n), np.float32)
    text = np.frombuffer(page.text, np.uint8)
    kernels.count_characters(text, page.run_end, page.run_link, page.block_run, classes, counts, ends[1:], bare, matrix[LAST_KIND])
    joined = page.text.decode()
    cuts = ends.tolist()
    texts = [joined[a:b] for a, b in pairwise(cuts)]
    filled = kernels.fill(
        counts,
        page.block_element,
        page.block_break,
        page.element_tag,
        page.element_bits,
        page.element_checksum,
        page.element_parent,
        page.element_first,
        page.element_behind,
        wanted(),
        matrix,
    )
    assert filled == len(NAMES)
    title = " ".join(page.title.split())
    kernels.fill_alike(text, bare, np.frombuffer(title.encode(), np.uint8), matrix[COPIES], matrix[IN_TITLE])
    return NAMES, matrix, texts


assert len(BLOCK_TAGS) < 62  # they are bits of an int64

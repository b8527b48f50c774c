"""Numbers that describe the blocks of a page, one float64 row per block, for the trees of the learned extractor.

Only integers, and sums, quotients and comparisons of them, so that every machine gets the same bits: no logarithm, no random hash.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import count, pairwise, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.extractors.page_blocks import BLOCK_TAGS, GROUP_NAMES, TAG_ID, Page

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

SPACE, LOWER, UPPER, LETTER, MARK, DIGIT, CJK, STOP, COMMA, OTHER = range(10)  # LOWER to DIGIT make words
STOPS = ".!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964\u0965\u17d4\u1362"
COMMAS = ",;:\u3001\uff0c\uff1b\uff1a\u060c\u061b"


@cache
def char_classes() -> npt.NDArray[np.uint8]:
    """Class of every code point. Above U+3100 by range, which spares a million look-ups."""
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


def ratio(a: Any, b: Any) -> Floats:
    """a / b, and 0 where b is 0."""
    return np.asarray(a, np.float64) / np.maximum(np.asarray(b, np.float64), 1)


class Rows:
    """Named rows of the matrix, in a fixed order. Whole numbers and quotients are rounded to float32 on the way in."""

    def __init__(self, blocks: int) -> None:
        self.names: list[str] = []
        self.values = np.empty((MAX_ROWS, blocks), np.float32)

    def add(self, name: str, values: Any) -> None:
        self.values[len(self.names)] = values
        self.names.append(name)

    def add_many(self, names: list[str], values: Any) -> None:
        self.values[len(self.names) : len(self.names) + len(names)] = values
        self.names += names

    def add_bits(self, suffix: str, names: tuple[str, ...], places: Ints, bits: Ints) -> None:
        """One row per place: whether that bit is set."""
        self.add_many([f"{name}{suffix}" for name in names], bits >> places[:, None] & 1)


MAX_ROWS = 180

TAGS = tuple("blockquote dd figcaption article main header footer aside section form figure noscript pre li".split())
TAG_PLACES = np.asarray([TAG_ID[t] for t in TAGS], np.int64)
ABOVE = tuple(
    "nav side foot comment share related tags notice overlay search pager body post product list doc hidden table thread title unseen".split()
)
NEAR = tuple("nav side foot comment ad meta tags notice overlay caption body post product thread action table".split())
ALL_NAMES = (*GROUP_NAMES, "unseen")
ABOVE_PLACES = np.asarray([ALL_NAMES.index(g) for g in ABOVE], np.int64)
NEAR_PLACES = np.asarray([ALL_NAMES.index(g) for g in NEAR], np.int64)
PAGE_TAGS = tuple("p li td main".split())
PAGE_TAG_PLACES = np.asarray([TAG_ID[t] for t in PAGE_TAGS], np.int64)
PAGE_NAMES = tuple("comment thread body".split())
PAGE_NAME_PLACES = np.asarray([ALL_NAMES.index(g) for g in PAGE_NAMES], np.int64)
REACHES = np.asarray([[3], [8], [20]], np.int64)
LEVELS = range(1, 6)
BEST = (50, 75, 90)
PERCENTS = np.asarray(BEST, np.int64)[:, None]
NEIGHBOUR_ROWS = [f"{name}{by}" for by in ("-1", "+1") for name in ("words", "tag", "stops", "link_share")]
REACH_ROWS = [f"{name}~{reach}" for name in ("words", "link_share", "stops_per_word", "prose_share") for reach in REACHES[:, 0]]
LEVEL_ROWS = [
    f"{name}^{level}" for name in ("words", "link_share", "prose_share", "blocks", "page_share", "stops_per_word") for level in LEVELS
]
HEADINGS = sum(1 << TAG_ID[f"h{k}"] for k in range(1, 7))
PATH_FACTOR, NAMES_FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(31)


@dataclass
class Ancestry:
    """What each element has above itself, itself included."""

    depth: Ints
    tags: Ints
    names: Ints
    path: Hashes
    names_path: Hashes


def ancestry(parent: Ints, tag: Ints, names: Ints, checksum: Ints) -> Ancestry:
    """By doubling: after k rounds every element knows its next 2**k ancestors. The body, element 0, adds nothing."""
    above = parent.copy()
    depth = np.ones(len(tag), np.int64)
    depth[0] = 0
    while True:
        deeper = depth + depth[above]
        if not above.any():
            break
        depth, above = deeper, above[above]
    power = np.concatenate((np.ones(1, np.uint64), np.cumprod(np.full(int(depth.max()) + 1, PATH_FACTOR))))[depth]
    tags, groups = 1 << tag, names.copy()
    path = np.multiply(tag.astype(np.uint64), power, dtype=np.uint64)
    names_path = np.multiply(tag.astype(np.uint64) * NAMES_FACTOR + checksum.astype(np.uint64), power, dtype=np.uint64)
    path[0] = names_path[0] = 0
    above = parent.copy()
    while True:
        tags, groups = tags | tags[above], groups | groups[above]
        if not above.any():
            break
        path, names_path = path + path[above], names_path + names_path[above]
        above = above[above]
    return Ancestry(depth, tags, groups, path, names_path)


def features(page: Page) -> tuple[list[str], npt.NDArray[np.float32], list[str]]:
    """Names of the rows, features x blocks, and the text of each block with white space as it was. A page without blocks has no columns."""
    n = len(page.block_element)
    rows = Rows(n)
    add = rows.add
    # --- characters -------------------------------------------------------------------------------------------------------------
    runs = len(page.run_text)
    joined = "".join(page.run_text)
    run_chars = np.fromiter(map(len, page.run_text), np.int64, runs)
    first_run = np.asarray(page.block_run, np.int64)
    border = np.zeros(n + 1, np.int64)
    np.cumsum(np.add.reduceat(run_chars, first_run), out=border[1:])
    cuts = border.tolist()
    texts = [joined[a:b] for a, b in pairwise(cuts)]
    classes = char_classes()
    kinds = classes[np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)]
    cells = np.repeat(np.arange(0, 16 * runs, 16), run_chars)
    cells += kinds
    run_counts = np.bincount(cells, minlength=16 * runs).reshape(runs, 16)
    counts = np.add.reduceat(run_counts, first_run)
    chars = counts[:, LOWER:].sum(1)
    linked = np.add.reduceat(run_counts[:, LOWER:].sum(1) * (np.asarray(page.run_link, np.int64) > 0), first_run)
    wordish = kinds - np.uint8(LOWER) <= DIGIT - LOWER
    starts = wordish.copy()
    starts[1:] = wordish[1:] > wordish[:-1]
    starts[border[:-1]] = wordish[border[:-1]]
    words = np.add.reduceat(starts, border[:-1], dtype=np.int64) + counts[:, CJK]
    bare = [t.strip() for t in texts]
    stops, commas = counts[:, STOP], counts[:, COMMA]
    letters = counts[:, LOWER] + counts[:, UPPER] + counts[:, LETTER] + counts[:, CJK]
    add("chars", chars)
    add("words", words)
    add("link_share", ratio(linked, chars))
    add("letter_share", ratio(letters, chars))
    add("upper_share", ratio(counts[:, UPPER], letters))
    add("stops", stops)
    add("commas", commas)
    add("last_kind", classes[[ord(t[-1]) if t else 0 for t in bare]])
    add("line_break", page.block_break)
    # --- the element of a block, and those above it --------------------------------------------------------------------------------
    element = np.asarray(page.block_element, np.int64)
    parent = np.asarray(page.element_parent, np.int64)
    tag = np.fromiter(map(TAG_ID.get, page.element_tag, repeat(0)), np.int64, len(page.element_tag))
    own_bits = np.asarray(page.element_bits, np.int64)
    over = ancestry(parent, tag, own_bits, np.asarray(page.element_checksum, np.int64))
    up = [element]
    for _ in LEVELS:
        up.append(parent[up[-1]])
    own_tag = tag[element]
    add("tag", own_tag)
    add("parent_tag", tag[up[1]])
    add("grandparent_tag", tag[up[2]])
    add("depth", over.depth[element])
    tags, above = over.tags[element], over.names[element]
    rows.add_bits("_tag", TAGS, TAG_PLACES, tags)
    rows.add_bits("_above", ABOVE, ABOVE_PLACES, above)
    rows.add_bits("_near", NEAR, NEAR_PLACES, own_bits[up[0]] | own_bits[up[1]] | own_bits[up[2]])
    # --- neighbours ------------------------------------------------------------------------------------------------------------------
    heading = (tags & HEADINGS != 0).astype(np.int64)
    prose = (words >= 12) & (linked * 3 < chars) & (stops + commas > 0)
    prose_words = np.where(prose, words, 0)
    add("heading", heading)
    beside = np.zeros((4, n + 2), np.float64)
    beside[:3, 1:-1] = words, own_tag, stops
    beside[3, 1:-1] = ratio(linked, chars)
    rows.add_many(NEIGHBOUR_ROWS, np.concatenate((beside[:, :-2], beside[:, 2:])))
    # Sums over stretches of blocks, as differences of running totals: links, characters, stops, prose, words.
    totals = np.zeros((5, n + 1), np.int64)
    np.cumsum(np.stack((linked, chars, stops, prose_words, words)), axis=1, out=totals[:, 1:])
    all_words, all_chars, all_prose = int(totals[4, n]), int(totals[1, n]), int(totals[3, n])
    here = np.arange(n)
    s = totals[:, np.minimum(here + REACHES + 1, n)] - totals[:, np.maximum(here - REACHES, 0)]
    rows.add_many(REACH_ROWS, np.concatenate((s[4], ratio(s[0], s[1]), ratio(s[2], s[4]), ratio(s[3], s[4]))))
    first = np.asarray(page.element_first, np.int64)
    behind = np.asarray(page.element_behind, np.int64)
    e_linked, e_chars, e_stops, e_prose, e_words = totals[:, behind] - totals[:, first]
    e_link_share = ratio(e_linked, e_chars)
    about = np.stack(
        (e_words, e_link_share, ratio(e_prose, e_words), behind - first, ratio(e_words, all_words), ratio(e_stops, e_words)),
        dtype=np.float64,
    )
    add("words^0", e_words[element])
    rows.add_many(LEVEL_ROWS, about[:, np.stack(up[1:])].reshape(len(LEVEL_ROWS), n))
    # --- the smallest elements with most of the prose ------------------------------------------------------------------------------
    size_and_depth = e_words * (int(over.depth.max()) + 1) - over.depth
    enough = e_prose * 100 >= all_prose * PERCENTS
    best = np.where(enough, size_and_depth, np.iinfo(np.int64).max).argmin(1)
    a, b = first[best][:, None], behind[best][:, None]
    rows.add_many([f"best{k}_distance" for k in BEST], np.where(here < a, here - a, np.where(here >= b, here - b + 1, 0)))
    rows.add_many([f"best{k}_place" for k in BEST], ratio(here - a, b - a))
    rows.add_many([f"best{k}_share" for k in BEST], ratio(e_words[best], all_words)[:, None])
    rows.add_many([f"best{k}_link_share" for k in BEST], e_link_share[best][:, None])
    # --- blocks of the same kind ------------------------------------------------------------------------------------------------------
    for name, keys in (("path", over.path[element]), ("names_path", over.names_path[element])):
        listed = keys.tolist()
        numbers = dict(zip(dict.fromkeys(listed), count(), strict=False))
        group = np.fromiter(map(numbers.__getitem__, listed), np.int64, n)
        size = np.bincount(group)
        g_linked, g_chars, g_prose, g_words = (np.bincount(group, v).astype(np.int64) for v in (linked, chars, prose_words, words))
        add(f"{name}_blocks", size[group])
        add(f"{name}_words_per_block", ratio(g_words, size)[group])
        add(f"{name}_page_share", ratio(g_words, all_words)[group])
        add(f"{name}_link_share", ratio(g_linked, g_chars)[group])
        add(f"{name}_prose_share", ratio(g_prose, g_words)[group])
    # --- place in the page ------------------------------------------------------------------------------------------------------------
    add("place", ratio(here, n))
    add("block", here)
    add("blocks_behind", n - here)
    add("prose_before", ratio(totals[3, :n], all_prose))
    add("prose_behind", ratio(all_prose - totals[3, 1:], all_prose))
    at_prose = np.flatnonzero(prose)
    for name, spots in (("prose", at_prose), ("h1", np.flatnonzero(tags >> TAG_ID["h1"] & 1)), ("heading", np.flatnonzero(heading))):
        if len(spots):
            k = np.searchsorted(spots, here)
            add(f"since_{name}", np.minimum(here - np.where(k > 0, spots[k - 1], -1000), 1000))
            add(f"until_{name}", np.minimum(np.where(k < len(spots), spots[np.minimum(k, len(spots) - 1)], n + 1000) - here, 1000))
            add(f"from_first_{name}", here - spots[0])
        else:
            for row in ("since", "until", "from_first"):
                add(f"{row}_{name}", 2000)
    # --- the text itself ----------------------------------------------------------------------------------------------------------------
    title = " ".join(page.title.split())
    times = Counter(bare)
    add("copies", [times[t] for t in bare])
    add("in_title", [len(t) > 3 and t in title for t in bare])
    # --- the page ---------------------------------------------------------------------------------------------------------------------
    add("page_blocks", n)
    add("page_words", all_words)
    add("page_link_share", ratio(totals[0, n], all_chars))
    add("page_prose_share", ratio(all_prose, all_words))
    for places, bits, names in ((PAGE_TAG_PLACES, tags, PAGE_TAGS), (PAGE_NAME_PLACES, above, PAGE_NAMES)):
        shares = ratio((bits >> places[:, None] & 1) @ words, all_words)
        rows.add_many([f"page_{name}_share" for name in names], shares[:, None])
    add("page_articles", (tag == TAG_ID["article"]).sum())
    add("page_headings", heading.sum())
    add("page_pre", (tag == TAG_ID["pre"]).sum())
    add("page_prose_blocks", len(at_prose))
    return rows.names, rows.values[: len(rows.names)], texts


assert len(BLOCK_TAGS) < 62  # they are bits of an int64

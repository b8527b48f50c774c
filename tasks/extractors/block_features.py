"""Numbers that describe the blocks of a page, one float64 row per block, for the trees of the learned extractor.

Only integers, and sums, quotients and comparisons of them, so that every machine gets the same bits: no logarithm, no random hash.
"""

import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.extractors.page_blocks import BLOCK_TAGS, GROUP_NAMES, TAG_ID, Page

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SPACE, LOWER, UPPER, LETTER, CJK, DIGIT, STOP, COMMA, OTHER, MARK = range(10)
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


def around(values: Ints, reach: int) -> Ints:
    """Sum of each value and its ``reach`` neighbours on both sides."""
    total = np.concatenate(([0], np.cumsum(values)))
    n = len(values)
    at = np.arange(n)
    return total[np.minimum(at + reach + 1, n)] - total[np.maximum(at - reach, 0)]


def shifted(values: npt.NDArray[Any], by: int) -> npt.NDArray[Any]:
    """Values of the neighbour ``by`` blocks on; 0 outside the page."""
    out = np.zeros_like(values)
    if abs(by) < len(values):
        if by > 0:
            out[:-by] = values[by:]
        else:
            out[-by:] = values[:by]
    return out


class Columns:
    """Named columns, appended in a fixed order."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.values: list[npt.NDArray[Any]] = []

    def add(self, name: str, values: npt.NDArray[Any]) -> None:
        self.names.append(name)
        self.values.append(values)


# Words anywhere in the first part of the page's source that tell its kind.
HINTS: dict[str, tuple[str, ...]] = {
    "hint_article": ('content="article"', '"newsarticle"', '"blogposting"', '"article"'),
    "hint_product": ('"product"', "product:price", "og:product"),
    "hint_forum": ("discussionforumposting", '"qapage"', "phpbb", "vbulletin", "xenforo", "discourse", "invision", "showthread", "viewtopic"),
    "hint_list": ('"itemlist"', '"collectionpage"'),
    "hint_docs": ("docusaurus", "sphinx", "mkdocs", "gitbook", "readthedocs", "mediawiki", "docsearch"),
}
HINT_CHARS = 100_000


def page_hints(html: str) -> dict[str, int]:
    """How many of the words of each kind a page has."""
    head = html[:HINT_CHARS].lower()
    return {name: sum(word in head for word in words) for name, words in HINTS.items()}


def features(page: Page, html: str) -> tuple[list[str], Floats, list[str]]:
    """names of columns, blocks x columns, and the text of each block with white space as it was."""
    n = len(page.block_element)
    columns = Columns()
    add: Callable[[str, npt.NDArray[Any]], None] = columns.add
    # --- characters -------------------------------------------------------------------------------------------------------------
    run_block = np.asarray(page.run_block, np.int64)
    run_chars = np.asarray([len(t) for t in page.run_text], np.int64)
    codes = np.frombuffer("".join(page.run_text).encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = char_classes()[codes]
    block_of_char = np.repeat(run_block, run_chars)
    counts = np.bincount(block_of_char * 16 + kinds, minlength=n * 16).reshape(n, 16)
    wordish = (kinds >= LOWER) & (kinds <= DIGIT) & (kinds != CJK) | (kinds == MARK)
    starts = wordish.copy()
    starts[1:] &= ~wordish[:-1] | (block_of_char[1:] != block_of_char[:-1])
    solid = kinds != SPACE
    words = np.bincount(block_of_char[starts], minlength=n) + counts[:, CJK]
    chars = counts[:, LOWER:].sum(1)
    linked_run = np.asarray(page.run_link, np.int64) > 0
    strong_run = np.asarray(page.run_strong, np.int64) > 0
    linked = np.bincount(block_of_char[solid & np.repeat(linked_run, run_chars)], minlength=n)
    strong = np.bincount(block_of_char[solid & np.repeat(strong_run, run_chars)], minlength=n)
    at = np.flatnonzero(solid)
    of = block_of_char[at]
    first_kind = np.zeros(n, np.int64)
    last_kind = np.zeros(n, np.int64)
    first_kind[of[::-1]] = kinds[at[::-1]]
    last_kind[of] = kinds[at]
    stops, commas, digits = counts[:, STOP], counts[:, COMMA], counts[:, DIGIT]
    letters = counts[:, LOWER] + counts[:, UPPER] + counts[:, LETTER] + counts[:, CJK]
    add("chars", chars)
    add("words", words)
    add("link_share", ratio(linked, chars))
    add("links", np.asarray(page.block_links, np.int64))
    add("strong_share", ratio(strong, chars))
    add("letter_share", ratio(letters, chars))
    add("upper_share", ratio(counts[:, UPPER], letters))
    add("digit_share", ratio(digits, chars))
    add("other_share", ratio(counts[:, OTHER], chars))
    add("stops", stops)
    add("commas", commas)
    add("stops_per_word", ratio(stops, words))
    add("commas_per_word", ratio(commas, words))
    add("chars_per_word", ratio(chars, words))
    add("cjk_share", ratio(counts[:, CJK], chars))
    add("first_kind", first_kind)
    add("last_kind", last_kind)
    add("line_break", np.asarray(page.block_break, np.int64))
    # --- the element of a block, and those above it --------------------------------------------------------------------------------
    element = np.asarray(page.block_element, np.int64)
    parent = np.asarray(page.element_parent, np.int64)
    tag = np.asarray([TAG_ID.get(t, 0) for t in page.element_tag], np.int64)
    own_bits = np.asarray([x.bits for x in page.element_names], np.int64)
    checksum = np.asarray([x.checksum for x in page.element_names], np.int64)
    m = len(tag)
    depth = [0] * m
    bits_above = [0] * m
    tags_above = [0] * m
    list_depth = [0] * m
    table_depth = [0] * m
    path = [0] * m
    names_path = [0] * m
    parents, own_list, tag_list, sums = page.element_parent, own_bits.tolist(), tag.tolist(), checksum.tolist()
    ul, ol, table = TAG_ID["ul"], TAG_ID["ol"], TAG_ID["table"]
    bits_above[0], tags_above[0], path[0], names_path[0] = own_list[0], 1 << tag_list[0], 1, 1
    for e in range(1, m):
        p, t = parents[e], tag_list[e]
        depth[e] = depth[p] + 1
        bits_above[e] = bits_above[p] | own_list[e]
        tags_above[e] = tags_above[p] | 1 << t
        list_depth[e] = list_depth[p] + (t == ul or t == ol)
        table_depth[e] = table_depth[p] + (t == table)
        path[e] = (path[p] * 1_000_003 + t) & 0xFFFFFFFFFFFF
        names_path[e] = (names_path[p] * 1_000_003 + t * 31 + sums[e]) & 0xFFFFFFFFFFFF
    depths = np.asarray(depth, np.int64)
    up = [element]
    for _ in range(5):
        up.append(parent[up[-1]])
    add("tag", tag[element])
    add("parent_tag", tag[up[1]])
    add("grandparent_tag", tag[up[2]])
    add("depth", depths[element])
    add("list_depth", np.asarray(list_depth, np.int64)[element])
    add("table_depth", np.asarray(table_depth, np.int64)[element])
    all_tags = np.asarray(tags_above, np.int64)[element]
    for name in (
        "p li td th h1 h2 h3 pre blockquote dd figcaption button article main nav header footer aside section form figure noscript details address"
    ).split():
        add(f"in_{name}", all_tags >> TAG_ID[name] & 1)
    above = np.asarray(bits_above, np.int64)[element]
    near = own_bits[up[0]] | own_bits[up[1]] | own_bits[up[2]]
    inline = np.asarray(page.block_bits, np.int64)
    for k, name in enumerate([*GROUP_NAMES, "unseen"]):
        add(f"{name}_above", above >> k & 1)
        add(f"{name}_near", near >> k & 1)
    for name in ("meta", "share", "tags", "action", "hidden", "title", "comment"):
        add(f"{name}_inside", inline >> GROUP_NAMES.index(name) & 1)
    # --- neighbours ------------------------------------------------------------------------------------------------------------------
    is_p = (all_tags >> TAG_ID["p"] & 1).astype(np.int64)
    heading = sum((all_tags >> TAG_ID[f"h{k}"] & 1 for k in range(1, 7)), np.zeros(n, np.int64))
    add("heading", heading)
    prose = (words >= 12) & (linked * 3 < chars) & (stops + commas > 0)
    prose_words = np.where(prose, words, 0)
    add("prose", prose.astype(np.int64))
    for by in (-3, -2, -1, 1, 2, 3):
        add(f"words{by:+d}", shifted(words, by))
        add(f"link_share{by:+d}", ratio(shifted(linked, by), shifted(chars, by)))
        if abs(by) < 3:
            add(f"tag{by:+d}", shifted(tag[element], by))
            add(f"heading{by:+d}", shifted(heading, by))
            add(f"stops{by:+d}", shifted(stops, by))
            add(f"same_element{by:+d}", (shifted(element + 1, by) == element + 1).astype(np.int64))
            add(f"depth{by:+d}", shifted(depths[element], by) - depths[element])
    for reach in (3, 8, 20):
        near_chars = around(chars, reach)
        add(f"words~{reach}", around(words, reach))
        add(f"link_share~{reach}", ratio(around(linked, reach), near_chars))
        add(f"stops_per_word~{reach}", ratio(around(stops, reach), around(words, reach)))
        add(f"prose_share~{reach}", ratio(around(prose_words, reach), around(words, reach)))
    # --- elements as ranges of blocks ----------------------------------------------------------------------------------------------
    first = np.asarray(page.element_first, np.int64)
    behind = np.asarray(page.element_behind, np.int64)

    def inside(values: Ints) -> Ints:
        total = np.concatenate(([0], np.cumsum(values)))
        return total[behind] - total[first]

    e_chars, e_words, e_linked, e_stops, e_prose = inside(chars), inside(words), inside(linked), inside(stops), inside(prose_words)
    e_blocks = behind - first
    all_words, all_chars, all_prose = int(words.sum()), int(chars.sum()), int(prose_words.sum())
    for level in range(1, 6):
        e = up[level]
        add(f"words^{level}", e_words[e])
        add(f"link_share^{level}", ratio(e_linked[e], e_chars[e]))
        add(f"prose_share^{level}", ratio(e_prose[e], e_words[e]))
        add(f"blocks^{level}", e_blocks[e])
        add(f"page_share^{level}", ratio(e_words[e], all_words))
        if level < 4:
            add(f"stops_per_word^{level}", ratio(e_stops[e], e_words[e]))
    add("words^0", e_words[element])
    add("place_in_parent", ratio(np.arange(n) - first[up[1]], e_blocks[up[1]]))
    # --- the smallest elements with most of the prose ------------------------------------------------------------------------------
    here = np.arange(n)
    for percent in (50, 75, 90):
        enough = np.flatnonzero(e_prose * 100 >= all_prose * percent)
        best = int(enough[np.lexsort((-depths[enough], e_words[enough]))[0]]) if len(enough) else 0
        a, b = int(first[best]), int(behind[best])
        add(f"best{percent}_distance", np.where(here < a, here - a, np.where(here >= b, here - b + 1, 0)))
        add(f"best{percent}_place", ratio(here - a, b - a))
        add(f"best{percent}_share", np.full(n, ratio(e_words[best], all_words)))
        add(f"best{percent}_link_share", np.full(n, ratio(e_linked[best], e_chars[best])))
    # --- blocks of the same kind ------------------------------------------------------------------------------------------------------
    for name, keys in (("path", np.asarray(path, np.int64)[element]), ("names_path", np.asarray(names_path, np.int64)[element])):
        _, group = np.unique(keys, return_inverse=True)
        size = np.bincount(group)
        group_words, group_chars = np.bincount(group, words).astype(np.int64), np.bincount(group, chars).astype(np.int64)
        add(f"{name}_blocks", size[group])
        add(f"{name}_words_per_block", ratio(group_words, size)[group])
        add(f"{name}_page_share", ratio(group_words, all_words)[group])
        add(f"{name}_link_share", ratio(np.bincount(group, linked), group_chars)[group])
        add(f"{name}_prose_share", ratio(np.bincount(group, prose_words), group_words)[group])
    # --- place in the page ------------------------------------------------------------------------------------------------------------
    add("place", ratio(here, n))
    before = np.cumsum(words) - words
    add("place_words", ratio(before, all_words))
    add("block", here)
    add("blocks_behind", n - here)
    prose_before = np.cumsum(prose_words) - prose_words
    add("prose_before", ratio(prose_before, all_prose))
    add("prose_behind", ratio(all_prose - prose_before - prose_words, all_prose))
    at_prose = np.flatnonzero(prose)
    for name, spots in (("prose", at_prose), ("h1", np.flatnonzero(all_tags >> TAG_ID["h1"] & 1)), ("heading", np.flatnonzero(heading))):
        if len(spots):
            k = np.searchsorted(spots, here)
            previous = np.where(k > 0, spots[np.maximum(k - 1, 0)], -1000)
            following = np.where(k < len(spots), spots[np.minimum(k, len(spots) - 1)], n + 1000)
            add(f"since_{name}", np.minimum(here - previous, 1000))
            add(f"until_{name}", np.minimum(following - here, 1000))
            add(f"from_first_{name}", here - spots[0])
        else:
            for column in ("since", "until", "from_first"):
                add(f"{column}_{name}", np.full(n, 2000))
    # --- the text itself ----------------------------------------------------------------------------------------------------------------
    texts = [""] * n
    for text, block in zip(page.run_text, page.run_block, strict=True):
        texts[block] += text
    title = " ".join(page.title.split()).lower()
    seen: dict[str, int] = {}
    plain = [" ".join(t[:300].split()).lower() for t in texts]
    for t in plain:
        seen[t] = seen.get(t, 0) + 1
    add("copies", np.asarray([seen[t] for t in plain], np.int64))
    add("in_title", np.asarray([len(t) > 3 and t in title for t in plain], np.int64))
    add("title_inside", np.asarray([len(title) > 3 and title[:40] in t for t in plain], np.int64))
    # --- the page ---------------------------------------------------------------------------------------------------------------------
    whole = {
        "page_blocks": n,
        "page_words": all_words,
        "page_link_share": ratio(linked.sum(), all_chars),
        "page_prose_share": ratio(all_prose, all_words),
        "page_p_share": ratio((words * is_p).sum(), all_words),
        "page_li_share": ratio((words * (all_tags >> TAG_ID["li"] & 1)).sum(), all_words),
        "page_td_share": ratio((words * (all_tags >> TAG_ID["td"] & 1)).sum(), all_words),
        "page_cjk_share": ratio(counts[:, CJK].sum(), all_chars),
        "page_comment_share": ratio((words * (above >> GROUP_NAMES.index("comment") & 1)).sum(), all_words),
        "page_thread_share": ratio((words * (above >> GROUP_NAMES.index("thread") & 1)).sum(), all_words),
        "page_product_share": ratio((words * (above >> GROUP_NAMES.index("product") & 1)).sum(), all_words),
        "page_body_share": ratio((words * (above >> GROUP_NAMES.index("body") & 1)).sum(), all_words),
        "page_articles": int((tag == TAG_ID["article"]).sum()),
        "page_main_share": ratio((words * (all_tags >> TAG_ID["main"] & 1)).sum(), all_words),
        "page_headings": int(heading.sum()),
        "page_pre": int((tag == TAG_ID["pre"]).sum()),
        "page_prose_blocks": len(at_prose),
        **page_hints(html),
    }
    for name, value in whole.items():
        add(name, np.full(n, float(value)))
    return columns.names, np.column_stack(columns.values).astype(np.float64) if n else np.zeros((0, len(columns.names))), texts


assert len(BLOCK_TAGS) < 62  # noqa: S101  # they are bits of an int64

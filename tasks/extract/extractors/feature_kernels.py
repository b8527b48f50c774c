"""The compiled part of ``block_features.py``: the rows of its matrix, in the order of its names."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled
from winnow.tasks.engine.sixteen import hash_of

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]
Matrix = npt.NDArray[np.float32]

# Classes of characters. LOWER to DIGIT make words.
SPACE, LOWER, UPPER, LETTER, MARK, DIGIT, CJK, STOP, COMMA, OTHER = range(10)
CLASSES = 10
BY_CLASS = 3  # the first row of these in the counts
# Running totals over the blocks.
LINKED, CHARS, STOPPED, PROSE, WORDS = range(5)
PATH_FACTOR, NAMES_FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(31)
LEVELS = 5
FAR, NOWHERE = 1000, 2000
LEAST_IN_TITLE = 4


@compiled
def ratio(a: float, b: float) -> float:
    """a / b of whole numbers, where nothing is shared if b is 0: a is 0 then."""
    return a / max(b, 1.0)


@compiled
def within(totals: Ints, what: int, begin: int, end: int) -> int:
    """A sum over blocks begin to end, by the running totals."""
    return int(totals[what, end] - totals[what, begin])


@compiled
def share(totals: Ints, part: int, whole: int, begin: int, end: int) -> float:
    """One sum over blocks begin to end as a share of another."""
    return ratio(within(totals, part, begin, end), within(totals, whole, begin, end))


@compiled
def is_white(code: int) -> bool:
    """Whether a character of the class SPACE is white space (``str.isspace``): not so are controls and what shows nothing."""
    if code < 0x1680:
        return 9 <= code <= 13 or 28 <= code <= 32 or code == 0x85 or code == 0xA0
    return code == 0x1680 or 0x2000 <= code <= 0x200A or code in (0x2028, 0x2029, 0x202F, 0x205F, 0x3000)


@compiled
def count_characters(
    text: Bytes,
    run_end: Small,
    run_link: Small,
    block_run: Small,
    classes: Bytes,
    counts: Ints,
    chars_end: Ints,
    bare: Ints,
    last_kind: Matrix,
) -> None:
    """Fill ``counts`` (BY_CLASS + CLASSES rows, a column per block: characters that are no space, of these in links, words, characters by class),
    ``chars_end``: how many characters end with each block, ``bare`` (3 rows: first byte of its text without white space at its ends, first behind, characters), and
    ``last_kind``: the class of its last character that is no white space."""
    blocks, runs = len(block_run), len(run_end)
    at = chars = 0
    for b in range(blocks):
        linked = words = 0
        in_word: bool | np.bool_ = False
        last = np.int64(SPACE)
        bare[0, b] = bare[1, b] = bare[2, b] = 0
        first = 0
        for r in range(block_run[b], block_run[b + 1] if b + 1 < blocks else runs):
            seen = 0
            while at < run_end[r]:
                begin = at
                code = np.int64(text[at])
                at += 1
                if code >= 0xC0:
                    more = 1 if code < 0xE0 else 2 if code < 0xF0 else 3
                    code &= 0x3F >> more
                    for _ in range(more):
                        code = code << 6 | text[at] & 0x3F
                        at += 1
                kind = np.int64(classes[code])
                if kind != SPACE or not is_white(int(code)):
                    last = kind
                    if bare[1, b] == 0:
                        bare[0, b], first = begin, chars
                    bare[1, b], bare[2, b] = at, chars + 1 - first
                chars += 1
                counts[BY_CLASS + kind, b] += 1
                seen += kind != SPACE
                wordish = np.bool_(LOWER <= kind <= DIGIT)
                words += (wordish and not in_word) or kind == CJK
                in_word = wordish
            counts[0, b] += seen
            if run_link[r] > 0:
                linked += seen
        counts[1, b], counts[2, b] = linked, words
        chars_end[b] = chars
        last_kind[b] = last


@compiled
def is_same(text: Bytes, begin: int, end: int, other: Bytes, at: int) -> bool:
    """Whether text[begin:end] stands in another text at a place."""
    k = begin
    while k < end and text[k] == other[at + k - begin]:
        k += 1
    return k == end


@compiled
def fill_alike(text: Bytes, bare: Ints, title: Bytes, copies: Matrix, in_title: Matrix) -> None:
    """Fill ``copies`` with how many blocks have the same text (``bare``, as ``count_characters`` has it), and ``in_title`` with 1 for those of LEAST_IN_TITLE
    characters or more that stand in the title, 0 for all others."""
    blocks, size = bare.shape[1], 16
    while size < 2 * blocks:
        size *= 2
    first, of, times = np.full(size, -1, np.int64), np.empty(blocks, np.int64), np.zeros(blocks, np.int64)
    for b in range(blocks):
        begin, end = bare[0, b], bare[1, b]
        key = hash_of(text, begin, end)
        place = np.int64(key >> np.uint64(20)) & (size - 1)
        while first[place] >= 0:
            other = first[place]
            if bare[1, other] - bare[0, other] == end - begin and is_same(text, begin, end, text, bare[0, other]):
                break
            place = (place + 1) & (size - 1)
        if first[place] < 0:
            first[place] = b
        of[b] = first[place]
        times[of[b]] += 1
        in_title[b] = 0
        if bare[2, b] >= LEAST_IN_TITLE:
            for at in range(len(title) - (end - begin) + 1):
                if is_same(text, begin, end, title, at):
                    in_title[b] = 1
                    break
    for b in range(blocks):
        copies[b] = times[of[b]]


@compiled
def group_by(keys: Hashes, group: Ints) -> int:
    """Number equal keys alike, in the order of their first; returns how many there are."""
    size = 16
    while size < 2 * len(keys):
        size *= 2
    first = np.full(size, -1, np.int64)
    groups = 0
    for i in range(len(keys)):
        place = np.int64((keys[i] * PATH_FACTOR) >> np.uint64(20)) & (size - 1)
        while first[place] >= 0 and keys[first[place]] != keys[i]:
            place = (place + 1) & (size - 1)
        if first[place] < 0:
            first[place] = i
            group[i] = groups
            groups += 1
        else:
            group[i] = group[first[place]]
    return groups


class Wanted(NamedTuple):
    """What rows are about: bits of tags and names above, in and near a block, of headings, of the page; how many blocks a stretch has to
    each side; shares of the prose in percent; ids of tags."""

    tags: Ints
    above: Ints
    near: Ints
    headings: int
    reaches: Ints
    percents: Ints
    page_tags: Ints
    page_names: Ints
    h1: int
    article: int
    pre: int


@compiled
def same(out: Matrix, row: int, value: float) -> int:
    """Fill a row with one value; returns the next row."""
    for b in range(out.shape[1]):
        out[row, b] = value
    return row + 1


@compiled
def fill(
    counts: Ints,
    block_element: Small,
    block_break: Small,
    tag: Small,
    own_bits: Small,
    checksum: npt.NDArray[np.uint32],
    parent: Small,
    first: Small,
    behind: Small,
    wanted: Wanted,
    out: Matrix,
) -> int:
    """Fill all rows of ``out`` but last_kind, copies and in_title, which are about whole texts; returns how many rows there are."""
    n, elements = counts.shape[1], len(tag)
    chars, linked, words = counts[0], counts[1], counts[2]
    stops = counts[BY_CLASS + STOP]
    row = 0
    # --- characters -------------------------------------------------------------------------------------------------------------------
    for b in range(n):
        upper = counts[BY_CLASS + UPPER, b]
        letters = counts[BY_CLASS + LOWER, b] + upper + counts[BY_CLASS + LETTER, b] + counts[BY_CLASS + CJK, b]
        out[0, b] = chars[b]
        out[1, b] = words[b]
        out[2, b] = ratio(linked[b], chars[b])
        out[3, b] = ratio(letters, chars[b])
        out[4, b] = ratio(upper, letters)
        out[5, b] = stops[b]
        out[6, b] = counts[BY_CLASS + COMMA, b]
        out[8, b] = block_break[b]
    row = 9  # but for last_kind, 7
    # --- the element of a block, and those above it. An element stands behind its parent ------------------------------------------------
    depth = np.zeros(elements, np.int64)
    tags = np.empty(elements, np.int64)
    names = np.empty(elements, np.int64)
    path = np.zeros(elements, np.uint64)
    names_path = np.zeros(elements, np.uint64)
    power = np.ones(elements, np.uint64)
    tags[0], names[0] = np.int64(1) << tag[0], own_bits[0]
    most_depth = 0
    for e in range(1, elements):
        p = parent[e]
        depth[e] = depth[p] + 1
        most_depth = max(most_depth, depth[e])
        power[e] = power[p] * PATH_FACTOR
        tags[e] = tags[p] | np.int64(1) << tag[e]
        names[e] = names[p] | own_bits[e]
        path[e] = path[p] + np.uint64(tag[e]) * power[e]
        names_path[e] = names_path[p] + (np.uint64(tag[e]) * NAMES_FACTOR + np.uint64(checksum[e])) * power[e]
    for b in range(n):
        e = block_element[b]
        up = parent[e]
        out[row, b] = tag[e]
        out[row + 1, b] = tag[up]
        out[row + 2, b] = tag[parent[up]]
        out[row + 3, b] = depth[e]
        k = row + 4
        for place in wanted.tags:
            out[k, b] = tags[e] >> place & 1
            k += 1
        for place in wanted.above:
            out[k, b] = names[e] >> place & 1
            k += 1
        near = own_bits[e] | own_bits[up] | own_bits[parent[up]]
        for place in wanted.near:
            out[k, b] = near >> place & 1
            k += 1
    row += 4 + len(wanted.tags) + len(wanted.above) + len(wanted.near)
    # --- neighbours, and sums over stretches of blocks -----------------------------------------------------------------------------------
    totals = np.zeros((WORDS + 1, n + 1), np.int64)
    is_prose = np.zeros(n, np.bool_)
    prose = np.zeros(n, np.int64)
    all_headings = all_prose_blocks = 0
    for b in range(n):
        heading = tags[block_element[b]] & wanted.headings != 0
        all_headings += heading
        out[row, b] = heading
        if words[b] >= 12 and linked[b] * 3 < chars[b] and stops[b] + counts[BY_CLASS + COMMA, b] > 0:
            is_prose[b] = True
            prose[b] = words[b]
            all_prose_blocks += 1
        totals[LINKED, b + 1] = totals[LINKED, b] + linked[b]
        totals[CHARS, b + 1] = totals[CHARS, b] + chars[b]
        totals[STOPPED, b + 1] = totals[STOPPED, b] + stops[b]
        totals[PROSE, b + 1] = totals[PROSE, b] + prose[b]
        totals[WORDS, b + 1] = totals[WORDS, b] + words[b]
    row += 1
    all_linked, all_chars, all_prose, all_words = totals[LINKED, n], totals[CHARS, n], totals[PROSE, n], totals[WORDS, n]
    for step in (-1, 1):
        for b in range(n):
            beside = b + step
            if 0 <= beside < n:
                out[row, b] = words[beside]
                out[row + 1, b] = tag[block_element[beside]]
                out[row + 2, b] = stops[beside]
                out[row + 3, b] = ratio(linked[beside], chars[beside])
            else:
                out[row, b] = out[row + 1, b] = out[row + 2, b] = out[row + 3, b] = 0
        row += 4
    reach_rows = len(wanted.reaches)
    for i in range(reach_rows):
        for b in range(n):
            begin, end = max(b - wanted.reaches[i], 0), min(b + wanted.reaches[i] + 1, n)
            out[row + i, b] = within(totals, WORDS, begin, end)
            out[row + reach_rows + i, b] = share(totals, LINKED, CHARS, begin, end)
            out[row + 2 * reach_rows + i, b] = share(totals, STOPPED, WORDS, begin, end)
            out[row + 3 * reach_rows + i, b] = share(totals, PROSE, WORDS, begin, end)
    row += 4 * reach_rows
    # --- what is in the elements above ---------------------------------------------------------------------------------------------------
    for b in range(n):
        e = block_element[b]
        out[row, b] = within(totals, WORDS, first[e], behind[e])
        for level in range(LEVELS):
            e = parent[e]
            begin, end = first[e], behind[e]
            e_words = within(totals, WORDS, begin, end)
            k = row + 1 + level
            out[k, b] = e_words
            out[k + LEVELS, b] = share(totals, LINKED, CHARS, begin, end)
            out[k + 2 * LEVELS, b] = share(totals, PROSE, WORDS, begin, end)
            out[k + 3 * LEVELS, b] = end - begin
            out[k + 4 * LEVELS, b] = ratio(e_words, all_words)
            out[k + 5 * LEVELS, b] = share(totals, STOPPED, WORDS, begin, end)
    row += 1 + 6 * LEVELS
    # --- the smallest elements with most of the prose ---------------------------------------------------------------------------------------
    most_rows = len(wanted.percents)
    for i in range(most_rows):
        best, least = 0, np.int64(np.iinfo(np.int64).max)
        for e in range(elements):
            if within(totals, PROSE, first[e], behind[e]) * 100 >= all_prose * wanted.percents[i]:
                size = within(totals, WORDS, first[e], behind[e]) * (most_depth + 1) - depth[e]
                if size < least:
                    best, least = e, size
        begin, end = first[best], behind[best]
        page_share = ratio(within(totals, WORDS, begin, end), all_words)
        link_share = share(totals, LINKED, CHARS, begin, end)
        for b in range(n):
            out[row + i, b] = b - begin if b < begin else b - end + 1 if b >= end else 0
            out[row + most_rows + i, b] = ratio(b - begin, end - begin)
            out[row + 2 * most_rows + i, b] = page_share
            out[row + 3 * most_rows + i, b] = link_share
    row += 4 * most_rows
    # --- blocks of the same kind ---------------------------------------------------------------------------------------------------------------
    group = np.empty(n, np.int64)
    keys = np.empty(n, np.uint64)
    for by_names in (False, True):
        for b in range(n):
            keys[b] = names_path[block_element[b]] if by_names else path[block_element[b]]
        sums = np.zeros((group_by(keys, group), 5), np.int64)
        for b in range(n):
            g = group[b]
            sums[g, 0] += 1
            sums[g, 1] += linked[b]
            sums[g, 2] += chars[b]
            sums[g, 3] += prose[b]
            sums[g, 4] += words[b]
        for b in range(n):
            g = group[b]
            out[row, b] = sums[g, 0]
            out[row + 1, b] = ratio(sums[g, 4], sums[g, 0])
            out[row + 2, b] = ratio(sums[g, 4], all_words)
            out[row + 3, b] = ratio(sums[g, 1], sums[g, 2])
            out[row + 4, b] = ratio(sums[g, 3], sums[g, 4])
        row += 5
    # --- place in the page -----------------------------------------------------------------------------------------------------------------------
    for b in range(n):
        out[row, b] = ratio(b, n)
        out[row + 1, b] = b
        out[row + 2, b] = n - b
        out[row + 3, b] = ratio(totals[PROSE, b], all_prose)
        out[row + 4, b] = ratio(all_prose - totals[PROSE, b + 1], all_prose)
    row += 5
    spots = np.empty(n, np.bool_)
    for kind in range(3):
        start = n
        for b in range(n):
            above = tags[block_element[b]]
            spots[b] = is_prose[b] if kind == 0 else above >> wanted.h1 & 1 != 0 if kind == 1 else above & wanted.headings != 0
            if spots[b]:
                start = min(start, b)
        last = -FAR
        for b in range(n):
            out[row, b] = min(b - last, FAR) if start < n else NOWHERE
            out[row + 2, b] = b - start if start < n else NOWHERE
            if spots[b]:
                last = b
        following = n + FAR
        for b in range(n - 1, -1, -1):
            if spots[b]:
                following = b
            out[row + 1, b] = min(following - b, FAR) if start < n else NOWHERE
        row += 3
    row += 2  # copies, in_title
    # --- the page, the same for each of its blocks ------------------------------------------------------------------------------------------------
    row = same(out, row, n)
    row = same(out, row, all_words)
    row = same(out, row, ratio(all_linked, all_chars))
    row = same(out, row, ratio(all_prose, all_words))
    for places, above_all in ((wanted.page_tags, tags), (wanted.page_names, names)):
        for place in places:
            found = 0
            for b in range(n):
                found += words[b] * (above_all[block_element[b]] >> place & 1)
            row = same(out, row, ratio(found, all_words))
    articles = pres = 0
    for e in range(elements):
        articles += tag[e] == wanted.article
        pres += tag[e] == wanted.pre
    row = same(out, row, articles)
    row = same(out, row, all_headings)
    row = same(out, row, pres)
    return same(out, row, all_prose_blocks)

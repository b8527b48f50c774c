"""The compiled part of ``units.py`` and ``reading.py``: what is said of each element of a page by those around it."""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled, inlined

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# What an element with a block in it may be, and what the page has.
CODED, TABLED, HEADED, SUSPECT, PURE = 1, 2, 4, 8, 16
# How a tag shapes what is inside it.
PARAGRAPH, LIST, ITEM, CELL, QUOTES = 1, 2, 4, 8, 16
# Fields of a place.
HEADING, OF_ITEM, LISTS, OUTER_LIST, QUOTED, OF_PARAGRAPH, KIND = range(7)
FIELDS = 7


# What ties an element, or a part of one, to what is chosen around it: nothing of it is, and what is before it in its parent is, or what is before and behind it; its
# first block is missing; its last ones are; some of its lines are.
FREE, AFTER, BETWEEN, TITLE, TAIL, LINES = range(6)
# Which tags may be a line, facts, what has a source at its end, or facts of which some are chosen. Any that has names may be a note or a tip.
LINE, FACTS, SOURCED, ENTRIES = 1, 2, 4, 8
MOST_BETWEEN_WORDS, MOST_TITLE_WORDS, MOST_TITLED_WORDS, MOST_TAIL_WORDS, MOST_LINE_WORDS, LEAST_LINES = 80, 8, 250, 20, 15, 4


@compiled
def notable(
    tag: Ints,
    bits: Ints,
    first: Ints,
    behind: Ints,
    marks: Ints,
    kinds: Bytes,
    coded: int,
    suspect: int,
    pure: int,
    pure_mask: int,
    out: Bytes,
) -> int:
    """Fill ``out`` with what each element with a block in it is (bits from CODED on), and return all of it.

    ``kinds``: what a tag says; ``coded``, ``suspect``: which bits of names say CODED or SUSPECT. PURE: a block of which ``marks & pure_mask`` is ``pure``.
    """
    seen = 0
    for e in range(len(tag)):
        out[e] = 0
        if behind[e] > first[e]:
            what = int(kinds[tag[e]])
            if bits[e] & coded != 0:
                what |= CODED
            if bits[e] & suspect != 0:
                what |= SUSPECT
            out[e] = what
            seen |= what
    for b in range(len(marks)):
        if marks[b] & pure_mask == pure:
            seen |= PURE
    return seen


@compiled
def are_lines(e: int, begin: int, end: int, tag: Ints, parent: Ints, checksum: Hashes, element: Ints, words: Counts, roles: Bytes) -> bool:
    """Whether the blocks from ``begin`` to ``end`` that have words are LEAST_LINES short ones or more, each in a child of ``e`` that may be a line and is like
    the others."""
    lines = like = 0
    for b in range(begin, end):
        if words[b] > 0:
            child = element[b]
            if words[b] > MOST_LINE_WORDS or parent[child] != e or roles[tag[child]] & LINE == 0:
                return False
            if lines == 0:
                like = child
            if tag[child] != tag[like] or checksum[child] != checksum[like]:
                return False
            lines += 1
    return lines >= LEAST_LINES


@compiled
def tied(
    tag: Ints,
    parent: Ints,
    first: Ints,
    behind: Ints,
    checksum: Hashes,
    element: Ints,
    words: Counts,
    chosen: Bools,
    roles: Bytes,
    found: Ints,
) -> int:
    """Fill ``found`` (2 rows: element, BETWEEN and the like) with what may be tied to what is chosen, and return how many there are. Linear but for the depth of lines.

    An element with the same words as its parent has the same neighbours.
    """
    blocks, count = len(words), 0
    all_words, chosen_words = np.zeros(blocks + 1, np.int64), np.zeros(blocks + 1, np.int64)
    before, after = np.empty(blocks + 1, np.int32), np.empty(blocks + 1, np.int32)  # the next block with words
    last = -1
    for b in range(blocks):
        before[b] = last
        all_words[b + 1] = all_words[b] + words[b]
        chosen_words[b + 1] = chosen_words[b] + (words[b] if chosen[b] else 0)
        if words[b] > 0:
            last = b
    before[blocks] = last
    last = blocks
    for b in range(blocks, -1, -1):
        if b < blocks and words[b] > 0:
            last = b
        after[b] = last
    place = np.zeros(len(tag), np.uint8)
    for e in range(1, len(tag)):
        begin, end, above = first[e], behind[e], parent[e]
        whole, taken = all_words[end] - all_words[begin], chosen_words[end] - chosen_words[begin]
        missing = whole - taken
        if missing == 0 or (taken == 0 and whole > MOST_BETWEEN_WORDS):
            continue
        if taken == 0:
            a, z = before[begin], after[end]
            if all_words[behind[above]] - all_words[first[above]] == whole:
                place[e] = place[above]
            elif a >= first[above] and chosen[a]:
                place[e] = BETWEEN if z < behind[above] and chosen[z] else AFTER
            if place[e] != FREE and (checksum[e] != 0 or roles[tag[e]] & FACTS != 0):
                found[0, count], found[1, count] = e, place[e]
                count += 1
            continue
        if roles[tag[e]] & ENTRIES != 0 and missing <= MOST_BETWEEN_WORDS:
            a, z = before[begin], after[end]
            if a >= first[above] and z < behind[above] and chosen[a] and chosen[z]:
                found[0, count], found[1, count] = e, BETWEEN
                count += 1
                continue
        most = MOST_TAIL_WORDS if roles[tag[e]] == SOURCED else MOST_TITLE_WORDS if checksum[e] != 0 else 0
        if missing <= most and whole <= MOST_TITLED_WORDS and not chosen[after[begin]] and words[after[begin]] == missing:
            found[0, count], found[1, count] = e, TITLE
            count += 1
        elif missing <= MOST_TAIL_WORDS and roles[tag[e]] & SOURCED != 0 and not chosen[before[end]]:
            b, tail = before[end], 0
            while b >= begin and not chosen[b]:
                tail += words[b]
                b = before[b]
            if tail == missing:
                found[0, count], found[1, count] = e, TAIL
                count += 1
        if 2 * taken >= whole and are_lines(e, begin, end, tag, parent, checksum, element, words, roles):
            found[0, count], found[1, count] = e, LINES
            count += 1
    return count


@compiled
def fill_places(tag: Ints, parent: Ints, shapes: Bytes, headings: Bytes, kinds: Bytes, places: Ints) -> None:
    """Fill ``places``, a row of FIELDS for each element, by what tags do: ``shapes`` (bits from PARAGRAPH on), ``headings`` (their levels), ``kinds``."""
    places[0] = 0
    for e in range(1, len(tag)):
        own, above, kind = places[e], places[parent[e]], tag[e]
        shape, level = shapes[kind], headings[kind]
        for k in range(FIELDS):
            own[k] = above[k]
        if shape & PARAGRAPH != 0 and not (own[OF_ITEM] != 0 and shape & LIST != 0):
            own[OF_PARAGRAPH] = e
        if level > 0:
            own[HEADING] = level
        elif shape & LIST != 0:
            own[HEADING] = own[OF_ITEM] = 0
            own[LISTS] += 1
            if own[OUTER_LIST] == 0:
                own[OUTER_LIST] = e
        elif shape & ITEM != 0:
            own[HEADING], own[OF_ITEM] = 0, e
        elif shape & CELL != 0:
            own[HEADING] = own[OF_ITEM] = own[LISTS] = own[OUTER_LIST] = own[KIND] = 0
        elif shape & QUOTES != 0:
            own[QUOTED] += 1
        elif kinds[kind] > 0:
            own[KIND] = kinds[kind]


@inlined
def counted(chosen: Bools) -> Ints:
    """How many blocks are chosen before each, and of all."""
    before = np.empty(len(chosen) + 1, np.int32)
    before[0] = 0
    for b in range(len(chosen)):
        before[b + 1] = before[b] + chosen[b]
    return before


@compiled
def holding(what: Bytes, wanted: int, first: Ints, behind: Ints, chosen: Bools, found: Ints) -> int:
    """Fill ``found`` with the elements that are ``wanted`` and have a chosen block in them; returns how many there are."""
    before = counted(chosen)
    count = 0
    for e in range(len(what)):
        if what[e] & wanted != 0 and before[behind[e]] > before[first[e]]:
            found[count] = e
            count += 1
    return count


@compiled
def half_chosen(tag: Ints, of_tags: Bools, first: Ints, behind: Ints, words: Counts, chosen: Bools, found: Ints) -> int:
    """Fill ``found`` with the elements of these tags of which half the words or more are chosen, but not all; returns how many there are."""
    whole, taken = np.empty(len(words) + 1, np.int64), np.empty(len(words) + 1, np.int64)
    whole[0] = taken[0] = 0
    for b in range(len(words)):
        whole[b + 1] = whole[b] + words[b]
        taken[b + 1] = taken[b] + (words[b] if chosen[b] else 0)
    count = 0
    for e in range(len(tag)):
        if of_tags[tag[e]]:
            all_words, own = whole[behind[e]] - whole[first[e]], taken[behind[e]] - taken[first[e]]
            if own < all_words <= 2 * own:
                found[count] = e
                count += 1
    return count

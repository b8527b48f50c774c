"""The compiled part of ``units.py`` and ``reading.py``: what is said of each element of a page by those around it."""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled
from winnow.tasks.engine.sixteen import WIDTH, equal_small

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

# What an element with a block in it may be, and what the page has.
CODED, TABLED, HEADED, SUSPECT, PURE = 1, 2, 4, 8, 16
# How a tag shapes what is inside it.
PARAGRAPH, LIST, ITEM, CELL, QUOTES = 1, 2, 4, 8, 16
# Fields of a place.
HEADING, OF_ITEM, LISTS, OUTER_LIST, QUOTED, OF_PARAGRAPH, KIND = range(7)
FIELDS = 7


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


@compiled
def may_speak_of_partners(text: Bytes) -> bool:
    """Whether one of ``choosing.OF_PARTNERS`` may be in a text, in any case: their beginnings are ("artne", "arten", "and/o", "socio")."""
    at, last = 0, len(text) - WIDTH - 4
    if last < 0:
        return True  # too short to be looked at so: who is told so looks for itself
    while True:
        o = equal_small(text, at + 4, 111)
        places = equal_small(text, at, 97) & equal_small(text, at + 1, 114) & equal_small(text, at + 2, 116)
        places &= (equal_small(text, at + 3, 110) & equal_small(text, at + 4, 101)) | (
            equal_small(text, at + 3, 101) & equal_small(text, at + 4, 110)
        )
        places |= (
            equal_small(text, at, 97) & equal_small(text, at + 1, 110) & equal_small(text, at + 2, 100) & equal_small(text, at + 3, 47) & o
        )
        places |= (
            equal_small(text, at, 115) & equal_small(text, at + 1, 111) & equal_small(text, at + 2, 99) & equal_small(text, at + 3, 105) & o
        )
        if places != 0:
            return True
        if at == last:
            return False
        at = min(at + WIDTH, last)

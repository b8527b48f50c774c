"""What is looked for in the whole text of a page: signs of formulas, words of banners, notes."""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled, inlined
from winnow.tasks.engine.sixteen import WIDTH, equal, equal_small, first_of

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

# Signs of formulas in a text: BRACKET is the end of "tex]" or "math]", RELATION "^" or "=", DELIMITER two dollars or a backslash before "(" or "[".
BACKSLASH, DOLLAR, BACKTICK, BRACKET, RELATION, DELIMITER = 1, 2, 4, 8, 16, 32


@compiled
def signs_of_formulas(text: Bytes) -> int:
    """Which of the signs from BACKSLASH on are in a text."""
    at, n = 0, len(text)
    signs = 0
    while at < n:
        if at + WIDTH < n:
            backslash, dollar = equal(text, at, 92), equal(text, at, 36)
            if backslash | dollar != 0:
                signs |= (BACKSLASH if backslash != 0 else 0) | (DOLLAR if dollar != 0 else 0)
                if dollar & equal(text, at + 1, 36) != 0 or backslash & (equal(text, at + 1, 40) | equal(text, at + 1, 91)) != 0:
                    signs |= DELIMITER
            if equal(text, at, 96) != 0:
                signs |= BACKTICK
            if equal(text, at, 94) | equal(text, at, 61) != 0:
                signs |= RELATION
            if equal(text, at + 1, 93) & (equal(text, at, 120) | equal(text, at, 104)) != 0:
                signs |= BRACKET
            at += WIDTH
        else:
            byte, after = text[at], text[at + 1] if at + 1 < n else 0
            if byte == 92:
                signs |= BACKSLASH | (DELIMITER if after == 40 or after == 91 else 0)
            elif byte == 36:
                signs |= DOLLAR | (DELIMITER if after == 36 else 0)
            elif byte == 96:
                signs |= BACKTICK
            elif byte == 94 or byte == 61:
                signs |= RELATION
            elif (byte == 120 or byte == 104) and after == 93:
                signs |= BRACKET
            at += 1
    return signs


@compiled
def places_of_partners(text: Bytes, places: Ints) -> int:
    """Fill ``places`` with those in a text where a word that ``choosing.PARTNERS`` has in all it finds may stand: "artne", "arten", "and/o" or "socio", in any
    case. Returns how many there are, or how many there is room for."""
    at, n, count = 0, len(text), 0
    while at + 5 <= n and count < len(places):
        window = min(at, n - WIDTH - 4)  # the last one once more, back to where sixteen bytes are
        if window < 0:
            if text[at] | 32 == 97 or text[at] | 32 == 115:
                places[count] = at
                count += 1
            at += 1
            continue
        a, o = equal_small(text, window, 97), equal_small(text, window + 4, 111)
        found = a & equal_small(text, window + 1, 114) & equal_small(text, window + 2, 116)
        found &= (equal_small(text, window + 3, 110) & equal_small(text, window + 4, 101)) | (
            equal_small(text, window + 3, 101) & equal_small(text, window + 4, 110)
        )
        found |= a & equal_small(text, window + 1, 110) & equal_small(text, window + 2, 100) & equal_small(text, window + 3, 47) & o
        found |= (
            equal_small(text, window, 115)
            & equal_small(text, window + 1, 111)
            & equal_small(text, window + 2, 99)
            & equal_small(text, window + 3, 105)
            & o
        )
        while found != 0 and count < len(places):
            places[count] = window + first_of(found)
            found &= found - 1
            count += 1
        at += WIDTH
    return count


@compiled
def with_notes(text: Bytes, run_end: Ints, run_link: Ints, block_run: Ints, most: int, found: Ints) -> int:
    """Fill ``found`` with the blocks that have a link which is a number of at most ``most`` digits right behind a word; returns how many there are."""
    count = 0
    for b in range(len(block_run)):
        behind = block_run[b + 1] if b + 1 < len(block_run) else len(run_end)
        for r in range(block_run[b] + 1, behind):
            begin, end = run_end[r - 1], run_end[r]
            if run_link[r] > 0 and 0 < end - begin <= most and not is_space(text[begin - 1]):
                k = begin
                while k < end and 48 <= text[k] <= 57:
                    k += 1
                if k == end:
                    found[count] = b
                    count += 1
                    break
    return count


@inlined
def is_space(byte: int) -> bool:
    return byte == 32 or 9 <= byte <= 13

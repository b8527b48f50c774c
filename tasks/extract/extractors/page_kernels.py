"""The compiled part of ``page_blocks.py``: from the tree written out again to text, blocks and elements, in one pass over its bytes."""

import zlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled, inlined
from winnow.tasks.engine.sixteen import WIDTH, copy, equal, equal_small, first_of, next_byte

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]

# What a tag does.
NOTHING, OPENS, CLOSES, LINK_OPENS, LINK_CLOSES, SKIPS, BREAKS, IS_RAW, MARK_OPENS, MARK_CLOSES = range(10)
# What of a page needs another look before it is cut; of elements with LOOK or MAY_HIDE, only their attributes tell.
SEEN_TEMPLATE, SEEN_TEXT_AREA, SEEN_FORMULA, LOOK, SEEN_HIDDEN, MAY_HIDE, SEEN_OLD = 1, 2, 4, 8, 16, 32, 64
# Where ``cut`` stands.
STATES = 22
AT, NAME_END, TAG_END, ASKED, QUIET, FIRST, WRITTEN, SEEN, OPEN_MARKS, SEEN_MARKS, BEGIN_MARKS = range(11)
BOUNDARY, OPEN_ELEMENTS, ELEMENTS, RUNS, BLOCKS, LINK, SKIPPED, SKIPPED_PLACE, BROKEN, BEGUN, HIDDEN_UNTIL = range(11, STATES)
# Of a block: some of its text is in no code.
CODE_MARK, NOT_CODE = 2, 1 << 30
RAW_NAME = 2  # of a name in the table of ``telling_tags``: an element whose content is raw
PIVOT = np.array([chr(byte) in "xhgquy\\$XHGQUY" for byte in range(256)], np.uint8)  # one of each word in attributes that says something
WIDE_PIVOT = np.array([chr(byte) in "xhgfq\\$XHGFQ" for byte in range(256)], np.uint8)  # and of those that may say something
TABLE_BITS = 10
ALIKE_BITS = 8
NAME_BYTES = 16

# Attributes that name what an element is for, those that hide it, and how much of them counts. Of aria-hidden both parts, as eight bytes are a number.
CLASS, ID, ROLE, ITEMPROP, ITEMTYPE, STYLE, IS_HIDDEN, ARI, A_HIDDEN, TRUE, FRAGMENT = (
    np.uint64(int.from_bytes(name.encode())) for name in "class id role itemprop itemtype style hidden ari a-hidden true fragment".split()
)
DISPLAY, NONE, VISIBILITY, HIDDEN, COLLAPSE, CONTENT_VISIBILITY, WHITE_SPACE = (
    np.frombuffer(part, np.uint8)
    for part in (b"display", b"none", b"visibility", b"hidden", b"collapse", b"content-visibility", b"white-space")
)
HIDES, LISTS = 1, 2  # what a style says
HIDDEN_BEGINS = np.frombuffer(b'hidden="', np.uint8)
CRC = np.array([zlib.crc32(bytes([255 ^ byte])) ^ 0xFF000000 for byte in range(256)], np.uint32)  # a step of the checksum by byte
MOST_CHARS, MOST_NAME_CHARS, MOST_WORD = 4000, 1000, 30


class TagTable(NamedTuple):
    """Packed names of tags, what a tag does, what its end tag does, its id, and what its being there says; where ``find`` looks, 0 between."""

    low: Hashes
    high: Hashes
    opening: Bytes
    closing: Bytes
    tag_id: Bytes
    signal: Bytes


class WordTable(NamedTuple):
    """Packed words of names and the bits they set; where ``find`` looks, 0 between."""

    low: Hashes
    high: Hashes
    bits: Ints


@inlined
def place_of(low: np.uint64, high: np.uint64) -> np.int64:
    """Where a name of up to NAME_BYTES bytes, packed into two numbers, is looked for first."""
    return np.int64(((low ^ high * np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xD6E8FEB86659FD93)) >> np.uint64(64 - TABLE_BITS))


@inlined
def is_letter(byte: int) -> bool:
    return 97 <= byte | 32 <= 122


@inlined
def begins_token(html: Bytes, at: int) -> bool:
    """Whether the "<" at this place begins a tag, a comment or a processing instruction; else it is text."""
    left = len(html) - at
    if left < 2:
        return False
    following = html[at + 1]
    if following == 47:  # "/"
        return left > 2 and is_letter(html[at + 2])
    if following == 33:  # "!"
        return left > 3 and html[at + 2] == 45 and html[at + 3] == 45
    return following == 63 or is_letter(following)  # "?"


@inlined
def behind_byte(html: Bytes, at: int, byte: int) -> int:
    """The place behind the next such byte; the end where there is none."""
    return min(next_byte(html, at, byte) + 1, len(html))


@compiled
def behind_comment(html: Bytes, at: int) -> int:
    """The place behind the next "-->"; the end where there is none."""
    while at + 2 < len(html):
        if html[at] == 45 and html[at + 1] == 45 and html[at + 2] == 62:
            return at + 3
        at += 1
    return len(html)


@compiled
def behind_raw(html: Bytes, begin: int, behind: int) -> int:
    """The place behind the end tag of the raw element named html[begin:behind]; the end where there is none."""
    n, chars = len(html), behind - begin
    at = next_byte(html, behind, 60)
    while at + chars + 2 < n:
        if html[at + 1] == 47 and html[at + 2 + chars] == 62:
            k = 0
            while k < chars and html[at + 2 + k] == html[begin + k]:
                k += 1
            if k == chars:
                return at + chars + 3
        at = next_byte(html, at + 1, 60)
    return n


@inlined
def behind_attributes(html: Bytes, at: int) -> int:
    """The place behind the well-formed attributes, ``name="value"`` each behind one space, that begin here."""
    n = len(html)
    while at + 1 < n and html[at] == 32 and html[at + 1] != 32 and html[at + 1] != 62 and html[at + 1] != 47:
        equals = at + 2
        while equals < n and html[equals] != 61 and html[equals] != 62:  # "=", ">"
            equals += 1
        if equals + 1 >= n or html[equals] != 61 or html[equals + 1] != 34:
            break
        value = next_byte(html, equals + 2, 34)
        if value == n:
            break
        at = value + 1
    return at


@compiled
def speaks_of_formulas(html: Bytes, at: int) -> bool:
    """Whether a letter of PIVOT in the attributes of a tag is that of a word that begins with "math" (but not mathematics or maths) or "tex" (but not text,
    texture, texas), of the word "expr", or of "katex", "latex", "arithmatex", "mimetex", "codecogs", "cht=t", "equat", "formula" or "ql-img"; or a dollar sign that
    begins a value, or the backslash of a command."""
    if at + 4 > len(html):
        return False
    pivot = html[at] | 32
    before, after, second = html[at - 1] | 32, html[at + 1] | 32, html[at + 2] | 32
    if html[at] == 92:  # a backslash, and a command, "(" or "["
        return (is_letter(html[at + 1]) and is_letter(html[at + 2])) or html[at + 1] == 40 or html[at + 1] == 91
    if html[at] == 36:  # "$" behind a quotation mark, but no "${" nor "$("
        return bool(html[at - 1] == 34 and html[at + 1] != 123 and html[at + 1] != 40 and html[at + 1] != 34)
    if pivot == 120:  # "x"
        if html[at - 2] | 32 == 116 and before == 101 and after != 116 and after != 117 and after != 97:  # "tex"
            first = html[at - 3] | 32
            return bool(not is_letter(html[at - 3]) or first == 101 or (first == 97 and 107 <= html[at - 4] | 32 <= 109))
        return bool(
            before == 101 and after == 112 and second == 114 and not is_letter(html[at - 2]) and not is_letter(html[at + 3])
        )  # "expr"
    if pivot == 104:  # "h"
        if html[at - 3] | 32 == 109 and html[at - 2] | 32 == 97 and before == 116:  # "math", also behind "p" (upmath)
            return bool((not is_letter(html[at - 4]) or html[at - 4] == 112) and after != 101 and after != 115)
        return bool(before == 99 and after == 116 and html[at + 2] == 61 and html[at + 3] == 116)  # "cht=t"
    if pivot == 103:  # "cogs"
        return bool(html[at - 2] | 32 == 99 and before == 111 and after == 115)
    if pivot == 113:  # "eq.at", "ql-i"
        if before == 101 and second == 97 and html[at + 3] | 32 == 116:
            return True
        return bool(after == 108 and html[at + 2] == 45 and html[at + 3] | 32 == 105)
    # "u": "mula" within a word, but not before "i"
    within = is_letter(html[at - 2]) and html[at - 2] != 112
    return bool(before == 109 and after == 108 and second == 97 and within and html[at + 3] | 32 != 105)


@inlined
def all_said(html: Bytes, at: int, end: int) -> int:
    """What html[at:end], the attributes of a tag, say (``says``). Of the letters of each word that says something one is looked for that is rare, by those
    around it."""
    said = 0
    while at < end:
        if at + WIDTH < len(html):
            before, h = equal_small(html, at - 1, 116), equal_small(html, at, 104)  # "t", "h"
            e = equal_small(html, at - 1, 101)
            places = equal(html, at, 36) | equal(html, at, 92) | equal_small(html, at, 113)  # "$", a backslash, "q"
            places |= h & ((before & equal_small(html, at - 2, 97)) | (equal_small(html, at - 1, 99) & equal_small(html, at + 1, 116)))
            places |= equal_small(html, at, 120) & e & (equal_small(html, at - 2, 116) | equal_small(html, at + 1, 112))
            places |= equal_small(html, at, 103) & equal_small(html, at - 1, 111) & equal_small(html, at + 1, 115)
            places |= equal_small(html, at, 117) & equal_small(html, at - 1, 109) & equal_small(html, at + 1, 108)
            places |= equal_small(html, at, 121) & (
                (equal_small(html, at - 1, 97) & equal_small(html, at - 2, 108)) | (before & equal_small(html, at - 2, 105))
            )
            places |= h & equal(html, at - 1, 32)
            while places != 0:
                place = at + first_of(places)
                if place >= end:
                    break
                said |= says(html, place)
                places &= places - 1
            at += WIDTH
        else:
            if PIVOT[html[at]]:
                said |= says(html, at)
            at += 1
    return said


@inlined
def space_bytes(text: Bytes, at: int, end: int) -> int:
    """How many bytes the white space (``str.isspace``) at this place takes; 0 if there is none."""
    a = text[at]
    if a < 128:
        return 1 if 9 <= a <= 13 or 28 <= a <= 32 else 0
    if a == 0xC2:
        return 2 if text[at + 1] == 0x85 or text[at + 1] == 0xA0 else 0
    if end - at < 3:
        return 0
    b, c = text[at + 1], text[at + 2]
    if a == 0xE2 and b == 0x80:
        return 3 if 0x80 <= c <= 0x8A or c == 0xA8 or c == 0xA9 or c == 0xAF else 0
    is_space = (a == 0xE1 and b == 0x9A and c == 0x80) or (a == 0xE2 and b == 0x81 and c == 0x9F) or (a == 0xE3 and b == 0x80 and c == 0x80)
    return 3 if is_space else 0


@compiled
def invisible_bytes(text: Bytes, at: int, begin: int) -> int:
    """How many bytes the character at this place takes if no reader sees it, else 0. A zero-width space is seen where scripts of South East Asia have
    no other. ``begin``: where the text begins."""
    left, a = len(text) - at, text[at]
    if a == 0xC2:
        return 2 if left > 1 and text[at + 1] == 0xAD else 0  # soft hyphen
    if left < 3:
        return 0
    b, c = text[at + 1], text[at + 2]
    if a == 0xEF:
        return 3 if b == 0xBB and c == 0xBF else 0  # byte order mark
    if b == 0x81 and c == 0xA0:  # word joiner
        return 3
    if b == 0x80 and c == 0x8B:
        after = text[at + 3] if left > 5 else 0
        before = text[at - 3] if at >= begin + 3 else 0
        return 0 if before == 0xE0 or before == 0xE1 or after == 0xE0 or after == 0xE1 else 3
    return 0


@compiled
def is_math(html: Bytes, at: int) -> bool:
    """Whether "math" stands at this place."""
    found: bool = html[at] | 32 == 109 and html[at + 1] | 32 == 97 and html[at + 2] | 32 == 116 and html[at + 3] | 32 == 104
    return found


@compiled
def is_of_formulas(html: Bytes, at: int, end: int) -> bool:
    """Whether a script's attributes have its type for formulas, "math/", in them."""
    while at + 5 <= end:
        if html[at] == 109 and html[at + 1] == 97 and html[at + 2] == 116 and html[at + 3] == 104 and html[at + 4] == 47:
            return True
        at += 1
    return False


@inlined
def is_blank(text: Bytes, at: int, end: int) -> bool:
    while at < end:
        step = space_bytes(text, at, end)
        if step == 0:
            return False
        at += step
    return True


@inlined
def packed(name: Bytes, begin: int, end: int) -> np.uint64:
    """The last eight bytes of name[begin:end] as one number, capitals as small letters."""
    number = np.uint64(0)
    for k in range(max(begin, end - 8), end):
        number = (number << np.uint64(8)) | np.uint64(name[k] | 32)
    return number


@inlined
def find(low: Hashes, high: Hashes, name: Bytes, begin: int, end: int) -> np.int64:
    """The place of name[begin:end] in a table, -1 if it is not there."""
    if end - begin > NAME_BYTES:
        return np.int64(-1)
    return find_packed(low, high, packed(name, begin, end), packed(name, begin, max(begin, end - 8)))


@inlined
def find_packed(low: Hashes, high: Hashes, a: np.uint64, b: np.uint64) -> np.int64:
    """The place of a name, packed into two numbers, in a table, -1 if it is not there."""
    place = place_of(a, b)
    while low[place] != 0:
        if low[place] == a and high[place] == b:
            return place
        place = (place + 1) & (len(low) - 1)
    return np.int64(-1)


@compiled
def of_name(byte: int) -> bool:
    """Whether a byte may be part of a name in a style."""
    found: bool = is_letter(byte) or byte == 45 or byte == 95 or 48 <= byte <= 57
    return found


@compiled
def behind_spaces(style: Bytes, at: int, end: int) -> int:
    while at < end and space_bytes(style, at, end) > 0:
        at += space_bytes(style, at, end)
    return at


@compiled
def begins_with(style: Bytes, at: int, end: int, name: Bytes) -> bool:
    """Whether a name stands at this place, in any case, and ends there."""
    if at + len(name) > end or (at + len(name) < end and of_name(style[at + len(name)])):
        return False
    k = 0
    while k < len(name) and style[at + k] | 32 == name[k]:
        k += 1
    return k == len(name)


@compiled
def has_value(style: Bytes, at: int, end: int, name: Bytes, value: Bytes) -> bool:
    """Whether a property that is given this value begins at this place. ``style`` has a byte before it."""
    if of_name(style[at - 1]) or not begins_with(style, at, end, name):
        return False
    begin = behind_spaces(style, at + len(name), end)
    return begin < end and style[begin] == 58 and begins_with(style, behind_spaces(style, begin + 1, end), end, value)


@compiled
def style_says(style: Bytes, at: int, end: int) -> int:
    """What style[at:end] says: HIDES, if it hides what it is for with ``display: none``, ``visibility: hidden`` or the like; LISTS, if it speaks of ``white-space``."""
    said = 0
    while at < end:
        first = style[at] | 32
        if first == 100:  # "d"
            if has_value(style, at, end, DISPLAY, NONE):
                said |= HIDES
        elif first == 118:  # "v"
            if has_value(style, at, end, VISIBILITY, HIDDEN) or has_value(style, at, end, VISIBILITY, COLLAPSE):
                said |= HIDES
        elif first == 99:  # "c"
            if has_value(style, at, end, CONTENT_VISIBILITY, HIDDEN):
                said |= HIDES
        elif first == 119 and begins_with(style, at, end, WHITE_SPACE):  # "w"
            said |= LISTS
        at += 1
    return said


@compiled
def begins_hidden(html: Bytes, at: int) -> bool:
    """Whether the attribute that hides begins at this place."""
    k = 0
    while k < len(HIDDEN_BEGINS) and at + k < len(html) and html[at + k] | 32 == HIDDEN_BEGINS[k] | 32:
        k += 1
    return k == len(HIDDEN_BEGINS) and at + k < len(html)


@compiled
def says(html: Bytes, at: int) -> int:
    """What a letter of PIVOT in the attributes of a tag tells by those around it: SEEN_HIDDEN if it seems to hide its element (a closer look is for who is told so),
    SEEN_FORMULA if it speaks of formulas."""
    pivot, n = html[at] | 32, len(html)
    if pivot == 121:  # "y"
        hidden = (
            has_value(html, at - 6, n, DISPLAY, NONE)
            or has_value(html, at - 9, n, VISIBILITY, HIDDEN)
            or has_value(html, at - 9, n, VISIBILITY, COLLAPSE)
            or has_value(html, at - 17, n, CONTENT_VISIBILITY, HIDDEN)
        )
        return SEEN_HIDDEN if hidden else 0
    if pivot == 104 and html[at - 1] == 32 and begins_hidden(html, at):  # "h"
        behind = at + len(HIDDEN_BEGINS)
        return SEEN_HIDDEN if html[behind] == 34 or html[behind] | 32 == 104 else 0
    return SEEN_FORMULA if speaks_of_formulas(html, at) else 0


@compiled
def may_speak(html: Bytes, at: int) -> bool:
    """Whether a letter of WIDE_PIVOT is that of a word that attributes which have to do with formulas have one of (``formulas.SPEAKING``), or may be one's:
    who is told so looks for itself."""
    pivot = html[at] | 32
    before, after = html[at - 1] | 32, html[at + 1] | 32
    if html[at] == 92 or html[at] == 36:
        return True
    if pivot == 120:  # "tex", "mjx", "expr", "=tx"
        return bool(before == 101 or before == 106 or (before == 116 and html[at - 2] == 61))
    if pivot == 104:  # "math"
        return bool(before == 116 and html[at - 2] | 32 == 97)
    if pivot == 103:  # "cogs"
        return bool(before == 111 and after == 115)
    if pivot == 102:  # "formula"
        return bool(after == 111)
    return bool((before == 101 and after == 117) or after == 108)  # "equation", "ql-img"


@compiled
def telling_tags(html: Bytes, names: WordTable, found: Ints) -> int:
    """Fill ``found`` (3 rows: place, behind the name, behind the tag) with start tags outside of raw elements that may be of formulas: by their names, which are in the table or have a colon, or by
    their attributes. Returns how many there are."""
    n = len(html)
    count = 0
    at = next_byte(html, 0, 60)
    while at + 1 < n:
        if html[at] != 60:
            at = next_byte(html, at, 60)
        elif html[at + 1] == 33 and at + 3 < n and html[at + 2] == 45 and html[at + 3] == 45:
            at = behind_comment(html, at + 4)
        elif html[at + 1] == 63:
            at = behind_byte(html, at + 2, 62)
        elif not is_letter(html[at + 1]):
            at += 1
        else:
            behind = at + 1
            tells = False
            while behind < n and html[behind] != 32 and html[behind] != 47 and html[behind] != 62:
                tells = tells or bool(html[behind] == 58)
                behind += 1
            place = find(names.low, names.high, html, at + 1, behind)
            end = behind_byte(html, behind, 62)
            if html[end - 1] != 62:
                break
            tells = tells or behind - at > NAME_BYTES or bool(place >= 0)
            k = behind
            while k < end and not tells:
                tells = WIDE_PIVOT[html[k]] != 0 and may_speak(html, k)
                k += 1
            if tells:
                found[0, count], found[1, count], found[2, count] = at, behind, end
                count += 1
            at = behind_raw(html, at + 1, behind) if place >= 0 and names.bits[place] == RAW_NAME else end
    return count


@compiled
def names_of(
    html: Bytes, at: int, behind: int, table: WordTable, hidden_bit: int, value: Bytes, words: Bytes, ends: Ints
) -> tuple[int, np.uint32, bool]:
    """What the names in html[at:behind], an element's attributes, say: the bits of their words, a checksum of the distinct words, and whether the element may be
    set as a listing (``units.LISTINGS``).

    ``value``, ``words`` and ``ends`` are for the work: 4 * MOST_NAME_CHARS bytes twice, and MOST_NAME_CHARS numbers.
    """
    bits = chars = values = filled = name_chars = 0
    begin = counted = at
    listing = False
    # --- the values of the attributes that name it, one behind the other ------------------------------------------------------------------
    while at < behind:
        name = at + 1
        equals = at + 2
        while html[equals] != 61:
            if html[equals] == 32:
                name = equals + 1
            equals += 1
        end = next_byte(html, equals + 2, 34)
        if end - begin > MOST_CHARS:  # else so few bytes are few characters
            while counted <= end:
                chars += html[counted] & 192 != 128
                counted += 1
        length, last = equals - name, packed(html, name, equals)
        if length <= 8 and last in (CLASS, ID, ROLE, ITEMPROP, ITEMTYPE):
            listing |= last == CLASS and end - equals == 10 and packed(html, equals + 2, end) == FRAGMENT
            if chars <= MOST_CHARS:
                k = equals + 2
                if values > 0 and name_chars < MOST_NAME_CHARS:
                    value[filled] = 32
                    filled += 1
                    name_chars += 1
                values += 1
                while k < end:
                    name_chars += html[k] & 192 != 128
                    if name_chars > MOST_NAME_CHARS:
                        break
                    value[filled] = html[k]
                    filled += 1
                    k += 1
        elif length == 5 and last == STYLE:
            said = style_says(html, equals + 2, end)
            listing |= said & LISTS != 0
            if said & HIDES != 0:
                bits |= hidden_bit
        elif (length == 6 and last == IS_HIDDEN) or (
            length == 11
            and last == A_HIDDEN
            and packed(html, name, name + 3) == ARI
            and end - equals == 6
            and packed(html, equals + 2, end) == TRUE
        ):
            bits |= hidden_bit
        at = end + 1
    # --- their words: lower case, a capital and lower case, or capitals --------------------------------------------------------------------
    crc = np.uint32(0xFFFFFFFF)
    distinct = written = at = 0
    while at < filled:
        begin = at
        capital = 65 <= value[at] <= 90
        if not capital and not 97 <= value[at] <= 122:
            at += 1
            continue
        at += 1
        if capital and at < filled and 65 <= value[at] <= 90:
            while at < filled and at - begin < MOST_WORD and 65 <= value[at] <= 90:
                at += 1
        else:
            most = begin + MOST_WORD + capital
            while at < filled and at < most and 97 <= value[at] <= 122:
                at += 1
        length = at - begin
        if length < 2:
            continue
        for k in range(length):
            words[written + k] = value[begin + k] | 32
        known = False
        for w in range(distinct):
            start = ends[w - 1] if w > 0 else 0
            if ends[w] - start == length:
                k = 0
                while k < length and words[start + k] == words[written + k]:
                    k += 1
                if k == length:
                    known = True
                    break
        if known:
            continue
        if distinct > 0:
            crc = (crc >> np.uint32(8)) ^ CRC[(crc ^ np.uint32(32)) & np.uint32(255)]
        for k in range(length):
            crc = (crc >> np.uint32(8)) ^ CRC[(crc ^ np.uint32(words[written + k])) & np.uint32(255)]
        place = find(table.low, table.high, words, written, written + length)
        if place >= 0:
            bits |= table.bits[place]
        written += length
        ends[distinct] = written
        distinct += 1
    return bits, crc ^ np.uint32(0xFFFFFFFF), listing


@compiled
def all_names(
    html: Bytes, elements: Ints, table: WordTable, hidden_bit: int, bits: Ints, checksums: npt.NDArray[np.uint32], listings: Ints
) -> int:
    """Fill ``bits`` and ``checksums`` of the elements that ``cut`` found, 0 where no block is inside, and ``listings`` with those that may be set as one. Returns
    how many of them there are."""
    value, words = np.empty((2, 4 * MOST_NAME_CHARS), np.uint8)
    ends = np.empty(MOST_NAME_CHARS, np.int32)
    told = np.full(1 << ALIKE_BITS, -1, np.int32)  # an element whose names were told, by a hash of its attributes
    count = 0
    for e in range(elements.shape[1]):
        bits[e] = checksums[e] = 0
        begin, behind = elements[4, e], elements[5, e]
        if elements[3, e] > elements[2, e] and behind > begin:
            place = alike_place(html, begin, behind)
            other = told[place]
            if other >= 0 and is_same(html, begin, behind, elements[4, other], elements[5, other]):
                bits[e], checksums[e] = bits[other], checksums[other]
                continue
            bits[e], checksums[e], listing = names_of(html, begin, behind, table, hidden_bit, value, words, ends)
            if listing:
                listings[count] = e
                count += 1
            else:
                told[place] = e
    return count


@inlined
def alike_place(html: Bytes, begin: int, behind: int) -> int:
    """Where an element whose attributes are written like html[begin:behind] is looked for: by their length, and four bytes behind their middle."""
    key = np.uint64(behind - begin)
    middle = (begin + behind) // 2
    for k in range(middle, min(middle + 4, behind)):
        key = key * np.uint64(31) ^ np.uint64(html[k])
    return int(key * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(64 - ALIKE_BITS))


@inlined
def is_same(html: Bytes, begin: int, behind: int, at: int, end: int) -> bool:
    """Whether html[begin:behind] and html[at:end] are the same, from their ends on: what is alike in attributes is where they begin."""
    if behind - begin != end - at:
        return False
    k, shift = behind - 1, at - begin
    while k >= begin and html[k] == html[k + shift]:
        k -= 1
    return k < begin


@compiled
def cut(
    html: Bytes,
    tags: TagTable,
    formulas: bool,
    state: npt.NDArray[np.int64],
    text: Bytes,
    runs: Ints,
    blocks: Ints,
    elements: Ints,
    stack: Ints,
    marks: Ints,
) -> bool:
    """``page_blocks`` of UTF-8, up to a tag that may hide its element: then it is true, and what is known of the tag is in ``state``. Whoever is asked says
    there that they were asked about it (ASKED), up to where what follows is as if it were not there (HIDDEN_UNTIL), and from where to be asked again (QUIET).

    ``state``, which begins with zeros and -1 for AT, is where this stands, at the end how many columns of each are filled, and what was seen (SEEN_TEMPLATE and the
    like). ``formulas``: whether to look for signs of formulas, too; from one on, nothing is asked, for such a page is cut again.
    Filled: ``text`` (longer than ``html`` by WIDTH), ``runs`` (2 rows: end in ``text``, links), ``blocks`` (7: element, first run, break, first byte in
    ``html``, first behind, marks in it, marks open where it begins), ``elements`` (7: tag, parent, first block, first block behind, first byte of the attributes,
    first behind, first byte of the end tag), each with a column more than ``html`` has tags or more; and ``stack``, of open elements, is as long. ``marks`` (256, zeros):
    how many elements are open by the number of their mark.

    Elements that are not known are inline, as in CSS.
    """
    n = len(html)
    at, asked, quiet, hidden_until = state[AT], state[ASKED], state[QUIET], state[HIDDEN_UNTIL]
    if at < 0:
        at = 0
        while at < n and not (html[at] == 60 and begins_token(html, at)):
            at += 1
        elements[:, 0] = 0
        elements[0, 0] = 1
        elements[6, 0] = n
        stack[0] = 0
        state[OPEN_ELEMENTS] = state[ELEMENTS] = 1
        state[SKIPPED_PLACE] = asked = -1
    first, written, seen = state[FIRST], state[WRITTEN], state[SEEN]
    open_marks, seen_marks, begin_marks, boundary = state[OPEN_MARKS], state[SEEN_MARKS], state[BEGIN_MARKS], state[BOUNDARY]
    open_elements, all_elements, all_runs, all_blocks = state[OPEN_ELEMENTS], state[ELEMENTS], state[RUNS], state[BLOCKS]
    link, skipped, skipped_place, broken, begun = state[LINK], state[SKIPPED], state[SKIPPED_PLACE], state[BROKEN], state[BEGUN] != 0
    pauses = False
    while True:
        # --- the text up to the next tag ------------------------------------------------------------------------------------------------
        while at < n and not (html[at] == 60 and begins_token(html, at)):
            if at < hidden_until:
                at = next_byte(html, at + 1, 60)
                continue
            if at + WIDTH <= n:
                places = equal(html, at, 60) | equal(html, at, 38) | equal(html, at, 0xC2) | equal(html, at, 0xE2) | equal(html, at, 0xEF)
                if places & 1 == 0:
                    chars = first_of(places) if places != 0 else WIDTH
                    copy(text, written, html, at)
                    written += chars
                    at += chars
                    continue
            byte = html[at]
            step = 1
            if byte == 38:  # "&"
                left = n - at
                if left > 3 and html[at + 2] == 116 and html[at + 3] == 59 and (html[at + 1] == 108 or html[at + 1] == 103):  # "lt;", "gt;"
                    byte, step = (60 if html[at + 1] == 108 else 62), 4
                elif left > 4 and html[at + 1] == 97 and html[at + 2] == 109 and html[at + 3] == 112 and html[at + 4] == 59:  # "amp;"
                    step = 5
                elif (
                    left > 5
                    and html[at + 1] == 110
                    and html[at + 2] == 98
                    and html[at + 3] == 115
                    and html[at + 4] == 112
                    and html[at + 5] == 59
                ):  # "nbsp;"
                    text[written] = 0xC2
                    written += 1
                    byte, step = 0xA0, 6
            elif byte == 0xC2 or byte == 0xE2 or byte == 0xEF:
                hidden = invisible_bytes(html, at, 0)
                if hidden > 0:
                    at += hidden
                    continue
            text[written] = byte
            written += 1
            at += step
        # --- a tag, or what is none -----------------------------------------------------------------------------------------------------
        tag_at = attributes = begin = behind = at
        closes = False
        place = np.int64(-1)
        effect = np.int64(NOTHING)
        following = html[at + 1] if at < n else 0
        if following == 33:
            at = behind_comment(html, at + 4)
        elif following == 63:
            at = behind_byte(html, at + 2, 62)
        elif at < n:
            closes = following == 47
            begin = at + 2 if closes else at + 1
            behind = begin
            low, high = np.uint64(0), np.uint64(0)
            while behind < n and html[behind] != 32 and html[behind] != 47 and html[behind] != 62:
                high = (high << np.uint64(8)) | (low >> np.uint64(56))
                low = (low << np.uint64(8)) | np.uint64(html[behind] | 32)
                behind += 1
            if behind - begin <= NAME_BYTES:
                place = find_packed(tags.low, tags.high, low, high)
            if place >= 0:
                effect = np.int64(tags.closing[place] if closes else tags.opening[place])
            elif not closes and behind - begin > 5 and html[behind - 5] == 58 and is_math(html, behind - 4):
                seen |= SEEN_FORMULA
            if effect == IS_RAW:
                tag_end = behind_byte(html, behind, 62)
                seen |= int(tags.signal[place])
                if begin + 6 == behind and is_of_formulas(html, behind, tag_end):
                    seen |= SEEN_FORMULA
                at = behind_raw(html, begin, behind)
                effect = np.int64(NOTHING)
            else:
                signal = int(tags.signal[place]) if place >= 0 and not closes else 0
                seen |= signal & ~(LOOK | MAY_HIDE)
                looks = formulas and seen & SEEN_FORMULA == 0
                wanted = (SEEN_FORMULA if looks and signal & LOOK else 0) | (
                    SEEN_HIDDEN if signal & MAY_HIDE and at >= quiet and at != asked and (looks or not formulas) else 0
                )
                attributes = behind_attributes(html, behind)
                at = behind_byte(html, attributes, 62)
                if wanted != 0:
                    said = all_said(html, behind, attributes) & wanted
                    seen |= said & SEEN_FORMULA
                    if said == SEEN_HIDDEN:
                        state[AT], state[NAME_END], state[TAG_END] = tag_at, behind, at
                        pauses = True
                        break
        if tag_at < hidden_until:
            continue
        # --- the text before it, and what it does -------------------------------------------------------------------------------------------
        if skipped > 0 or (not begun and is_blank(text, first, written)):
            written = first
        elif written > first:
            if not begun:
                begun = True
                blocks[0, all_blocks] = stack[open_elements - 1]
                blocks[1, all_blocks] = all_runs
                blocks[2, all_blocks] = broken
                blocks[3, all_blocks] = boundary
                blocks[4, all_blocks] = n
                blocks[5, all_blocks] = 0
                blocks[6, all_blocks] = begin_marks
                all_blocks += 1
            if marks[CODE_MARK] == 0 and blocks[5, all_blocks - 1] & NOT_CODE == 0 and not is_blank(text, first, written):
                blocks[5, all_blocks - 1] |= NOT_CODE
            runs[0, all_runs] = written
            runs[1, all_runs] = link
            all_runs += 1
        first = written
        if tag_at >= n:
            break
        if skipped > 0 and place == skipped_place:
            skipped += -1 if closes else 1
        elif skipped > 0 or effect == NOTHING:
            pass
        elif effect == MARK_OPENS:
            mark = tags.tag_id[place]
            marks[mark] += 1
            open_marks |= 1 << mark
            seen_marks |= 1 << mark
        elif effect == MARK_CLOSES:
            mark = tags.tag_id[place]
            if marks[mark] > 0:
                marks[mark] -= 1
                if marks[mark] == 0:
                    open_marks &= ~(1 << mark)
        elif effect == CLOSES:
            if open_elements > 1:
                open_elements -= 1
                elements[3, stack[open_elements]] = all_blocks
                elements[6, stack[open_elements]] = tag_at
                if begun:
                    blocks[4, all_blocks - 1] = tag_at
                    blocks[5, all_blocks - 1] |= seen_marks
                    begun = False
                broken = 0
                boundary, begin_marks, seen_marks = at, open_marks, open_marks
        elif effect == OPENS:
            elements[0, all_elements] = tags.tag_id[place] if place >= 0 else 0
            elements[1, all_elements] = stack[open_elements - 1]
            elements[2, all_elements] = all_blocks
            elements[4, all_elements] = behind
            elements[5, all_elements] = attributes
            stack[open_elements] = all_elements
            open_elements += 1
            all_elements += 1
            if begun:
                blocks[4, all_blocks - 1] = tag_at
                blocks[5, all_blocks - 1] |= seen_marks
                begun = False
                broken = 0
            boundary, begin_marks, seen_marks = at, open_marks, open_marks
        elif effect == LINK_OPENS:
            link += 1
        elif effect == LINK_CLOSES:
            link -= 1
        elif effect == BREAKS:
            if begun:
                blocks[4, all_blocks - 1] = tag_at
                blocks[5, all_blocks - 1] |= seen_marks
            begun = False
            broken = 1
            boundary, begin_marks, seen_marks = at, open_marks, open_marks
        else:
            skipped, skipped_place = 1, place
    if not pauses:
        if begun:
            blocks[5, all_blocks - 1] |= seen_marks
        for k in range(open_elements):
            elements[3, stack[k]] = all_blocks
            elements[6, stack[k]] = n
    state[FIRST], state[WRITTEN], state[SEEN] = first, written, seen
    state[OPEN_MARKS], state[SEEN_MARKS], state[BEGIN_MARKS], state[BOUNDARY] = open_marks, seen_marks, begin_marks, boundary
    state[OPEN_ELEMENTS], state[ELEMENTS], state[RUNS], state[BLOCKS] = open_elements, all_elements, all_runs, all_blocks
    state[LINK], state[SKIPPED], state[SKIPPED_PLACE], state[BROKEN], state[BEGUN] = link, skipped, skipped_place, broken, begun
    return pauses


@compiled
def closed_up(begins: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], places: Ints) -> None:
    """Places in a page as they are without its parts from ``begins`` to ``ends``, which are in order; no place is inside a part."""
    before = np.empty(len(ends) + 1, np.int64)
    before[0] = 0
    for k in range(len(ends)):
        before[k + 1] = before[k] + ends[k] - begins[k]
    for r in range(places.shape[0]):
        for c in range(places.shape[1]):
            low, high = 0, len(ends)
            while low < high:
                middle = (low + high) // 2
                if ends[middle] <= places[r, c]:
                    low = middle + 1
                else:
                    high = middle
            places[r, c] -= before[low]

"""The compiled part of ``nesting.py``."""

from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled, inlined
from winnow.tasks.engine.sixteen import hash_of, next_byte

Bytes = npt.NDArray[np.uint8]

TABLE_BITS = 9
VOID, RAW, FORMATTING, CLOSES_P, SPECIAL, BARRIER, HEADING, MARKER, IGNORED, BREAKS_OUT, IMPLIED = (1 << n for n in range(11))
# Of an open element: it is no HTML; it is in the list of formatting elements; it is no HTML, but what is inside it is; it is SVG's, not MathML's.
FOREIGN, IN_LIST, HTML_INSIDE, OF_SVG = 1 << 20, 1 << 21, 1 << 22, 1 << 23
OF_FONT, IS_HTML = 1, 2
(
    P,
    LI,
    DD,
    DT,
    A,
    NOBR,
    DIV,
    ADDRESS,
    BUTTON,
    OPTION,
    OPTGROUP,
    SELECT,
    TABLE,
    TR,
    TD,
    TH,
    TBODY,
    THEAD,
    TFOOT,
    CAPTION,
    FORM,
    SVG,
    MATH,
    RT,
    RP,
    RB,
    RTC,
    RUBY,
    TITLE,
    FONT,
    COLOR,
    FACE,
    SIZE,
    TEMPLATE,
    COL,
    BR,
    UL,
    OL,
    DESC,
    FOREIGNOBJECT,
    ANNOTATION_XML,
    ENCODING,
) = (
    np.uint64(int.from_bytes(name.encode()[-8:]))
    for name in "p li dd dt a nobr div address button option optgroup select table tr td th tbody thead tfoot caption form svg math rt rp rb rtc ruby title font color face size template col br ul ol desc foreignobject annotation-xml encoding".split()
)
# An encoding is told by a hash of its value, which keeps 48 bits from letter to letter.
LOW_BITS, HASH_BASE = np.uint64((1 << 48) - 1), np.uint64(257)
TEXT_HTML, XHTML = (
    np.uint64(reduce(lambda value, byte: (value & (1 << 48) - 1) * 257 + byte, name, 0))
    for name in (b"text/html", b"application/xhtml+xml")
)
ENDED = np.uint64(1)  # an element that is no longer open, though what is inside it is
OF_TABLES = (TABLE, TR, TD, TH, TBODY, THEAD, TFOOT, CAPTION)
# A formatting element that a page opens with the same tag again and again is opened again at most so often at one place (the standard: three times).
ALIKE = 4
MOST_ADOPTIONS = 8  # of blocks inside a formatting element that ends, as in the standard
MOST_FORMATTING = 2000


class Names(NamedTuple):
    """Packed names and what is known of them; where ``bits_of`` looks, 0 between."""

    key: npt.NDArray[np.uint64]
    bits: npt.NDArray[np.int32]


@inlined
def place_of(key: np.uint64) -> np.int64:
    """Where a name is looked for first."""
    return np.int64((key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - TABLE_BITS))


@inlined
def bits_of(names: Names, key: np.uint64) -> np.int64:
    """What is known of a name."""
    place = place_of(key)
    while names.key[place] != 0:
        if names.key[place] == key:
            return np.int64(names.bits[place])
        place = (place + 1) & (len(names.key) - 1)
    return np.int64(0)


@inlined
def is_space(byte: int) -> bool:
    return byte == 32 or 9 <= byte <= 13


@inlined
def begins_markup(html: Bytes, at: int) -> bool:
    """Whether a tag, a comment or the like begins here, and no text."""
    if html[at] != 60 or at + 1 >= len(html):  # "<"
        return False
    byte = html[at + 1]
    return bool(byte == 33 or byte == 47 or byte == 63 or 97 <= byte | 32 <= 122)  # "!", "/", "?", a letter


@inlined
def lowered(byte: int) -> int:
    return byte | 32 if 65 <= byte <= 90 else byte


@compiled
def telling_attributes(html: Bytes, at: int, end: int) -> int:
    """What the attributes of a tag whose name ends at ``at`` say: OF_FONT if one is color, face or size, IS_HTML if the first encoding is that of HTML; or both."""
    said = 0
    has_encoding = False
    while at < end:
        byte = html[at]
        if is_space(byte) or byte == 47 or byte == 62:
            at += 1
            continue
        name = np.uint64(0)
        begin = at
        while at < end and html[at] != 61 and html[at] != 62 and html[at] != 47 and not is_space(html[at]):
            name = (name << np.uint64(8)) | np.uint64(lowered(html[at]))
            at += 1
        if name in (COLOR, FACE, SIZE):
            said |= OF_FONT
        is_encoding = name == ENCODING and at - begin == 8 and not has_encoding
        has_encoding |= is_encoding
        while at < end and is_space(html[at]):
            at += 1
        if at >= end or html[at] != 61:
            continue
        at += 1
        while at < end and is_space(html[at]):
            at += 1
        quote = html[at] if at < end else 0
        is_quoted = quote == 34 or quote == 39
        at += is_quoted
        value = np.uint64(0)
        while at < end and (html[at] != quote if is_quoted else html[at] != 62 and not is_space(html[at])):
            value = (value & LOW_BITS) * HASH_BASE + np.uint64(lowered(html[at]))
            at += 1
        at += is_quoted
        if is_encoding and value in (TEXT_HTML, XHTML):
            said |= IS_HTML
    return said


@inlined
def behind_tag(html: Bytes, at: int) -> tuple[int, int]:
    """The place behind the tag whose attributes begin here, as a tokeniser reads them, and how many there are; the end if it does not end."""
    n = len(html)
    count = 0
    while at < n:
        while at < n and (is_space(html[at]) or html[at] == 47):
            at += 1
        if at >= n:
            return n, count
        if html[at] == 62:
            return at + 1, count
        count += 1
        at += 1
        while at < n and html[at] != 61 and html[at] != 62 and html[at] != 47 and not is_space(html[at]):
            at += 1
        while at < n and is_space(html[at]):
            at += 1
        if at < n and html[at] == 61:
            at += 1
            while at < n and is_space(html[at]):
                at += 1
            if at < n and (html[at] == 34 or html[at] == 39):
                at = next_byte(html, at + 1, int(html[at])) + 1
            else:
                while at < n and html[at] != 62 and not is_space(html[at]):
                    at += 1
    return n, count


@compiled
def behind_comment(html: Bytes, at: int) -> int:
    """The place behind the comment whose text begins here."""
    n = len(html)
    if at < n and html[at] == 62:
        return at + 1
    if at + 1 < n and html[at] == 45 and html[at + 1] == 62:
        return at + 2
    while at + 2 < n:
        if html[at] == 45 and html[at + 1] == 45:
            if html[at + 2] == 62:
                return at + 3
            if html[at + 2] == 33 and at + 3 < n and html[at + 3] == 62:
                return at + 4
        at += 1
    return n


@compiled
def behind_raw(html: Bytes, at: int, begin: int, behind: int) -> int:
    """The place of the end tag of the raw element named html[begin:behind]; the end where there is none."""
    n, chars = len(html), behind - begin
    at = next_byte(html, at, 60)
    while at + chars + 2 <= n:
        if html[at + 1] == 47:
            k = 0
            while k < chars and html[at + 2 + k] | 32 == html[begin + k] | 32:
                k += 1
            after = at + 2 + chars
            if k == chars and (after >= n or is_space(html[after]) or html[after] == 47 or html[after] == 62):
                return at
        at = next_byte(html, at + 1, 60)
    return n


@compiled
def found_in_scope(stack: npt.NDArray[np.uint64], flags: npt.NDArray[np.int64], size: int, name: np.uint64, stop_at_button: bool) -> int:
    """The place of the nearest open element of this name with no barrier between, or -1. For an item, a list is one."""
    k = size - 1
    while k >= 0:
        if stack[k] == name and flags[k] & FOREIGN == 0:
            return k
        if flags[k] & BARRIER != 0 or (stop_at_button and stack[k] == BUTTON) or (name == LI and (stack[k] == UL or stack[k] == OL)):
            return -1
        k -= 1
    return -1


@compiled
def found_in_table(stack: npt.NDArray[np.uint64], flags: npt.NDArray[np.int64], size: int, name: np.uint64) -> int:
    """The place of the nearest open element of this name in the nearest table (the table itself if that is the name), or -1."""
    k = size - 1
    while k >= 0:
        if flags[k] & FOREIGN == 0 and stack[k] == name:
            return k
        if flags[k] & FOREIGN == 0 and stack[k] == TABLE:
            return -1
        k -= 1
    return -1


@compiled
def has_barrier(flags: npt.NDArray[np.int64], begin: int, end: int) -> bool:
    """Whether a barrier is among some open elements."""
    for k in range(begin, end):  # noqa: SIM110
        if flags[k] & BARRIER != 0:
            return True
    return False


@compiled
def open_behind_foreign(flags: npt.NDArray[np.int64], size: int) -> int:
    """How many elements are open behind what ends SVG and MathML: up to HTML, or to an element of theirs with HTML inside."""
    while size > 0 and flags[size - 1] & (FOREIGN | HTML_INSIDE) == FOREIGN:
        size -= 1
    return size


@compiled
def open_behind_other(stack: npt.NDArray[np.uint64], flags: npt.NDArray[np.int64], size: int, name: np.uint64) -> int:
    """How many elements are open behind an end tag without rules of its own: it ends the nearest element of its name, unless a block or a barrier is inside of that."""
    k = size - 1
    while k >= 0 and stack[k] != name and flags[k] & (SPECIAL | BARRIER) == 0:
        k -= 1
    return k if k >= 0 and stack[k] == name else size


@compiled
def open_behind_heading(flags: npt.NDArray[np.int64], size: int) -> int:
    """How many elements are open behind the end tag of a heading, which ends one of any level."""
    for k in range(size - 1, -1, -1):
        if flags[k] & HEADING != 0:
            return k
        if flags[k] & BARRIER != 0:
            break
    return size


@compiled
def open_behind_form(stack: npt.NDArray[np.uint64], flags: npt.NDArray[np.int64], size: int) -> int:
    """How many elements are open behind the end tag of a form. What is inside the form stays open, and as deep as it was; only the form is no longer among them
    (HTML standard, 13.2.6.4.7). In a template it is closed as others are."""
    k = found_in_scope(stack, flags, size, FORM, False)
    if k < 0:
        return size
    for j in range(size):
        if stack[j] == TEMPLATE:
            return k
    level = size
    while level - 1 > k and (flags[level - 1] & IMPLIED != 0 or stack[level - 1] == RTC):
        level -= 1
    if level - 1 == k:
        return k
    stack[k], flags[k] = ENDED, 0
    return level


@compiled
def reopen(
    stack: npt.NDArray[np.uint64],
    flags: npt.NDArray[np.int64],
    size: int,
    list_name: npt.NDArray[np.uint64],
    list_place: npt.NDArray[np.int64],
    listed: int,
) -> tuple[int, int]:
    """Open again the formatting elements behind the last marker or open one of the list; returns the stack's size and how many were opened."""
    k = listed
    while k > 0 and list_name[k - 1] != 0 and list_place[k - 1] < 0:
        k -= 1
    opened = 0
    for j in range(k, listed):
        if size < len(stack):
            stack[size], flags[size] = list_name[j], FORMATTING | IN_LIST
            list_place[j] = size
            size += 1
            opened += 1
    return size, opened


@compiled
def deepest(html: Bytes, enough: int, names: Names) -> tuple[int, int, int, int]:
    """``nesting`` of a page."""
    n = len(html)
    room = enough + 8
    stack = np.zeros(room, np.uint64)
    flags = np.zeros(room, np.int64)
    moved_to = np.zeros(room, np.int64)
    size = 0
    # The list of active formatting elements: names (0: a marker), hashes of the tags, places on the stack or -1.
    list_name = np.zeros(MOST_FORMATTING, np.uint64)
    list_hash = np.zeros(MOST_FORMATTING, np.uint64)
    list_place = np.zeros(MOST_FORMATTING, np.int64)
    listed = waiting = 0  # of the list; those that are no longer open
    most = most_attributes = options = copied = 0
    # Text that a parser has put together at one place so far, and text moved out of a table; whether a tag came since.
    together = moved = 0
    apart = False
    at = 0
    while at < n:
        if not begins_markup(html, at):
            text_begin = at
            while at < n and is_space(html[at]):
                at += 1
            blank = at >= n or begins_markup(html, at)
            if waiting > 0 and not blank:
                size, opened = reopen(stack, flags, size, list_name, list_place, listed)
                waiting -= opened
                if opened > 0:
                    together = 0
                most = max(most, size + waiting)
                if most > enough:
                    return enough + 1, most_attributes, options, copied
            at = at if blank else next_byte(html, at + 1, 60)
            if not blank and size > 0 and stack[size - 1] in (TABLE, TBODY, THEAD, TFOOT, TR) and flags[size - 1] & FOREIGN == 0:
                copied += apart * moved
                moved += at - text_begin
            else:
                copied += apart * together
                together += at - text_begin
            apart = False
            continue
        tag_begin = at
        at += 1
        if html[at] == 33:  # "!"
            together = 0
            is_comment = at + 2 < n and html[at + 1] == 45 and html[at + 2] == 45
            at = behind_comment(html, at + 3) if is_comment else next_byte(html, at, 62)
            continue
        closing = html[at] == 47
        begin = at + 1 if closing else at
        if begin >= n or not 97 <= html[begin] | 32 <= 122:  # a bogus comment
            together = 0
            at = next_byte(html, at, 62)
            continue
        behind = begin
        name = np.uint64(0)
        while behind < n and html[behind] != 62 and html[behind] != 47 and not is_space(html[behind]):
            name = (name << np.uint64(8)) | np.uint64(lowered(html[behind]))
            behind += 1
        at, attributes = behind_tag(html, behind)
        if at >= n and (at == behind or html[n - 1] != 62):
            break  # a tag that does not end is none
        most_attributes = max(most_attributes, attributes)
        apart = True
        bits = bits_of(names, name)
        foreign = size > 0 and flags[size - 1] & FOREIGN != 0 and (closing or flags[size - 1] & HTML_INSIDE == 0)
        if foreign and name == FONT and telling_attributes(html, behind, at) & OF_FONT != 0:
            bits |= BREAKS_OUT
        options += name == OPTION and not closing
        if bits & IGNORED != 0:
            continue
        level = size  # what stays open
        without_section = without_row = False
        # --- an end tag ------------------------------------------------------------------------------------------------------------------
        if closing:
            if foreign and name in (P, BR):  # the end of a paragraph is HTML's, and ends SVG and MathML
                level = open_behind_foreign(flags, level)
                k = found_in_scope(stack, flags, level, P, True) if name == P else -1
                if k >= 0:
                    level = k
            elif bits & VOID != 0 or (bits & RAW != 0 and not foreign):
                continue
            elif foreign:
                k = size - 1
                while k >= 0 and stack[k] != name and flags[k] & FOREIGN != 0:
                    k -= 1
                inside = k >= 0 and stack[k] == name
                if inside and (flags[k] & FOREIGN != 0 or name in OF_TABLES):
                    level = k
                elif name == FORM:
                    level = open_behind_form(stack, flags, size)
                elif bits & HEADING != 0:
                    level = open_behind_heading(flags, size)
                elif bits & SPECIAL != 0 and name != P:
                    k = found_in_scope(stack, flags, size, name, False)
                    if k >= 0:
                        level = k
                elif inside and not has_barrier(flags, k + 1, size):
                    level = k
            elif bits & FORMATTING != 0:
                k = listed - 1
                while k >= 0 and list_name[k] != 0 and list_name[k] != name:
                    k -= 1
                if k < 0 or list_name[k] == 0:
                    # Not in the list: closed like any other element.
                    level = open_behind_other(stack, flags, size, name)
                else:
                    place = list_place[k]
                    if place >= 0 and has_barrier(flags, place + 1, size):
                        continue  # it ends nothing outside
                    if place < 0:
                        waiting -= 1
                    else:
                        inner = place + 1
                        while inner < size and flags[inner] & SPECIAL == 0:
                            inner += 1
                        if inner == size:
                            level = place
                        else:
                            # It goes, and of what is inside it all that is neither a block nor formatting (the "adoption agency").
                            kept, blocks = place, 0
                            for j in range(place + 1, size):
                                blocks += flags[j] & SPECIAL != 0
                                moved_to[j] = kept
                                if flags[j] & (SPECIAL | IN_LIST) != 0 or blocks > MOST_ADOPTIONS:
                                    stack[kept], flags[kept] = stack[j], flags[j]
                                    kept += 1
                            for j in range(listed):
                                if list_place[j] > place:
                                    list_place[j] = moved_to[list_place[j]]
                            level = size = kept
                    for j in range(k, listed - 1):
                        list_name[j], list_hash[j], list_place[j] = list_name[j + 1], list_hash[j + 1], list_place[j + 1]
                    listed -= 1
            elif bits & HEADING != 0:
                level = open_behind_heading(flags, size)
            elif name in OF_TABLES:
                k = found_in_table(stack, flags, size, name)
                if k >= 0:
                    level = k
            elif name == FORM:
                level = open_behind_form(stack, flags, size)
            elif bits & SPECIAL != 0:
                k = found_in_scope(stack, flags, size, name, name == P)
                if k >= 0:
                    level = k
                elif name == P:  # a paragraph without text
                    together = moved = 0
            else:
                level = open_behind_other(stack, flags, size, name)
            name = np.uint64(0)
        # --- the ends that a start tag implies ----------------------------------------------------------------------------------------------
        elif foreign and bits & BREAKS_OUT == 0:
            if html[at - 2] == 47 or bits & VOID != 0:
                together = 0
                continue
        else:
            if foreign:
                level = open_behind_foreign(flags, level)
            if bits & CLOSES_P != 0:
                k = found_in_scope(stack, flags, level, P, True)
                if k >= 0:
                    level = k
            if bits & VOID != 0:
                if name != COL:
                    together = moved = 0
                name = np.uint64(0)
            elif bits & HEADING != 0:
                if level > 0 and flags[level - 1] & HEADING != 0:
                    level -= 1
            elif name in (LI, DD, DT):
                k = level - 1
                while k >= 0:
                    if stack[k] == name or (name != LI and (stack[k] == DD or stack[k] == DT)):
                        level = k
                        break
                    if flags[k] & (SPECIAL | BARRIER) != 0 and stack[k] != ADDRESS and stack[k] != DIV and stack[k] != P:
                        break
                    k -= 1
                k = found_in_scope(stack, flags, level, P, True)
                if k >= 0:
                    level = k
            elif name in (OPTION, OPTGROUP):
                if level > 0 and stack[level - 1] == OPTION:
                    level -= 1
            elif name == BUTTON:
                k = found_in_scope(stack, flags, level, BUTTON, False)
                if k >= 0:
                    level = k
            elif (name in (RT, RP, RB, RTC)) and found_in_scope(stack, flags, level, RUBY, False) >= 0:
                # What may end without an end tag ends here, also a definition or an item: the next of its kind has none to close.
                while level > 0 and (flags[level - 1] & IMPLIED != 0 or (stack[level - 1] == RTC and name in (RTC, RB))):
                    level -= 1
            elif name == FORM:
                # No form inside a form, but in a template.
                in_form = False
                for k in range(level):
                    if stack[k] == TEMPLATE:
                        in_form = False
                        break
                    in_form |= stack[k] == FORM
                if in_form:
                    level = size  # and no paragraph ends
                    name = np.uint64(0)
            elif name == SELECT:
                k = found_in_scope(stack, flags, level, SELECT, False)
                if k >= 0:
                    level = k
                    name = np.uint64(0)
            elif name in (TR, TD, TH, TBODY, THEAD, TFOOT, CAPTION):
                k = found_in_table(stack, flags, level, TABLE)
                if k < 0:
                    name = np.uint64(0)  # no part of a table outside of one
                else:
                    row = found_in_table(stack, flags, level, TR)
                    section = k
                    for j in range(k + 1, level):
                        if stack[j] == TBODY or stack[j] == THEAD or stack[j] == TFOOT:
                            section = j
                            break
                    if name in (TD, TH):
                        level = row + 1 if row >= 0 else section + 1
                        without_row = row < 0
                        without_section = row < 0 and section == k
                    elif name == TR:
                        level = section + 1
                        without_section = section == k
                    else:
                        level = k + 1
        # --- close, then open ------------------------------------------------------------------------------------------------------------------
        if level < size:
            together = 0
            for k in range(level, size):
                if stack[k] == TABLE:
                    moved = 0
            marked = False
            for k in range(level, size):
                if flags[k] & MARKER != 0:
                    marked = True
            for k in range(listed):
                if list_place[k] >= level:
                    list_place[k] = -1
                    waiting += 1
            if marked:
                # Back to the first marker whose element is closed: markers know its place, too.
                k = listed - 1
                first = listed
                while k >= 0:
                    if list_name[k] == 0 and list_place[k] == -1:
                        first = k
                    k -= 1
                for j in range(first, listed):
                    waiting -= list_place[j] == -1
                listed = min(listed, first)
            size = level
        if not closing and waiting > 0 and not foreign and (bits & SPECIAL == 0 or name in (BUTTON, SELECT) or bits & MARKER != 0):
            size, opened = reopen(stack, flags, size, list_name, list_place, listed)
            waiting -= opened
            most = max(most, size + waiting)
        if name == 0:
            continue
        together = 0
        if name not in (TBODY, THEAD, TFOOT, TR, TD, TH, CAPTION):
            moved = 0
        if bits & RAW != 0 and not foreign:
            at = behind_raw(html, at, begin, behind)
            continue
        own = bits
        if (foreign and bits & BREAKS_OUT == 0) or name in (SVG, MATH):
            own = bits * 0 + FOREIGN
            if foreign and (name != SVG or stack[size - 1] != ANNOTATION_XML):
                own |= flags[size - 1] & OF_SVG
            elif name == SVG:
                own |= OF_SVG
            only_in_svg = name in (TITLE, DESC, FOREIGNOBJECT)
            if bits & BARRIER != 0 and (only_in_svg or bits & (MARKER | SPECIAL) == 0) and only_in_svg == (own & OF_SVG != 0):
                own |= BARRIER
                if name != ANNOTATION_XML or telling_attributes(html, behind, at) & IS_HTML != 0:
                    own |= HTML_INSIDE
        elif bits & BARRIER != 0 and bits & (MARKER | SPECIAL) == 0:
            own = bits & ~BARRIER  # a <desc> or <mi> outside of SVG and MathML is nothing special
        elif bits & FORMATTING != 0:
            code = hash_of(html, tag_begin, at)
            if name in (A, NOBR):
                k = listed - 1
                while k >= 0 and list_name[k] != 0 and list_name[k] != name:
                    k -= 1
                if k >= 0 and list_name[k] == name:
                    place = list_place[k]
                    if place < 0:
                        waiting -= 1
                    elif place == size - 1:
                        size -= 1
                    for j in range(k, listed - 1):
                        list_name[j], list_hash[j], list_place[j] = list_name[j + 1], list_hash[j + 1], list_place[j + 1]
                    listed -= 1
            alike, first = 0, -1
            k = listed - 1
            while k >= 0 and list_name[k] != 0:
                if list_hash[k] == code:
                    alike += 1
                    first = k
                k -= 1
            if alike >= ALIKE:
                waiting -= list_place[first] == -1
                for j in range(first, listed - 1):
                    list_name[j], list_hash[j], list_place[j] = list_name[j + 1], list_hash[j + 1], list_place[j + 1]
                listed -= 1
            if listed < MOST_FORMATTING:
                list_name[listed], list_hash[listed], list_place[listed] = name, code, size
                listed += 1
            own |= IN_LIST
        if own & MARKER != 0 and listed < MOST_FORMATTING:
            list_name[listed], list_hash[listed], list_place[listed] = np.uint64(0), np.uint64(0), size
            listed += 1
        if without_section and size < room:
            stack[size], flags[size] = TBODY, SPECIAL
            size += 1
        if without_row and size < room:
            stack[size], flags[size] = TR, SPECIAL
            size += 1
        if size >= room:
            return enough + 1, most_attributes, options, copied
        if own & (MARKER | IN_LIST) != 0 and listed > 0 and list_place[listed - 1] >= 0 and (without_section or without_row):
            list_place[listed - 1] = size
        stack[size], flags[size] = name, own
        size += 1
        depth = size + waiting
        if depth > most:
            most = depth
            if most > enough:
                return enough + 1, most_attributes, options, copied
    return most, most_attributes, options, copied

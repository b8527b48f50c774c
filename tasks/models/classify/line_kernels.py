"""The loops of the line model, compiled: what each line of a text looks like, and its features: of itself, of its neighbours, of its place, and of its page.

Of a language are only its most common words, if they are given (jusText finds running text by them: Pomikálek 2011); all else is of none: signs, digits, capitals and lengths are
counted by the classes of Unicode, and words are only compared with each other. A letter of a script without spaces counts as three, which is about what it says (``WIDE``).
"""

import numpy as np

from winnow.tasks.engine.compiled import compiled

OTHER, LETTER, CAPITAL, DIGIT, WIDE, END, CLOSE, OPEN, BREAK, COMMA, COLON, MONEY, SIGN, SPACE = range(14)
"""Kinds of characters: END ends sentences, CLOSE and OPEN are quotes and brackets, BREAK parts pieces (| · > -), SIGN is any other mark."""
KNOWN = 0x10000
KINDS = 14
(
    CHARS, WIDTH, WORDS, LETTERS, CAPITALS, DIGITS, ENDS, COMMAS, COLONS, BREAKS, SIGNS, OTHERS, FIRST, LAST, STOPS, TITLED, SHORT, LONGEST, UPPER, NUMBERS, YEARS, DATES,
    TIMES, PRICES, CALLS, MAILS, LINKS, RIGHTS, BRACKETS, QUOTES, GLUED, INNER, EXCLAIMED, ASKED, BULLET, PIECES, DOTTED, MIX, NEW, SHARED, HASH, FIRST_WORD, BEGIN, STOP, COMMON, TOLD,
    HEADING, QUOTED, INDENT,
) = range(49)  # fmt: skip
COLUMNS = 49
"""Of a line: CHARS are its characters without the spaces around it, WIDTH counts wide ones thrice; STOPS is the kind of its last character before quotes and brackets; MIX is the
entropy of its characters in thousandths of a bit; NEW and SHARED are its words that stand once in the text, and the other places of its words; COMMON its words that
are common in its language, -1 where these are not known, of TOLD words that are told apart: a character of a script without spaces is one.
HEADING is the level that Markdown gives it, 0 if none, QUOTED whether it is a quotation, INDENT the spaces before an item of a list (how deep it stands): extraction writes the tags
of pages so."""
OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
SPREAD, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)
PROSE = 60
"""From this width on a line with the end of a sentence is running text."""
FAR, RUN, NEAR, WIDER = 50, 50, 3, 8
SLOTS = 512
SLOTS_MASK = np.uint64(SLOTS - 1)

OWN = (
    "size", "words", "word_size", "longest", "capitals", "digits", "ends", "commas", "colons", "breaks", "signs", "others", "starts_capital", "starts_small", "starts_digit",
    "starts_sign", "stops_end", "stops_dots", "stops_colon", "stops_letter", "stops_digit", "stops_close", "stops_break", "titled", "short", "upper", "numbers", "years", "dates",
    "times", "prices", "calls", "mails", "links", "rights", "brackets", "quotes", "glued", "inner", "exclaimed", "asked", "bullet", "pieces", "mix", "new", "shared", "repeated",
    "again", "same_start", "same_shape", "prose", "common", "commons",
    "heading", "quoted", "indent",
)  # fmt: skip
CONTEXT = (
    "size", "words", "ends", "commas", "breaks", "digits", "titled", "short", "capitals", "starts_capital", "stops_end", "stops_colon", "links", "bullet", "repeated", "again",
    "heading",
)  # fmt: skip
VIEWS = ("-2", "-1", "+1", "+2", "~3", "~8", "<8", ">8")
NEARBY, NEARBY_VIEWS = ("common", "commons"), ("-1", "+1", "~3", "~8")
"""Common words say little of lines farther off: with all views, a language that was left out was judged no better."""
PLACE = (
    "place", "from_top", "from_end", "before", "since_prose", "until_prose", "to_prose", "amid_prose", "run", "rank", "to_median", "to_longest", "page_lines", "page_size",
    "page_median", "page_third", "page_longest", "page_prose", "like-1", "like+1", "step-1", "step+1",
)  # fmt: skip
NAMES = (
    *OWN,
    *(f"page_{name}_mean" for name in OWN),
    *(name + view for name in CONTEXT for view in VIEWS),
    *(name + view for name in NEARBY for view in NEARBY_VIEWS),
    *PLACE,
)
OF_LANGUAGE = tuple(name.removeprefix("page_").startswith("common") for name in NAMES)
"""Of each feature whether it needs to know the common words of the language: ``common`` is their share of the line's words, ``commons`` their number."""
SIZE_, REPEATED_, AGAIN_, PROSE_ = OWN.index("size"), OWN.index("repeated"), OWN.index("again"), OWN.index("prose")
CONTEXT_AT = np.array([OWN.index(name) for name in CONTEXT])
NEARBY_FROM, NEARBY_CHOSEN = np.array([OWN.index(name) for name in NEARBY]), np.array([VIEWS.index(view) for view in NEARBY_VIEWS])
MEANS_AT, VIEWS_AT = len(OWN), 2 * len(OWN)
NEARBY_AT = VIEWS_AT + len(CONTEXT) * len(VIEWS)
PLACE_AT = NEARBY_AT + len(NEARBY) * len(NEARBY_VIEWS)
MISSING = -1.0


@compiled
def _kind(kinds, code):  # type: ignore[no-untyped-def]
    if code < KNOWN:
        return kinds[code]
    return OTHER if 0x1F000 <= code < 0x20000 else WIDE if code >= 0x20000 else LETTER


@compiled
def look(codes, starts, ends, kinds, lower, out):  # type: ignore[no-untyped-def]
    """One row of ``out`` (columns above) for each line from ``starts`` to ``ends`` of the text's code points. Those of words are left to ``look_at_words``."""
    seen = np.zeros(256, np.int64)
    for line in range(len(starts)):
        begin, end = starts[line], ends[line]
        while begin < end and _kind(kinds, codes[begin]) == SPACE:
            begin += 1
        while end > begin and _kind(kinds, codes[end - 1]) == SPACE:
            end -= 1
        me = out[line]
        me[:] = 0
        me[BEGIN], me[STOP], me[CHARS], me[WIDTH] = begin, end, end - begin, end - begin
        if begin == end:
            continue
        level = 0
        while begin + level < end and level < 7 and codes[begin + level] == 0x23:
            level += 1
        headed = 0 < level < 7 and begin + level < end and _kind(kinds, codes[begin + level]) == SPACE
        me[HEADING], me[QUOTED] = level if headed else 0, codes[begin] == 0x3E and end - begin > 1
        seen[:] = 0
        value, word = OFFSET, OFFSET
        inside = capitals = digits = number = chain = call = gap = 0
        before, first = SPACE, SPACE
        broken = True
        for i in range(begin, end + 1):
            code = codes[i] if i < end else np.uint32(32)
            kind = _kind(kinds, code) if i < end else SPACE
            after = _kind(kinds, codes[i + 1]) if i + 1 < end else SPACE
            if i < end:
                seen[code & np.uint32(255)] += 1
            if kind in (LETTER, CAPITAL, DIGIT, WIDE):
                small = np.uint64(0x30 if kind == DIGIT else lower[code] if code < KNOWN else code)
                value = (value ^ small) * PRIME
                if inside == 0:
                    first, word, capitals, digits, number = kind, OFFSET, 0, 0, 0
                word = (word ^ small) * PRIME
                inside += 3 if kind == WIDE else 1
                broken = False
                if kind == DIGIT:
                    me[DIGITS] += 1
                    digits += 1
                    if code < 128 and number < 10_000:
                        number = number * 10 + np.int64(code) - 48  # type: ignore[assignment]
                    call += 1
                    gap = 0
                    if call == 7:
                        me[CALLS] += 1
                else:
                    me[LETTERS] += 1
                    call = 0
                    if kind == CAPITAL:
                        me[CAPITALS] += 1
                        capitals += 1
                        me[GLUED] += before in (LETTER, DIGIT, END, CLOSE) and i > begin
                    elif kind == WIDE:
                        me[WIDTH] += 2
            else:
                if inside > 0:
                    me[WORDS] += max(1, inside // 6) if first == WIDE else 1
                    me[TITLED] += first == CAPITAL
                    me[SHORT] += inside <= 3
                    me[UPPER] += inside > 1 and capitals == inside
                    me[LONGEST] = max(me[LONGEST], inside)
                    if digits == inside:
                        me[NUMBERS] += 1
                        me[YEARS] += digits == 4 and 1900 <= number < 2100
                        joins = after == DIGIT and code in (0x2D, 0x2E, 0x2F)
                        if joins:
                            chain += 1
                            me[DATES] += chain == 2
                        else:
                            chain = 0
                        me[TIMES] += after == DIGIT and code == 0x3A
                    else:
                        chain = 0
                    if me[FIRST_WORD] == 0:
                        me[FIRST_WORD] = np.int64(word >> np.uint64(1)) | 1
                    inside = 0
                if i == end:
                    break
                gap += 1
                if gap > 2 or (kind in (OTHER, MONEY, BREAK) and code not in (0x2D, 0x2F, 0x2013)):
                    call = 0
                if kind == END:
                    me[ENDS] += 1
                    me[INNER] += after == SPACE and i + 2 < end
                    me[EXCLAIMED] += code in (0x21, 0xFF01)
                    me[ASKED] += code in (0x3F, 0xFF1F, 0x61F)
                    me[LINKS] += code == 0x2E and before in (LETTER, DIGIT) and after == LETTER
                elif kind == COMMA:
                    me[COMMAS] += 1
                elif kind == COLON:
                    me[COLONS] += 1
                    me[LINKS] += i + 2 < end and codes[i + 1] == 0x2F and codes[i + 2] == 0x2F
                elif kind == BREAK:
                    me[BREAKS] += 1
                    if not broken:
                        me[PIECES] += 1
                        broken = True
                elif kind == MONEY:
                    me[PRICES] += 1
                elif kind == OTHER:
                    me[OTHERS] += 1
                elif kind in (OPEN, CLOSE):
                    if code in (0x28, 0x5B, 0xFF08):
                        me[BRACKETS] += 1
                    elif code not in (0x29, 0x5D, 0xFF09):
                        me[QUOTES] += 1
                if kind != SPACE:
                    me[SIGNS] += kind != OTHER
                    me[MAILS] += code == 0x40 and before in (LETTER, DIGIT, CAPITAL) and after in (LETTER, DIGIT, CAPITAL)
                    me[RIGHTS] += code in (0xA9, 0xAE, 0x2122)
            before = kind
        me[FIRST] = 1 + _kind(kinds, codes[begin])
        me[LAST] = 1 + _kind(kinds, codes[end - 1])
        stop = end - 1
        while stop > begin and _kind(kinds, codes[stop]) in (CLOSE, OPEN, SPACE):
            stop -= 1
        me[STOPS] = 1 + _kind(kinds, codes[stop])
        me[DOTTED] = codes[stop] == 0x2026 or (stop - begin > 1 and codes[stop] == 0x2E and codes[stop - 1] == 0x2E)
        if end - begin > 2:
            second, third = _kind(kinds, codes[begin + 1]), _kind(kinds, codes[begin + 2])
            lead = me[FIRST] - 1
            listed = lead in (BREAK, OTHER) and second == SPACE and not headed
            counted = lead == DIGIT and (
                (codes[begin + 1] in (0x2E, 0x29) and third == SPACE) or (second == DIGIT and codes[begin + 2] in (0x2E, 0x29))
            )
            me[BULLET] = listed or counted
            me[INDENT] = min(begin - starts[line], 12) * me[BULLET]
        total = 0.0
        for each in seen:
            if each > 0:
                total -= each * np.log2(each / (end - begin))
        me[MIX] = np.int64(1000 * total / (end - begin))
        me[HASH] = np.int64(value >> np.uint64(1))


@compiled
def _is_in(slots, value):  # type: ignore[no-untyped-def]
    """Whether a word is among those of a table made by ``slots_of``."""
    at = value & SLOTS_MASK
    while slots[at] != 0 and slots[at] != value:
        at = (at + np.uint64(1)) & SLOTS_MASK
    return slots[at] == value


@compiled
def slots_of(values, slots):  # type: ignore[no-untyped-def]
    """The hashes of words into a table of ``SLOTS`` places, zeros before, in which ``_is_in`` finds them."""
    for value in values:
        at = value & SLOTS_MASK
        while slots[at] != 0:
            at = (at + np.uint64(1)) & SLOTS_MASK
        slots[at] = value


@compiled
def words_of(codes, kinds, lower, looks):  # type: ignore[no-untyped-def]
    """The hash of each word of the lines, whether it begins with a digit, and where the words of each line end."""
    most = 0
    for line in range(len(looks)):
        most += looks[line, WORDS] + looks[line, WIDTH] - looks[line, CHARS]
    hashes, numbers, ends = np.empty(most, np.uint64), np.empty(most, np.bool_), np.empty(len(looks), np.int64)
    found = 0
    for line in range(len(looks)):
        value, inside, number = OFFSET, False, False
        stop = looks[line, STOP]
        for i in range(looks[line, BEGIN], stop + 1):
            code = codes[i] if i < stop else np.uint32(32)
            kind = _kind(kinds, code) if i < stop else SPACE
            letter = kind in (LETTER, CAPITAL, DIGIT)
            if letter:
                if not inside:
                    number = kind == DIGIT
                value = (value ^ np.uint64(0x30 if kind == DIGIT else lower[code] if code < KNOWN else code)) * PRIME
                inside = True
            if kind == WIDE:  # a word of its own
                value, number, inside = (OFFSET ^ np.uint64(code)) * PRIME, False, True
            if inside and not letter:
                hashes[found], numbers[found] = value, number
                found += 1
                value, inside = OFFSET, False
        ends[line] = found
    return hashes[:found], numbers[:found], ends


@compiled
def look_at_words(codes, kinds, lower, looks, slots, known):  # type: ignore[no-untyped-def]
    """NEW, SHARED, COMMON and TOLD of each line. Words are told apart by a hash, in a table four times as large as the text has words; ``slots`` has the common ones of the language, if
    they are ``known``."""
    hashes, _, ends = words_of(codes, kinds, lower, looks)
    size = 64
    while size < 4 * len(hashes):
        size *= 2
    table, mask = np.zeros(size, np.int32), np.uint64(size - 1)
    places = np.empty(len(hashes), np.int64)
    for k in range(len(hashes)):
        mixed = hashes[k] * SPREAD
        places[k] = np.int64((mixed ^ (mixed >> SHIFT)) & mask)
        table[places[k]] += 1
    begin = 0
    for line in range(len(looks)):
        once = others = common = 0
        for k in range(begin, ends[line]):
            once += table[places[k]] == 1
            others += table[places[k]] - 1
            common += known and _is_in(slots, hashes[k])
        looks[line, NEW], looks[line, SHARED], looks[line, COMMON] = once, others, common if known else -1
        looks[line, TOLD] = ends[line] - begin
        begin = ends[line]


@compiled
def _own(looks, repeated, again, starts, shapes, own):  # type: ignore[no-untyped-def]
    """The features OWN of each line into the columns of ``own``."""
    n = len(looks)
    for line in range(n):
        me = looks[line]
        chars, words, letters = me[CHARS], max(1, me[WORDS]), max(1, me[LETTERS])
        first, last, stops = me[FIRST] - 1, me[LAST] - 1, me[STOPS] - 1
        dots = stops == END and me[DOTTED] > 0
        form = (
            np.log1p(me[WIDTH]), np.log1p(me[WORDS]), (me[LETTERS] + me[DIGITS]) / words, min(me[LONGEST], 60) * 1.0, me[CAPITALS] / letters, me[DIGITS] / chars, me[ENDS] * 1.0,
            me[COMMAS] * 1.0, me[COLONS] * 1.0, me[BREAKS] / chars, me[SIGNS] / chars, me[OTHERS] / chars, (first == CAPITAL) * 1.0, (first == LETTER) * 1.0, (first == DIGIT) * 1.0,
            (first not in (LETTER, CAPITAL, DIGIT, WIDE)) * 1.0, (stops == END) * 1.0, dots * 1.0, (last == COLON) * 1.0, (last in (LETTER, CAPITAL, WIDE)) * 1.0, (last == DIGIT) * 1.0,
            (last in (CLOSE, OPEN)) * 1.0, (last == BREAK) * 1.0, me[TITLED] / words, me[SHORT] / words, me[UPPER] / words, me[NUMBERS] / words,
        )  # fmt: skip
        marks = (
            me[YEARS] * 1.0, me[DATES] * 1.0, me[TIMES] * 1.0, me[PRICES] * 1.0, me[CALLS] * 1.0, me[MAILS] * 1.0, me[LINKS] * 1.0, me[RIGHTS] * 1.0, me[BRACKETS] * 1.0,
            me[QUOTES] * 1.0, me[GLUED] * 1.0, me[INNER] * 1.0, me[EXCLAIMED] * 1.0, me[ASKED] * 1.0, me[BULLET] * 1.0, me[PIECES] * 1.0, me[MIX] / 1000, me[NEW] / words,
            me[SHARED] / words, np.log1p(repeated[line]), again[line] * 1.0, starts[line] / n, shapes[line] / n, (me[WIDTH] >= PROSE and me[ENDS] > 0) * 1.0,
            me[COMMON] / max(1, me[TOLD]) if me[COMMON] >= 0 else MISSING, np.log1p(me[COMMON]) if me[COMMON] >= 0 else MISSING, me[HEADING] * 1.0, me[QUOTED] * 1.0,
            me[INDENT] * 1.0,
        )  # fmt: skip
        for k in range(len(form)):
            own[k, line] = form[k]
        for k in range(len(marks)):
            own[len(form) + k, line] = marks[k]


@compiled
def _views(source, sums, out):  # type: ignore[no-untyped-def]
    """The VIEWS of a feature of lines into the rows of ``out``."""
    n = len(source)
    for line in range(n):
        sums[line + 1] = sums[line] + source[line]
    for line in range(n):
        out[0, line] = source[line - 2] if line > 1 else MISSING
        out[1, line] = source[line - 1] if line > 0 else MISSING
        out[2, line] = source[line + 1] if line + 1 < n else MISSING
        out[3, line] = source[line + 2] if line + 2 < n else MISSING
        low, high = max(0, line - NEAR), min(n, line + NEAR + 1)
        out[4, line] = (sums[high] - sums[low]) / (high - low)
        low, high = max(0, line - WIDER), min(n, line + WIDER + 1)
        out[5, line] = (sums[high] - sums[low]) / (high - low)
        out[6, line] = (sums[line] - sums[low]) / (line - low) if line > low else MISSING
        out[7, line] = (sums[high] - sums[line + 1]) / (high - line - 1) if high > line + 1 else MISSING


@compiled
def features(looks, repeated, again, starts, shapes, shape, order, matrix):  # type: ignore[no-untyped-def]
    """The features NAMES of each line into the columns of ``matrix``. ``repeated`` says how often the line stands in the text, ``again`` whether it stood before, ``starts`` how many
    lines begin with the same word, ``shapes`` how many have the same ``shape``; ``order`` is the lines by ascending width."""
    n, own = len(looks), len(OWN)
    _own(looks, repeated, again, starts, shapes, matrix)
    for k in range(own):
        total = 0.0
        for line in range(n):
            total += matrix[k, line]
        for line in range(n):
            matrix[MEANS_AT + k, line] = total / n
    sums, views = np.zeros(n + 1), np.empty((len(VIEWS), n), np.float32)
    for c in range(len(CONTEXT_AT)):
        at = VIEWS_AT + len(VIEWS) * c
        _views(matrix[CONTEXT_AT[c]], sums, matrix[at : at + len(VIEWS)])
    for c in range(len(NEARBY_FROM)):
        _views(matrix[NEARBY_FROM[c]], sums, views)
        for k in range(len(NEARBY_CHOSEN)):
            matrix[NEARBY_AT + len(NEARBY_CHOSEN) * c + k] = views[NEARBY_CHOSEN[k]]
    size, prose = matrix[SIZE_], matrix[PROSE_]
    total = written = 0.0
    for line in range(n):
        total += looks[line, WIDTH]
        written += looks[line, WIDTH] * prose[line]
    median, third, longest = size[order[n // 2]], size[order[min(n - 1, 3 * n // 4)]], size[order[n - 1]]
    at, before, since = PLACE_AT, 0.0, FAR
    for line in range(n):
        since = 0 if prose[line] > 0 else min(FAR, since + 1)
        matrix[at, line] = line / max(1, n - 1)
        matrix[at + 1, line] = min(line, 30)
        matrix[at + 2, line] = min(n - 1 - line, 30)
        matrix[at + 3, line] = before / total
        before += looks[line, WIDTH]
        matrix[at + 4, line] = since
        matrix[at + 10, line] = size[line] - median
        matrix[at + 11, line] = size[line] - longest
        matrix[at + 12, line] = n
        matrix[at + 13, line] = np.log1p(total)
        matrix[at + 14, line] = median
        matrix[at + 15, line] = third
        matrix[at + 16, line] = longest
        matrix[at + 17, line] = written / total
        matrix[at + 18, line] = line > 0 and shape[line] == shape[line - 1]
        matrix[at + 19, line] = line + 1 < n and shape[line] == shape[line + 1]
        matrix[at + 20, line] = size[line] - size[line - 1] if line > 0 else 0
        matrix[at + 21, line] = size[line] - size[line + 1] if line + 1 < n else 0
    since = FAR
    for line in range(n - 1, -1, -1):
        since = 0 if prose[line] > 0 else min(FAR, since + 1)
        matrix[at + 5, line] = since
        matrix[at + 6, line] = min(since, matrix[at + 4, line])
        matrix[at + 7, line] = since < FAR and matrix[at + 4, line] < FAR
    line = 0
    while line < n:
        stop = line
        while stop < n and (looks[stop, WIDTH] < PROSE) == (looks[line, WIDTH] < PROSE):
            stop += 1
        for k in range(line, stop):
            matrix[at + 8, k] = min(RUN, stop - line)
        line = stop
    for k in range(n):
        matrix[at + 9, order[k]] = k / n

"""The loops of the line model, compiled: what each line of a text looks like, the features of lines with their neighbours, and the sums that score them.

A feature is a bucket. Those of the form of a line (how long, how it begins and ends, of what signs it is, where it stands, what stands beside it) are the same in every
language; those of its words are not, and weigh less.
"""

import numpy as np

from winnow.tasks.engine.compiled import compiled

OTHER, LETTER, CAPITAL, DIGIT, END, BREAK, SIGN, SPACE = 0, 1, 2, 3, 4, 5, 6, 7
"""Kinds of characters: END ends sentences, BREAK parts pieces (| · > - : ;), SIGN is any other mark."""
KNOWN = 0x3100
CHARS, WORDS, CAPITALS, DIGITS, ENDS, BREAKS, SIGNS, FIRST, LAST, TITLED, SHORT, LONGEST, HASH, BEGIN, STOP = range(15)
COLUMNS = 15
OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
PAIR, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(31)
OF_WORDS = 60
"""Names of features from here on are those of words."""


@compiled
def look(codes, starts, ends, kinds, out):  # type: ignore[no-untyped-def]
    """One row of ``out`` (columns above) for each line from ``starts`` to ``ends`` of the text's code points."""
    for line in range(len(starts)):
        begin, end = starts[line], ends[line]
        while begin < end and (kinds[codes[begin]] if codes[begin] < KNOWN else LETTER) == SPACE:
            begin += 1
        while end > begin and (kinds[codes[end - 1]] if codes[end - 1] < KNOWN else LETTER) == SPACE:
            end -= 1
        for column in range(COLUMNS):
            out[line, column] = 0
        out[line, BEGIN], out[line, STOP] = begin, end
        value = OFFSET
        inside = 0
        for i in range(begin, end):
            code = codes[i]
            kind = kinds[code] if code < KNOWN else LETTER
            if kind == CAPITAL:
                out[line, CAPITALS] += 1
            elif kind == DIGIT:
                out[line, DIGITS] += 1
            elif kind == END:
                out[line, ENDS] += 1
            elif kind == BREAK:
                out[line, BREAKS] += 1
            elif kind in (SIGN, OTHER):
                out[line, SIGNS] += 1
            if kind in (LETTER, CAPITAL, DIGIT):
                if inside == 0:
                    out[line, WORDS] += 1
                    out[line, TITLED] += kind == CAPITAL
                inside += 1
                value = (value ^ np.uint64(code)) * PRIME
            elif inside > 0:
                out[line, SHORT] += inside <= 3
                out[line, LONGEST] = max(out[line, LONGEST], inside)
                inside = 0
        if inside > 0:
            out[line, SHORT] += inside <= 3
            out[line, LONGEST] = max(out[line, LONGEST], inside)
        out[line, CHARS] = end - begin
        if end > begin:
            out[line, FIRST] = 1 + (kinds[codes[begin]] if codes[begin] < KNOWN else LETTER)
            out[line, LAST] = 1 + (kinds[codes[end - 1]] if codes[end - 1] < KNOWN else LETTER)
        out[line, HASH] = np.int64(value >> np.uint64(1))


@compiled
def _size(n):  # type: ignore[no-untyped-def]
    """A bin of a number, three per doubling."""
    bin_ = 0
    edge = 1.0
    while n >= edge and bin_ < 40:
        bin_ += 1
        edge = edge * 1.26 if edge * 1.26 > edge + 1 else edge + 1
    return bin_


@compiled
def _share(part, whole, bins):  # type: ignore[no-untyped-def]
    return min(bins - 1, part * bins // whole) if whole > 0 else bins


@compiled
def _put(out, names, at, mask, name, one, other):  # type: ignore[no-untyped-def]
    key = (np.uint64(name) * PAIR + np.uint64(one)) * PRIME
    key = (key ^ (key >> SHIFT)) * PAIR + np.uint64(other)
    key = (key ^ (key >> SHIFT)) * PRIME
    out[at] = np.int64((key ^ (key >> SHIFT)) & mask)
    names[at] = name
    return at + 1


@compiled
def features(codes, kinds, lower, looks, line, repeated, bits, most_words, out, names):  # type: ignore[no-untyped-def]
    """Features of a line into ``out``, and their names into ``names``; how many. ``repeated`` says how often the line stands in the text."""
    mask = np.uint64((1 << bits) - 1)
    n = len(looks)
    me = looks[line]
    chars, words = me[CHARS], me[WORDS]
    size, last, first = _size(chars), me[LAST], me[FIRST]
    at = 0
    at = _put(out, names, at, mask, 1, size, 0)
    at = _put(out, names, at, mask, 2, _size(words), 0)
    at = _put(out, names, at, mask, 3, last, first)
    at = _put(out, names, at, mask, 4, size // 2, last)
    at = _put(out, names, at, mask, 5, min(me[ENDS], 8), last)
    at = _put(out, names, at, mask, 6, _share(me[CAPITALS], chars, 20), size // 4)
    at = _put(out, names, at, mask, 7, _share(me[DIGITS], chars, 12), size // 4)
    at = _put(out, names, at, mask, 8, _share(me[BREAKS], chars, 25), size // 4)
    at = _put(out, names, at, mask, 9, _share(me[SIGNS], chars, 25), size // 4)
    at = _put(out, names, at, mask, 10, _share(me[TITLED], words, 8), size // 3)
    at = _put(out, names, at, mask, 11, _share(me[SHORT], words, 8), size // 4)
    at = _put(out, names, at, mask, 12, min(me[LONGEST], 30), 0)
    at = _put(out, names, at, mask, 13, min(repeated, 4), size // 4)
    for step in (-3, -2, -1, 1, 2, 3):
        name = 20 + 3 * (step + 3)
        if 0 <= line + step < n:
            other = looks[line + step]
            at = _put(out, names, at, mask, name, _size(other[CHARS]) // 2, size // 3)
            if step == -1 or step == 1:
                at = _put(out, names, at, mask, name + 1, other[LAST], other[FIRST])
                at = _put(out, names, at, mask, name + 2, min(other[ENDS], 4), last)
        else:
            at = _put(out, names, at, mask, name, 99, size // 3)
    long = wide = 0
    for near in range(max(0, line - 5), min(n, line + 6)):
        if near != line:
            wide += 1
            long += looks[near, CHARS] >= 80 and looks[near, ENDS] > 0
    at = _put(out, names, at, mask, 50, _share(long, wide, 6), size // 3)
    text = wordy = 0
    for each in range(n):
        text += looks[each, CHARS] if looks[each, CHARS] >= 80 and looks[each, ENDS] > 0 else 0
        wordy += looks[each, CHARS]
    at = _put(out, names, at, mask, 51, _share(text, wordy, 10), size // 3)
    value, before, inside, taken = OFFSET, np.uint64(0), False, 0
    for i in range(me[BEGIN], me[STOP] + 1):
        kind = SPACE
        if i < me[STOP]:
            kind = kinds[codes[i]] if codes[i] < KNOWN else LETTER
        if kind in (LETTER, CAPITAL, DIGIT):
            code = codes[i]
            value = (value ^ np.uint64(0x30 if kind == DIGIT else lower[code] if code < KNOWN else code)) * PRIME
            inside = True
        elif inside:
            at = _put(out, names, at, mask, 60, value, 0)
            if taken > 0:
                at = _put(out, names, at, mask, 61, value, before)
            before, value, inside = value, OFFSET, False
            taken += 1
            if taken >= most_words:
                break
    return at


@compiled
def score_lines(codes, kinds, lower, looks, lines, repeated, bits, most_words, word_value, weights, out, names, sums):  # type: ignore[no-untyped-def]
    """The sum of each of ``lines`` into ``sums``. The last weight is the bias."""
    for k in range(len(lines)):
        line = lines[k]
        n = features(codes, kinds, lower, looks, line, repeated[line], bits, most_words, out, names)
        total, square = 0.0, 0.0
        for i in range(n):
            value = 1.0 if names[i] < OF_WORDS else word_value
            total += weights[out[i]] * value
            square += value * value
        sums[k] = total / np.sqrt(square) + weights[len(weights) - 1]

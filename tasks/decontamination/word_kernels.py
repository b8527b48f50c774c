"""Words of a text as hashes, and the items of an index whose n-grams stand in it: the loops of decontamination, compiled.

A word is a run of letters and digits after folding; in scripts without spaces each character is a word. ``fold`` maps a code point to its folded
form, to SEPARATOR or to IGNORED.
"""

import numpy as np

from winnow.tasks.engine.compiled import compiled

SEPARATOR, IGNORED = 0, 1
FOLDED_CODES = 0x20000  # what lies above is Han, or separates
OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
BASE = np.uint64(0x9E3779B97F4A7C15)
ONE, ZERO, SHIFT, HALF = np.uint64(1), np.uint64(0), np.uint64(29), np.uint64(32)
UNSPACED_FROM = 0x0E00


@compiled
def is_unspaced(code):  # type: ignore[no-untyped-def]
    """Whether a script puts no spaces between words."""
    return (
        0x2E80 <= code < 0xA000
        or 0x0E00 <= code < 0x0F00
        or 0x1000 <= code < 0x10A0
        or 0x1780 <= code < 0x1800
        or 0xF900 <= code < 0xFB00
        or 0x20000 <= code < 0x32000
    )


@compiled
def hash_words(codes, lengths, fold, hashes, starts, ends, borders):  # type: ignore[no-untyped-def]
    """Hash, first and last character of every word of texts that stand one behind the other, into arrays as long as ``codes``.

    Text ``k`` has ``lengths[k]`` characters, from which its words count their own, and words ``borders[k]`` to ``borders[k + 1]``.
    """
    words = 0
    begin = 0
    value = OFFSET
    for text in range(len(lengths)):
        borders[text] = words
        inside = False
        for i in range(lengths[text]):
            code = codes[begin + i]
            folded = fold[code] if code < FOLDED_CODES else code if is_unspaced(code) else np.uint32(SEPARATOR)
            if folded == IGNORED:
                continue
            if folded == SEPARATOR:
                if inside:
                    hashes[words] = value
                    words += 1
                    inside = False
            elif folded >= UNSPACED_FROM and is_unspaced(folded):
                if inside:
                    hashes[words] = value
                    words += 1
                    inside = False
                starts[words] = i
                ends[words] = i + 1
                hashes[words] = (OFFSET ^ np.uint64(folded)) * PRIME
                words += 1
            else:
                if not inside:
                    inside = True
                    starts[words] = i
                    value = OFFSET
                value = (value ^ np.uint64(folded)) * PRIME
                ends[words] = i + 1
        if inside:
            hashes[words] = value
            words += 1
        begin += lengths[text]
    borders[len(lengths)] = words
    return words


@compiled
def _add(found, rows, text, part, state):  # type: ignore[no-untyped-def]
    if rows < len(found):
        found[rows, 0] = text
        found[rows, 1] = part
        for column in range(5):
            found[rows, column + 2] = state[part, column]
    return rows + 1


@compiled
def hash_ngrams(hashes, words, n, ngrams):  # type: ignore[no-untyped-def]
    """Hashes of the n-grams that begin at each word, never zero; how many."""
    if words < n:
        return 0
    top = ONE
    for _ in range(n - 1):
        top = top * BASE
    value = ZERO
    for i in range(n):
        value = value * BASE + hashes[i]
    count = words - n + 1
    for i in range(count):
        mixed = value ^ (value >> SHIFT)
        ngrams[i] = mixed if mixed != ZERO else ONE
        if i + n < words:
            value = (value - hashes[i] * top) * BASE + hashes[i + n]
    return count


@compiled
def fill_table(keys, slots, bits, ngrams):  # type: ignore[no-untyped-def]
    """Put distinct n-grams into an open table whose length is a power of two; ``slots`` gets their numbers. ``bits`` is a smaller table of bits,
    that tells of most n-grams that they are not there without leaving the processor's cache."""
    mask, wide = len(keys) - 1, np.uint64(8 * len(bits) - 1)
    for number in range(len(ngrams)):
        at = np.int64(ngrams[number] & np.uint64(mask))
        while keys[at] != ZERO:
            at = (at + 1) & mask
        keys[at] = ngrams[number]
        slots[at] = number
        bit = np.int64((ngrams[number] >> HALF) & wide)
        bits[bit >> 3] |= np.uint8(1 << (bit & 7))


@compiled
def candidates(hashes, borders, n, gap, keys, slots, bits, offsets, parts, places, gates, found, seen, state):  # type: ignore[no-untyped-def]
    """Clusters of n-grams of one part of an item that stand close together in a text: rows of (text, part, first and last n-gram in the text, first
    and last in the part, words covered) into ``found``; how many rows, or minus the rows needed if there is no room.

    ``seen`` is a vector over parts, all -1; ``state`` has six columns over parts. Both are used within the call, and ``seen`` is left as it was.
    """
    mask, wide = len(keys) - 1, np.uint64(8 * len(bits) - 1)
    first_d, last_d, first_q, last_q, covered, order = 0, 1, 2, 3, 4, 5
    top = ONE
    for _ in range(n - 1):
        top = top * BASE
    rows = 0
    for text in range(len(borders) - 1):
        begin, count = borders[text], borders[text + 1] - borders[text] - n + 1
        if count < 1:
            continue
        touched = 0
        value = ZERO
        for i in range(n):
            value = value * BASE + hashes[begin + i]
        for i in range(count):
            key = value ^ (value >> SHIFT)
            if i + n < count + n - 1:
                value = (value - hashes[begin + i] * top) * BASE + hashes[begin + i + n]
            if key == ZERO:
                key = ONE
            bit = np.int64((key >> HALF) & wide)
            if not bits[bit >> 3] >> (bit & 7) & 1:
                continue
            at = np.int64(key & np.uint64(mask))
            while keys[at] != ZERO and keys[at] != key:
                at = (at + 1) & mask
            if keys[at] == ZERO:
                continue
            number = slots[at]
            for j in range(offsets[number], offsets[number + 1]):
                part, place = parts[j], places[j]
                if seen[part] < 0:
                    seen[part] = 1
                    state[touched, order] = part
                    touched += 1
                    state[part, first_d], state[part, first_q], state[part, covered] = i, place, n
                elif i - state[part, last_d] > n + gap:
                    if state[part, covered] >= gates[part]:
                        rows = _add(found, rows, text, part, state)
                    state[part, first_d], state[part, first_q], state[part, covered] = i, place, n
                elif i > state[part, last_d]:
                    state[part, covered] += min(n, i - state[part, last_d])
                state[part, last_d], state[part, last_q] = i, place
        for k in range(touched):
            part = state[k, order]
            if state[part, covered] >= gates[part]:
                rows = _add(found, rows, text, part, state)
            seen[part] = -1
    return rows if rows <= len(found) else -rows


@compiled
def present_ngrams(hashes, borders, n, keys, bits, rows):  # type: ignore[no-untyped-def]
    """(text, n-gram) of every n-gram of the table that stands in a text, into ``rows``; how many. They repeat as they do in the texts."""
    mask, wide = len(keys) - 1, np.uint64(8 * len(bits) - 1)
    top = ONE
    for _ in range(n - 1):
        top = top * BASE
    count = 0
    for text in range(len(borders) - 1):
        begin, end = borders[text], borders[text + 1] - n + 1
        if end <= begin:
            continue
        value = ZERO
        for i in range(n):
            value = value * BASE + hashes[begin + i]
        for i in range(begin, end):
            key = value ^ (value >> SHIFT)
            if i + 1 < end:
                value = (value - hashes[i] * top) * BASE + hashes[i + n]
            if key == ZERO:
                key = ONE
            bit = np.int64((key >> HALF) & wide)
            if not bits[bit >> 3] >> (bit & 7) & 1:
                continue
            at = np.int64(key & np.uint64(mask))
            while keys[at] != ZERO and keys[at] != key:
                at = (at + 1) & mask
            if keys[at] != ZERO:
                rows[count, 0] = text
                rows[count, 1] = key
                count += 1
    return count

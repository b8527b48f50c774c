"""The loops of the linear student, compiled: hashed n-grams of UTF-8, the support vector machine that is trained on them, and the sums that score a document.

A word is a run of letters and digits of lower-cased text; a character of a script without spaces (Han, kana, Thai, Lao) is a word of its own. All digits
are one digit. A feature counts once, however often it occurs. The machine is the dual coordinate descent of Hsieh et al. 2008 (LIBLINEAR's L2-regularised
L2-loss SVM), whose order of rows comes from a seed.
"""

import numpy as np

from winnow.tasks.engine.compiled import compiled

OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
PAIR, LONG, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93), np.uint64(29)
ZERO, NINE = 0x30, 0x39
SEPARATOR, LETTER, UNIT = 0, 1, 2


SORTS = np.full(256, LETTER, np.uint8)
SORTS[:0x80] = [LETTER if chr(c).isalnum() else SEPARATOR for c in range(0x80)]
SORTS[[0xC2, 0xE0, 0xE2, *range(0xE3, 0xF1)]] = 3
"""What begins with each byte; 3: the bytes behind it tell."""


@compiled
def _sort(data, i, n):  # type: ignore[no-untyped-def]
    """Which of the three begins at byte ``i``."""
    c = data[i]
    if SORTS[c] != 3:
        return SORTS[c]
    follows = data[i + 1] if i + 1 < n else 0
    if c == 0xC2 or (c == 0xE2 and follows <= 0x8F) or (c == 0xE3 and follows == 0x80):
        return SEPARATOR  # signs of Latin-1, general punctuation to arrows, punctuation of Han
    if c == 0xEF and follows == 0xBC and i + 2 < n and (data[i + 2] <= 0x8F or 0x9A <= data[i + 2] <= 0xA0):
        return SEPARATOR  # wide signs of ASCII
    if 0xE3 <= c <= 0xEF or (c == 0xE0 and 0xB8 <= follows <= 0xBB) or c == 0xF0:
        return UNIT
    return LETTER  # other signs of Indic scripts, and what is rare


@compiled
def _size(c):  # type: ignore[no-untyped-def]
    """Bytes of the character whose first byte this is."""
    if c < 0x80:
        return 1
    if c < 0xE0:
        return 2
    return 3 if c < 0xF0 else 4


@compiled
def collect(data, salt, words, chars, seen, serial, out, count):  # type: ignore[no-untyped-def]
    """Put the distinct features of ``data`` behind the ``count`` that ``out`` has, and say how many there are then.

    Features are words, pairs of words if ``words`` is 2, and runs of ``chars`` characters inside of words (none if 0). ``seen`` has a number per bucket, a power of
    two of them; those that equal ``serial`` are there already. ``salt`` keeps the features of a URL apart from those of a text.
    """
    mask = np.uint64(len(seen) - 1)
    n = len(data)
    before = np.uint64(0)
    follows = False
    i = 0
    while i < n:
        sort = _sort(data, i, n)
        if sort == SEPARATOR:
            i += _size(data[i])
            continue
        begin = i
        value = OFFSET ^ salt
        if sort == UNIT:
            end = min(n, i + _size(data[i]))
        else:
            end = i
            while end < n and _sort(data, end, n) == LETTER:
                end += _size(data[end])
            end = min(end, n)
        for at in range(begin, end):
            byte = data[at]
            value = (value ^ np.uint64(ZERO if ZERO <= byte <= NINE else byte)) * PRIME
        key = np.int64((value ^ (value >> SHIFT)) & mask)
        if seen[key] != serial:
            seen[key] = serial
            out[count] = key
            count += 1
        if words > 1 and follows:
            both = (before * PAIR + value) * LONG
            key = np.int64((both ^ (both >> SHIFT)) & mask)
            if seen[key] != serial:
                seen[key] = serial
                out[count] = key
                count += 1
        if chars > 0 and sort == LETTER:
            start = begin
            while start < end:
                part = PAIR ^ salt
                at, taken = start, 0
                while at < end and taken < chars:
                    size = min(_size(data[at]), end - at)
                    for k in range(size):
                        byte = data[at + k]
                        part = (part ^ np.uint64(ZERO if ZERO <= byte <= NINE else byte)) * PRIME
                    at += size
                    taken += 1
                if taken < chars:
                    break
                part = part * LONG
                key = np.int64((part ^ (part >> SHIFT)) & mask)
                if seen[key] != serial:
                    seen[key] = serial
                    out[count] = key
                    count += 1
                start += _size(data[start])
        before, follows = value, True
        i = end
    return count


@compiled
def add_up(features, count, weights, sums):  # type: ignore[no-untyped-def]
    """Sums over the features of a document of the rows of ``weights``. The first column has squares, whose sum is the square of the document's length."""
    for k in range(len(sums)):
        sums[k] = 0.0
    for i in range(count):
        row = features[i]
        for k in range(len(sums)):
            sums[k] += weights[row, k]


@compiled
def fit_svm(borders, features, values, signs, costs, passes, seed, weights):  # type: ignore[no-untyped-def]
    """Weights of one label against the others into ``weights``, whose last element is the bias. ``values`` are those of the rows, each of length one."""
    rows = len(signs)
    bias = len(weights) - 1
    dual = np.zeros(rows)
    order = np.arange(rows)
    state = np.uint64(seed) * PAIR + LONG
    for _ in range(passes):
        for i in range(rows - 1, 0, -1):
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            j = np.int64((state >> np.uint64(33)) % np.uint64(i + 1))
            order[i], order[j] = order[j], order[i]
        worst = 0.0
        for at in range(rows):
            i = order[at]
            own = 1.0 / (2.0 * costs[i])
            total = weights[bias]
            for k in range(borders[i], borders[i + 1]):
                total += weights[features[k]] * values[k]
            slope = signs[i] * total - 1.0 + dual[i] * own
            if dual[i] == 0.0 and slope > 0.0:
                continue
            worst = max(worst, abs(slope))
            old = dual[i]
            dual[i] = max(0.0, old - slope / (2.0 + own))
            move = (dual[i] - old) * signs[i]
            if move != 0.0:
                weights[bias] += move
                for k in range(borders[i], borders[i + 1]):
                    weights[features[k]] += move * values[k]
        if worst < 0.01:
            break

"""The compiled part of ``nesting.py``."""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled

Bytes = npt.NDArray[np.uint8]


@compiled
def deepest(html: Bytes, enough: int, longest_name: int, most_chars: int, void: npt.NDArray[np.uint64]) -> int:
    """``nesting`` of a page. ``void``: the names that do not count, packed: eight bytes, the first lowest."""
    n = len(html)
    at = depth = most = 0
    end = -1  # the first ">" behind the last name
    counted = chars = -1  # that many characters begin in html[counted:end]
    while at < n:
        if html[at] != 60:  # "<"
            at += 1
            continue
        at += 1
        closing = at < n and html[at] == 47  # "/"
        begin = at + 1 if closing else at
        behind = begin
        packed = np.uint64(0)
        while behind < n and behind < begin + longest_name:
            low = html[behind] | 32
            if not (97 <= low <= 122 or (48 <= html[behind] <= 57 and behind > begin)):
                break
            packed = (packed << np.uint64(8)) | np.uint64(low)
            behind += 1
        if behind == begin:
            continue
        if end < behind:
            end = behind
            while end < n and html[end] != 62:  # ">"
                end += 1
            if end == n:
                break
            counted = -1
        closed = end > behind and html[end - 1] == 47
        if end - closed - behind > most_chars:
            if end - closed - behind > 4 * most_chars:
                continue
            if counted < 0:
                counted, chars = end, 0
                while counted > behind:
                    counted -= 1
                    chars += html[counted] & 192 != 128
            while counted < behind:
                chars -= html[counted] & 192 != 128
                counted += 1
            if chars - closed > most_chars:
                continue
        at = end + 1
        if closed:
            continue
        if behind - begin <= 8:
            counts = True
            for name in void:
                if packed == name:
                    counts = False
            if not counts:
                continue
        if closing:
            depth = max(0, depth - 1)
        else:
            depth += 1
            if depth > most:
                most = depth
                if most > enough:
                    break
    return most

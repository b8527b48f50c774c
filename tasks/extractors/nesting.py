"""How deep the elements of a page are nested, told from its tags before any parser sees it. What is refused for it is in ``base.py``.

``TAG`` says what a tag is, and ``_counted`` what depth is. All tags of a page at once, with array operations, take a quarter of its time.
"""

import re

import numpy as np

MOST_CHARS = 4000
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,30}")
TAG = re.compile(rf"<(/?)({NAME.pattern})[^>]{{0,{MOST_CHARS}}}?(/?)>")
VOID = frozenset("area base br col embed hr img input link meta param source track wbr p li td tr th dt dd option".split())
# A tag as long as the one certainly is a tag, one longer than the other is none.
SHORT_BYTES, LONG_BYTES = MOST_CHARS, 4 * (31 + MOST_CHARS + 1)
MOST_DOUBTFUL = 100  # beyond, looking at each costs more than counting all
KEY_BYTES = 7  # one more than the longest name of VOID

_CODES = np.arange(256, dtype=np.uint8)
_LETTER = np.isin(_CODES | 0x20, np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8))
_ALNUM = _LETTER | np.isin(_CODES, np.frombuffer(b"0123456789", np.uint8))
_LOWER = np.where(_ALNUM, _CODES | 0x20, 0).astype(np.uint8)  # digits have the bit set already
_ONE, _ONES, _HIGHS = np.uint64(1), np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_KEY_BITS = np.uint64((1 << 8 * KEY_BYTES) - 1)
_VOID_KEYS = np.array([int.from_bytes(name.encode(), "little") for name in VOID], np.uint64)


def nesting(html: bytes, enough: int) -> int:
    """Upper estimate of how deep the elements of a page in UTF-8 are nested, at most ``enough`` + 1. Elements that close themselves do not count."""
    raw = html + b" " * (KEY_BYTES + 1)
    page = np.frombuffer(raw, np.uint8)
    begins, ends = np.flatnonzero(page == ord("<")), np.flatnonzero(page == ord(">"))
    names = begins + 1 + (page[begins + 1] == ord("/"))
    names = names[_LETTER[page[names]]]
    following = np.searchsorted(ends, names)
    names = names[following < len(ends)]
    ends = ends[following[: len(names)]]
    long = ends - names > SHORT_BYTES
    doubtful = np.flatnonzero(long & (ends - names <= LONG_BYTES))
    if len(doubtful) > MOST_DOUBTFUL:
        return _counted(html.decode(), enough)
    for i in doubtful.tolist():
        tag = raw[names[i] : ends[i]].decode()
        long[i] = len(tag) - len(NAME.match(tag)[0]) - tag.endswith("/") > MOST_CHARS  # type: ignore[index]  # it begins with a letter
    names, ends = names[~long], ends[~long]
    # Of several begins before one end the first is the tag, and the others are in it.
    counts = np.diff(ends, prepend=-1) > 0
    counts &= page[ends - 1] != ord("/")
    names = names[counts]
    # The letters and digits of each name in lower case, as one number; the first other byte is 0 and ends it.
    eight = np.ndarray(len(html), np.dtype("<u8"), raw, strides=(1,))[names]
    letters = _LOWER[eight.view(np.uint8)].view(np.dtype("<u8"))
    ends_at = (letters - _ONES) & ~letters & _HIGHS
    keys = letters & ((ends_at & (~ends_at + _ONE)) - _ONE) & _KEY_BITS
    steps = np.where(page[names - 1] == ord("/"), -1, 1)[~np.isin(keys, _VOID_KEYS)]
    levels = np.cumsum(steps)
    depths = levels - np.minimum(np.minimum.accumulate(levels), 0)
    return int(min(depths.max(initial=0), enough + 1))


def _counted(html: str, enough: int) -> int:
    """The same tag by tag, until ``enough`` is passed."""
    depth = deepest = 0
    for match in TAG.finditer(html):
        closing, name, empty = match.groups()
        if empty or name.lower() in VOID:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        if depth > deepest:
            deepest = depth
            if deepest > enough:
                break
    return deepest

"""How deep the elements of a page are nested, told from its tags before any parser sees it. What is refused for it is in ``base.py``.

``TAG`` says what a tag is, and ``_counted`` what depth is. All tags of a page at once, with array operations, take a quarter of its time.
"""

import re

import numpy as np

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,30})[^>]{0,4000}?(/?)>")
VOID = frozenset("area base br col embed hr img input link meta param source track wbr p li td tr th dt dd option".split())
# A tag as long as the one certainly is a tag, one longer than the other is none.
SHORT_BYTES, LONG_BYTES = 4000, 4 * (31 + 4000 + 1)
MOST_DOUBTFUL = 100  # beyond, looking at each costs more than counting all
KEY_BYTES = 7  # one more than the longest name of VOID

_CODES = np.arange(256, dtype=np.uint8)
_LETTER = np.isin(_CODES | 0x20, np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8))
_ALNUM = _LETTER | np.isin(_CODES, np.frombuffer(b"0123456789", np.uint8))
_LOWER = np.where(_ALNUM, _CODES | 0x20, 0).astype(np.uint64)  # digits have the bit set already
_VOID_KEYS = np.array([int.from_bytes(name.encode(), "little") for name in VOID], np.uint64)


def nesting(html: str, enough: int) -> int:
    """Upper estimate of how deep elements are nested, at most ``enough`` + 1. Elements that close themselves do not count."""
    raw = html.encode("utf-8", "surrogatepass") + b"  "
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
        return _counted(html, enough)
    for i in doubtful.tolist():
        long[i] = not TAG.fullmatch("<" + raw[names[i] : ends[i] + 1].decode("utf-8", "surrogatepass"))
    names, ends = names[~long], ends[~long]
    # Of several begins before one end the first is the tag, and the others are in it.
    counts = np.diff(ends, prepend=-1) > 0
    counts &= page[ends - 1] != ord("/")
    names = names[counts]
    keys = np.zeros(len(names), np.uint64)
    in_name = np.ones(len(names), bool)
    for i in range(KEY_BYTES):
        letters = _LOWER[page.take(names + i, mode="clip")]
        in_name &= letters > 0
        keys |= np.where(in_name, letters, 0) << np.uint64(8 * i)
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

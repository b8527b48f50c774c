"""How deep the elements of a page are nested, told from its tags before any parser sees it. What is refused for it is in ``base.py``."""

import numpy as np

# A tag is "<", perhaps "/", a name, and at most MOST_CHARS other characters up to ">"; one with "/" before that closes itself.
LONGEST_NAME = 31
MOST_CHARS = 4000
VOID = frozenset("area base br col embed hr img input link meta param source track wbr p li td tr th dt dd option".split())

_VOID = np.array([int.from_bytes(name.encode()) for name in sorted(VOID)], np.uint64)


def nesting(html: bytes, enough: int) -> int:
    """Upper estimate of how deep the elements of a page in UTF-8 are nested, at most ``enough`` + 1. Elements that close themselves do not count."""
    from winnow.tasks.extract.extractors.nesting_kernels import deepest

    return deepest(np.frombuffer(html, np.uint8), enough, LONGEST_NAME, MOST_CHARS, _VOID)

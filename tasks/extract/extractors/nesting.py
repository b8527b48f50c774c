"""How deep a parser would nest the elements of a page, told from its tags before any parser sees it; and what else of it costs a parser time that grows
with a square: attributes of a tag, options, texts that come together. What is refused or cut for it is in ``base.py``.

The rules are those of the HTML standard's tree construction (https://html.spec.whatwg.org/multipage/parsing.html#tree-construction), as far as they make a
page deeper or less deep: ends that a start tag implies, scopes, formatting elements that are opened again, content that is no markup. Where the standard is
too fine for that the count is higher than the tree.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from winnow.tasks.extract.extractors.nesting_kernels import Names

MOST_ATTRIBUTES = 1000

VOID = "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr image"
RAW = "script style textarea title xmp iframe noembed noframes plaintext"
FORMATTING = "a b big code em font i nobr s small strike strong tt u"
CLOSES_P = (
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup main menu nav ol p search section summary"
    " ul h1 h2 h3 h4 h5 h6 pre listing form plaintext xmp li dd dt hr"
)
# A table ends a paragraph only in pages with a document type.
SPECIAL = f"{CLOSES_P} table applet button caption colgroup frameset iframe marquee object select tbody td template textarea tfoot th thead tr noscript optgroup title style script"
BARRIER = "applet caption html table td th marquee object select template foreignobject desc title annotation-xml mi mo mn ms mtext"
HEADING = "h1 h2 h3 h4 h5 h6"
MARKER = "applet marquee object td th caption template"
IGNORED = "html head body frameset"
BREAKS_OUT = (
    "b big blockquote br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 hr i img li listing menu meta nobr ol p pre ruby s small span strong strike sub sup"
    " table tt u ul var"
)
# What the start of a ruby text ends.
IMPLIED = "dd dt li optgroup option p rb rp rt"
GROUPS = (VOID, RAW, FORMATTING, CLOSES_P, SPECIAL, BARRIER, HEADING, MARKER, IGNORED, BREAKS_OUT, IMPLIED)


@cache
def names() -> "Names":
    """What the kernel knows of names."""
    from winnow.tasks.extract.extractors.nesting_kernels import TABLE_BITS, Names, place_of

    bits: dict[int, int] = {}
    for n, group in enumerate(GROUPS):
        for name in group.split():
            bits[packed(name)] = bits.get(packed(name), 0) | 1 << n
    table = Names(np.zeros(1 << TABLE_BITS, np.uint64), np.zeros(1 << TABLE_BITS, np.int32))
    for key, value in bits.items():
        place = int(place_of(np.uint64(key)))
        while table.key[place]:
            place = (place + 1) % len(table.key)
        table.key[place], table.bits[place] = key, value
    return table


def packed(name: str) -> int:
    """The last eight letters of a name as one number."""
    return int.from_bytes(name.encode()[-8:])


def nesting(html: bytes, enough: int) -> tuple[int, int, int, int]:
    """Upper estimate of how deep a parser nests the elements of a page in UTF-8, at most ``enough`` + 1; and up to the place where it is so deep, the most
    attributes that a tag has, how many tags of options are in selects, and an estimate of the bytes that a parser copies because texts with tags between
    them that open nothing are put together one by one. Linear."""
    from winnow.tasks.extract.extractors.nesting_kernels import deepest

    return deepest(np.frombuffer(html, np.uint8), enough, names())

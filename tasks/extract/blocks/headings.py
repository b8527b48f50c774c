"""Headings, terms, captions and notes without what a program put beside their words: the sign that links to them or back, and the link to edit."""

import re

from winnow.tasks.extract.blocks.markup import PIECE, attributes, name_of, pieces, unescaped

SIGN = re.compile(r"\s*(?:[#¶§🔗⚓※∞↩⏎\uf0c1][\ufe0e\ufe0f]?|link|permalink|anchor)\s*", re.IGNORECASE)
# Links to a heading, by their class, and what is in it for nobody who reads: MediaWiki's edit link, words for screen readers.
BESIDE = re.compile(r"(?:^|\s)(?:headerlink|mw-editsection|editsection|sr-only|visually-hidden)(?=\s|$)")


def without_anchors(markup: str) -> str:
    """The markup of a block without links that are nothing but a sign, and without elements that stand beside its words by their class. Linear."""
    kept: list[str] = []
    begin = depth = 0
    leaving, inside, is_named = "", "", False
    for k, piece in enumerate(PIECE.split(markup)):
        kept.append(piece)
        if k % 2 == 0:
            inside += unescaped(piece)
            continue
        name = name_of(piece)
        if leaving:
            if name == leaving:
                depth += 1
            elif name == "/" + leaving:
                depth -= 1
            if depth == 0:
                if is_named or SIGN.fullmatch(inside) or not inside.strip():
                    del kept[begin:]
                leaving = ""
        elif name in ("a", "span", "div", "small", "sup"):
            is_named = BESIDE.search(attributes(piece).get("class", "")) is not None
            if is_named or (name == "a" and "href=" in piece):
                leaving, depth, begin, inside = name, 1, len(kept) - 1, ""
    rest = "".join(kept)
    return rest if any(text.strip() for text in pieces(rest)[::2]) else markup

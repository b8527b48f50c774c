"""Headings without what a program put beside their words: the sign that links to them, and the link to edit the section."""

import re

from winnow.tasks.extract.blocks.markup import attributes, tokens

SIGN = re.compile(r"\s*(?:[#¶§🔗⚓※∞]\ufe0f?|link|permalink|anchor)\s*", re.IGNORECASE)
# Links to a heading, by their class, and what is in it for nobody who reads: MediaWiki's edit link, words for screen readers.
BESIDE = re.compile(r"(?:^|\s)(?:headerlink|mw-editsection|editsection|sr-only|visually-hidden)(?=\s|$)")


def without_anchors(markup: str) -> str:
    """A heading's markup without links that are nothing but a sign, and without elements that stand beside its words by their class. Linear."""
    kept: list[str] = []
    at = begin = depth = 0
    leaving, inside, is_named = "", "", False
    for token in tokens(markup):
        if leaving:
            inside += token.text
            if token.name == leaving:
                depth += -1 if token.closes else 1
            if depth:
                continue
            if is_named or SIGN.fullmatch(inside) or not inside.strip():
                kept.append(markup[at:begin])
                at = token.end
            leaving = ""
        elif token.name in ("a", "span", "div", "small", "sup") and not token.closes:
            names = attributes(token.attributes).get("class", "")
            is_named = BESIDE.search(names) is not None
            if is_named or (token.name == "a" and "href=" in token.attributes):
                leaving, depth, begin, inside = token.name, 1, token.begin, ""
    rest = "".join([*kept, markup[at:]])
    return rest if any(token.text.strip() for token in tokens(rest)) else markup

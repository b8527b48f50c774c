"""An element of MathML, and what can be said of it alone."""

import html
import re

ATTRIBUTE = re.compile(r"([^\s=/\"'<>]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
ROWS = frozenset(("mrow", "mstyle", "mpadded", "math", "semantics", "mtd", "merror", "maction", "texatom"))
TALL = frozenset(("mfrac", "munder", "mover", "munderover", "mtable", "mroot", "mmultiscripts"))


class Node:
    """An element: once closed, ``latex`` is what it says, and ``pieces`` how many parts of a row that is made of."""

    __slots__ = ("_attributes", "children", "latex", "pieces", "raw", "tag", "tall", "text")

    def __init__(self, tag: str, raw: str) -> None:
        self.tag = tag
        self.raw = raw
        self.children: list[Node] = []
        self.text = ""
        self.latex = ""
        self.pieces = 1
        self.tall = tag in TALL
        self._attributes: dict[str, str] | None = None

    def get(self, name: str) -> str:
        """An attribute, "" if there is none."""
        if not self.raw:
            return ""
        if self._attributes is None:
            found = ATTRIBUTE.findall(self.raw)
            self._attributes = {key.lower(): html.unescape(double or single or bare) for key, double, single, bare in found}
        return self._attributes.get(name, "")

    def close(self, latex: str) -> None:
        """All its children are there, and this is what it says."""
        self.latex = latex
        if not latex:
            self.pieces = 0
        if self.children and not self.tall:
            self.tall = any(child.tall for child in self.children)


def core_of(node: Node) -> Node:
    """The element inside of rows that hold nothing else."""
    while node.tag in ROWS:
        inside = [child for child in node.children if child.latex]
        if len(inside) != 1:
            break
        node = inside[0]
    return node


def is_fence(node: Node, side: frozenset[str]) -> bool:
    return node.tag == "mo" and node.text.strip() in side


def variant_of(node: Node) -> str:
    variant = node.get("mathvariant").lower()
    if not node.raw:
        return ""
    if "caligraphic" in node.raw or "calligraphic" in node.raw:
        return "script"
    return variant

"""MathML as LaTeX, in one pass over the markup: MathML Core and what MathJax, KaTeX, LaTeXML, pandoc and editors of equations write.

The scanner keeps a stack of open elements and converts each element when it closes, so that nothing recurses: any input gives a string, in time
linear in its length (elements deeper than ``MAX_DEPTH`` lose their tags and keep their text). No annotation and no ``alttext`` is read here, that
is for ``sources``. MathML 3: https://www.w3.org/TR/MathML3/. Where LaTeX has several ways to say the same, the one that TeX sources use most is
written; ``\\left`` and ``\\right`` where the markup says that fences stretch, plain fences where it says that they don't.
"""

import html
import re
from collections.abc import Callable

from winnow.tasks.extract.math.mathml import layout, tokens
from winnow.tasks.extract.math.mathml.node import ROWS, Node
from winnow.tasks.extract.math.mathml.rows import mfenced, row_of
from winnow.tasks.extract.math.mathml.tables import cells_of, environment

MAX_DEPTH = 120
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
MODULO = re.compile(r"(?:\\quad ?|\\ |\\[;,:]){0,4}\(\\(?:mathrm|operatorname)\{mod\}(?:\\[;,: ]|\\quad ?){0,3}([^()]*)\)")
MODULO_SIGN = re.compile(r"\\ ?\\mathrm\{mod\}\\ ")
LEAVES = frozenset(("mi", "mn", "mo", "mtext", "ms", "ci", "cn", "csymbol"))
IGNORED = frozenset(("annotation", "annotation-xml", "maligngroup", "malignmark", "mphantom", "script", "style", "template"))


def to_latex(markup: str) -> str:
    """LaTeX of the MathML elements in ``markup`` (with or without ``math`` around them, prefixes like ``mml:`` too), without delimiters.

    Total: what is no MathML keeps its text, what isn't closed is closed at the end, "" if there is nothing to say.
    """
    root = Node("math", "")
    stack = [root]
    too_deep = 0
    at = 0
    end = len(markup)
    while at < end:
        less = markup.find("<", at)
        if less < 0:
            less = end
        if less > at and not (text := markup[at:less]).isspace():
            _add_text(stack[-1], text)
        elif less > at and stack[-1].tag in LEAVES:
            stack[-1].text += text
        if less == end:
            break
        match = TAG.match(markup, less)
        if match is None:
            at = _after_declaration(markup, less, stack[-1])
            continue
        at = match.end()
        closing, name, raw = match.groups()
        tag = name.rpartition(":")[2].lower()
        if closing:
            if too_deep:
                too_deep -= 1
            elif stack[-1].tag == tag and len(stack) > 1:
                _close(stack)
            elif any(open_.tag == tag for open_ in stack[1:]):
                while len(stack) > 1:
                    closed = _close(stack)
                    if closed == tag:
                        break
            continue
        if tag[0] == "m" and stack[-1].tag in LEAVES and stack[-1].text.strip():
            _close(stack)  # a token that was never closed; KaTeX puts whole rows into tokens that have no text
        if len(stack) > MAX_DEPTH:
            too_deep += not raw.endswith("/")
            continue
        node = Node(tag, raw.rstrip("/") if raw else "")
        stack[-1].children.append(node)
        if raw.endswith("/") or tag in ("mspace", "mprescripts", "none", "br", "img", "mglyph", "malignmark", "maligngroup"):
            _convert(node)
        else:
            stack.append(node)
    while len(stack) > 1:
        _close(stack)
    latex = row_of(root, root.children).strip()
    if "mod}" in latex:
        latex = MODULO_SIGN.sub(r"\\bmod ", MODULO.sub(r"\\pmod{\1}", latex))
    return latex


def _after_declaration(markup: str, less: int, node: Node) -> int:
    """The place after a comment, a section, or a ``<`` that begins no tag; the end of the markup if it is never closed."""
    if markup.startswith("<!--", less):
        found = markup.find("-->", less + 4)
        return found + 3 if found >= 0 else len(markup)
    if markup.startswith("<![CDATA[", less):
        found = markup.find("]]>", less)
        if found < 0:
            return len(markup)
        _add_text(node, html.escape(markup[less + 9 : found], quote=False))
        return found + 3
    if markup[less + 1 : less + 2] in ("!", "?"):
        found = markup.find(">", less)
        return found + 1 if found >= 0 else len(markup)
    if markup[less + 1 : less + 2].isalpha() or markup[less + 1 : less + 2] == "/":
        return len(markup)
    end = less + 1
    while markup[end : end + 2] == "<<":
        end += 1
    _add_text(node, "&lt;" * (end - less))
    return end


def _add_text(node: Node, text: str) -> None:
    if "&" in text:
        text = html.unescape(text)
    if node.tag in LEAVES:
        node.text += text
    elif node.tag not in IGNORED and (stripped := text.strip()):
        # Text where only elements may stand: the letters of somebody who forgot the token, or HTML inside of a text.
        inside = Node("mi" if len(stripped) == 1 or node.tag in ROWS else "mtext", "")
        inside.text = stripped if inside.tag == "mi" else text
        _convert(inside)
        node.children.append(inside)


def _close(stack: list[Node]) -> str:
    node = stack.pop()
    tag = node.tag
    _convert(node)
    return tag


def _convert(node: Node) -> None:
    tag = node.tag
    if node.children and tag in ("mi", "mo", "mn") and not node.text.strip():
        tag = node.tag = "texatom"
    handler = HANDLERS.get(tag)
    if tag in IGNORED:
        node.close("")
    else:
        node.close(handler(node) if handler is not None else row_of(node, node.children))


HANDLERS: dict[str, Callable[[Node], str]] = {
    "mi": tokens.mi,
    "ci": tokens.mi,
    "csymbol": tokens.mi,
    "mn": tokens.mn,
    "cn": tokens.mn,
    "mo": tokens.mo,
    "mtext": tokens.mtext,
    "ms": tokens.mtext,
    "mspace": tokens.mspace,
    "mfenced": mfenced,
    "mfrac": layout.mfrac,
    "msqrt": layout.msqrt,
    "mroot": layout.mroot,
    "msub": layout.msub,
    "msup": layout.msup,
    "msubsup": layout.msubsup,
    "munder": layout.munder,
    "mover": layout.mover,
    "munderover": layout.munderover,
    "mmultiscripts": layout.mmultiscripts,
    "menclose": layout.menclose,
    "semantics": layout.semantics,
    "maction": layout.semantics,
    "mtable": environment,
    "mtr": lambda node: " & ".join(cells_of(node)),
}

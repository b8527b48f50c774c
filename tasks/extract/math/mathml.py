"""MathML as LaTeX, in one pass over the markup: MathML Core and what MathJax, KaTeX, LaTeXML, pandoc and editors of equations write.

The scanner keeps a stack of open elements and converts each element when it closes, so that nothing recurses: any input gives a string, in time
linear in its length (elements deeper than ``MAX_DEPTH`` lose their tags and keep their text). No annotation and no ``alttext`` is read here, that
is for ``sources``. MathML 3: https://www.w3.org/TR/MathML3/. Where LaTeX has several ways to say the same, the one that TeX sources use most is
written; ``\\left`` and ``\\right`` where the markup says that fences stretch, plain fences where it says that they don't.
"""

import html
import re
from collections.abc import Callable

from winnow.tasks.extract.math.symbols import (
    ACCENTS,
    ARROWS,
    BIG_OPERATORS,
    CLOSING,
    FUNCTIONS,
    INVISIBLE,
    LIMITS,
    OPENING,
    SPACES,
    SYMBOLS,
    UNDER_ACCENTS,
    styled,
    unstyled,
)

MAX_DEPTH = 120

TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
ATTRIBUTE = re.compile(r"([^\s=/\"'<>]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
COMMAND_AT_END = re.compile(r"\\[a-zA-Z]+\Z")
LENGTH = re.compile(r"\s*([-+]?\d*\.?\d+)\s*([a-z%]*)")
SPACE = re.compile(r"\s+")
GLUE = re.compile(r"mtr-glue|mml-eqn-num")  # cells in which KaTeX keeps space and room for a number
UNSPACED = re.compile(r"[\u2009\u2006\u00a0 ](?=\w)")
BIG = re.compile(r"\A\\[bB]igg?(?![a-z])")
NAMED_PAIR = re.compile(r"\\(?:operatorname|mathrm)\{(\w+)\}(?:\\,|\\ )?\\(?:operatorname|mathrm)\{(\w+)\}")
MODULO = re.compile(r"(?:\\quad ?|\\ |\\[;,:]){0,4}\(\\(?:mathrm|operatorname)\{mod\}(?:\\[;,: ]|\\quad ?){0,3}([^()]*)\)")
MODULO_SIGN = re.compile(r"\\ ?\\mathrm\{mod\}\\ ")

TEXT_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash ",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "_": r"\_",
        "%": r"\%",
        "\u00a0": " ",
        "\u2009": " ",
        "\u2003": " ",
        "\u202f": " ",
    }
    | dict.fromkeys(INVISIBLE, "")
)

TEXT_SPACES = {"\u2003": r"\quad ", "\u2003\u2003": r"\qquad ", "\u2009": r"\,", "\u2005": r"\:", "\u2005\u200a": r"\;", "\u00a0": r"\ "}
"""Texts of nothing but space, as KaTeX writes the commands of space."""

LEAVES = frozenset(("mi", "mn", "mo", "mtext", "ms", "ci", "cn", "csymbol"))
IGNORED = frozenset(("annotation", "annotation-xml", "maligngroup", "malignmark", "mphantom", "script", "style", "template"))
ROWS = frozenset(("mrow", "mstyle", "mpadded", "math", "semantics", "mtd", "merror", "maction", "texatom"))
TALL = frozenset(("mfrac", "munder", "mover", "munderover", "mtable", "mroot", "mmultiscripts"))
MATRICES = {("(", ")"): "pmatrix", ("[", "]"): "bmatrix", ("{", "}"): "Bmatrix", ("|", "|"): "vmatrix", (r"\|", r"\|"): "Vmatrix"}
NAMED_SPACES = {
    "veryverythinmathspace": 1 / 18,
    "verythinmathspace": 2 / 18,
    "thinmathspace": 3 / 18,
    "mediummathspace": 4 / 18,
    "thickmathspace": 5 / 18,
    "verythickmathspace": 6 / 18,
    "veryverythickmathspace": 7 / 18,
    "negativethinmathspace": -3 / 18,
    "negativemediummathspace": -4 / 18,
    "negativethickmathspace": -5 / 18,
}
EM_PER_UNIT = {
    "em": 1.0,
    "": 1.0,
    "ex": 0.43,
    "px": 1 / 16,
    "pt": 0.1,
    "mu": 1 / 18,
    "cm": 2.8,
    "mm": 0.28,
    "in": 7.2,
    "rem": 1.0,
    "%": 0.01,
}
BIG_SIZES = ((1.0, r"\big"), (1.5, r"\Big"), (2.0, r"\bigg"), (2.42, r"\Bigg"))
STRIKES = {
    "updiagonalstrike": r"\cancel",
    "downdiagonalstrike": r"\bcancel",
    "box": r"\boxed",
    "top": r"\overline",
    "bottom": r"\underline",
}


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
    latex = _row(root, root.children).strip()
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
        node.latex = ""
    elif handler is not None:
        node.latex = handler(node)
    else:
        node.latex = _row(node, node.children)
    if not node.latex:
        node.pieces = 0
    if node.children and not node.tall:
        node.tall = any(child.tall for child in node.children)


# Tokens


def characters(text: str, variant: str = "") -> str:
    """Characters as LaTeX; neighbours of the same style share one command."""
    out: list[str] = []
    run = ""
    style = ""

    def flush() -> None:
        nonlocal run
        if run:
            _append(out, styled(run, style) if style else run)
            run = ""

    for char in text:
        if char in INVISIBLE:
            continue
        if char.isascii() and char.isalnum():
            plain, own = char, variant
        else:
            plain, own = unstyled(char)
            own = variant if own in ("", "italic") else own  # letters are italic in a formula anyway
        if plain.isascii() and plain.isalnum():
            if own != style:
                flush()
                style = own
            run += plain
            continue
        flush()
        style = ""
        space = SPACES.get(plain)
        latex = space if space is not None else SYMBOLS.get(plain, plain)
        if plain == "\u0338":
            _append(out, r"\not")
            if len(out) > 1:
                out[-1], out[-2] = out[-2], out[-1] + " "
            continue
        _append(out, styled(latex, own, greek=True) if own and latex.startswith("\\") else latex)
    flush()
    return "".join(out)


def _append(out: list[str], latex: str) -> None:
    """Add to a row; a command and a letter after it are kept apart."""
    if latex:
        if out and (latex[0].isalpha() or latex[0] == " ") and COMMAND_AT_END.search(out[-1][-24:]):
            latex = " " + latex.lstrip(" ")
        out.append(latex)


def _variant(node: Node) -> str:
    variant = node.get("mathvariant").lower()
    if not node.raw:
        return ""
    if "caligraphic" in node.raw or "calligraphic" in node.raw:
        return "script"
    return variant


def _identifier(node: Node) -> str:
    text = node.text.strip()
    if not text:
        return _row(node, node.children)
    variant = _variant(node)
    if len(text) == 1:
        if variant in ("", "italic") and text.isascii():
            if variant and "mathit" in node.raw and text.isalpha():
                return rf"\mathit{{{text}}}"
            return SYMBOLS.get(text, text)
        if text in "∣|" and variant == "normal":
            return "|"
        if text == "∥" and variant == "normal":
            return r"\|"
        return characters(text, "" if variant == "italic" else variant)
    name = UNSPACED.sub("", text)
    if (name in FUNCTIONS or name in ("limsup", "liminf", "injlim", "projlim")) and variant in ("", "normal"):
        return "\\" + name
    if text.isalpha() and text.isascii():
        return styled(text, variant or "normal")
    if text[:1].isalpha() and " " in text:
        return rf"\text{{{text.translate(TEXT_ESCAPES)}}}"
    if variant == "" and any(len(part) > 1 for part in re.findall(r"[A-Za-z]+", text)):
        variant = "normal"
    return characters(text, "" if variant == "italic" else variant)


def _number(node: Node) -> str:
    text = SPACE.sub(" ", node.text.strip()) or _row(node, node.children)
    if text.isascii() and not node.raw and text.isalnum():
        return text
    variant = _variant(node)
    return characters(text, "" if variant in ("normal", "italic") else variant)


def _operator(node: Node) -> str:
    text = node.text.strip()
    if not text:
        return " " if node.text else ""
    if len(text) == 1:
        if text == "∣" and node.get("stretchy") == "false":
            return "|"
        if text == "∣" and node.get("fence") == "true":
            return "|"
        if text == "∥" and (node.get("stretchy") == "false" or node.get("fence") == "true" or "ORD" in node.raw):
            return r"\|"
        if text == ":" and node.raw and _em(node.get("lspace") or "0") > 0.25:
            return r"\colon"
        if node.raw and (size := node.get("minsize")):
            return _sized(text, size, node)
        latex = SYMBOLS.get(text)
        if latex is not None:
            variant = _variant(node) if node.raw else ""
            return styled(latex, variant, greek=True) if variant.startswith("bold") else latex
        if text in INVISIBLE:
            return ""
        return text if text.isascii() else characters(text)
    if text in FUNCTIONS or (text := UNSPACED.sub("", text)) in ("limsup", "liminf"):
        return "\\" + text
    if text == "mod":
        return r"\bmod"
    if text in ("||",):
        return r"\|"
    if text.isalpha() and text.isascii():
        return rf"\operatorname{{{text}}}"
    if set(text) == {"."}:
        return r"\ldots"
    return characters(text)


def _sized(text: str, size: str, node: Node) -> str:
    """A fence of a fixed size: ``\\big`` and its sisters."""
    latex = SYMBOLS.get(text, text)
    em = _em(size)
    if text in OPENING | CLOSING | {"/", "\\"} and em > 1.0:
        command = [name for least, name in BIG_SIZES if em > least][-1]
        both = text in OPENING and text in CLOSING
        side = "" if both or node.get("fence") != "true" else "l" if text in OPENING else "r" if text in CLOSING else ""
        return f"{command}{side}{latex}"
    return latex


def _em(length: str) -> float:
    named = NAMED_SPACES.get(length.strip())
    if named is not None:
        return named
    match = LENGTH.match(length)
    return float(match[1]) * EM_PER_UNIT.get(match[2], 0.0) if match else 0.0


def _text(node: Node) -> str:
    if node.children:
        parts = "".join(child.latex if child.tag != "mi" else child.text for child in node.children)
        if not node.text.strip():
            return parts
        node.text += parts if "\\" not in parts else ""
    raw = node.text
    if not raw.strip(" \t\r\n\f"):
        return ""
    if not raw.strip():
        return TEXT_SPACES.get(raw.strip(" \t\r\n\f").replace("\u200b", ""), r"\ ")
    text = SPACE.sub(" ", raw.translate(TEXT_ESCAPES))
    if text.startswith("\\") and text[1:].isalpha():
        return text
    if text.strip() in ("(", ")", "[", "]", ",", ".", ";", ":", "=", "+", "|"):
        return text.strip()
    command = {"bold": r"\textbf", "italic": r"\textit", "monospace": r"\texttt", "sans-serif": r"\textsf"}.get(_variant(node), r"\text")
    if node.tag == "ms":
        text = f'"{text}"'
    return f"{command}{{{text}}}"


def _space(node: Node) -> str:
    if node.get("linebreak") == "newline":
        return r"\\"
    em = _em(node.get("width"))
    if em <= 0.05:
        return r"\!" if em < -0.1 else ""
    for most, command in ((0.19, r"\,"), (0.25, r"\:"), (0.4, r"\;"), (0.75, r"\enspace "), (1.5, r"\quad ")):
        if em <= most:
            return command
    return r"\qquad "


# Rows


def _core(node: Node) -> Node:
    """The element inside of rows that hold nothing else."""
    while node.tag in ROWS:
        inside = [child for child in node.children if child.latex]
        if len(inside) != 1:
            break
        node = inside[0]
    return node


def _says_something(operator: Node) -> bool:
    """Whether an operator without a sign matters to its row: it applies a function, or is the empty fence of ``\\left.``"""
    return operator.text.strip() == "\u2061" or (operator.get("fence") == "true" and not operator.text.strip())


def _is_fence(node: Node, side: frozenset[str]) -> bool:
    return node.tag == "mo" and node.text.strip() in side


def _stretches(node: Node) -> bool:
    return node.get("stretchy") != "false" and not node.get("minsize")


def _row(node: Node, children: list[Node]) -> str:
    if not children:
        return ""
    if len(children) == 1:
        only = children[0]
        node.pieces = only.pieces
        if only.latex.startswith(r"\big") or only.latex.startswith(r"\Big"):
            side = "l" if "OPEN" in node.raw else "r" if "CLOSE" in node.raw else ""
            return BIG.sub(rf"\g<0>{side}", only.latex) if side else only.latex
        return only.latex
    parts = [child for child in children if child.latex or (child.tag == "mo" and _says_something(child))]
    first, last = 0, len(parts)
    out: list[str] = []
    close = ""
    stretched = node.tag == "mrow" and "TeXAtom" not in node.raw
    if last > 1 and (stretched or node.tall or any(part.tall for part in parts)):
        opened = _fences(parts)
        if opened is not None:
            opening, close, first, last = opened
            out.append(opening)
    at = first
    while at < last:
        part = parts[at]
        core = part if part.tag not in ROWS else _core(part)
        if core.tag == "mi" and (core.raw or core.text[:1] > "\u2101"):
            styled_run, taken = _run(parts, at, last)
            if taken > 1:
                applied = at + taken < last and parts[at + taken].text.strip() == "\u2061"
                _append(out, styled_run.replace(r"\mathrm{", r"\operatorname{", 1) if applied else styled_run)
                at += taken
                continue
        latex = part.latex
        if core.tag == "mtable":
            latex, out, at = _table_in_row(core, out, parts, at, last)
        elif core.tag == "mfrac" and r" \atop " in latex and 0 < at < len(parts) - 1 and _parenthesised(parts, at):
            out.pop()  # the parenthesis before it
            over, under = core.children[:2]
            latex = rf"\binom{{{over.latex}}}{{{under.latex}}}"
            at += 1
        elif core.tag == "mfrac" and part.tag == "mstyle" and part.get("displaystyle"):
            style = r"\dfrac{" if part.get("displaystyle") == "true" else r"\tfrac{"
            latex = style + latex[6:] if latex.startswith(r"\frac{") and len(parts) > 1 else latex
        elif at + 1 < last and parts[at + 1].tag == "mo" and parts[at + 1].text.strip() == "\u2061" and latex.startswith(r"\mathrm{"):
            latex = r"\operatorname{" + latex[8:]
        if latex == "|" and out and COMMAND_AT_END.search(out[-1][-24:]):
            latex = " |"
        _append(out, latex)
        at += 1
    _append(out, close)
    node.pieces = 1 if close else len(out)
    return "".join(out)


def _parenthesised(parts: list[Node], at: int) -> bool:
    before, after = _core(parts[at - 1]), _core(parts[at + 1])
    return before.text.strip() == "(" and after.text.strip() == ")" and len(_core(parts[at]).children) == 2


def _fences(parts: list[Node]) -> tuple[str, str, int, int] | None:
    """Fences that stretch around a whole row: their LaTeX, and the part of the row between them."""
    head, tail = _core(parts[0]), _core(parts[-1])
    if head.tag == "mo" and not head.latex and head.get("fence") == "true" and _is_fence(tail, CLOSING):
        return r"\left.", f"\\right{tail.latex}", 1, len(parts) - 1
    if tail.tag == "mo" and not tail.latex and tail.get("fence") == "true" and _is_fence(head, OPENING):
        if len(parts) == 3 and _core(parts[1]).tag == "mtable":
            return None
        return f"\\left{head.latex}", r"\right.", 1, len(parts) - 1
    opens = _is_fence(head, OPENING) and _stretches(head)
    closes = _is_fence(tail, CLOSING) and _stretches(tail)
    if opens and closes and len(parts) > 1:
        inner = _core(parts[1]) if len(parts) == 3 else None
        if inner is not None and (
            inner.tag == "mtable" or (inner.latex.startswith(r"{") and r" \atop " in inner.latex and inner.tag == "mfrac")
        ):
            return None
        if _balanced(parts[1:-1], head.text.strip(), tail.text.strip()):
            return f"\\left{head.latex}", f"\\right{tail.latex}", 1, len(parts) - 1
        return None
    # A fence with nothing on the other side is written with an empty one, which KaTeX and MathJax leave out or write as an empty operator.
    if opens and head.get("fence") == "true" and parts[0].tag == "mo" and len(parts) > 1 and _core(parts[1]).tag != "mtable":
        if not any(_is_fence(part, CLOSING) for part in parts[1:]):
            return f"\\left{head.latex}", r"\right.", 1, len(parts)
    elif closes and tail.get("fence") == "true" and parts[-1].tag == "mo" and not any(_is_fence(part, OPENING) for part in parts[:-1]):
        return r"\left.", f"\\right{tail.latex}", 0, len(parts) - 1
    return None


def _balanced(inner: list[Node], opening: str, closing: str) -> bool:
    """Whether the fences around a row belong together: none of the same kind is closed, or opened, too often inside."""
    if opening == closing:
        return not any(part.tag == "mo" and part.text.strip() == opening for part in inner)
    depth = 0
    for part in inner:
        text = (
            part.text.strip() if part.tag == "mo" else _core(part.children[0]).text.strip() if part.tag == "msup" and part.children else ""
        )
        if text in OPENING and text not in CLOSING:
            depth += 1
        elif text in CLOSING and text not in OPENING:
            depth -= 1
            if depth < 0:
                return False
    return depth == 0


def _run(parts: list[Node], at: int, last: int) -> tuple[str, int]:
    """Neighbouring letters of one style as one command, and how many elements that takes."""
    letters = ""
    style = ""
    taken = 0
    for part in parts[at:last]:
        core = part if part.tag not in ROWS else _core(part)
        if core.tag != "mi" or len(core.text.strip()) != 1:
            break
        plain, own = unstyled(core.text.strip())
        own = own or _variant(core)
        if not (plain.isascii() and plain.isalpha()) or (own in ("", "italic") and "mathit" not in core.raw):
            break
        if taken and own != style:
            break
        style = own
        letters += plain
        taken += 1
    return (styled(letters, style), taken) if taken > 1 else ("", 0)


def _table_in_row(table: Node, out: list[str], parts: list[Node], at: int, last: int) -> tuple[str, list[str], int]:
    """A table and the fences beside it, as a matrix or as cases."""
    before = _core(parts[at - 1]) if at > 0 else None
    after = _core(parts[at + 1]) if at + 1 < last else None
    ruled = any(line not in ("", "none") for line in table.get("columnlines").split())
    opening = before.latex if before is not None and _is_fence(before, OPENING) else ""
    closing = after.latex if after is not None and _is_fence(after, CLOSING) else ""
    if opening and out and out[-1].endswith(opening):
        if closing and not ruled and (name := MATRICES.get((opening.replace(r"\{", "{"), closing.replace(r"\}", "}")))):
            return _environment(table, name), _without_last(out), at + 1
        if closing:
            out[-1] = out[-1][: -len(opening)] + rf"\left{opening}"
            return _environment(table) + rf"\right{closing}", out, at + 1
        if opening == r"\{":
            return _environment(table, "cases"), _without_last(out), at
    return _environment(table), out, at


def _without_last(out: list[str]) -> list[str]:
    return out[:-1]


def _fenced(node: Node) -> str:
    opening = node.get("open") if "open" in node.raw else "("
    closing = node.get("close") if "close" in node.raw else ")"
    separators = (node.get("separators") if "separators" in node.raw else ",").replace(" ", "")
    inside = [child for child in node.children if child.latex]
    left, right = characters(opening) if opening else ".", characters(closing) if closing else "."
    if len(inside) == 1 and (table := _core(inside[0])).tag == "mtable":
        if name := MATRICES.get((left.replace(r"\{", "{"), right.replace(r"\}", "}"))):
            return _environment(table, name)
        if (left, right) == (r"\{", "."):
            return _environment(table, "cases")
    out: list[str] = [f"\\left{left}"]
    for index, child in enumerate(inside):
        if index and separators:
            _append(out, characters(separators[min(index - 1, len(separators) - 1)]))
        _append(out, child.latex)
    _append(out, f"\\right{right}")
    return "".join(out)


# Layout


def _parts(node: Node, count: int) -> list[Node]:
    """The arguments of an element: as many as it takes, empty ones where some are missing; more are a row in the last."""
    children = node.children
    if len(children) > count:
        rest = Node("mrow", "")
        rest.children = children[count - 1 :]
        _convert(rest)
        return [*children[: count - 1], rest]
    return children + [Node("mrow", "") for _ in range(count - len(children))]


def _fraction(node: Node) -> str:
    over, under = _parts(node, 2)
    thickness = node.get("linethickness")
    if thickness and (_em(thickness) == 0.0 and thickness[:1].isdigit()):
        return rf"{{{over.latex} \atop {under.latex}}}"
    if node.get("bevelled") == "true":
        return f"{_base(over)}/{_base(under)}"
    return rf"\frac{{{over.latex}}}{{{under.latex}}}"


def _root(node: Node) -> str:
    base, index = _parts(node, 2)
    return rf"\sqrt[{index.latex}]{{{base.latex}}}" if index.latex else rf"\sqrt{{{base.latex}}}"


def _square_root(node: Node) -> str:
    return rf"\sqrt{{{_row(node, node.children)}}}"


SINGLE = frozenset(("mi", "mn", "mo", "mtext", "ms", "mover", "munder", "msqrt", "mroot", "mfenced", "mspace", "menclose"))


def _base(node: Node) -> str:
    """The base of a script, in braces where TeX would take only its end, or another base."""
    core = _core(node)
    latex = node.latex
    if not latex:
        return "{}"
    if (
        core.tag in SINGLE
        or (core.tag == "munderover" and latex[0] == "\\")
        or (node.tag in ROWS and node.pieces == 1 and core.tag not in SCRIPTED | {"mfrac"})
    ):
        return latex
    if core.tag in ROWS:
        inside = [child for child in core.children if child.latex]
        if inside and _is_fence(_core(inside[0]), OPENING) and _is_fence(_core(inside[-1]), CLOSING) and _balanced(inside[1:-1], "(", ")"):
            return latex
        if core.pieces == 1 or (len(inside) == 1 and inside[0].tag in SINGLE):
            return latex
    if core.tag == "mtable":
        return latex
    return f"{{{latex}}}"


SCRIPTED = frozenset(("msub", "msup", "msubsup", "mmultiscripts"))


def _script(node: Node) -> str:
    core = _core(node)
    if core.tag == "mtable":
        return rf"\substack{{{_lines(core)}}}"
    return node.latex


def _superscript(base: str, node: Node) -> str:
    """A base and what stands above on its right; primes are written as primes."""
    latex = _script(node)
    if not latex:
        return base
    if set(latex) == {"'"}:
        return base + latex
    if latex[0] == "'" and (rest := latex.lstrip("'")):
        return base + latex[: len(latex) - len(rest)] + f"^{{{rest.strip()}}}"
    if latex in (r"\backprime",) or latex.startswith("^{"):
        return f"{base}^{{{latex.removeprefix('^{').removesuffix('}')}}}" if latex.startswith("^{") else f"{base}^{{{latex}}}"
    return f"{base}^{{{latex}}}"


def _subscript(base: str, node: Node) -> str:
    latex = _script(node)
    return f"{base}_{{{latex}}}" if latex else base


def _sub(node: Node) -> str:
    base, below = _parts(node, 2)
    return _subscript(_base(base), below)


def _sup(node: Node) -> str:
    base, above = _parts(node, 2)
    return _superscript(_base(base), above)


def _sub_sup(node: Node) -> str:
    base, below, above = _parts(node, 3)
    return _superscript(_subscript(_base(base), below), above)


def _limits_base(node: Node) -> str | None:
    """The base of limits if it is an operator that takes them: a sum, a limit, a named operator."""
    core = _core(node)
    latex = node.latex.strip()
    if core.tag == "mo" and core.text.strip() in BIG_OPERATORS:
        return latex
    if latex in LIMITS:
        return latex
    for name in (r"\operatorname{", r"\mathrm{"):
        if latex.startswith(name) and latex.endswith("}") and latex[len(name) : -1].isalpha() and len(latex) > len(name) + 2:
            return rf"\operatorname*{{{latex[len(name) :]}"
    if any(latex.endswith(command) for command in LIMITS):
        return latex  # \\arg\\min
    if match := NAMED_PAIR.fullmatch(latex):
        return rf"\operatorname*{{{match[1]}\,{match[2]}}}"
    return None


def _mark(node: Node) -> tuple[Node, str]:
    core = _core(node)
    return core, core.text.strip() if core.tag in ("mo", "mi", "mtext") else ""


def _is_narrow(mark: Node, base: Node, node: Node) -> bool:
    """Whether an accent is as wide as one letter."""
    if mark.get("stretchy") == "false":
        return True
    if mark.get("stretchy") == "true" or mark.get("accent") == "false":
        return False
    core = _core(base)
    if "TeXAtom" in node.raw or (mark.text.strip() in "^~ˇ" and "class" in mark.raw):
        return False
    return (core.tag in ("mi", "mn", "mo") and len(core.text.strip()) == 1) or core.tag in SCRIPTED


def _over(node: Node) -> str:
    base, above = _parts(node, 2)
    mark, text = _mark(above)
    if not above.latex and text == "":
        return base.latex
    if (accents := ACCENTS.get(text)) and not (
        _limits_base(base) or (text in "-.−" and node.get("accent") != "true" and mark.get("accent") != "true")
    ):
        narrow, wide = accents
        command = narrow if _is_narrow(mark, base, node) else wide
        return f"{command}{{{base.latex}}}"
    return _stacked(base, None, above)


def _under(node: Node) -> str:
    base, below = _parts(node, 2)
    _, text = _mark(below)
    if (command := UNDER_ACCENTS.get(text)) and _limits_base(base) is None:
        return f"{command}{{{base.latex}}}"
    return _stacked(base, below, None)


def _under_over(node: Node) -> str:
    base, below, above = _parts(node, 3)
    return _stacked(base, below, above)


def _stacked(base: Node, below: Node | None, above: Node | None) -> str:
    """A base with limits, a stretched arrow with labels, a brace with its label, or anything else with something above or below."""
    limits = _limits_base(base)
    core = _core(base)
    labelled = core.tag in ("mover", "munder") and core.latex.startswith((r"\overbrace", r"\underbrace", r"\overbracket", r"\underbracket"))
    if limits is not None or labelled:
        latex = limits if limits is not None else base.latex
        if below is not None:
            latex = _subscript(latex, below)
        return _superscript(latex, above) if above is not None else latex
    if core.tag == "mo" and (arrow := ARROWS.get(core.text.strip())) and core.get("stretchy") != "false":
        under = f"[{below.latex.strip()}]" if below is not None and below.latex.strip() else ""
        return f"{arrow}{under}{{{above.latex.strip() if above is not None else ''}}}"
    latex = base.latex
    if above is not None and above.latex:
        latex = rf"\overset{{{_script(above)}}}{{{latex}}}"
    if below is not None and below.latex:
        latex = rf"\underset{{{_script(below)}}}{{{latex}}}"
    return latex


def _multiscripts(node: Node) -> str:
    if not node.children:
        return ""
    base, *rest = node.children
    split = next((i for i, child in enumerate(rest) if child.tag == "mprescripts"), len(rest))
    out = _pairs("{}", rest[split + 1 :]) if split < len(rest) else ""
    return ("" if out == "{}" else out) + _pairs(_base(base), rest[:split])


def _pairs(base: str, scripts: list[Node]) -> str:
    for at in range(0, len(scripts), 2):
        if at:
            base += "{}"
        base = _subscript(base, scripts[at])
        if at + 1 < len(scripts):
            base = _superscript(base, scripts[at + 1])
    return base


def _enclosed(node: Node) -> str:
    notations = node.get("notation").split() or ["longdiv"]
    latex = _row(node, node.children)
    if "updiagonalstrike" in notations and "downdiagonalstrike" in notations:
        return rf"\xcancel{{{latex}}}"
    if "radical" in notations:
        return rf"\sqrt{{{latex}}}"
    if "longdiv" in notations:
        return rf"\overline{{)\,{latex}}}"
    for notation in notations:
        if notation in STRIKES:
            return f"{STRIKES[notation]}{{{latex}}}"
    return latex


def _first(node: Node) -> str:
    """``semantics``: what is presented, whatever notes are attached to it."""
    return node.children[0].latex if node.children else ""


# Tables


def _cells(row: Node) -> list[str]:
    return [cell.latex.strip().removeprefix("{}").strip() for cell in row.children if cell.tag == "mtd" and not GLUE.search(cell.raw)]


def _rows(table: Node) -> list[list[str]]:
    rows = []
    for row in table.children:
        if row.tag == "mlabeledtr":
            rows.append(_cells(row)[1:])
        elif row.tag == "mtr":
            rows.append(_cells(row))
        elif row.latex:
            rows.append([row.latex])
    return rows


def _lines(table: Node) -> str:
    return r" \\ ".join(" & ".join(row) for row in _rows(table))


def _alignments(table: Node, width: int) -> list[str]:
    """How each column is aligned, by the table, or by the cells of its widest row."""
    said = table.get("columnalign").lower().split()
    if not said:
        for row in table.children:
            cells = [cell for cell in row.children if cell.tag == "mtd" and not GLUE.search(cell.raw)]
            if len(cells) == width:
                said = [(cell.get("columnalign") or _text_align(cell) or "center").lower() for cell in cells]
                break
    return (said + said[-1:] * width)[:width] if said else ["center"] * width


def _shown_large(table: Node) -> bool:
    """Whether the first cell is set in the style of displays."""
    cell = table.children[0].children[0] if table.children and table.children[0].children else None
    return cell is not None and len(cell.children) == 1 and cell.children[0].get("displaystyle") == "true"


def _text_align(cell: Node) -> str:
    found = re.search(r"text-align:\s*(?:-webkit-)?(left|right|center)", cell.get("style"))
    return found[1] if found else ""


def _environment(table: Node, name: str = "") -> str:
    """A table as an environment: the named one, or the one that its alignment tells."""
    rows = _rows(table)
    if not rows:
        return ""
    if (tagged := _equation_tag(table, rows)) and not name:
        return tagged
    width = max(map(len, rows))
    aligned = _alignments(table, width)
    options = ""
    if not name:
        if width >= 2 and aligned[:2] == ["right", "left"]:
            name = "aligned"
        elif width == 1 and (table.get("displaystyle") == "true" or _shown_large(table)) and aligned[0] == "center":
            name = "gathered"
        elif any(line in table.raw for line in ("columnlines", "rowlines")) or any(side != "center" for side in aligned):
            name = "array"
            lines = table.get("columnlines").split()
            options = (
                "{" + "".join(side[:1] + ("|" if i < len(lines) and lines[i] != "none" else "") for i, side in enumerate(aligned)) + "}"
            )
        else:
            name = "matrix"
    body = r" \\ ".join(_aligned_line(row) for row in rows) if name == "aligned" else r" \\ ".join(" & ".join(row).strip() for row in rows)
    return rf"\begin{{{name}}}{options}{body}\end{{{name}}}"


def _aligned_line(row: list[str]) -> str:
    """Cells of an alignment, an ``&`` before each second one and between pairs; empty ends are left out."""
    while row and not row[-1]:
        row = row[:-1]
    return "&".join(row)


def _equation_tag(table: Node, rows: list[list[str]]) -> str:
    """The table that KaTeX makes of a numbered equation: space, the equation, space, the number."""
    if table.get("width") == "100%" and len(rows) == 1 and len(rows[0]) == 4 and not rows[0][0] and not rows[0][2]:
        number = re.sub(r"\\text\{|[(){}\s]", "", rows[0][3])
        return rf"{rows[0][1]} \tag{{{number}}}"
    if (
        len(table.children) == 1
        and table.children[0].tag == "mlabeledtr"
        and len(rows[0]) == 1
        and (label := table.children[0].children[0].latex)
    ):
        number = re.sub(r"\\text\{|[(){}\s]", "", label)
        return rf"{rows[0][0]} \tag{{{number}}}"
    return ""


def _table(node: Node) -> str:
    return _environment(node)


HANDLERS: dict[str, Callable[[Node], str]] = {
    "mi": _identifier,
    "ci": _identifier,
    "csymbol": _identifier,
    "mn": _number,
    "cn": _number,
    "mo": _operator,
    "mtext": _text,
    "ms": _text,
    "mspace": _space,
    "mfenced": _fenced,
    "mfrac": _fraction,
    "msqrt": _square_root,
    "mroot": _root,
    "msub": _sub,
    "msup": _sup,
    "msubsup": _sub_sup,
    "munder": _under,
    "mover": _over,
    "munderover": _under_over,
    "mmultiscripts": _multiscripts,
    "menclose": _enclosed,
    "semantics": _first,
    "maction": _first,
    "mtable": _table,
    "mtr": lambda node: " & ".join(_cells(node)),
}

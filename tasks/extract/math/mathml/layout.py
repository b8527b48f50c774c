"""Layout: fractions, roots, scripts, limits, accents, and what is around or through a formula."""

import re

from winnow.tasks.extract.math.mathml.lengths import in_em
from winnow.tasks.extract.math.mathml.node import ROWS, Node, core_of, is_fence
from winnow.tasks.extract.math.mathml.rows import balanced, row_of
from winnow.tasks.extract.math.mathml.tables import lines_of
from winnow.tasks.extract.math.symbols import ACCENTS, ARROWS, BIG_OPERATORS, CLOSING, LIMITS, OPENING, UNDER_ACCENTS

NAMED_PAIR = re.compile(r"\\(?:operatorname|mathrm)\{(\w+)\}(?:\\,|\\ )?\\(?:operatorname|mathrm)\{(\w+)\}")
STRIKES = {
    "updiagonalstrike": r"\cancel",
    "downdiagonalstrike": r"\bcancel",
    "box": r"\boxed",
    "top": r"\overline",
    "bottom": r"\underline",
}
SINGLE = frozenset(("mi", "mn", "mo", "mtext", "ms", "mover", "munder", "msqrt", "mroot", "mfenced", "mspace", "menclose"))
SCRIPTED = frozenset(("msub", "msup", "msubsup", "mmultiscripts"))


def _parts(node: Node, count: int) -> list[Node]:
    """The arguments of an element: as many as it takes, empty ones where some are missing; more are a row in the last."""
    children = node.children
    if len(children) > count:
        rest = Node("mrow", "")
        rest.children = children[count - 1 :]
        rest.close(row_of(rest, rest.children))
        return [*children[: count - 1], rest]
    return children + [Node("mrow", "") for _ in range(count - len(children))]


def mfrac(node: Node) -> str:
    over, under = _parts(node, 2)
    thickness = node.get("linethickness")
    if thickness and (in_em(thickness) == 0.0 and thickness[:1].isdigit()):
        return rf"{{{over.latex} \atop {under.latex}}}"
    if node.get("bevelled") == "true":
        return f"{_base(over)}/{_base(under)}"
    return rf"\frac{{{over.latex}}}{{{under.latex}}}"


def mroot(node: Node) -> str:
    base, index = _parts(node, 2)
    return rf"\sqrt[{index.latex}]{{{base.latex}}}" if index.latex else rf"\sqrt{{{base.latex}}}"


def msqrt(node: Node) -> str:
    return rf"\sqrt{{{row_of(node, node.children)}}}"


def _base(node: Node) -> str:
    """The base of a script, in braces where TeX would take only its end, or another base."""
    core = core_of(node)
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
        if inside and is_fence(core_of(inside[0]), OPENING) and is_fence(core_of(inside[-1]), CLOSING) and balanced(inside[1:-1], "(", ")"):
            return latex
        if core.pieces == 1 or (len(inside) == 1 and inside[0].tag in SINGLE):
            return latex
    if core.tag == "mtable":
        return latex
    return f"{{{latex}}}"


def _script(node: Node) -> str:
    core = core_of(node)
    if core.tag == "mtable":
        return rf"\substack{{{lines_of(core)}}}"
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


def msub(node: Node) -> str:
    base, below = _parts(node, 2)
    return _subscript(_base(base), below)


def msup(node: Node) -> str:
    base, above = _parts(node, 2)
    return _superscript(_base(base), above)


def msubsup(node: Node) -> str:
    base, below, above = _parts(node, 3)
    return _superscript(_subscript(_base(base), below), above)


def _limits_base(node: Node) -> str | None:
    """The base of limits if it is an operator that takes them: a sum, a limit, a named operator."""
    core = core_of(node)
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
    core = core_of(node)
    return core, core.text.strip() if core.tag in ("mo", "mi", "mtext") else ""


def _is_narrow(mark: Node, base: Node, node: Node) -> bool:
    """Whether an accent is as wide as one letter."""
    if mark.get("stretchy") == "false":
        return True
    if mark.get("stretchy") == "true" or mark.get("accent") == "false":
        return False
    core = core_of(base)
    if "TeXAtom" in node.raw or (mark.text.strip() in "^~ˇ" and "class" in mark.raw):
        return False
    return (core.tag in ("mi", "mn", "mo") and len(core.text.strip()) == 1) or core.tag in SCRIPTED


def mover(node: Node) -> str:
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


def munder(node: Node) -> str:
    base, below = _parts(node, 2)
    _, text = _mark(below)
    if (command := UNDER_ACCENTS.get(text)) and _limits_base(base) is None:
        return f"{command}{{{base.latex}}}"
    return _stacked(base, below, None)


def munderover(node: Node) -> str:
    base, below, above = _parts(node, 3)
    return _stacked(base, below, above)


def _stacked(base: Node, below: Node | None, above: Node | None) -> str:
    """A base with limits, a stretched arrow with labels, a brace with its label, or anything else with something above or below."""
    limits = _limits_base(base)
    core = core_of(base)
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


def mmultiscripts(node: Node) -> str:
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


def menclose(node: Node) -> str:
    notations = node.get("notation").split() or ["longdiv"]
    latex = row_of(node, node.children)
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


def semantics(node: Node) -> str:
    """``semantics``: what is presented, whatever notes are attached to it."""
    return node.children[0].latex if node.children else ""

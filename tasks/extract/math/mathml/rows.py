"""Rows: what stands side by side, the fences around it, and the tables and letters in it."""

import re

from winnow.tasks.extract.math.mathml.characters import COMMAND_AT_END, append, characters
from winnow.tasks.extract.math.mathml.node import ROWS, Node, core_of, is_fence, variant_of
from winnow.tasks.extract.math.mathml.tables import MATRICES, environment
from winnow.tasks.extract.math.symbols import CLOSING, OPENING, styled, unstyled

BIG = re.compile(r"\A\\[bB]igg?(?![a-z])")


def row_of(node: Node, children: list[Node]) -> str:
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
        core = part if part.tag not in ROWS else core_of(part)
        if core.tag == "mi" and (core.raw or core.text[:1] > "\u2101"):
            styled_run, taken = _run(parts, at, last)
            if taken > 1:
                applied = at + taken < last and parts[at + taken].text.strip() == "\u2061"
                append(out, styled_run.replace(r"\mathrm{", r"\operatorname{", 1) if applied else styled_run)
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
        append(out, latex)
        at += 1
    append(out, close)
    node.pieces = 1 if close else len(out)
    return "".join(out)


def _says_something(operator: Node) -> bool:
    """Whether an operator without a sign matters to its row: it applies a function, or is the empty fence of ``\\left.``"""
    return operator.text.strip() == "\u2061" or (operator.get("fence") == "true" and not operator.text.strip())


def _stretches(node: Node) -> bool:
    return node.get("stretchy") != "false" and not node.get("minsize")


def _parenthesised(parts: list[Node], at: int) -> bool:
    before, after = core_of(parts[at - 1]), core_of(parts[at + 1])
    return before.text.strip() == "(" and after.text.strip() == ")" and len(core_of(parts[at]).children) == 2


def _fences(parts: list[Node]) -> tuple[str, str, int, int] | None:
    """Fences that stretch around a whole row: their LaTeX, and the part of the row between them."""
    head, tail = core_of(parts[0]), core_of(parts[-1])
    if head.tag == "mo" and not head.latex and head.get("fence") == "true" and is_fence(tail, CLOSING):
        return r"\left.", f"\\right{tail.latex}", 1, len(parts) - 1
    if tail.tag == "mo" and not tail.latex and tail.get("fence") == "true" and is_fence(head, OPENING):
        if len(parts) == 3 and core_of(parts[1]).tag == "mtable":
            return None
        return f"\\left{head.latex}", r"\right.", 1, len(parts) - 1
    opens = is_fence(head, OPENING) and _stretches(head)
    closes = is_fence(tail, CLOSING) and _stretches(tail)
    if opens and closes and len(parts) > 1:
        inner = core_of(parts[1]) if len(parts) == 3 else None
        if inner is not None and (
            inner.tag == "mtable" or (inner.latex.startswith(r"{") and r" \atop " in inner.latex and inner.tag == "mfrac")
        ):
            return None
        if balanced(parts[1:-1], head.text.strip(), tail.text.strip()):
            return f"\\left{head.latex}", f"\\right{tail.latex}", 1, len(parts) - 1
        return None
    # A fence with nothing on the other side is written with an empty one, which KaTeX and MathJax leave out or write as an empty operator.
    if opens and head.get("fence") == "true" and parts[0].tag == "mo" and len(parts) > 1 and core_of(parts[1]).tag != "mtable":
        if not any(is_fence(part, CLOSING) for part in parts[1:]):
            return f"\\left{head.latex}", r"\right.", 1, len(parts)
    elif closes and tail.get("fence") == "true" and parts[-1].tag == "mo" and not any(is_fence(part, OPENING) for part in parts[:-1]):
        return r"\left.", f"\\right{tail.latex}", 0, len(parts) - 1
    return None


def balanced(inner: list[Node], opening: str, closing: str) -> bool:
    """Whether the fences around a row belong together: none of the same kind is closed, or opened, too often inside."""
    if opening == closing:
        return not any(part.tag == "mo" and part.text.strip() == opening for part in inner)
    depth = 0
    for part in inner:
        text = (
            part.text.strip()
            if part.tag == "mo"
            else core_of(part.children[0]).text.strip()
            if part.tag == "msup" and part.children
            else ""
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
        core = part if part.tag not in ROWS else core_of(part)
        if core.tag != "mi" or len(core.text.strip()) != 1:
            break
        plain, own = unstyled(core.text.strip())
        own = own or variant_of(core)
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
    before = core_of(parts[at - 1]) if at > 0 else None
    after = core_of(parts[at + 1]) if at + 1 < last else None
    ruled = any(line not in ("", "none") for line in table.get("columnlines").split())
    opening = before.latex if before is not None and is_fence(before, OPENING) else ""
    closing = after.latex if after is not None and is_fence(after, CLOSING) else ""
    if opening and out and out[-1].endswith(opening):
        if closing and not ruled and (name := MATRICES.get((opening.replace(r"\{", "{"), closing.replace(r"\}", "}")))):
            return environment(table, name), _without_last(out), at + 1
        if closing:
            out[-1] = out[-1][: -len(opening)] + rf"\left{opening}"
            return environment(table) + rf"\right{closing}", out, at + 1
        if opening == r"\{":
            return environment(table, "cases"), _without_last(out), at
    return environment(table), out, at


def _without_last(out: list[str]) -> list[str]:
    return out[:-1]


def mfenced(node: Node) -> str:
    opening = node.get("open") if "open" in node.raw else "("
    closing = node.get("close") if "close" in node.raw else ")"
    separators = (node.get("separators") if "separators" in node.raw else ",").replace(" ", "")
    inside = [child for child in node.children if child.latex]
    left, right = characters(opening) if opening else ".", characters(closing) if closing else "."
    if len(inside) == 1 and (table := core_of(inside[0])).tag == "mtable":
        if name := MATRICES.get((left.replace(r"\{", "{"), right.replace(r"\}", "}"))):
            return environment(table, name)
        if (left, right) == (r"\{", "."):
            return environment(table, "cases")
    out: list[str] = [f"\\left{left}"]
    for index, child in enumerate(inside):
        if index and separators:
            append(out, characters(separators[min(index - 1, len(separators) - 1)]))
        append(out, child.latex)
    append(out, f"\\right{right}")
    return "".join(out)

"""Formulas of which a page has only the rendering: the elements of MathJax's HTML and SVG, and KaTeX's spans, read back.

MathJax names each element after the element of MathML it renders, so those become MathML again (for ``mathml.to_latex``). KaTeX leaves boxes only;
their classes and places tell letters, scripts, fractions and roots, and that is the last resort. Linear; total: boxes deeper than ``MAX_DEPTH`` lose
their tags and keep their text.
"""

import html
import re

from winnow.tasks.extract.math.mathml.characters import characters
from winnow.tasks.extract.math.symbols import ACCENTS, FUNCTIONS, styled

TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]*+)((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
VOID = frozenset(("br", "img", "path", "use", "rect", "line", "input", "hr"))
CHAR_CLASS = re.compile(r"\bmjx-c([0-9A-F]{1,6})\b")
DATA_CHAR = re.compile(r"data-c=\"([0-9A-F]{1,6})\"")
MML_NODE = re.compile(r"data-mml-node=\"([a-zA-Z]+)\"")
CLASS = re.compile(r"\bclass\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)')")
TOP = re.compile(r"\btop:\s*(-?\d*\.?\d+)em")

MATHML = frozenset(
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mlabeledtr mstyle mpadded mphantom "
    "menclose mmultiscripts ms".split()
)
MAX_DEPTH = 80
IGNORED = frozenset(
    ("katex-mathml", "strut", "pstrut", "vlist-s", "nulldelimiter", "svg-align", "hide-tail", "frac-line", "mspace", "arraycolsep", "rule")
)
FONTS = {
    "mathbf": "bold",
    "textbf": "bold",
    "mathrm": "normal",
    "mathbb": "double-struck",
    "mathcal": "script",
    "mathscr": "script",
    "mathfrak": "fraktur",
    "mathsf": "sans-serif",
    "mathtt": "monospace",
    "boldsymbol": "bold-italic",
    "amsrm": "",
}


class Box:
    """An element of a rendering."""

    __slots__ = ("children", "name", "raw", "text")

    def __init__(self, name: str, raw: str, text: str = "") -> None:
        self.name = name
        self.raw = raw
        self.text = text
        self.children: list[Box] = []

    @property
    def classes(self) -> set[str]:
        match = CLASS.search(self.raw)
        return set((match[1] or match[2] or "").split()) if match else set()


def _tree(markup: str) -> Box:
    root = Box("", "")
    stack = [root]
    too_deep = 0
    at = 0
    for match in TAG.finditer(markup):
        if match.start() > at and (text := markup[at : match.start()]).strip():
            stack[-1].children.append(Box("#text", "", html.unescape(text)))
        at = match.end()
        closing, name, raw = match.groups()
        name = name.lower()
        if closing:
            if too_deep:
                too_deep -= 1
            elif any(box.name == name for box in stack[1:]):
                while stack.pop().name != name:
                    pass
            continue
        if len(stack) > MAX_DEPTH:
            too_deep += name not in VOID and not raw.endswith("/")
            continue
        box = Box(name, raw)
        stack[-1].children.append(box)
        if name not in VOID and not raw.endswith("/"):
            stack.append(box)
    if markup[at:].strip():
        stack[-1].children.append(Box("#text", "", html.unescape(markup[at:])))
    return root


# MathJax


def chtml_to_mathml(markup: str) -> str:
    """MathML of MathJax's HTML: ``mjx-msup`` is ``msup``; boxes, struts and rules have no part in it."""
    return f"<math>{_mathml(_tree(markup))}</math>"


def _inside(box: Box) -> str:
    return "".join(_mathml(child) for child in box.children)


def _row(boxes: list[Box]) -> str:
    return "<mrow>" + "".join(map(_mathml, boxes)) + "</mrow>"


def _find(box: Box, names: tuple[str, ...]) -> Box | None:
    """The nearest box of a name among those that only lay out; the element of ``munderover`` that holds its lower half is one of them."""
    for child in box.children:
        if child.name in names:
            return child
    for child in box.children:
        if child.name.removeprefix("mjx-") not in MATHML or (child.name == "mjx-munder" and box.name == "mjx-box"):
            found = _find(child, names)
            if found is not None:
                return found
    return None


def _rows(box: Box, name: str) -> list[Box]:
    out: list[Box] = []
    for child in box.children:
        if child.name == name:
            out.append(child)
        elif child.name.removeprefix("mjx-") not in MATHML:
            out.extend(_rows(child, name))
    return out


def _mathml(box: Box) -> str:
    name = box.name
    if name == "#text":
        return html.escape(box.text.strip(), quote=False)
    code = CHAR_CLASS.search(box.raw) if name in ("mjx-c", "mjx-stretchy-v", "mjx-stretchy-h") else None
    if code:
        point = int(code[1], 16)
        return html.escape(chr(point), quote=False) if point <= 0x10FFFF and not 0xD800 <= point < 0xE000 else ""
    if name in ("mjx-assistive-mml", "mjx-nstrut", "mjx-dstrut", "mjx-surd", "mjx-line", "mjx-help-sizer", "mjx-tool", "script", "style"):
        return ""
    element = name.removeprefix("mjx-")
    if element not in MATHML or element == name:
        return _inside(box)
    script = _find(box, ("mjx-script",))
    base = [child for child in box.children if child.name not in ("mjx-script", "mjx-over", "mjx-under")]
    if element in ("msubsup", "munderover") and script is not None:
        split = next((i for i, child in enumerate(script.children) if child.name == "mjx-spacer"), len(script.children))
        return f"<{element}>{_row(base)}{_row(script.children[split + 1 :])}{_row(script.children[:split])}</{element}>"
    if element in ("msub", "msup", "munder", "mover") and script is not None:
        return f"<{element}>{_row(base)}{_row(script.children)}</{element}>"
    if element in ("munder", "mover", "munderover"):
        under, over, middle = _find(box, ("mjx-under",)), _find(box, ("mjx-over",)), _find(box, ("mjx-base",))
        parts = [_row(middle.children if middle else base), *(_row(part.children) for part in (under, over) if part is not None)]
        return f"<{element}>{''.join(parts)}</{element}>"
    if element == "mfrac":
        over, under = _find(box, ("mjx-num",)), _find(box, ("mjx-den",))
        return f"<mfrac>{_row(over.children if over else [])}{_row(under.children if under else [])}</mfrac>"
    if element in ("msqrt", "mroot"):
        inside, index = _find(box, ("mjx-box",)), _find(box, ("mjx-root",))
        radicand = _row(inside.children if inside else base)
        return f"<mroot>{radicand}{_row(index.children)}</mroot>" if index else f"<msqrt>{radicand}</msqrt>"
    if element == "mtable":
        return f"<mtable>{''.join(map(_mathml, [*_rows(box, 'mjx-mtr'), *_rows(box, 'mjx-mlabeledtr')]))}</mtable>"
    stretchy = ' stretchy="false"' if element == "mo" and not any(child.name.startswith("mjx-stretchy") for child in box.children) else ""
    return f"<{element}{stretchy}>{_inside(box)}</{element}>"


def svg_to_mathml(markup: str) -> str:
    """MathML of MathJax's SVG: each group names its element (``data-mml-node``), each glyph its character (``data-c``)."""
    out: list[str] = []
    stack: list[str] = []
    for match in TAG.finditer(markup):
        closing, name, raw = match.groups()
        if closing:
            if name == "g" and stack and (mathml := stack.pop()):
                out.append(f"</{mathml}>")
            continue
        code = DATA_CHAR.search(raw)
        if code and (point := int(code[1], 16)) <= 0x10FFFF and not 0xD800 <= point < 0xE000:
            out.append(html.escape(chr(point), quote=False))
        if name == "g" and not raw.endswith("/"):
            node = MML_NODE.search(raw)
            mathml = node[1].lower() if node and node[1].lower() in MATHML else ""
            stack.append(mathml)
            if mathml:
                out.append(f"<{mathml}>")
    out.extend(f"</{mathml}>" for mathml in reversed(stack) if mathml)
    return "<math>" + "".join(out) + "</math>"


# KaTeX


def katex_html_to_latex(markup: str) -> str:
    """LaTeX of KaTeX's boxes: scripts, fractions, roots, accents and limits by the places of their boxes, fonts by their classes."""
    return _latex(_tree(markup), "").strip()


def _latex(box: Box, font: str) -> str:
    if box.name == "#text":
        return _letters(box.text, font)
    classes = box.classes
    if classes & IGNORED or box.name in ("svg", "math", "script", "style"):
        return ""
    for name, variant in FONTS.items():
        if name in classes:
            font = variant
    if "msupsub" in classes:
        return _scripts(box, font)
    if "mfrac" in classes:
        entries = _entries(box, font)
        return rf"\frac{{{entries[0]}}}{{{entries[-1]}}}" if len(entries) > 1 else "".join(entries)
    if "sqrt" in classes:
        index = "".join(_latex(child, font) for child in box.children if "root" in child.classes)
        inside = "".join(_latex(child, font) for child in box.children if "root" not in child.classes)
        return rf"\sqrt[{index}]{{{inside}}}" if index else rf"\sqrt{{{inside}}}"
    if "op-limits" in classes:
        return _limits(box, font)
    if "accent" in classes:
        entries = _entries(box, font)
        mark = entries[0] if len(entries) > 1 else ""
        command = ACCENTS.get(mark, (r"\hat" if mark.startswith(r"\hat") else r"\vec", ""))[0]
        return f"{command}{{{''.join(entries[1:])}}}" if mark else "".join(entries)
    if "overline" in classes or "underline" in classes:
        return rf"\{'overline' if 'overline' in classes else 'underline'}{{{_join(box, font)}}}"
    if "mtable" in classes:
        return _table(box, font)
    if "text" in classes:
        return rf"\text{{{_text(box)}}}"
    if "mop" in classes and (name := _text(box).strip()) in FUNCTIONS:
        return f"\\{name}"
    return _join(box, font)


def _letters(text: str, font: str) -> str:
    plain = text.replace("\u200b", "")
    if font and plain.isalnum() and plain.isascii():
        return styled(plain, font)
    return characters(plain)


def _join(box: Box, font: str) -> str:
    out = ""
    for child in box.children:
        latex = _latex(child, font)
        if latex[:1].isalpha() and re.search(r"\\[a-zA-Z]+\Z", out[-24:]):
            out += " "
        out += latex
    return out


def _text(box: Box) -> str:
    return box.text.replace("\u200b", "").replace("\xa0", " ") if box.name == "#text" else "".join(map(_text, box.children))


def _vlist(box: Box) -> list[Box]:
    """The boxes that stand above each other, as the page has them."""
    for child in box.children:
        if "vlist" in child.classes:
            return child.children
        found = _vlist(child) if child.classes & {"vlist-t", "vlist-r", "vlist-t2"} or not child.classes else []
        if found:
            return found
    return []


def _entries(box: Box, font: str) -> list[str]:
    """What stands above each other, from the top."""
    found: list[tuple[float, int, str]] = []
    for entry in _vlist(box):
        match = TOP.search(entry.raw)
        latex = _latex(entry, font)
        if latex:
            found.append((float(match[1]) if match else 0.0, len(found), latex))
    return [latex for _, _, latex in sorted(found)]


def _is_lowered(box: Box) -> bool:
    return any("vlist-t2" in child.classes or _is_lowered(child) for child in box.children[:2])


def _scripts(box: Box, font: str) -> str:
    entries = _entries(box, font)
    if not entries:
        return ""
    if len(entries) == 1:
        if set(entries[0]) == {"'"}:
            return entries[0]
        # Boxes without a list have lost it: what is small stands above.
        return f"_{{{entries[0]}}}" if _is_lowered(box) else f"^{{{entries[0]}}}"
    return f"_{{{entries[-1]}}}^{{{entries[0]}}}"


def _limits(box: Box, font: str) -> str:
    above = below = base = ""
    for entry in _vlist(box):
        latex = _latex(entry, font)
        if not latex:
            continue
        if any("mop" in child.classes for child in entry.children) or any(
            "mop" in inner.classes for child in entry.children for inner in child.children
        ):
            base = latex
        elif base:
            above = latex
        else:
            below = latex
    return base + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")


def _table(box: Box, font: str) -> str:
    columns = [_entries(child, font) for child in box.children if any(name.startswith("col-align") for name in child.classes)]
    height = max((len(column) for column in columns), default=0)
    rows = [" & ".join(column[i] if i < len(column) else "" for column in columns) for i in range(height)]
    body = r" \\ ".join(rows)
    return rf"\begin{{matrix}}{body}\end{{matrix}}" if rows else ""

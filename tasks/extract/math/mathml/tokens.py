"""Tokens: identifiers, numbers, operators, texts and space."""

import re

from winnow.tasks.extract.math.mathml.characters import characters
from winnow.tasks.extract.math.mathml.lengths import in_em
from winnow.tasks.extract.math.mathml.node import Node, variant_of
from winnow.tasks.extract.math.mathml.rows import row_of
from winnow.tasks.extract.math.symbols import CLOSING, FUNCTIONS, INVISIBLE, OPENING, SYMBOLS, styled

SPACE = re.compile(r"\s+")
UNSPACED = re.compile(r"[\u2009\u2006\u00a0 ](?=\w)")
BIG_SIZES = ((1.0, r"\big"), (1.5, r"\Big"), (2.0, r"\bigg"), (2.42, r"\Bigg"))
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


def mi(node: Node) -> str:
    text = node.text.strip()
    if not text:
        return row_of(node, node.children)
    variant = variant_of(node)
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


def mn(node: Node) -> str:
    text = SPACE.sub(" ", node.text.strip()) or row_of(node, node.children)
    if text.isascii() and not node.raw and text.isalnum():
        return text
    variant = variant_of(node)
    return characters(text, "" if variant in ("normal", "italic") else variant)


def mo(node: Node) -> str:
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
        if text == ":" and node.raw and in_em(node.get("lspace") or "0") > 0.25:
            return r"\colon"
        if node.raw and (size := node.get("minsize")):
            return _sized(text, size, node)
        latex = SYMBOLS.get(text)
        if latex is not None:
            variant = variant_of(node) if node.raw else ""
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
    em = in_em(size)
    if text in OPENING | CLOSING | {"/", "\\"} and em > 1.0:
        command = [name for least, name in BIG_SIZES if em > least][-1]
        both = text in OPENING and text in CLOSING
        side = "" if both or node.get("fence") != "true" else "l" if text in OPENING else "r" if text in CLOSING else ""
        return f"{command}{side}{latex}"
    return latex


def mtext(node: Node) -> str:
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
    command = {"bold": r"\textbf", "italic": r"\textit", "monospace": r"\texttt", "sans-serif": r"\textsf"}.get(variant_of(node), r"\text")
    if node.tag == "ms":
        text = f'"{text}"'
    return f"{command}{{{text}}}"


def mspace(node: Node) -> str:
    if node.get("linebreak") == "newline":
        return r"\\"
    em = in_em(node.get("width"))
    if em <= 0.05:
        return r"\!" if em < -0.1 else ""
    for most, command in ((0.19, r"\,"), (0.25, r"\:"), (0.4, r"\;"), (0.75, r"\enspace "), (1.5, r"\quad ")):
        if em <= most:
            return command
    return r"\qquad "

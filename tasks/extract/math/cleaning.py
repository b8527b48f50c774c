"""What is taken off LaTeX that a page shows: delimiters around it, display style, colours, comments, entities escaped twice, runs of space.

The rules are OpenWebMath's (Paster et al. 2023, appendix; ``wrap_math`` and ``remove_color`` of its text extraction), with two of its faults left
out: it deletes every ``$`` inside of a formula, also those of ``\\text{if $x > 0$}``, and leaves out the delimiters of everything that contains the
letters "align". Pure and linear.
"""

import html
import re

ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
CDATA = re.compile(r"%? ?<!\[CDATA\[|%? ?\]\]>|<!--|-->")
COMMENT = re.compile(r"(?<!\\)%[^\n]*\n\s*")
STYLE = re.compile(r"\s*\\(?:display|text|script)style(?![a-zA-Z])\s*")
COLOUR = re.compile(
    r"\\(?:text)?color\s*(?:\[[^\[\]{}]{0,40}\])?\s*\{[^{}]{0,60}\}|\\(?:bf)?color\s+(?=\\)|\\(?:def)?colorbox\s*\{[^{}]{0,60}\}"
)
OWN_DISPLAY = re.compile(r"\\begin\s*\{(?:align|alignat|equation|eqnarray|flalign|gather|multline|displaymath)\*?\}")
DEFINITION = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand|DeclareMathOperator|newenvironment|definecolor|require|setcounter|let|gdef|def|DeclarePairedDelimiter)"
    r"\*?(?![a-zA-Z])|\\(?:begin|end)group(?![a-zA-Z])|\\let\s*\\[a-zA-Z]+\s*=?\s*\\[a-zA-Z]+"
)
ARGUMENT = re.compile(r"\s*(?:(\{)|\[[^\[\]]*\]|\\[a-zA-Z]+(?=\s*(?:\[|\{|#))|#\d)")
DELIMITERS = (
    ("$$", "$$", True),
    (r"\[", r"\]", True),
    (r"\(", r"\)", False),
    ("$", "$", False),
    ("[tex]", "[/tex]", True),
    ("[itex]", "[/itex]", False),
)


def clean(latex: str) -> str:
    """LaTeX in one line without what only colours it or repeats that it is a formula; "" where nothing is left."""
    if "&" in latex:
        latex = ENTITY.sub(lambda entity: html.unescape(entity[0]), latex)
    if "<" in latex or "]]>" in latex or "-->" in latex:
        latex = CDATA.sub(" ", latex)
    if "%" in latex and "\n" in latex:
        latex = COMMENT.sub("", latex)
    if "color" in latex:
        latex = COLOUR.sub("", latex)
    latex = " ".join(latex.replace("\u200b", "").replace("\ufeff", "").split())
    latex, _ = undelimited(latex)
    return without_definitions(without_style(latex))


def without_definitions(latex: str) -> str:
    """LaTeX without the macros that a page defines in a formula of its own, and without the groups of Stack Exchange around posts."""
    while latex.startswith("\\") and (match := DEFINITION.match(latex)):
        latex = latex[_after_groups(latex, match.end()) :].lstrip()
        if latex.startswith("%"):
            latex = latex.partition("\\")[2] and "\\" + latex.partition("\\")[2]
    return latex


def _after_groups(latex: str, at: int) -> int:
    """The place after the arguments at a place: groups in braces or brackets, and the parameters of ``\\def``."""
    while match := ARGUMENT.match(latex, at):
        at = match.end()
        if not match[1]:
            continue
        depth = 1
        while depth and at < len(latex):
            char = latex[at]
            if char == "\\":
                at += 1
            elif char == "{":
                depth += 1
            elif char == "}":
                depth -= 1
            at += 1
    return at


def undelimited(latex: str) -> tuple[str, bool | None]:
    """LaTeX without delimiters around it, and whether they were those of a display (None: there are none)."""
    latex = latex.strip()
    for left, right, display in DELIMITERS:
        if len(latex) >= len(left) + len(right) and latex.startswith(left) and latex.endswith(right):
            inside = latex[len(left) : -len(right)]
            if left not in inside and right not in inside and not inside.endswith("\\"):
                return inside.strip(), display
    return latex, None


def without_style(latex: str) -> str:
    """``{\\displaystyle x}``, as Wikipedia writes every formula, and ``\\displaystyle x`` as ``x``."""
    while "style" in latex:
        if latex.startswith("{") and STYLE.match(latex, 1) and _closes_at_end(latex):
            latex = latex[1:-1]
        match = STYLE.match(latex)
        if match is None:
            break
        latex = latex[match.end() :]
    return latex.strip()


def _closes_at_end(latex: str) -> bool:
    """Whether the brace at the beginning is closed by the last character."""
    depth = 0
    at = 0
    end = len(latex)
    while at < end:
        char = latex[at]
        if char == "\\":
            at += 1
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return at == end - 1
        at += 1
    return False

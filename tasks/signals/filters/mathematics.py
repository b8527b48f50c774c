"""Mathematics in a text: formulas between delimiters, commands of LaTeX, symbols outside of formulas.

Formulas are those that extraction writes (``\\(..\\)`` in a line, ``\\[..\\]`` on its own) and those of texts that come with their own delimiters
(``$..$``, ``$$..$$``, environments); amounts of money are none. The commands are OpenWebMath's (Paster et al. 2023, section 3).
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.math.commands import LATEX_COMMAND
from winnow.tasks.extract.math.delimiters import DEFAULTS, Delimiters, split
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "Paster et al. 2023 (OpenWebMath), 3"
DELIMITERS = Delimiters(DEFAULTS, escapes=False)
OPENINGS = re.compile(r"\$|\\\(|\\\[|\\begin|\[/?(?:i?tex|math|latex)|<math")
SYMBOL = re.compile(
    "[+<=>±×÷¬∂∆∏∑√∞∫≈≠≤≥\u2190-\u21ff\u2200-\u22ff\u27c0-\u27ff\u2900-\u2aff\u2070-\u209f\u2100-\u214f\U0001d400-\U0001d7ff]"
)
GREEK = re.compile(r"(?<![\u0370-\u03ff\u1f00-\u1fff])[α-ωΑ-Ω](?![\u0370-\u03ff\u1f00-\u1fff])")


@stable("filter/mathematics")
@dataclass(frozen=True)
class Mathematics(Filter):
    """Formulas, LaTeX and symbols of mathematics. Shares are of all characters of the text; formulas count with their delimiters."""

    signals: ClassVar = (
        Signal("formula_count", "int", "formulas", "formulas between delimiters, and environments such as align", "winnow"),
        Signal("display_formula_count", "int", "formulas", "those of them that stand on lines of their own", "winnow"),
        Signal("formula_char_share", "float", "share", "characters in formulas, delimiters included", "winnow"),
        Signal("has_latex", "bool", "yes/no", "one of 84 commands of LaTeX occurs", SOURCE),
        Signal("latex_command_count", "int", "commands", "occurrences of these commands", SOURCE),
        Signal("math_symbol_share", "float", "share", "signs of mathematics outside of formulas, among all characters", "winnow"),
        Signal(
            "greek_symbol_share",
            "float",
            "share",
            "single Greek letters outside of formulas and of Greek words, among all characters",
            "winnow",
        ),
    )

    def measure(self, doc: Document) -> dict[str, Value]:
        text = doc.text
        parts = split(text, DELIMITERS) if OPENINGS.search(text) else [text]
        plain = [part for part in parts if isinstance(part, str)]
        displays = [part.display for part in parts if not isinstance(part, str)]
        commands = sum(1 for _ in LATEX_COMMAND.finditer(text)) if "\\" in text else 0
        chars = max(1, len(text))
        return {
            "formula_count": len(displays),
            "display_formula_count": sum(displays),
            "formula_char_share": (len(text) - sum(map(len, plain))) / chars,
            "has_latex": commands > 0,
            "latex_command_count": commands,
            "math_symbol_share": sum(len(SYMBOL.findall(part)) for part in plain) / chars,
            "greek_symbol_share": sum(len(GREEK.findall(part)) for part in plain) / chars,
        }

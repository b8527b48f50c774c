"""FineWeb's own heuristics (Penedo et al. 2024, section 3.6), as datatrove's FineWebQualityFilter measures them."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from datatrove.utils.text import TERMINAL_PUNCTUATION

from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.filters.repetition import repeated
from winnow.tasks.signals.text import Document

SOURCE = "Penedo et al. 2024, 3.6"
ENDS = frozenset(TERMINAL_PUNCTUATION)
SHORT_LINE_CHARS = 30


@stable("filter/fineweb")
@dataclass(frozen=True)
class FineWeb(Filter):
    """Measured on the corrected text, as FineWeb does after C4's rules."""

    signals: ClassVar = (
        Signal("punctuated_line_share", "float", "share", "lines that end with terminal punctuation", SOURCE),
        Signal("short_line_share", "float", "share", f"lines of at most {SHORT_LINE_CHARS} characters", SOURCE),
        Signal("duplicate_char_share", "float", "share", "characters in lines that occurred before, of all without line feeds", SOURCE),
        Signal("newline_per_word", "float", "per word", "line feeds per word, punctuation counted as words", SOURCE),
    )

    counts_words: ClassVar[bool] = True

    text: Literal["extracted", "corrected"] = "corrected"

    def measure(self, doc: Document) -> dict[str, Value]:
        lines = doc.newline_lines
        newlines = doc.text.count("\n")
        return {
            "punctuated_line_share": sum(line[-1] in ENDS for line in lines) / max(1, len(lines)),
            "short_line_share": sum(len(line) <= SHORT_LINE_CHARS for line in lines) / max(1, len(lines)),
            "duplicate_char_share": repeated(lines)[1] / max(1, len(doc.text) - newlines),
            "newline_per_word": newlines / max(1, doc.word_total),
        }

"""C4's rules for whole documents (Raffel et al. 2020, section 2.2), as datatrove's C4QualityFilter judges them: on the lines that are left.

The rules that remove lines are in ``tasks/edit/corrections.py``; these signals are measured on the corrected text.
"""

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "Raffel et al. 2020, 2.2"
# A sentence ends at terminal punctuation before white space, but not after a single initial.
SENTENCE_END = re.compile(r"[.!?…。！？](?:(?<![\s(][A-Z].)(?<=[.!?…])[.!?]*[\"'”’)\]]*[ \t]+(?=\S)|(?<=[。！？])(?=[^\s。！？]))")


def sentence_count(text: str) -> int:
    """Sentences, each line being at least one."""
    return sum(1 for line in text.split("\n") if line.strip()) + sum(1 for _ in SENTENCE_END.finditer(text))


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences that ``sentence_count`` counts begin and end, without the white space around them."""
    cuts = [m.end() for m in SENTENCE_END.finditer(text)]
    found, begin, nth = [], 0, 0
    for line in text.split("\n"):
        end = begin + len(line)
        while nth < len(cuts) and cuts[nth] <= end:
            found.append(_stripped(text, begin, cuts[nth]))
            begin, nth = cuts[nth], nth + 1
        if text[begin:end].strip():
            found.append(_stripped(text, begin, end))
        begin = end + 1
    return found


def _stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    piece = text[begin:end]
    begin += len(piece) - len(piece.lstrip())
    return begin, begin + len(piece.strip())


@stable("filter/c4")
@dataclass(frozen=True)
class C4(Filter):
    """What C4 drops whole pages for."""

    signals: ClassVar = (
        Signal("sentence_count", "int", "sentences", "sentences in the lines that are left", SOURCE),
        Signal("has_curly_bracket", "bool", "yes/no", "a { in the lines that are left", SOURCE),
        Signal("has_lorem_ipsum", "bool", "yes/no", "the words lorem ipsum in the lines that are left, in any case", SOURCE),
    )

    text: Literal["extracted", "corrected"] = "corrected"

    def measure(self, doc: Document) -> dict[str, Value]:
        return {
            "sentence_count": sentence_count(doc.text),
            "has_curly_bracket": "{" in doc.text,
            "has_lorem_ipsum": "lorem ipsum" in doc.text.lower(),
        }

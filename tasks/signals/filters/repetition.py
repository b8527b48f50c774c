"""Gopher's repetition heuristics (Rae et al. 2021, table A1) with datatrove's denominators: characters of the whole text.

RedPajama-V2 divides by the characters of the normalised words instead: ``tasks/signals/filters/redpajama.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Coded, Document, Repeated

SOURCE = "Rae et al. 2021, table A1"
TOP = (2, 3, 4)
DUPLICATE = (5, 6, 7, 8, 9, 10)


@stable("filter/repetition")
@dataclass(frozen=True)
class Repetition(Filter):
    """Shares of lines, paragraphs and word n-grams that repeat something earlier in the document."""

    signals: ClassVar = (
        Signal("duplicate_line_share", "float", "share", "lines that occurred before", SOURCE),
        Signal("duplicate_line_char_share", "float", "share", "characters in such lines, of the text", SOURCE),
        Signal("duplicate_paragraph_share", "float", "share", "paragraphs (cut at blank lines) that occurred before", SOURCE),
        Signal("duplicate_paragraph_char_share", "float", "share", "characters in such paragraphs, of the text", SOURCE),
        *(Signal(f"top_{n}gram_char_share", "float", "share", f"characters in the most frequent word {n}-gram, of the text", SOURCE) for n in TOP),
        *(Signal(f"duplicate_{n}gram_char_share", "float", "share", f"characters in word {n}-grams that occurred before, none counted twice, of the text", SOURCE) for n in DUPLICATE),
    )  # fmt: skip

    counts_words: ClassVar[bool] = True

    def measure(self, doc: Document) -> dict[str, Value]:
        text = doc.text
        chars = max(1, len(text))
        paragraphs = paragraphs_of(text)
        lines = lines_of(text)
        again_p, chars_p = repeated(paragraphs)
        again_l, chars_l = repeated(lines)
        values: dict[str, Value] = {
            "duplicate_line_share": again_l / len(lines),
            "duplicate_line_char_share": chars_l / chars,
            "duplicate_paragraph_share": again_p / len(paragraphs),
            "duplicate_paragraph_char_share": chars_p / chars,
        }
        for found in doc.repeated_ngrams(DUPLICATE[-1]):
            if found.n in TOP:
                values[f"top_{found.n}gram_char_share"] = _top_chars(doc.coded, found) / chars
            else:
                values[f"duplicate_{found.n}gram_char_share"] = _duplicate_chars(doc.coded, found) / chars
        return values


def paragraphs_of(text: str) -> list[str]:
    """What stands between two or more line feeds; one empty paragraph for a blank text. As datatrove's regular expression cuts them, at a tenth of its cost."""
    return [p for part in text.strip().split("\n\n") if (p := part.lstrip("\n"))] or [""]


def lines_of(text: str) -> list[str]:
    """What stands between runs of line feeds, with an empty line where the text begins or ends with one."""
    lines = [line for line in text.split("\n") if line]
    return [""] * text.startswith("\n") + lines + [""] * text.endswith("\n") if lines else [""] * (2 if text else 1)


def repeated(parts: Sequence[str]) -> tuple[int, int]:
    """How many of the parts occurred before, and their characters."""
    if len(set(parts)) == len(parts):
        return 0, 0
    seen: set[str] = set()
    again = chars = 0
    for part in parts:
        if part in seen:
            again += 1
            chars += len(part)
        else:
            seen.add(part)
    return again, chars


def _top_chars(coded: Coded, found: Repeated) -> int:
    """Characters of the most frequent n-gram (the earliest of equals), words joined by spaces, times its count."""
    if len(coded.ids) < found.n:
        return 0
    first, count = found.most_frequent() if len(found.places) else (0, 1)
    return int(coded.starts[first + found.n] - coded.starts[first] + found.n - 1) * count


def _duplicate_chars(coded: Coded, found: Repeated) -> int:
    """Characters (without spaces) of n-grams seen before, reading on behind each: no character counts twice.

    Only n-grams that occur more than once can have been seen, so only their places are visited.
    """
    if not len(found.places):
        return 0
    seen: set[int] = set()
    free = chars = 0
    lengths = coded.starts[found.places + found.n] - coded.starts[found.places]
    for place, code, length in zip(found.places.tolist(), found.codes.tolist(), lengths.tolist(), strict=True):
        if place < free:
            continue
        if code in seen:
            chars += length
            free = place + found.n
        else:
            seen.add(code)
    return chars

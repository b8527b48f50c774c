"""Gopher's repetition heuristics (Rae et al. 2021, table A1) with datatrove's denominators: characters of the whole text.

RedPajama-V2 divides by the characters of the normalised words instead: ``tasks/filters/redpajama.py``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tasks.core.filter import Filter, Signal, Value
from tasks.core.text import Document, Hashes, Ints, ngram_hashes

SOURCE = "Rae et al. 2021, table A1"
TOP = (2, 3, 4)
DUPLICATE = (5, 6, 7, 8, 9, 10)
PARAGRAPH_BREAK = re.compile(r"\n{2,}")
LINE_BREAK = re.compile(r"\n+")


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

    def measure(self, doc: Document) -> dict[str, Value]:
        text = doc.text
        chars = max(1, len(text))
        paragraphs = PARAGRAPH_BREAK.split(text.strip())
        lines = LINE_BREAK.split(text)
        again_p, chars_p = repeated(paragraphs)
        again_l, chars_l = repeated(lines)
        values: dict[str, Value] = {
            "duplicate_line_share": again_l / len(lines),
            "duplicate_line_char_share": chars_l / chars,
            "duplicate_paragraph_share": again_p / len(paragraphs),
            "duplicate_paragraph_char_share": chars_p / chars,
        }
        starts = np.concatenate([[0], np.cumsum(doc.word_chars)])
        places: Ints | None = None
        for n, hashes in zip((*TOP, *DUPLICATE), ngram_hashes(doc.word_ids, (*TOP, *DUPLICATE)), strict=True):
            if n in TOP:
                values[f"top_{n}gram_char_share"] = _top_chars(hashes, starts, n) / chars
            else:
                places = repeated_places(hashes, places)
                values[f"duplicate_{n}gram_char_share"] = _duplicate_chars(hashes, places, starts, n) / chars
        return values


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


def _top_chars(hashes: Hashes, starts: Ints, n: int) -> int:
    """Characters of the most frequent n-gram (the earliest of equals), words joined by spaces, times its count."""
    if not len(hashes):
        return 0
    order = np.argsort(hashes)
    ordered = hashes[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    counts = np.diff(np.append(begins, len(order)))
    most = int(counts.max())
    first = int(np.minimum.reduceat(order, begins)[counts == most].min())
    return int(starts[first + n] - starts[first] + n - 1) * most


def repeated_places(hashes: Hashes, among: Ints | None) -> Ints:
    """Positions of n-grams that occur more than once. ``among``: those of the (n-1)-grams, outside which none can be."""
    places = np.arange(len(hashes)) if among is None else among[among < len(hashes)]
    if len(places) < 2:
        return np.empty(0, np.int64)
    some = hashes[places]
    order = np.argsort(some)
    ordered = some[order]
    same = ordered[1:] == ordered[:-1]
    if not same.any():
        return np.empty(0, np.int64)
    twice = np.zeros(len(places), bool)
    twice[order[1:][same]] = True
    twice[order[:-1][same]] = True
    return places[twice]


def _duplicate_chars(hashes: Hashes, places: Ints, starts: Ints, n: int) -> int:
    """Characters (without spaces) of n-grams seen before, reading on behind each: no character counts twice.

    Only n-grams that occur more than once can have been seen, so only their places are visited.
    """
    seen: set[int] = set()
    free = chars = 0
    for place, key in zip(places.tolist(), hashes[places].tolist(), strict=True):
        if place < free:
            continue
        if key in seen:
            chars += int(starts[place + n] - starts[place])
            free = place + n
        else:
            seen.add(key)
    return chars

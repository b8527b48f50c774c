"""One document under measurement: its text cut into words and lines once, for all filters together.

Only views that several filters share belong here. Words follow the rules of spaCy's English tokenizer closely enough that the verdicts of
datatrove's blocks are met (tests/filters/test_against_datatrove.py), at a fiftieth of its cost; scripts written without spaces give one
word per character.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from unicodedata import category

import numpy as np
import numpy.typing as npt

# Thai, Lao, Myanmar, Khmer; kana; Han with its extensions. Hangul is written with spaces.
UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


def _class(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in ranges)


@cache
def _marks() -> tuple[tuple[int, int], ...]:
    """Combining marks: parts of words, which ``\\w`` does not know. Without the unspaced scripts."""
    codes = [c for c in range(0x300, sys.maxunicode + 1) if category(chr(c))[0] == "M" and not any(a <= c <= b for a, b in UNSPACED)]
    begins = [c for c, before in zip(codes, [-1, *codes], strict=False) if c != before + 1]
    ends = [c for c, after in zip(codes, [*codes[1:], -1], strict=True) if c != after - 1]
    return tuple(zip(begins, ends, strict=True))


@cache
def _patterns(script: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """For plain lines, and for lines with URLs or negations (``do n't``), whose rules cost more."""
    word = {"ascii": r"\w", "spaced": rf"[\w{_class(_marks())}]", "unspaced": rf"(?:(?![{_class(UNSPACED)}])[\w{_class(_marks())}])"}[script]
    alone = f"|[{_class(UNSPACED)}]" if script == "unspaced" else ""
    plain = rf"{word}+(?:(?:\.(?![A-Z])|[,:/](?=\d)|@){word}+)*{alone}|['’](?:s|re|ve|ll|d|m|t)\b|\.{{2,}}|-{{2,}}|\S"
    rare = r"(?:https?://|www\.)[^\s<>\"]+|[A-Za-z]+(?=n['’]t\b)|n['’]t\b|(?:[A-Z]\.){2,}"
    return re.compile(plain), re.compile(f"{rare}|{plain}")


RARE = re.compile(r"n['’]t\b|://|www\.|[A-Z]\.[A-Z]\.")
ANY_UNSPACED = re.compile(f"[{_class(UNSPACED)}]")


def cut(line: str) -> list[str]:
    """Words, numbers, and marks of punctuation one by one. No word reaches over white space."""
    plain, rare = _patterns("ascii" if line.isascii() else "unspaced" if ANY_UNSPACED.search(line) else "spaced")
    return (rare if RARE.search(line) else plain).findall(line)


PRIMES = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


class Document:
    """``text`` with what filters may ask of it. Views are computed when first asked for, and kept."""

    def __init__(self, text: str, *, id: str = "", url: str = "", language: str = "", shares_lines_with: "Document | None" = None) -> None:
        self.text, self.id, self.url, self.language = text, id, url, language
        self._cut: dict[str, list[str]] = shares_lines_with._cut if shares_lines_with else {}

    @cached_property
    def words(self) -> list[str]:
        """All words in order; lines that another text of the same document had are not cut again."""
        words: list[str] = []
        known = self._cut
        for line in self.text.split("\n"):
            if (cuts := known.get(line)) is None:
                cuts = known[line] = cut(line)
            words += cuts
        return words

    @cached_property
    def _coded(self) -> tuple[list[str], Ints]:
        known: dict[str, int] = {}
        ids = np.fromiter((known.setdefault(w, len(known)) for w in self.words), np.int64, len(self.words))
        return list(known), ids

    @property
    def vocabulary(self) -> list[str]:
        """Distinct words in order of first occurrence."""
        return self._coded[0]

    @property
    def word_ids(self) -> Ints:
        """Each word as its index in the vocabulary."""
        return self._coded[1]

    @cached_property
    def vocabulary_counts(self) -> Ints:
        return np.bincount(self.word_ids, minlength=len(self.vocabulary)).astype(np.int64)

    @cached_property
    def vocabulary_chars(self) -> Ints:
        return np.fromiter(map(len, self.vocabulary), np.int64, len(self.vocabulary))

    @cached_property
    def word_chars(self) -> Ints:
        return self.vocabulary_chars[self.word_ids]

    @cached_property
    def lines(self) -> list[str]:
        """As ``str.splitlines`` cuts them."""
        return self.text.splitlines()

    @cached_property
    def newline_lines(self) -> list[str]:
        """Cut at line feeds only, without blank ones."""
        return [line for line in self.text.split("\n") if line.strip()]


def ngram_hashes(ids: Ints, sizes: Iterable[int]) -> Iterator[Hashes]:
    """64-bit hashes of the n-grams of ``ids`` for each n of the ascending ``sizes``, by position; the same in every process.

    Polynomials (mod 2^64) of mixed ids: a false match within a document of a million words is expected once in 10^7 documents.
    """
    mixed = ids.astype(np.uint64) + np.uint64(1)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(PRIMES[1])
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(PRIMES[2])
    mixed ^= mixed >> np.uint64(31)
    hashes, reached = mixed, 1
    for n in sizes:
        while reached < n:
            hashes = hashes[:-1] * np.uint64(PRIMES[0]) + mixed[reached:] if len(mixed) > reached else hashes[:0]
            reached += 1
        yield hashes

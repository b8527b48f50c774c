"""Texts as words, the way both sides of a comparison are read: case, accents, apostrophes, punctuation and spaces do not count.

Formulas have a view of their own (``formula``): operators count, LaTeX's commands are read by their names, spaces do not count.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, cached_property, lru_cache

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
IGNORED_MARKS = "'\u2018\u2019\u02bc\u00ad\u200b\u200c\u200d\u2060\ufeff"
OPERATORS = re.compile(r"[=<>+*/^×÷·−≤≥≠±∑∫√]|\\[a-zA-Z]+|(?<=\d)\s*-\s*(?=[\da-zA-Z])")
FEWEST_OPERATORS = 2
FORMULA = re.compile(r"[^\W\d_]+|\d+|[=<>+*/^×÷·−≤≥≠±∑∫√-]")
LATEX_NOISE = re.compile(r"\\(?:left|right|,|;|!|quad|qquad|displaystyle|mathrm|text|operatorname)(?![a-zA-Z])|[${}\\]")
SAME = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-"})


class Words:
    """Hashes of the words of a text, and where each begins and ends, in characters."""

    def __init__(self, text: str, hashes: npt.NDArray[np.uint64], starts: Numbers, ends: Numbers) -> None:
        self.text, self.hashes, self.starts, self.ends = text, hashes, starts, ends

    def __len__(self) -> int:
        return len(self.hashes)

    @cached_property
    def spelled(self) -> list[str]:
        """The words themselves, folded: what a comparison of hashes is proved by."""
        return [folded(self.text[s:e]) for s, e in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]


class WordsOfTexts:
    """The words of many texts, hashed in one pass; ``borders`` are the first words of the texts, and the number of all."""

    def __init__(self, texts: Sequence[str]) -> None:
        from winnow.tasks.decontamination.word_kernels import hash_words

        self.texts = texts
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self.hashes = np.empty(len(codes), np.uint64)
        self._starts, self._ends = np.empty(len(codes), np.int64), np.empty(len(codes), np.int64)
        self.borders = np.empty(len(texts) + 1, np.int64)
        hash_words(codes, lengths, fold_table(), self.hashes, self._starts, self._ends, self.borders)

    def of(self, number: int) -> Words:
        """The words of one of the texts."""
        mine = slice(*self.borders[number : number + 2].tolist())
        return Words(self.texts[number], self.hashes[mine], self._starts[mine], self._ends[mine])


def words(text: str) -> Words:
    """The words of a text. Total; lone surrogates separate."""
    return WordsOfTexts([text]).of(0)


@lru_cache(1 << 16)
def folded(word: str) -> str:
    """A word as it is compared."""
    from winnow.tasks.decontamination.word_kernels import FOLDED_CODES, IGNORED, SEPARATOR

    table = fold_table()
    codes = (int(table[ord(c)]) if ord(c) < FOLDED_CODES else ord(c) for c in word)
    return "".join(chr(code) for code in codes if code not in (SEPARATOR, IGNORED))


def length_of(spelled: list[str]) -> float:
    """How long a text is, in words of a script with spaces: a character of one without them is half a word."""
    from winnow.tasks.decontamination.word_kernels import is_unspaced

    return sum(0.5 if len(word) == 1 and is_unspaced(ord(word)) else 1.0 for word in spelled)


def is_formula(text: str) -> bool:
    """Whether operators matter in a text: without them `2x + 5` and `2x - 5` are the same words."""
    return len(OPERATORS.findall(text)) >= FEWEST_OPERATORS


def formula(text: str) -> list[str]:
    """The symbols of a text with formulas: names, numbers and operators."""
    return FORMULA.findall(LATEX_NOISE.sub(" ", text).translate(SAME).casefold())


@cache
def fold_table() -> npt.NDArray[np.uint32]:
    """Code point -> folded code point, SEPARATOR or IGNORED. NFKC, case and accents are folded where one character stands for one."""
    from winnow.tasks.decontamination.word_kernels import FOLDED_CODES, IGNORED

    table = np.zeros(FOLDED_CODES, np.uint32)
    for code in range(FOLDED_CODES):
        character = chr(code)
        if character.isalnum():
            bare = [c for c in unicodedata.normalize("NFKD", character.casefold()) if not unicodedata.combining(c)]
            one = bare[0].casefold() if len(bare) == 1 and bare[0].isalnum() else character
            table[code] = ord(one) if len(one) == 1 else code
        elif character in IGNORED_MARKS or unicodedata.category(character) in ("Mn", "Mc", "Cf"):
            table[code] = IGNORED
    return table

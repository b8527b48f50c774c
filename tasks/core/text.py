"""One document under measurement: its text cut into words and lines once, for all filters together.

Only views that several filters share belong here; how text is cut into words is in ``tasks/core/words.py``.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tasks.core.words import cut, pieces, words

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


class Coded:
    """A sequence of words as whole numbers: ``ids[i]`` is the place of word i in ``vocabulary``, which is in order of first occurrence.

    ``words_per_piece``: of the pieces between white space, if the words were cut out of a text.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words_per_piece: dict[str, int] = {}
        self.vocabulary = list(dict.fromkeys(words))
        self.numbers = dict(zip(self.vocabulary, range(len(self.vocabulary)), strict=True))
        self.ids: Ints = np.fromiter(map(self.numbers.__getitem__, words), np.int64, len(words))

    @classmethod
    def of_text(cls, text: str) -> "Coded":
        """``Coded(words(text))``, where each piece between white space is cut into words once."""
        found = Coded(pieces(text))
        cuts = cut(found.vocabulary)
        coded = cls(list(chain.from_iterable(cuts)))
        lengths: Ints = np.fromiter(map(len, cuts), np.int64, len(cuts))
        # Word i of the text is word i - before[piece] of its piece, which begins at begins[piece].
        begins, reps = np.cumsum(lengths) - lengths, lengths[found.ids]
        before = np.cumsum(reps) - reps
        coded.words_per_piece = dict(zip(found.vocabulary, lengths.tolist(), strict=True))
        coded.ids = coded.ids[np.repeat(begins[found.ids] - before, reps) + np.arange(reps.sum())]
        return coded

    @cached_property
    def counts(self) -> Ints:
        """How often each word of the vocabulary occurs."""
        return np.bincount(self.ids, minlength=len(self.vocabulary)).astype(np.int64, copy=False)

    @cached_property
    def chars(self) -> Ints:
        """Length of each word of the vocabulary."""
        return np.fromiter(map(len, self.vocabulary), np.int64, len(self.vocabulary))

    @cached_property
    def starts(self) -> Ints:
        """Characters before each word, spaces not counted; one element more than there are words."""
        starts = np.zeros(len(self.ids) + 1, np.int64)
        np.cumsum(self.chars[self.ids], out=starts[1:])
        return starts


class Repeated(NamedTuple):
    """The n-grams that occur more than once: their places, ascending, and a code per place that is equal where the n-gram is."""

    n: int
    places: Ints
    codes: Ints


def repeated_ngrams(coded: Coded, most: int) -> Iterator[Repeated]:
    """Repeated word n-grams for n = 2 to ``most``, exactly (nothing is hashed).

    An n-gram can occur twice only where both (n-1)-grams it overlaps do, and these two name it: each n looks at the places left by the one before.
    """
    places = np.flatnonzero(coded.counts[coded.ids] > 1)
    codes, known = coded.ids[places], len(coded.vocabulary)
    for n in range(2, most + 1):
        if len(places):
            follows = np.flatnonzero(places[1:] == places[:-1] + 1)
            places, codes, known = _only_repeated(places[follows], codes[follows] * known + codes[follows + 1])
        yield Repeated(n, places, codes)


def _only_repeated(places: Ints, keys: Ints) -> tuple[Ints, Ints, int]:
    """Places whose key occurs again, with the keys made small. Third: the number of codes."""
    if not len(keys):
        return places, keys, 1
    order = np.argsort(keys)
    ordered = keys[order]
    group = np.empty(len(keys), np.int64)
    group[0] = 0
    np.cumsum(ordered[1:] != ordered[:-1], out=group[1:])
    codes = np.empty_like(group)
    codes[order] = group
    again = np.bincount(group)[codes] > 1
    return places[again], codes[again], int(group[-1]) + 1


class Document:
    """``text`` with what filters may ask of it. Views are computed when first asked for, and kept.

    ``shares_lines_with``: the document before its lines were edited, whose words are known.
    """

    def __init__(self, text: str, *, id: str = "", url: str = "", language: str = "", shares_lines_with: "Document | None" = None) -> None:
        self.text, self.id, self.url, self.language = text, id, url, language
        self._original = shares_lines_with

    @cached_property
    def words(self) -> list[str]:
        """All words in order, marks of punctuation among them."""
        return words(self.text)

    @cached_property
    def word_total(self) -> int:
        """``len(words)``. Of an edited text most pieces are those of its original, whose words are counted already."""
        if self._original is None:
            return len(self.coded.ids)
        counted = self._original.coded.words_per_piece
        return sum([counted[piece] if piece in counted else len(words(piece)) for piece in pieces(self.text)])

    @cached_property
    def coded(self) -> Coded:
        """``words`` as numbers."""
        return Coded.of_text(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """As ``str.splitlines`` cuts them."""
        return self.text.splitlines()

    @cached_property
    def newline_lines(self) -> list[str]:
        """Cut at line feeds only, without blank ones."""
        return [line for line in self.text.split("\n") if line and not line.isspace()]

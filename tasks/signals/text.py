"""Documents under measurement: their texts cut into words once, for all filters together, and many texts at a time.

Array operations cost as much for ten words as for a thousand, so what is counted in words is counted for a batch of documents: its words are
numbered together, and each document has its part. Nothing a document gives depends on the others of its batch.

Only views that several filters share belong here; how text is cut into words is in ``tasks/signals/words.py``.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, compress, count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.engine.arrays import Ints
from winnow.tasks.signals.words import cut, pieces_of_all, sums_before, words

Hashes = npt.NDArray[np.uint64]
BATCH_CHARS = 1 << 20


class Lexicon:
    """Words by number, each once, and what is known of each."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self._traits: dict[Hashable, npt.NDArray[np.uint8]] = {}

    @cached_property
    def chars(self) -> Ints:
        """Length of each word."""
        return np.fromiter(map(len, self.words), np.int64, len(self.words))

    def traits(self, of: Hashable, trait: Callable[[Sequence[str]], Iterable[int]]) -> npt.NDArray[np.uint8]:
        """What ``trait`` says of each word (below 256), made once for ``of``."""
        if of not in self._traits:
            self._traits[of] = np.fromiter(trait(self.words), np.uint8, len(self.words))
        return self._traits[of]


class Coded:
    """A text's words as whole numbers: ``ids[i]`` is the place of word i in the text's own vocabulary, ``entries`` are that vocabulary's places in the
    lexicon. StepResult of a sequence of words, the vocabulary is the lexicon, in order of first occurrence."""

    def __init__(self, words: Sequence[str]) -> None:
        numbers = {word: n for n, word in enumerate(dict.fromkeys(words))}
        self.lexicon = Lexicon(list(numbers))
        self.entries: Ints = np.arange(len(numbers))
        self.ids: Ints = np.fromiter(map(numbers.__getitem__, words), np.int64, len(words))

    @classmethod
    def part(cls, lexicon: Lexicon, entries: Ints, ids: Ints) -> "Coded":
        """One text of a batch."""
        coded = cls.__new__(cls)
        coded.lexicon, coded.entries, coded.ids = lexicon, entries, ids
        return coded

    @cached_property
    def counts(self) -> Ints:
        """How often each word of the vocabulary occurs."""
        return np.bincount(self.ids, minlength=len(self.entries)).astype(np.int64, copy=False)

    @cached_property
    def chars(self) -> Ints:
        """Length of each word of the vocabulary."""
        return self.lexicon.chars[self.entries]

    def traits(self, of: Hashable, trait: Callable[[Sequence[str]], Iterable[int]]) -> npt.NDArray[np.uint8]:
        """Those of each word of the vocabulary, as ``Lexicon.traits``."""
        return self.lexicon.traits(of, trait)[self.entries]

    @cached_property
    def starts(self) -> Ints:
        """Characters before each word, spaces not counted; one element more than there are words."""
        return sums_before(self.chars[self.ids])


class Repeated(NamedTuple):
    """The n-grams that occur more than once: their places, ascending, and a code per place that is equal where the n-gram is."""

    n: int
    places: Ints
    codes: Ints

    def most_frequent(self) -> tuple[int, int]:
        """First place and count of the most frequent n-gram, the earliest of equals. There must be one."""
        codes = self.codes - self.codes.min()  # in a batch they begin anywhere
        counts = np.bincount(codes)
        most = int(counts.max())
        return int(self.places[np.argmax(counts[codes] == most)]), most


def repeated_ngrams(coded: Coded, most: int) -> Iterator[Repeated]:
    """Repeated word n-grams for n = 2 to ``most``, exactly (nothing is hashed)."""
    return _repeated(np.arange(len(coded.ids)), coded.ids, len(coded.entries), most)


def _repeated(places: Ints, codes: Ints, known: int, most: int) -> Iterator[Repeated]:
    """From the places of words and their codes, all below ``known``.

    An n-gram can occur twice only where both (n-1)-grams it overlaps do, and these two name it: each n looks at the places left by the one before.
    """
    again = np.bincount(codes, minlength=known)[codes] > 1
    places, codes = places[again], codes[again]
    for n in range(2, most + 1):
        if len(places):
            follows = np.flatnonzero(places[1:] == places[:-1] + 1)
            places, codes, known = _only_repeated(places[follows], codes[follows] * known + codes[follows + 1])
        yield Repeated(n, places, codes)


def _only_repeated(places: Ints, keys: Ints) -> tuple[Ints, Ints, int]:
    """Places whose key occurs again, with the keys made small. Third: the number of codes."""
    codes, distinct = _grouped(keys)
    again = np.bincount(codes, minlength=1)[codes] > 1
    return places[again], codes[again], max(1, len(distinct))


class Pieces(NamedTuple):
    """Pieces between white space: each one's number; pieces before each text and in all; the piece of each number, as Arrow and as strings; whether it
    is more than letters; the words of those; how many words each is."""

    numbers: Ints
    ends: Ints
    column: pa.Array
    vocabulary: list[str]
    others: npt.NDArray[np.bool_]
    cuts: list[Sequence[str]]
    lengths: Ints


class Batch:
    """Texts whose words are numbered together. Nothing is made before it is asked for.

    ``originals``: the texts before they were edited, place by place, most of whose pieces are the same.
    """

    def __init__(self, texts: Sequence[str], originals: "Batch | None" = None) -> None:
        self.texts, self._originals = texts, originals
        self._ngrams: dict[int, list[tuple[Repeated, ...]]] = {}

    @cached_property
    def _pieces(self) -> Pieces:
        found, ends = pieces_of_all(self.texts)
        encoded = found.dictionary_encode()
        vocabulary = encoded.dictionary.to_pylist()
        others = ~np.fromiter(map(str.isalpha, vocabulary), bool, len(vocabulary))
        cuts = [cut(piece) for piece in compress(vocabulary, others.tolist())]
        lengths = np.ones(len(vocabulary), np.int64)
        lengths[others] = np.fromiter(map(len, cuts), np.int64, len(cuts))
        return Pieces(encoded.indices.to_numpy(), ends, encoded.dictionary, vocabulary, others, cuts, lengths)

    @cached_property
    def _word_ends(self) -> Ints:
        """Words before each text, and at the end of all."""
        return sums_before(self._pieces.lengths[self._pieces.numbers])[self._pieces.ends]

    @cached_property
    def word_totals(self) -> list[int]:
        """Words per text."""
        if self._originals is None:
            return np.diff(self._word_ends).tolist()  # type: ignore[no-any-return]  # NumPy says Any
        known = self._originals._pieces
        found, ends = pieces_of_all(self.texts)
        numbers = pc.index_in(found, known.column)
        lengths = known.lengths[pc.fill_null(numbers, 0).to_numpy()] if len(known.lengths) else np.zeros(len(found), np.int64)
        new = numbers.is_null()
        lengths[new.to_numpy(zero_copy_only=False)] = [len(words(piece)) for piece in found.filter(new).to_pylist()]
        return np.diff(sums_before(lengths)[ends]).tolist()  # type: ignore[no-any-return]

    @cached_property
    def _codes(self) -> tuple[Ints, Ints, Ints, Lexicon]:
        """Per word a code that is equal where text and word are, ascending from text to text; entry in the lexicon of each code; codes before each
        text and at the end; the lexicon."""
        numbers, _, _, vocabulary, others, cuts, lengths = self._pieces
        ends = self._word_ends
        plain = list(compress(vocabulary, (~others).tolist()))
        known = defaultdict(count(len(plain)).__next__, zip(plain, range(len(plain)), strict=True))
        in_others = np.repeat(others, lengths)
        of_pieces = np.empty(len(in_others), np.int64)
        of_pieces[~in_others] = np.arange(len(plain))
        of_pieces[in_others] = list(map(known.__getitem__, chain.from_iterable(cuts)))
        # Word i of all is word i - before[piece] of its piece, which begins at begins[piece].
        begins, reps = np.cumsum(lengths) - lengths, lengths[numbers]
        before = np.cumsum(reps) - reps
        entries = of_pieces[np.repeat(begins[numbers] - before, reps) + np.arange(ends[-1])]
        codes, distinct = _grouped(np.repeat(np.arange(len(self.texts)) * len(known), np.diff(ends)) + entries)
        text_of, entry_of = np.divmod(distinct, max(1, len(known)))
        return codes, entry_of, np.searchsorted(text_of, np.arange(len(self.texts) + 1)), Lexicon(list(known))

    @cached_property
    def coded(self) -> list[Coded]:
        """The words of each text as numbers."""
        codes, entries, firsts, lexicon = self._codes
        bounds = zip(firsts[:-1].tolist(), firsts[1:].tolist(), self._word_ends[:-1].tolist(), self._word_ends[1:].tolist(), strict=True)
        return [Coded.part(lexicon, entries[c:d], codes[a:b] - c) for c, d, a, b in bounds]

    def repeated_ngrams(self, most: int) -> list[tuple[Repeated, ...]]:
        """Those of each text, as the function of this name gives them."""
        if most not in self._ngrams:
            codes, entries, _, _ = self._codes
            # A place is left free behind each text, so that no n-gram reaches into the next.
            ends = self._word_ends + np.arange(len(self.texts) + 1)
            places = np.arange(len(codes)) + np.repeat(np.arange(len(self.texts)), np.diff(self._word_ends))
            each = [self._parts(found, ends) for found in _repeated(places, codes, len(entries), most)]
            self._ngrams[most] = list(zip(*each, strict=True))
        return self._ngrams[most]

    def words(self, place: int) -> list[str]:
        """All words of a text."""
        return words(self.texts[place])

    def _parts(self, found: Repeated, ends: Ints) -> Iterator[Repeated]:
        cuts = np.searchsorted(found.places, ends).tolist()
        for begin, a, b in zip(ends.tolist(), cuts, cuts[1:], strict=False):
            yield Repeated(found.n, found.places[a:b] - begin, found.codes[a:b])


class Segmented(Batch):
    """One text whose words something else has cut: a segmenter of its language."""

    def __init__(self, text: str, found: list[str]) -> None:
        super().__init__([text])
        self._found = found

    def words(self, place: int) -> list[str]:
        return self._found

    @cached_property
    def word_totals(self) -> list[int]:
        return [len(self._found)]

    @cached_property
    def coded(self) -> list[Coded]:
        return [Coded(self._found)]

    def repeated_ngrams(self, most: int) -> list[tuple[Repeated, ...]]:
        return [tuple(repeated_ngrams(self.coded[0], most))]


def _grouped(keys: Ints) -> tuple[Ints, Ints]:
    """A number per key that is equal where the key is, in the order of the keys; and the key of each number."""
    order = np.argsort(keys)
    ordered = keys[order]
    new = np.ones(len(keys), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    codes = np.empty(len(keys), np.int64)
    codes[order] = np.cumsum(new) - 1
    return codes, ordered[new]


class Document:
    """``text`` with what filters may ask of it. Views are computed when first asked for, and kept. ``batch``: where the text is at ``place``."""

    def __init__(
        self,
        text: str,
        *,
        id: str = "",
        url: str = "",
        language: str = "",
        batch: Batch | None = None,
        place: int = 0,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.text, self.id, self.url, self.language = text, id, url, language
        self._facts = facts or {}
        self._batch, self._place = batch or Batch([text]), place

    def fact(self, name: str) -> Any:
        """One of what the filter ``needs``: a fact of tasks/signals/facts.py, another signal, or the rows of a named table that this document has. None where
        it is not known."""
        return self._facts.get(name)

    @cached_property
    def words(self) -> list[str]:
        """All words in order, marks of punctuation among them."""
        return self._batch.words(self._place)

    @property
    def word_total(self) -> int:
        """``len(words)``"""
        return self._batch.word_totals[self._place]

    @property
    def coded(self) -> Coded:
        """``words`` as numbers."""
        return self._batch.coded[self._place]

    def repeated_ngrams(self, most: int) -> tuple[Repeated, ...]:
        """``repeated_ngrams`` of ``coded``."""
        return self._batch.repeated_ngrams(most)[self._place]

    @cached_property
    def lines(self) -> list[str]:
        """As ``str.splitlines`` cuts them."""
        return self.text.splitlines()

    @cached_property
    def newline_lines(self) -> list[str]:
        """Cut at line feeds only, without blank ones."""
        return [line for line in self.text.split("\n") if line and not line.isspace()]


def batches(texts: Sequence[str]) -> Iterator[slice]:
    """Places of texts, in order, that make up batches of at least ``BATCH_CHARS`` characters, the last one less."""
    begin = chars = 0
    for place, text in enumerate(texts):
        chars += len(text)
        if chars >= BATCH_CHARS:
            yield slice(begin, place + 1)
            begin, chars = place + 1, 0
    if begin < len(texts):
        yield slice(begin, len(texts))

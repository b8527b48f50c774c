"""Shingles: the hashed word n-grams of many texts at once, for everything that compares documents by their overlap (Broder 1997).

A token is a run of letters and digits, without case and diacritics; in scripts that are written without spaces (Han, Kana, Thai, Lao,
Khmer, Myanmar, Tibetan ...) each character is one token, so that an n-gram stays short of a sentence. Punctuation and white space only separate.
Everything is arrays over the code points of a batch: one table lookup per character, sums of powers for the hashes of tokens and n-grams.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from winnow.tasks.engine.arrays import U64, Ints
from winnow.tasks.engine.mixing import mixed

U32 = npt.NDArray[np.uint32]

BATCH_CHARS = 1 << 20
PAGE = 256
BASE, TOKEN_BASE = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
SEPARATOR, DROPPED, LETTER, SINGLE = 0, 1, 2, 3  # the two low bits of a character's value say what it is to a token

# Blocks of scripts that put no space between words: first and last code point.
UNSPACED = (
    (0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0x2E80, 0x2FDF),
    (0x3005, 0x3007), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x1B000, 0x1B16F), (0x20000, 0x3FFFF),
)  # fmt: skip


# How much of a word a character of these scripts is, in quarters: Han and Kana words have two characters or so, Thai and its neighbours four.
WHOLE, IDEOGRAPH, SYLLABLE = 4, 2, 1
FIRST_IDEOGRAPH = 0x2E80


class Shingles(NamedTuple):
    """``hashes[starts[i]:starts[i + 1]]`` are those of text i, in order and with repetitions; a text with 1 to n-1 tokens has one shingle, a
    text without tokens none."""

    hashes: U32
    starts: Ints

    @property
    def counts(self) -> Ints:
        return np.diff(self.starts)


class Tokens(NamedTuple):
    """The tokens of a batch of pieces of texts. Per piece: ``text`` its number, ``offset`` the characters of its text before it, ``counts``
    its tokens. Per token: its hash, how much of a word it is (in quarters), and where it begins and ends in its piece, the marks on its last letter
    included."""

    text: Ints
    offset: Ints
    counts: Ints
    hashes: U64
    shares: npt.NDArray[np.int8]
    begin: Ints
    end: Ints


def shingles(texts: Sequence[str], size: int, *, fold_digits: bool = False, unspaced_as_words: bool = False) -> Shingles:
    """32-bit hashes of the ``size``-grams of each text. Total: any str, lone surrogates too. ``fold_digits`` makes all digits equal.

    With ``unspaced_as_words`` a character of a script without spaces counts as a half or a quarter of a word, so that an n-gram is as
    long as ``size`` words in every script: five characters of Japanese are the next best ending of a polite sentence, which every page of a site has.

    N-grams across the cut of a very long text are left out, see ``tokenised``.
    """
    parts, counts = [np.zeros(0, np.uint32)], np.zeros(len(texts), np.int64)
    for tokens in tokenised(texts, fold_digits=fold_digits):
        upto = np.cumsum(tokens.counts)
        if unspaced_as_words:
            before = np.concatenate([[0], np.cumsum(tokens.shares)])
            reach = np.searchsorted(before, before[:-1] + size * WHOLE)  # where the shingle that begins at each token ends
            fits = np.concatenate([[0], np.cumsum(reach <= np.repeat(upto, tokens.counts))])
            per_piece = np.maximum(fits[upto] - fits[upto - tokens.counts], np.minimum(tokens.counts, 1))
        else:
            reach = np.arange(len(tokens.hashes)) + size
            per_piece = np.where(tokens.counts >= size, tokens.counts - size + 1, np.minimum(tokens.counts, 1))
        # Of a piece the k-th shingle begins at its token k.
        begin = np.repeat(upto - tokens.counts, per_piece) + places(per_piece)
        end = np.minimum(reach[begin], np.repeat(upto, per_piece))
        parts.append((span_hashes(tokens.hashes, begin, end) >> np.uint64(32)).astype(np.uint32))
        np.add.at(counts, tokens.text, per_piece)
    return Shingles(np.concatenate(parts), np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]))


def tokenised(texts: Sequence[str], *, fold_digits: bool = False) -> Iterator[Tokens]:
    """The tokens of all texts, in batches that stay inside the caches.

    Memory stays under about 100 bytes per character of a batch: a text is cut every ``BATCH_CHARS`` characters.
    """
    pieces = [(n, at) for n, text in enumerate(texts) for at in range(0, len(text) or 1, BATCH_CHARS)]
    begin = chars = 0
    for i, (n, at) in enumerate(pieces):
        chars += min(BATCH_CHARS, len(texts[n]) - at) + 1
        if chars >= BATCH_CHARS or i + 1 == len(pieces):
            batch = pieces[begin : i + 1]
            yield _batch([texts[n][at : at + BATCH_CHARS] for n, at in batch], np.array(batch, np.int64), fold_digits)
            begin, chars = i + 1, 0


def span_hashes(hashes: U64, begin: Ints, end: Ints) -> U64:
    """64-bit hashes of the runs of tokens [begin, end)."""
    return mixed(_spans(hashes, begin, end, _TOKEN_POWERS))


def places(counts: Ints) -> Ints:
    """0, 1, ... of each group: [2, 3] -> 0 1 0 1 2."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def character_values(texts: Sequence[str]) -> tuple[U64, Ints]:
    """The value of every character of the texts, one text after the other, and where each text begins (and the last ends). The two low bits say
    what a character is to a token, the others are the hash of its folded form."""
    characters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    return _CHARACTERS[False].values(characters), np.cumsum([0, *map(len, texts)])


def _batch(pieces: list[str], where: Ints, fold_digits: bool) -> Tokens:
    characters = np.frombuffer("\n".join([*pieces, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
    starts = np.cumsum([0] + [len(p) + 1 for p in pieces])
    values = _CHARACTERS[fold_digits].values(characters)
    kind = (values & np.uint64(3)).astype(np.uint8)
    at = np.arange(len(characters))
    if (kind == DROPPED).any():
        at = np.flatnonzero(kind != DROPPED)
        values, kind = values[at], kind[at]
    inside = kind != SEPARATOR
    single = kind == SINGLE
    joined = inside[1:] & inside[:-1] & ~single[1:] & ~single[:-1]
    first = np.flatnonzero(inside & ~np.concatenate([[False], joined]))
    last = np.flatnonzero(inside & ~np.concatenate([joined, [False]]))
    hashes = mixed(_spans(values * inside, first, last + 1, _POWERS))
    shares = np.where(single[first], np.where(characters[at[first]] < FIRST_IDEOGRAPH, SYLLABLE, IDEOGRAPH), WHOLE).astype(np.int8)
    # What was dropped behind a character belongs to it: a token ends where the next character that counts begins.
    begin, end = at[first], np.append(at, len(characters))[last + 1]
    counts = np.diff(np.searchsorted(begin, starts))
    piece_starts = np.repeat(starts[:-1], counts)
    return Tokens(where[:, 0], where[:, 1], counts, hashes, shares, begin - piece_starts, end - piece_starts)


def _spans(values: U64, begin: Ints, end: Ints, powers: "_Powers") -> U64:
    """Of each span [begin, end) the sum of value times BASE to the place within the span, modulo 2^64."""
    up, down = powers.upto(len(values) + 1)
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(values * up[: len(values)], out=sums[1:])
    return (sums[end] - sums[begin]) * down[begin]


class _Powers:
    """Powers of an odd base and of its inverse, modulo 2^64; as many as were asked for so far."""

    def __init__(self, base: np.uint64) -> None:
        self._bases = (int(base), pow(int(base), -1, 1 << 64))
        self._known: tuple[U64, U64] = (np.ones(1, np.uint64), np.ones(1, np.uint64))

    def upto(self, count: int) -> tuple[U64, U64]:
        if len(self._known[0]) < count:
            forth, back = (np.full(count + 1, base, np.uint64) for base in self._bases)
            forth[0] = back[0] = 1
            self._known = (np.cumprod(forth, dtype=np.uint64), np.cumprod(back, dtype=np.uint64))
        return self._known


class _Characters:
    """The value of each code point: 62 random bits of its folded form and what it is to a token; filled in when first met."""

    def __init__(self, fold_digits: bool) -> None:
        self._fold_digits = fold_digits
        self._values = np.zeros(0x110000, np.uint64)
        self._known = np.zeros(0x110000 // PAGE, bool)

    def values(self, characters: U32) -> U64:
        met = np.bincount(characters // PAGE, minlength=len(self._known)) > 0
        for page in np.flatnonzero(met & ~self._known):
            first = int(page) * PAGE
            self._values[first : first + PAGE] = [self._value(c) for c in range(first, first + PAGE)]
            self._known[page] = True
        return self._values[characters]

    def _value(self, code: int) -> int:
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Mn" or category == "Cf":
            return DROPPED
        if category[0] not in "LNM":
            return SEPARATOR
        folded = unicodedata.normalize("NFKD", character.casefold())
        stem = "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Cf")) or character
        if self._fold_digits and category[0] == "N":
            stem = "0"
        value = int(xxhash.xxh3_64_intdigest(stem.encode("utf-32-le", "surrogatepass")))
        return value & ~3 | (SINGLE if any(low <= code <= high for low, high in UNSPACED) else LETTER)


_CHARACTERS = {fold: _Characters(fold) for fold in (False, True)}
_POWERS, _TOKEN_POWERS = _Powers(BASE), _Powers(TOKEN_BASE)

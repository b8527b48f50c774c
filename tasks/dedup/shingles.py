"""Shingles: the hashed word n-grams of many texts at once, for everything that compares documents by their overlap (Broder 1997).

A token is a run of letters and digits, lower case and without diacritics; in scripts that are written without spaces (Han, Kana, Thai, Lao,
Khmer, Myanmar, Tibetan ...) each character is one token, so that an n-gram stays short of a sentence. Punctuation and white space only separate.
Everything is arrays over the code points of a batch: one table lookup per character, sums of powers for the hashes of tokens and n-grams.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

U64 = npt.NDArray[np.uint64]
U32 = npt.NDArray[np.uint32]
I64 = npt.NDArray[np.int64]

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


class Shingles(NamedTuple):
    """``hashes[starts[i]:starts[i + 1]]`` are those of text i, in order and with repetitions; a text with 1 to n-1 tokens has one shingle, a
    text without tokens none."""

    hashes: U32
    starts: I64

    @property
    def counts(self) -> I64:
        return np.diff(self.starts)


def shingles(texts: Sequence[str], size: int, *, fold_digits: bool = False) -> Shingles:
    """32-bit hashes of the ``size``-grams of each text. Total: any str, lone surrogates too. ``fold_digits`` makes all digits equal.

    Memory stays under about 60 bytes per character of a batch: a text is cut every ``BATCH_CHARS`` characters, and the n-grams across a
    cut are left out.
    """
    parts, counts = [np.zeros(0, np.uint32)], [np.zeros(0, np.int64)]
    pieces = [-(-len(text) // BATCH_CHARS) or 1 for text in texts]
    for batch in _batches([text[k * BATCH_CHARS : (k + 1) * BATCH_CHARS] for text, n in zip(texts, pieces, strict=True) for k in range(n)]):
        hashes, per_piece = _batch(batch, size, fold_digits)
        parts.append(hashes)
        counts.append(per_piece)
    ends = np.cumsum(np.concatenate(counts))[np.cumsum(np.array(pieces, np.int64)) - 1] if texts else np.zeros(0, np.int64)
    return Shingles(np.concatenate(parts), np.concatenate([np.zeros(1, np.int64), ends]))


def mixed(x: U64) -> U64:
    """A bijection of 64-bit numbers after which every bit depends on every other (the finaliser of MurmurHash3)."""
    x = x ^ (x >> np.uint64(33))
    x *= np.uint64(0xFF51AFD7ED558CCD)
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xC4CEB9FE1A85EC53)
    x ^= x >> np.uint64(33)
    return x


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    begin, chars = 0, 0
    for i, text in enumerate(texts):
        chars += len(text) + 1
        if chars >= BATCH_CHARS:
            yield texts[begin : i + 1]
            begin, chars = i + 1, 0
    if begin < len(texts):
        yield texts[begin:]


def _batch(texts: Sequence[str], size: int, fold_digits: bool) -> tuple[U32, I64]:
    """Hashes of all shingles of the texts, and how many each has."""
    characters = np.frombuffer("\n".join([*texts, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.cumsum([len(t) + 1 for t in texts])
    values = _CHARACTERS[fold_digits].values(characters)
    kind = (values & np.uint64(3)).astype(np.uint8)
    if (kind == DROPPED).any():
        stays = kind != DROPPED
        ends = np.cumsum(stays)[ends - 1]
        values, kind = values[stays], kind[stays]
    inside = kind != SEPARATOR
    single = kind == SINGLE
    joined = inside[1:] & inside[:-1] & ~single[1:] & ~single[:-1]
    first = np.flatnonzero(inside & ~np.concatenate([[False], joined]))
    last = np.flatnonzero(inside & ~np.concatenate([joined, [False]]))
    tokens = mixed(_spans(values * inside, first, last + 1, _POWERS))
    upto = np.searchsorted(first, ends)  # tokens before the end of each text
    per_text = np.diff(upto, prepend=0)
    counts = np.where(per_text >= size, per_text - size + 1, np.minimum(per_text, 1)).astype(np.int64)
    # Of text i the k-th shingle begins at token begin[i] + k.
    begin = np.repeat(upto - per_text, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    end = np.minimum(begin + size, np.repeat(upto, counts))
    return (mixed(_spans(tokens, begin, end, _TOKEN_POWERS)) >> np.uint64(32)).astype(np.uint32), counts


def _spans(values: U64, begin: I64, end: I64, powers: "_Powers") -> U64:
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
        folded = unicodedata.normalize("NFKD", character.lower())
        stem = "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Cf")) or character
        if self._fold_digits and category[0] == "N":
            stem = "0"
        value = int(xxhash.xxh3_64_intdigest(stem.encode("utf-32-le", "surrogatepass")))
        return value & ~3 | (SINGLE if any(low <= code <= high for low, high in UNSPACED) else LETTER)


_CHARACTERS = {fold: _Characters(fold) for fold in (False, True)}
_POWERS, _TOKEN_POWERS = _Powers(BASE), _Powers(TOKEN_BASE)

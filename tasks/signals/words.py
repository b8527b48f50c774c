"""Text cut into words: pieces between white space, punctuation taken off their ends one mark at a time, then cut inside.

Follows the published behaviour of spaCy's English rules closely enough that datatrove's blocks come to the same verdicts
(tests/signals/filters/test_against_datatrove.py); scripts written without spaces give one word per character. What a piece gives does not depend on
its neighbours, so of many texts each distinct piece is cut once (tasks/signals/text.py).
"""

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any
from unicodedata import category

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.engine.arrays import Ints

# Thai, Lao, Myanmar, Khmer; kana; Han with its extensions. Hangul is written with spaces.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
RAW_WORD = re.compile(r"\w+|[^\w\s]+")
"""Words as RedPajama-V2 cuts raw text: runs of word characters, and runs of anything else that is no white space."""
MARKS = frozenset(",:;!?¿¡()[]{}<>_#*&…\"'`´“”‘’‚„«»—–。？！，、；：～·।،۔؛؟٪「」『』（）〔〕【】《》〈〉⟦⟧")
MARKS_BEFORE = MARKS | frozenset("§%=$£€¥฿₹₽₩₪₫₿")
FULL_STOP_AFTER = (MARKS - {"_"}) | frozenset("%²³-+")
LETTER, DIGIT = r"[^\W\d_]", r"[0-9]"

INSIDE = re.compile(
    rf"\.{{2,}}|…|(?<={DIGIT})[-+*^](?=[0-9-])|(?<=[a-zà-ÿ\"'’”])\.(?=[A-ZÀ-Þ\"'‘“])|(?<={LETTER}),(?={LETTER})"
    rf"|(?<=[^\W_])(?:--+|[-–—~])(?={LETTER})|(?<=[^\W_])[:<>=/](?={LETTER})"
)
MAY_CUT = re.compile(r"[-+*^.…,–—~:<>=/]")
LOCATION = re.compile(r"(?:[\w+.-]{2,32}://)?(?:[\w.+-]{1,64}@)?(?:[^\W_](?:[\w-]{0,62})\.)+[a-z]{2,63}(?::\d{2,5})?(?:[/?#]\S*)?")
CONTRACTED = re.compile(r"(?i:n['’]t|['’](?:s|re|ve|ll|d|m))$")
UNIT = re.compile(
    r"(?<=[0-9])(?:[ap]\.?m\.?|%|[kcdmnµ]?m[²³]?|ha|ft|in|oz|lbs?|[kmM]?[gG]|[KMGT]i?[Bb]?|[kmgt]b|mph|kmh|km/h|m/s|[KMTPk]?Pa|mbar|hPa|°[CFK])$"
)
ABBREVIATIONS = frozenset(
    """Mr. Mrs. Ms. Dr. Prof. Rev. Gen. Gov. Sen. Rep. Adm. Messrs. Jr. Sr. St. Mt. Co. co. Corp. Inc. Ltd. Bros. vs. v.s. e.g. E.g. i.e. I.e. a.m. p.m.
    Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec. Ph.D. Calif. Colo. Conn. Fla. Ill. Ind. Kan. Kans. Ky. La. Mass. Md. Mich. Minn. Miss. Mo. Mont. Neb.
    Nebr. Nev. Okla. Ore. Pa. Tenn. Va. Wash. Wis.""".split()
) | {f"{letter}." for letter in "abcdefghijklmnopqrstuvwxyz"}
WHOLE = ABBREVIATIONS | {"and/or", "w/o", "C++", ":)", ":(", ";)", ":-)", ":-(", ";-)", ":D", ":P", ":/", "<3"}
LONGEST_WHOLE = max(map(len, WHOLE))
ANY_UNSPACED = re.compile(f"[{UNSPACED}]")
# Arrow's split reads one character past white space at an end: of the next text, and behind the last of memory that nobody wrote.
BEHIND = "."
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
PIECE = re.compile(f"[{UNSPACED}]|[^{UNSPACED}\\s]+")


def words(text: str) -> list[str]:
    """All words of a text in order, marks of punctuation among them. No word reaches over white space; nothing but white space is lost."""
    return list(chain.from_iterable((piece,) if piece.isalpha() else cut(piece) for piece in pieces(text)))


def pieces(text: str) -> list[str]:
    """What stands between white space; in scripts written without it, each character."""
    return PIECE.findall(text) if not text.isascii() and ANY_UNSPACED.search(text) else text.split()


def pieces_of_all(texts: Sequence[str]) -> tuple[pa.Array, Ints]:
    """``pieces`` of many texts, text after text, as an Arrow array of strings; and how many come before each text, and in all.

    Lone surrogates, which no table holds, count as U+FFFD.
    """
    try:
        column = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        texts = [LONE_SURROGATE.sub("\ufffd", t) for t in texts]
        column = pa.array(texts, pa.large_string())
    unspaced = pc.match_substring_regex(column, f"[{UNSPACED}]")
    if unspaced.true_count:
        spaced = [" ".join(PIECE.findall(t)) if u else t for t, u in zip(texts, unspaced.to_pylist(), strict=True)]
        column = pa.array(spaced, pa.large_string())
    split = pc.utf8_split_whitespace(pa.concat_arrays([column, pa.array([BEHIND], pa.large_string())]))[:-1]
    found, ends = split.flatten(), sums_before(pc.list_value_length(split).to_numpy())
    # White space at an end of a text gives an empty piece.
    full = pc.greater(pc.binary_length(found), 0)
    if full.false_count:
        found, ends = found.filter(full), sums_before(full.to_numpy(zero_copy_only=False))[ends]
    return found, ends


def sums_before(values: npt.NDArray[Any]) -> Ints:
    """The sum of the values before each, and of all: one element more than there are values."""
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def cut(piece: str) -> Sequence[str]:
    """The words of a piece. One of letters alone is a word; most others are a word with one mark behind it, or have none at their ends; the rest is for
    the rules."""
    word, last = piece[:-1], piece[-1]
    if word.isalpha() and (last in ",;:!?)" or (last == "." and word[-1].islower())) and piece not in WHOLE:
        return (word, last)
    if last.isalpha() and piece[0].isalpha() and "'" not in piece and "’" not in piece:
        return _inside(piece)
    return _cut(piece)


def _cut(piece: str) -> list[str]:
    begin, end = 0, len(piece)
    found: list[str] = []
    after: list[str] = []
    while begin < end:
        if end - begin <= LONGEST_WHOLE and piece[begin:end] in WHOLE:
            break
        before = _marks_before(piece, begin, end)
        if before:
            found.append(piece[begin : begin + before])
            begin += before
            if begin < end and end - begin <= LONGEST_WHOLE and piece[begin:end] in WHOLE:
                break
        behind = _marks_behind(piece, begin, end)
        if behind:
            after.append(piece[end - behind : end])
            end -= behind
        if not before and not behind:
            break
    if begin < end:
        found += _inside(piece[begin:end])
    return found + after[::-1]


def _marks_before(piece: str, begin: int, end: int) -> int:
    c = piece[begin]
    if c == ".":
        return _dots(piece, begin, end)
    if c in MARKS_BEFORE or (c == "+" and not piece[begin + 1 : begin + 2].isdecimal()) or (c > "¥" and category(c) == "So"):
        return 1
    return 0


def _dots(piece: str, begin: int, end: int) -> int:
    at = begin
    while at < end and piece[at] == ".":
        at += 1
    return at - begin if at - begin > 1 else 0


def _marks_behind(piece: str, begin: int, end: int) -> int:
    if end - begin < 2:
        return 0
    c, before = piece[end - 1], piece[end - 2]
    if c == ".":
        if before == ".":
            at = end
            while at > begin and piece[at - 1] == ".":
                at -= 1
            return end - at
        ends = (
            before.islower()
            or before.isdecimal()
            or before in FULL_STOP_AFTER
            or (before.isupper() and end - begin > 2 and piece[end - 3].isupper())
        )
        return 1 if ends else 0
    if c in MARKS or (c == "+" and before.isdecimal()) or (c > "¥" and category(c) == "So"):
        return 1
    if before in "'’" or (end - begin > 3 and piece[end - 3] in "'’"):
        m = CONTRACTED.search(piece, max(begin + 1, end - 3), end)
    elif piece[begin].isdecimal():
        m = UNIT.search(piece, max(begin + 1, end - 5), end)
    else:
        return 0
    return end - m.start() if m else 0


def _inside(piece: str) -> list[str]:
    if piece.isalpha() or piece in WHOLE or ("." in piece and len(piece) < 2048 and LOCATION.fullmatch(piece)):
        return [piece]
    if not MAY_CUT.search(piece):
        return [piece]
    found: list[str] = []
    begin = 0
    for m in INSIDE.finditer(piece):
        if m.start() == begin:
            continue
        found += [piece[begin : m.start()], m.group()]
        begin = m.end()
    if begin < len(piece):
        found.append(piece[begin:])
    return found

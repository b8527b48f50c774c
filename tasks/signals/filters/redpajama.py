"""RedPajama-V2's natural-language, content, line and repetition signals under their published names (Weber et al. 2024, appendix; formulas of its code).

Two views of the text: raw words (runs of word characters, runs of other marks) and normalised words (ASCII punctuation deleted, lower case,
decomposed accents). Not here: what needs a model (importance, classifier and perplexity scores) or a list of bad words or URLs.
Line signals are lists with one value per line, in order; the published spans are not repeated.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Ints
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.memo import Memo
from winnow.tasks.extract.language_codes import which
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Coded, Document, Repeated, repeated_ngrams
from winnow.tasks.signals.words import RAW_WORD

SOURCE = "Weber et al. 2024, quality signals"
ASCII_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]+")
SENTENCE = re.compile(r"\b[^.!?]+[.!?]*")
ASCII_LETTER = re.compile(r"[a-zA-Z]")
BULLETS = ("\u2022", "\u2023", "\u25b6", "\u25c0", "\u25e6", "\u25a0", "\u25a1", "\u25aa", "\u25ab", "\u2013")
LINE_ENDS = (".", "!", "?", "”")
TOP = (2, 3, 4)
DUPLICATE = (5, 6, 7, 8, 9, 10)
DIGITS = 8  # decimals the published signals are rounded to


def _doc(name: str, unit: str, meaning: str) -> Signal:
    return Signal(f"rps_doc_{name}", "int" if unit in ("words", "sentences") else "float", unit, meaning, SOURCE)


def _lines(name: str, unit: str, meaning: str) -> Signal:
    return Signal(f"rps_lines_{name}", "floats", unit, meaning, SOURCE)


@stable("filter/redpajama")
@dataclass(frozen=True)
class RedPajama(Filter):
    """Values that have no denominator (no words, no lines) are null, as published; so is the stop-word share of a language without a list."""

    signals: ClassVar = (
        _doc("curly_bracket", "per character", "curly brackets of either kind, by characters of the text"),
        _doc("lorem_ipsum", "per character", "occurrences of lorem ipsum in the normalised text, by its characters"),
        _doc(
            "stop_word_fraction",
            "share",
            "raw words that are stop words as written; the lists are Winnow's own (en de fr es it) and shorter than the published ones",
        ),
        _doc("num_sentences", "sentences", "runs of text up to . ! or ?"),
        _doc("word_count", "words", "normalised words"),
        _doc("mean_word_length", "characters", "mean length of normalised words"),
        _doc("symbol_to_word_ratio", "per word", "# and ellipses, by raw words"),
        _doc("frac_lines_end_with_ellipsis", "share", "lines that end with ... or …"),
        _doc("frac_no_alph_words", "share", "raw words without one of the letters a to z"),
        _doc("frac_unique_words", "share", "distinct normalised words, of all"),
        _doc("unigram_entropy", "nats", "entropy of the normalised words"),
        _doc("frac_all_caps_words", "share", "raw words without lower-case letters"),
        *(
            _doc(
                f"frac_chars_top_{n}gram",
                "share",
                f"characters in the most frequent {n}-gram of normalised words, of all their characters; 0 if it occurs once",
            )
            for n in TOP
        ),
        *(
            _doc(
                f"frac_chars_dupe_{n}grams",
                "share",
                f"characters of normalised words inside any {n}-gram that occurs again, of all their characters",
            )
            for n in DUPLICATE
        ),
        _lines("ending_with_terminal_punctution_mark", "0 or 1", "the line ends with . ! ? or ” (spelling as published)"),
        _lines("javascript_counts", "words", "normalised words of the line that are javascript"),
        _lines("num_words", "words", "normalised words of the line"),
        _lines("numerical_chars_fraction", "share", "numeric characters of the normalised line"),
        _lines("start_with_bulletpoint", "0 or 1", "the line starts with one of ten bullet characters"),
        _lines("uppercase_letter_fraction", "share", "upper-case characters of the line, its line feed counted as a character"),
    )

    def measure(self, doc: Document) -> dict[str, Value]:
        plain = normalised(doc.text)
        words = Coded(plain.split())
        return {**_content(doc, plain, words), **_repetition(words), **_line_values(doc.text, plain)}


def normalised(text: str) -> str:
    """Without ASCII punctuation, lower case, NFD; white space stays as it is, so that lines can still be told."""
    plain = ASCII_PUNCTUATION.sub("", text).lower()
    return plain if plain.isascii() else unicodedata.normalize("NFD", plain)


def _content(doc: Document, plain: str, words: Coded) -> dict[str, Value]:
    text, total = doc.text, len(words.ids)
    raw = Counter(RAW_WORD.findall(text))
    raw_total = raw.total()
    lines = lines_of(text)
    ellipses = ("...", "…")
    traits = [(_TRAITS[word], count) for word, count in raw.items()]
    stop_words = _stop_words(doc.language)
    normalised_chars = int((words.chars * words.counts).sum()) + total - 1  # words joined by single spaces
    lorem = " ".join(plain.split()).count("lorem ipsum") if "lorem" in plain else 0
    shares = words.counts / total if total else words.counts
    return {
        "rps_doc_curly_bracket": _ratio(text.count("{") + text.count("}"), len(text), 0.0),
        "rps_doc_lorem_ipsum": _ratio(lorem, normalised_chars if total else 0, 0.0),
        "rps_doc_stop_word_fraction": _ratio(sum(raw[w] for w in stop_words if w in raw), raw_total, 0.0) if stop_words else None,
        "rps_doc_num_sentences": len(SENTENCE.findall(text)),
        "rps_doc_word_count": total,
        "rps_doc_mean_word_length": _ratio(normalised_chars - total + 1, total),
        "rps_doc_symbol_to_word_ratio": _ratio(text.count("#") + text.count("...") + text.count("…"), raw_total),
        "rps_doc_frac_lines_end_with_ellipsis": _ratio(sum(line.rstrip().endswith(ellipses) for line in lines), len(lines)),
        "rps_doc_frac_no_alph_words": round(1.0 - sum(n for t, n in traits if t & ALPHA) / raw_total, DIGITS) if raw_total else None,
        "rps_doc_frac_unique_words": _ratio(len(words.entries), total),
        "rps_doc_unigram_entropy": round(abs(math.fsum(-shares * np.log(shares))), DIGITS) if total else None,
        "rps_doc_frac_all_caps_words": _ratio(sum(n for t, n in traits if t & CAPITALS), raw_total),
    }


def _repetition(words: Coded) -> dict[str, Value]:
    chars = int(words.starts[-1])
    values: dict[str, Value] = {}
    for found in repeated_ngrams(words, DUPLICATE[-1]):
        if found.n in TOP:
            values[f"rps_doc_frac_chars_top_{found.n}gram"] = _ratio(_top_chars(words, found), chars, 0.0)
        else:
            values[f"rps_doc_frac_chars_dupe_{found.n}grams"] = _ratio(_covered_chars(words, found), chars, 0.0)
    return values


def _top_chars(words: Coded, found: Repeated) -> int:
    """Characters of the most frequent n-gram (the earliest of equals) times its count; 0 if none occurs twice."""
    if not len(found.places):
        return 0
    first, count = found.most_frequent()
    return int(words.starts[first + found.n] - words.starts[first]) * count


def _covered_chars(words: Coded, found: Repeated) -> int:
    """Characters inside any repeated n-gram, its first occurrence included, each once."""
    if not len(found.places):
        return 0
    edges = np.zeros(len(words.ids) + 1, np.int64)
    edges[found.places] += 1
    edges[found.places + found.n] -= 1
    return int(words.chars[words.ids][np.cumsum(edges[:-1]) > 0].sum())


def lines_of(text: str) -> list[str]:
    """Cut at line feeds; an empty last line is none."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _line_values(text: str, plain: str) -> dict[str, Value]:
    lines = lines_of(text)
    count = len(lines)
    raw, norm = _codes(text), _codes(plain)
    raw_chars = np.fromiter(map(len, lines), np.int64, count) + 1
    if count and not text.endswith("\n"):
        raw_chars[-1] -= 1
    space = _table(str.isspace)[norm]
    begins = ~space
    begins[1:] &= space[:-1]
    words = _per_line(begins, norm, count)
    norm_chars = _per_line(~space, norm, count) + np.maximum(words - 1, 0)
    numeric = _per_line(_table(str.isnumeric)[norm], norm, count)
    scripts = [line.split().count("javascript") for line in plain.split("\n")[:count]] if "javascript" in plain else [0] * count
    return {
        "rps_lines_ending_with_terminal_punctution_mark": [float(line.rstrip().endswith(LINE_ENDS)) for line in lines],
        "rps_lines_javascript_counts": [float(n) for n in scripts],
        "rps_lines_num_words": words.astype(float).tolist(),
        "rps_lines_numerical_chars_fraction": np.round(numeric / np.maximum(norm_chars, 1), DIGITS).tolist(),
        "rps_lines_start_with_bulletpoint": [float(line.lstrip().startswith(BULLETS)) for line in lines],
        "rps_lines_uppercase_letter_fraction": np.round(
            _per_line(_table(str.isupper)[raw], raw, count) / np.maximum(raw_chars, 1), DIGITS
        ).tolist(),
    }


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _per_line(marked: npt.NDArray[np.bool_], codes: npt.NDArray[np.uint32], count: int) -> Ints:
    """How many marked characters each of the first ``count`` lines has."""
    sums = np.zeros(len(marked) + 1, np.int64)
    np.cumsum(marked, out=sums[1:])
    edges = np.concatenate([[0], np.flatnonzero(codes == 10), [len(codes)]])[: count + 1]
    counts: Ints = np.diff(sums[edges])
    return counts


@cache
def _table(predicate: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
    """What a predicate says of every code point."""
    return np.fromiter(map(predicate, map(chr, range(0x110000))), bool, 0x110000)


def _ratio(part: float, whole: float, without: float | None = None) -> float | None:
    return round(part / whole, DIGITS) if whole else without


@cache
def _stop_words(language: str) -> frozenset[str]:
    path = {p.stem: p for p in (Path(__file__).parent / "data" / "stop_words").glob("*.txt")}
    own = which(language, tuple(sorted(path)))
    return frozenset(path[own].read_text(encoding="utf-8").split()) if own else frozenset()


ALPHA, CAPITALS = 1, 2
_TRAITS = Memo(lambda word: ALPHA * (ASCII_LETTER.search(word) is not None) | CAPITALS * word.isupper())

"""ChineseWebText's rules (Chen et al. 2023, EvalWeb) as its published code measures them: length, Chinese characters, traditional script, repetition, sensitive words.

Traditional characters are told by two old standards instead of a conversion table: one that Big5 (Taiwan) has and GB 2312 (the mainland's) has not. The published code
drops a page for a single character that its table would convert; names and titles have such.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.models.files import ModelFile, locate
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "Chen et al. 2023 (arXiv:2311.01149), published code"
NGRAM = 13
FIRST_HAN, LAST_HAN = 0x4E00, 0x9FA5
CHARACTERS = 0x110000
FACTOR = np.uint64(0x9E3779B97F4A7C15)


def word_list(value: Any, find: Callable[[Any], ModelFile]) -> ModelFile:
    """A file by name, path or URI, as models are named."""
    return find(value)


@stable("filter/chinesewebtext")
@dataclass(frozen=True)
class ChineseWebText(Filter):
    """``sensitive_words`` is a list of yours, one word a line; of a line with tabs the last part counts, so that the published form ``category<tab>word`` may be
    given. Without it the signal is null."""

    signals: ClassVar = (
        Signal("chinesewebtext_char_count", "int", "characters", "characters of the text", SOURCE),
        Signal(
            "chinesewebtext_line_chars",
            "float",
            "characters",
            "characters of the text per line, blank lines and line feeds among them",
            SOURCE,
        ),
        Signal("han_char_share", "float", "share", "characters from U+4E00 to U+9FA5", SOURCE),
        Signal("traditional_char_share", "float", "share", "of these, those that only Big5 has and not GB 2312", "this file"),
        Signal("simplified_char_share", "float", "share", "of these, those that only GB 2312 has and not Big5", "this file"),
        Signal(
            "repeated_13gram_share", "float", "share", f"runs of {NGRAM} characters that occur more than once, white space left out", SOURCE
        ),
        Signal(
            "sensitive_words_per_line",
            "float",
            "per line",
            "different words of the list in the text, per line; null without a list",
            SOURCE,
        ),
    )

    text: Literal["extracted", "corrected"] = "corrected"
    sensitive_words: ModelFile | None = field(default=None, metadata={"recipe": word_list})

    def check(self) -> None:
        if self.sensitive_words:
            _words(self.sensitive_words)

    def measure(self, doc: Document) -> dict[str, Value]:
        text = doc.text
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        han = codes[(codes >= FIRST_HAN) & (codes <= LAST_HAN)]
        lines = text.count("\n") + 1
        kinds = np.bincount(_scripts()[han], minlength=3) if len(han) else np.zeros(3, np.int64)
        words = _words(self.sensitive_words) if self.sensitive_words else None
        return {
            "chinesewebtext_char_count": len(text),
            "chinesewebtext_line_chars": len(text) / lines,
            "han_char_share": len(han) / max(1, len(text)),
            "traditional_char_share": int(kinds[1]) / max(1, len(han)),
            "simplified_char_share": int(kinds[2]) / max(1, len(han)),
            "repeated_13gram_share": repeated_share(text),
            "sensitive_words_per_line": None if words is None else sum(word in text for word in words) / lines,
        }


def repeated_share(text: str) -> float:
    """As published: case folded, blanks, tabs and line feeds left out, and the last n-gram of the text too."""
    folded = text.strip().lower().translate(_BLANKS)
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    count = len(codes) - NGRAM
    if count <= 0:
        return 0.0
    keys: npt.NDArray[np.uint64] = np.zeros(count, np.uint64)
    for place in range(NGRAM):
        keys = keys * FACTOR + codes[place : place + count]
        keys ^= keys >> np.uint64(29)
    _, counts = np.unique(keys, return_counts=True)
    return int(counts[counts > 1].sum()) / count


_BLANKS = {ord(c): None for c in " \n\t"}


@cache
def _scripts() -> npt.NDArray[np.uint8]:
    """Of each code point 1 if only Big5 has it, 2 if only GB 2312 has it, else 0."""
    found = np.zeros(CHARACTERS, np.uint8)
    for code in range(FIRST_HAN, LAST_HAN + 1):
        big5, gb = _has("big5", chr(code)), _has("gb2312", chr(code))
        found[code] = 1 if big5 and not gb else 2 if gb and not big5 else 0
    return found


def _has(charset: str, char: str) -> bool:
    try:
        char.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _words(file: ModelFile) -> tuple[str, ...]:
    path = locate(file)
    words = {line.rsplit("\t", 1)[-1].strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()} - {""}
    if not words:
        raise BadInput(f"The list of sensitive words {path} has no word. It must have one word a line.")
    return tuple(sorted(words))

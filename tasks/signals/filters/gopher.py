"""Gopher's quality heuristics (Rae et al. 2021, appendix A1.1), as datatrove's GopherQualityFilter measures them. All of them, always."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from datatrove.utils.text import PUNCTUATION_SET

from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.memo import Memo
from winnow.tasks.extract.language_codes import which
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "Rae et al. 2021, A1.1"
STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
PLAIN, ALPHA = 1, 2


@stable("filter/gopher")
@dataclass(frozen=True)
class Gopher(Filter):
    """``stop_words`` are looked up as they are written, case counts (as in datatrove). ``language_stop_words`` has other ones for documents of a
    language; language packs fill it."""

    signals: ClassVar = (
        Signal("word_count", "int", "words", "words that are not punctuation alone", SOURCE),
        Signal("mean_word_chars", "float", "characters", "mean length of the words counted; 0 without any", SOURCE),
        Signal("hash_per_word", "float", "per word", "number signs per word, punctuation counted as words", SOURCE),
        Signal("ellipsis_per_word", "float", "per word", "ellipses (... or …) per word, punctuation counted as words", SOURCE),
        Signal("bullet_line_share", "float", "share", "lines that begin with • or -", SOURCE),
        Signal("ellipsis_line_share", "float", "share", "lines that end with an ellipsis", SOURCE),
        Signal("alpha_word_share", "float", "share", "words with a letter, of all words, punctuation counted as words", SOURCE),
        Signal("stop_word_count", "int", "words", "how many of the stop words occur at all", SOURCE),
    )

    counts_words: ClassVar[bool] = True

    stop_words: tuple[str, ...] = STOP_WORDS
    language_stop_words: tuple[tuple[str, tuple[str, ...]], ...] | None = None

    def measure(self, doc: Document) -> dict[str, Value]:
        text, coded, total = doc.text, doc.coded, max(1, doc.word_total)
        traits, stop_words = coded.traits(_traits, _traits), self._stop_words(doc.language)
        plain, alpha = (traits & PLAIN) > 0, (traits & ALPHA) > 0
        word_count = int(coded.counts[plain].sum())
        lines = doc.lines
        ellipses = text.count("...") + text.count("…")
        bullets = "•" in text or "-" in text
        return {
            "word_count": word_count,
            "mean_word_chars": float((coded.chars[plain] * coded.counts[plain]).sum()) / max(1, word_count),
            "hash_per_word": text.count("#") / total,
            "ellipsis_per_word": ellipses / total,
            "bullet_line_share": sum([line.lstrip().startswith(("•", "-")) for line in lines]) / max(1, len(lines)) if bullets else 0.0,
            "ellipsis_line_share": sum([line.rstrip().endswith(("...", "…")) for line in lines]) / max(1, len(lines)) if ellipses else 0.0,
            "alpha_word_share": int(coded.counts[alpha].sum()) / total,
            "stop_word_count": int(coded.traits(stop_words, lambda words: map(frozenset(stop_words).__contains__, words)).sum()),
        }

    def _stop_words(self, language: str) -> tuple[str, ...]:
        own = dict(self.language_stop_words or ())
        return own.get(which(language, tuple(own)) or "", self.stop_words)


def _traits(words: Sequence[str]) -> list[int]:
    """Whether a word is more than punctuation, and whether it has a letter."""
    return [PLAIN | ALPHA if word.isalpha() else _OF_OTHERS[word] for word in words]


_OF_OTHERS = Memo(lambda word: PLAIN * any(c not in PUNCTUATION_SET for c in word) | ALPHA * any(map(str.isalpha, word)))

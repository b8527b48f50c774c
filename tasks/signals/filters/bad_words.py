"""Words that a list forbids: C4 drops every page that has one of the "List of Dirty, Naughty, Obscene or Otherwise Bad Words" (Raffel et al. 2020, 2.2).

The list is a file by name (``ldnoobw/en``), path or URI with its digest; none is shipped. A word counts where no letter or digit touches it, as in mC4's
published code and datatrove's C4BadWordsFilter. C4's first code asked for a character on either side, so that it missed a word at either end of a line.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Literal

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language_codes import which
from winnow.tasks.models.files import ModelFile, locate
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

UNSPACED = ("ja", "th", "zh")
"""Languages in which a word counts wherever it stands, as published."""
COMMON_PARTS = {"ja": frozenset({"sm", "グロ", "女の子"}), "zh": frozenset({"性"})}
"""Entries that mC4 leaves out because they are parts of ordinary words: each would drop more than a tenth of the pages of its language."""


@stable("option/word-list")
@dataclass(frozen=True)
class WordList:
    """The list of one language: a file with one word or phrase a line."""

    language: str
    file: ModelFile


def word_lists(value: Any, find: Callable[[Any], ModelFile]) -> tuple[WordList, ...]:
    """The lists that a recipe names. ``find`` turns a name, path, URI or mapping into a ModelFile.

    Raises:
        BadInput: no mapping of language to list.
    """
    if not isinstance(value, Mapping) or not value or not all(isinstance(k, str) for k in value):
        raise BadInput(f"words is {value!r}; write a mapping of language to list, such as {{en: ldnoobw/en}} or {{en: my-words.txt}}.")
    return tuple(WordList(language, find(spec)) for language, spec in sorted(value.items()))


@stable("filter/listed-bad-words")
@dataclass(frozen=True)
class BadWords(Filter):
    """``words`` names a list per language: ``{en: ldnoobw/en}`` is C4's. Null for a language without a list."""

    signals: ClassVar = (
        Signal("bad_word_count", "int", "occurrences", "words and phrases of the list of bad words; null without a list", "C4; mC4"),
    )

    text: Literal["extracted", "corrected"] = "corrected"
    words: tuple[WordList, ...] = field(default=(), metadata={"recipe": word_lists})

    def check(self) -> None:
        if not self.words:
            raise BadInput(
                "bad_words.BadWords needs a list: {bad_words.BadWords: {words: {en: ldnoobw/en}}}, which is fetched, or the path of a file of "
                "yours with one word a line."
            )
        for one in self.words:
            _pattern(one)

    def measure(self, doc: Document) -> dict[str, Value]:
        by_language = {one.language: one for one in self.words}
        own = which(doc.language, tuple(by_language))
        return {"bad_word_count": sum(1 for _ in _pattern(by_language[own]).finditer(doc.text.lower())) if own else None}


@cache
def _pattern(words: WordList) -> re.Pattern[str]:
    path = locate(words.file)
    entries = {line.strip().lower() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()} - {""}
    entries -= COMMON_PARTS.get(words.language, frozenset())
    if not entries:
        raise BadInput(f"The list of bad words {path} has no word. It must have one word or phrase a line.")
    found = _alternatives(sorted(entries))
    return re.compile(found if words.language in UNSPACED else rf"(?<!\w)(?:{found})(?!\w)")


def _alternatives(words: Iterable[str]) -> str:
    """An expression that matches any of the words, the longer of two that begin alike; common beginnings are compared once."""
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(word[:1], []).append(word[1:])
    ends = by_first.pop("", None)
    parts = [re.escape(first) + (_alternatives(rest) if rest != [""] else "") for first, rest in by_first.items()]
    if not parts:
        return ""
    return f"(?:{'|'.join(parts)}){'?' if ends else ''}"

"""A kind of personal data: what a module of ``kinds/`` offers, and what every one of them needs around it.

Precision goes before recall: a text that lost a version number or an array slice is damaged for good, so whatever has no shape of its own
needs a checksum and a word nearby that says what it is. Boundaries are those of ASCII: ``\\w`` counts Han, kana and Thai as part of an
address, and text in those scripts has no spaces around one.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

CONTEXT_BEFORE_CHARS = 40
CONTEXT_AFTER_CHARS = 24
LETTERS = "bcdfghkmnpqrstvz"  # sixteen that spell no word and no number


class Span(NamedTuple):
    """Characters ``start`` to ``end`` of a text are of ``kind``."""

    start: int
    end: int
    kind: str


def token(kind: str, code: int) -> str:
    """A typed stand-in such as ``[iban kqzvbnrt]``: no rule of any kind finds it again."""
    return f"[{kind.replace('_', ' ')} {''.join(LETTERS[code >> 4 * i & 15] for i in range(8))}]"


@dataclass(frozen=True)
class Kind:
    """One kind of personal data. A module of ``kinds/`` has one as ``KIND``.

    ``find`` gives (start, end) of what is found, from left to right, in time linear in the text; stand-ins are never found. ``normal`` gives
    the form that is equal for equal values (``JANE@firm.org``, ``jane@firm.org``). ``stand_in`` makes the replacement of a value from its
    code, a keyed hash of the normal form; without it the replacement is a typed token. Where kinds overlap, the lower ``rank`` wins.
    """

    name: str
    about: str
    find: Callable[[str], Iterable[tuple[int, int]]]
    normal: Callable[[str], str]
    stand_in: Callable[[str, int], str] | None = None
    rank: int = 50
    libraries: tuple[str, ...] = ()

    def replacement(self, value: str, code: int) -> str:
        """What stands in the text instead of ``value``."""
        return self.stand_in(value, code) if self.stand_in else token(self.name, code)


def compact(value: str) -> str:
    """Letters and digits alone, in capitals: the normal form of numbers that people group as they like."""
    return "".join(c for c in value if c.isalnum()).upper()


def around(text: str, start: int, end: int) -> str:
    """What stands before and after a candidate, where a word may say what it is."""
    return f"{text[max(0, start - CONTEXT_BEFORE_CHARS) : start]} \t {text[end : end + CONTEXT_AFTER_CHARS]}"


def words(*alternatives: str) -> re.Pattern[str]:
    """A pattern for any of these words (regular expressions, not inside a longer Latin, Cyrillic or Greek word), in any case."""
    letter = r"[A-Za-z\u00c0-\u024f\u0370-\u052f\u1e00-\u1eff]"
    return re.compile(rf"(?<!{letter})(?:{'|'.join(alternatives)})(?!{letter})", re.IGNORECASE)

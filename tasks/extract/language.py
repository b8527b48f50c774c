"""Language identification with fastText models (lid.176, GlotLID, OpenLID), one adapter for all of them.

Line breaks are read as spaces; cc_net deletes them, so that words fuse across lines (docs/design.md).
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.models.fasttext import FastText, line_of
from winnow.tasks.models.files import ModelFile

NO_LANGUAGE = ("und", "zxx")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
LAST_CASED = 0x1FFFF  # no plane beyond the second has letters with capitals; to ask a million code points takes a process half a second
FURTHEST = 2400  # of ranks, twice the distance that Resiliparse still calls certain


class LanguageModel:
    """``predict`` gives (label, score) for each text: label without fastText's prefix, score in [0, 1]."""

    def __init__(self, model: FastText) -> None:
        self._model = model

    @classmethod
    def of(cls, file: ModelFile) -> "LanguageModel":
        """The model of a file, loaded once per process. Raises BadInput if it is missing, altered or no fastText model."""
        return cls(FastText.of(file))

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that it can give."""
        return self._model.labels

    def predict(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """Total and deterministic: an empty text is ``("", 0.0)``. Of a longer text the first 100,000 characters count. A text most of whose cased
        letters are capitals is read in lower case: models of running text have hardly seen capitals and take them for other languages."""
        found = []
        for text in texts:
            line = line_of(text)
            best = self._model.predict(line.lower() if _mostly_capitals(line) else line)
            found.append(best[0] if best else ("", 0.0))
        return found


@cache
def _cases() -> npt.NDArray[np.int8]:
    """Of each code point up to LAST_CASED 1 for a capital, -1 for a small letter, 0 for all others."""
    return np.array([c.isupper() - c.islower() for c in map(chr, range(LAST_CASED + 1))], np.int8)


def _mostly_capitals(line: str) -> bool:
    codes = np.frombuffer(line.encode("utf-32-le", "surrogatepass"), np.uint32)
    return int(_cases()[np.minimum(codes, LAST_CASED)].sum(dtype=np.int64)) > 0


class RankModel:
    """Resiliparse's detector (ranks of byte n-grams), with the interface of ``LanguageModel``: fast, and wrong in other ways than fastText.

    Its distance (0 is best, beyond 1,200 is a guess) becomes 1 - distance / 2400, in [0, 1].
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that it can give."""
        from resiliparse.parse.lang import supported_langs

        return tuple(supported_langs())

    def predict(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """Total and deterministic. A text that is empty, or too far from every language, has the label ``""``."""
        from resiliparse.parse.lang import detect_fast

        found: list[tuple[str, float]] = []
        for text in texts:
            line = line_of(text)
            label, distance = detect_fast(line, FURTHEST)
            found.append(("", 0.0) if not line or label == "unknown" else (label, max(0.0, 1.0 - distance / FURTHEST)))
        return found


@cache
def _heliport() -> Any:
    from heliport import Identifier

    return Identifier()


def _plain(label: str) -> str:
    """A label of heliport as it gives it: of its models of members and dialects (hbshrv, msaind, finp) it names the macrolanguage only. Empty for what is no
    language."""
    return "" if label.startswith(NO_LANGUAGE) else label[:3]


class HeliModel:
    """heliport, the HeLI method in Rust (Jauhiainen et al. 2022, HeLI-OTS): words, and n-grams of letters for words it does not know, of some 220 languages.
    Its package is the extra ``heliport``.

    ``score`` is by how much the best language is ahead of the second, in [0, 1]: tenths already mean that it is sure.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that it can give."""
        return tuple(sorted({plain for label in _heliport().get_confidence_all() if (plain := _plain(label))}))

    def predict(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """Total and deterministic. A text without a letter has the label ``""``."""
        found: list[tuple[str, float]] = []
        for text in texts:
            line = LONE_SURROGATE.sub("\ufffd", line_of(text))
            best, *rest = _heliport().identify_topk_with_score(line, 2)
            ahead = rest[0][1] - best[1] if rest else 1.0
            label = _plain(best[0])
            found.append((label, min(1.0, max(0.0, ahead))) if label else ("", 0.0))
        return found

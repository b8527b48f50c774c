"""Language identification with fastText models (lid.176, GlotLID, OpenLID), one adapter for all of them.

Line breaks are read as spaces; cc_net deletes them, so that words fuse across lines (docs/design.md).
"""

from collections.abc import Sequence

from winnow.tasks.models.fasttext import FastText, line_of
from winnow.tasks.models.files import ModelFile

FURTHEST = 2400  # of ranks, twice the distance that Resiliparse still calls certain


class LanguageModel:
    """``predict`` gives (label, score) for each text: label without fastText's prefix, score in [0, 1]."""

    def __init__(self, model: FastText) -> None:
        self._model = model

    @classmethod
    def of(cls, file: ModelFile) -> "LanguageModel":
        """The model of a file, loaded once per process. Raises BadInput if it is missing, altered or no fastText model."""
        return cls(FastText.of(file))

    def predict(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """Total and deterministic: an empty text is ``("", 0.0)``. Of a longer text the first 100,000 characters count."""
        found = []
        for text in texts:
            best = self._model.predict(line_of(text))
            found.append(best[0] if best else ("", 0.0))
        return found


class RankModel:
    """Resiliparse's detector (ranks of byte n-grams), with the interface of ``LanguageModel``: fast, and wrong in other ways than fastText.

    Its distance (0 is best, beyond 1,200 is a guess) becomes 1 - distance / 2400, in [0, 1].
    """

    def predict(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """Total and deterministic. A text that is empty, or too far from every language, has the label ``""``."""
        from resiliparse.parse.lang import detect_fast

        found = []
        for text in texts:
            line = line_of(text)
            label, distance = detect_fast(line, FURTHEST)
            found.append(("", 0.0) if not line or label == "unknown" else (label, max(0.0, 1.0 - distance / FURTHEST)))
        return found

"""Language identification with fastText models (lid.176, GlotLID, OpenLID), one adapter for all of them.

Line breaks are read as spaces; cc_net deletes them, so that words fuse across lines (design, trap 1).
"""

from collections.abc import Sequence

from tasks.fasttext_model import FastText, line_of
from tasks.models import ModelFile


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

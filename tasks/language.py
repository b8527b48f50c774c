"""Language identification with fastText models (Joulin et al. 2017; lid.176, GlotLID, OpenLID), one adapter for all of them.

Line breaks are read as spaces; cc_net deletes them, so that words fuse across lines (design, trap 1). The module ``fasttext`` is called below
its Python wrapper, whose ``predict`` breaks with NumPy 2.
"""

import mmap
import struct
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from tasks.core.errors import BadInput
from tasks.models import ModelFile, locate

LABEL = "__label__"
MAGIC = 793712314
MAX_CHARS = 100_000


class LanguageModel:
    """``predict`` gives (label, score) for each text: label without fastText's prefix, score in [0, 1]."""

    def __init__(self, model: Any) -> None:
        self._model = model

    @classmethod
    def of(cls, file: ModelFile) -> "LanguageModel":
        """The model of a file, loaded once per process. Raises BadInput if it is missing, altered or no fastText model."""
        return _loaded(file)

    def predict(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """Total and deterministic: an empty text is ``("", 0.0)``. Of a longer text the first 100,000 characters count."""
        found = []
        for text in texts:
            line = " ".join(text[:MAX_CHARS].split())
            if not line.isascii():
                line = line.encode("utf-8", "replace").decode()
            best = self._model.predict(line + "\n", 1, 0.0, "strict") if line else []
            found.append((best[0][1].removeprefix(LABEL), min(1.0, max(0.0, float(best[0][0])))) if best else ("", 0.0))
        return found


@cache
def _loaded(file: ModelFile) -> LanguageModel:
    path = locate(file)
    try:
        import fasttext_pybind
    except ImportError:
        raise BadInput(
            "The module fasttext is not installed: pip install fasttext-numpy2-wheel==0.9.2, and no other distribution of fastText."
        ) from None
    if not _is_whole(path):
        raise BadInput(f"{path} is no fastText model or is truncated. Get the file again, or name another in the recipe.")
    model = fasttext_pybind.fasttext()
    model.loadModel(str(path))
    return LanguageModel(model)


def _is_whole(path: Path) -> bool:
    """Whether a file has fastText's layout (magic, arguments, dictionary, two matrices) and just its length.

    fastText itself reads on behind the end of a truncated dictionary until the memory is full.
    """
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else nullcontext(b"") as data:
        try:
            (magic,) = struct.unpack_from("<i", data)
            at = 8 + 12 * 4 + 8
            entries, _, _, _, pruned = struct.unpack_from("<iiiqq", data, at)
            at += 28
            for _ in range(entries):
                if (end := data.find(b"\0", at)) < 0:
                    return False
                at = end + 10
            at += 8 * max(0, pruned)
            at = _matrix_end(data, at)
            return magic == MAGIC and _matrix_end(data, at) == len(data)
        except (struct.error, ValueError):
            return False


def _matrix_end(data: Any, at: int) -> int:
    """Where a matrix that begins with its flag ``quantised`` ends."""
    (quantised,) = struct.unpack_from("<?", data, at)
    if not quantised:
        rows, columns = struct.unpack_from("<qq", data, at + 1)
        return int(at + 17 + 4 * rows * columns)
    norms, rows, _, code_bytes = struct.unpack_from("<?qqi", data, at + 1)
    at = _quantiser_end(data, at + 22 + code_bytes)
    return _quantiser_end(data, at + rows) if norms else at


def _quantiser_end(data: Any, at: int) -> int:
    (dimension,) = struct.unpack_from("<i", data, at)
    return int(at + 16 + dimension * 256 * 4)

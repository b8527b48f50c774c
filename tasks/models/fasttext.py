"""fastText model files (Joulin et al. 2017): one adapter for language identification and classifiers.

The module ``fasttext`` is called below its Python wrapper, whose ``predict`` breaks with NumPy 2. What a label means is the business of
``tasks/extract/language.py`` and ``tasks/models/classify/``.
"""

import mmap
import struct
from contextlib import nullcontext
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.fasttext_quantised import Quantised, read
from winnow.tasks.models.files import ModelFile, locate

LABEL = "__label__"
MAGIC = 793712314
MAX_CHARS = 100_000
ALL_LABELS = -1


def line_of(text: str) -> str:
    """A text as one line of UTF-8: white space becomes single spaces. Of a longer text the first 100,000 characters count."""
    line = " ".join(text[:MAX_CHARS].split())
    return line if line.isascii() else line.encode("utf-8", "replace").decode()


def binding() -> Any:
    """The module below fastText's wrapper. Raises BadInput if it is not installed."""
    try:
        import fasttext_pybind
    except ImportError:
        raise BadInput(
            "The module fasttext is not installed: pip install fasttext-numpy2-wheel==0.9.2, and no other distribution of fastText."
        ) from None
    return fasttext_pybind


class FastText:
    """A supervised model: ``labels`` without fastText's prefix, and ``predict``. ``path`` is where the model was loaded from."""

    def __init__(self, model: Any, path: Path) -> None:
        self._model, self._path = model, path
        self.labels: tuple[str, ...] = tuple(name.removeprefix(LABEL) for name in model.getLabels("strict")[0])

    @classmethod
    def of(cls, file: ModelFile) -> "FastText":
        """The model of a file, loaded once per process. Raises BadInput if it is missing, altered, truncated or no supervised fastText model."""
        return _loaded(file)

    @cached_property
    def _quantised(self) -> Quantised | None:
        """The same model for kernels, four times as fast, if it is of the kind that they know."""
        with self._path.open("rb") as f:
            # Not closed: whoever looks at this thread's frames meanwhile, as the profiler of Dask's workers does, holds arrays of it a little longer.
            return read(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ))

    def predict(self, line: str, labels: int = 1) -> list[tuple[str, float]]:
        """The most likely ``labels`` (ALL_LABELS for all) of a line made by ``line_of``, with probabilities in [0, 1]; none of a line
        that has nothing the model knows."""
        if line and labels == 1 and self._quantised is not None:
            best = self._quantised.best(line)
            return [] if best is None else [(best[0].removeprefix(LABEL), min(1.0, max(0.0, best[1])))]
        found = self._model.predict(line + "\n", labels, 0.0, "strict") if line else []
        return [(label.removeprefix(LABEL), min(1.0, max(0.0, float(p)))) for p, label in found]


@cache
def _loaded(file: ModelFile) -> FastText:
    return load(locate(file))


def load(path: Path) -> FastText:
    """The model of a path. Raises BadInput as ``FastText.of``."""
    fasttext = binding()
    labels = _labels(path)
    if labels is None:
        raise BadInput(f"{path} is not a fastText model or is truncated. Get the file again, or name another in the recipe.")
    if not labels:
        raise BadInput(f"{path} holds word vectors and no labels: it cannot classify. Name a supervised fastText model.")
    model = fasttext.fasttext()
    model.loadModel(str(path))
    return FastText(model, path)


def _labels(path: Path) -> int | None:
    """How many labels a model has, None if the file has not fastText's layout (magic, arguments, dictionary, two matrices) and just its length.

    fastText itself reads on behind the end of a truncated dictionary until the memory is full.
    """
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else nullcontext(b"") as data:
        try:
            (magic,) = struct.unpack_from("<i", data)
            at = 8 + 12 * 4 + 8
            entries, _, labels, _, pruned = struct.unpack_from("<iiiqq", data, at)
            at += 28
            for _ in range(entries):
                if (end := data.find(b"\0", at)) < 0:
                    return None
                at = end + 10
            at += 8 * max(0, pruned)
            at = _matrix_end(data, at)
            return int(labels) if magic == MAGIC and _matrix_end(data, at) == len(data) else None
        except (struct.error, ValueError):
            return None


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

"""A model of lines: how likely each line of a text is content and no boilerplate, from its form, its words and its neighbours (FinerWeb: Henriksson et al. 2025, with a
linear model in place of DeBERTa).

Lines are cut at line feeds, and blank ones are not judged. Where a line stands in its page is no feature: on human labels of six languages it spoilt the model for the language that was
left out (docs/line-quality.md). The file is a line of JSON and the compressed weights.
"""

import json
import math
import unicodedata
import zlib
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.models.files import ModelFile, locate, registered

KIND = "lines"
MAGIC = "winnow lines 1"
BITS = 18
MOST_WORDS = 30
WORD_VALUE = 0.1
ENDS, BREAKS = frozenset('.!?…。！？։؟।"”»'), frozenset("|·•‣>›»«<-–—:;/\\_*+#=~→")

Floats = npt.NDArray[np.float64]


@cache
def _tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """The kind of each known code point, and its lower case."""
    from winnow.tasks.models.classify.line_kernels import BREAK, CAPITAL, DIGIT, END, KNOWN, LETTER, OTHER, SIGN, SPACE

    kinds = np.zeros(KNOWN, np.uint8)
    lower = np.arange(KNOWN, dtype=np.uint32)
    for code in range(KNOWN):
        c = chr(code)
        group = unicodedata.category(c)
        kinds[code] = (
            END if c in ENDS
            else BREAK if c in BREAKS
            else CAPITAL if group in ("Lu", "Lt")
            else LETTER if group[0] in "LM"
            else DIGIT if group == "Nd"
            else SPACE if c.isspace() or group in ("Cc", "Cf")
            else SIGN if group[0] in "PS"
            else OTHER
        )  # fmt: skip
        if len(c.lower()) == 1:
            lower[code] = ord(c.lower())
    return kinds, lower


@dataclass
class Looked:
    """A text whose lines have been looked at: ``lines`` are the numbers of those that are not blank."""

    codes: npt.NDArray[np.uint32]
    looks: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    repeated: npt.NDArray[np.int64] = field(repr=False)


def looked(text: str) -> Looked:
    """The lines of a text."""
    from winnow.tasks.models.classify.line_kernels import CHARS, COLUMNS, HASH, look

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    feeds = np.flatnonzero(codes == 10)
    starts, ends = np.concatenate([[0], feeds + 1]), np.concatenate([feeds, [len(codes)]])
    looks = np.empty((len(starts), COLUMNS), np.int64)
    look(codes, starts, ends, _tables()[0], looks)
    lines = np.flatnonzero(looks[:, CHARS] > 0)
    kept = np.ascontiguousarray(looks[lines])
    _, inverse, counts = np.unique(kept[:, HASH], return_inverse=True, return_counts=True)
    return Looked(codes, kept, lines, counts[inverse].astype(np.int64))


def rows(text: Looked) -> list[tuple[npt.NDArray[np.int64], Floats]]:
    """Features and values of each line that is not blank, for training; each row is of length one."""
    from winnow.tasks.models.classify.line_kernels import OF_WORDS, features

    kinds, lower = _tables()
    out, names = np.empty(200, np.int64), np.empty(200, np.int64)
    found = []
    for line in range(len(text.looks)):
        n = features(text.codes, kinds, lower, text.looks, line, text.repeated[line], BITS, MOST_WORDS, out, names)
        values = np.where(names[:n] < OF_WORDS, 1.0, WORD_VALUE)
        found.append((out[:n].copy(), values / math.sqrt(float((values**2).sum()))))
    return found


def decisions(text: Looked, weights: npt.NDArray[np.float32]) -> Floats:
    """The sum of each line that is not blank."""
    from winnow.tasks.models.classify.line_kernels import score_lines

    kinds, lower = _tables()
    sums = np.empty(len(text.looks))
    out, names = np.empty(200, np.int64), np.empty(200, np.int64)
    every = np.arange(len(text.looks))
    score_lines(text.codes, kinds, lower, text.looks, every, text.repeated, BITS, MOST_WORDS, WORD_VALUE, weights, out, names, sums)
    return sums


@stable("model/lines")
@dataclass(frozen=True)
class LineModel:
    """What a recipe names."""

    file: ModelFile


@dataclass(frozen=True)
class LineFile:
    """What a file holds: the weights, whose last one is the bias, and the slope and offset of the sigmoid."""

    header: dict[str, Any]
    weights: npt.NDArray[np.float32]
    slope: float
    offset: float

    def data(self) -> bytes:
        """The same bytes for the same model."""
        head = {"format": MAGIC, **self.header, "slope": self.slope, "offset": self.offset}
        return json.dumps(head, sort_keys=True).encode() + b"\n" + zlib.compress(self.weights.astype("<f4").tobytes(), 6)

    def chances(self, text: str) -> Floats:
        """How likely each line that is not blank is content."""
        return np.asarray(1 / (1 + np.exp(-np.clip(self.slope * decisions(looked(text), self.weights) + self.offset, -60, 60))), np.float64)


def line_model(value: Any, find: Any) -> LineModel:
    """The model that a recipe names: one trained here, or ``{file}``. Raises BadInput: no such model, one of another kind, or another form."""
    if isinstance(value, str):
        card = registered(value)
        if card.kind != KIND:
            raise BadInput(f"The model {value} is of the kind {card.kind}; a model of lines is made by `winnow train lines`.")
        return LineModel(card.files[KIND])
    if isinstance(value, dict) and set(value) == {"file"}:
        return LineModel(find(value["file"]))
    raise BadInput(f"A model of lines is {value!r}; write the name of a registered one, or a mapping of file to a model.")


@cache
def loaded(file: ModelFile) -> LineFile:
    """The model of a file, loaded once per process. Raises BadInput if it is missing, altered, truncated or no such model."""
    path = locate(file)
    try:
        line, _, rest = path.read_bytes().partition(b"\n")
        header = json.loads(line)
        if header.pop("format") != MAGIC:
            raise ValueError("another format")
        slope, offset = float(header.pop("slope")), float(header.pop("offset"))
        weights = np.array(np.frombuffer(zlib.decompress(rest), "<f4"), np.float32)
        if len(weights) != (1 << BITS) + 1:
            raise ValueError("another length")
        return LineFile(header, weights, slope, offset)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zlib.error):
        raise BadInput(f"{path} is no model of lines or is truncated. Make one with `winnow train lines`.") from None

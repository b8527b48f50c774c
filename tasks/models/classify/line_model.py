"""A model of lines: how likely each line of a text is content and no boilerplate, from its form, its neighbours, its place and its page (FinerWeb: Henriksson et al. 2025,
with boosted trees in place of DeBERTa).

Lines are cut at line feeds, and blank ones are not judged. Of the words themselves only the most common ones of each language count (jusText finds running text by such words:
Pomikálek 2011), which take no label to know. Others gave nothing to a language that was left out (docs/line-quality.md), and so a model holds numbers only and no text: common
words are hashes. Languages whose common words it does not know have trees of their own, which do without. The file is a line of JSON and the compressed trees.
"""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Floats
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.parsing import parsed
from winnow.tasks.extract.language_codes import folded
from winnow.tasks.models.classify.headed import headed, read_headed
from winnow.tasks.models.files import ModelFile, registered
from winnow.tasks.models.trees import Trees, from_json

KIND = "lines"
MAGIC = "winnow lines 3"
MOST_WORDS = 50
"""Common words of a language, at most."""
ENDS = frozenset(".!?…。！？։؟।॥؛።။។｡")
BREAKS = frozenset("|·•‣>›<-–—/\\_*+#=~→▪●■◦★►")
COMMAS, COLONS = frozenset(",、，،;；"), frozenset(":：")
WIDE_NAMES = ("CJK ", "HIRAGANA ", "KATAKANA ", "HANGUL ", "IDEOGRAPHIC ", "THAI ", "LAO ", "KHMER ", "MYANMAR ", "BOPOMOFO ", "YI ")
"""Scripts that write no spaces between words, or whose letters are syllables."""

Slots = npt.NDArray[np.uint64]
NO_WORDS: Slots = np.zeros(1, np.uint64)


@cache
def _tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """The kind of each known code point, and its lower case."""
    from winnow.tasks.models.classify import line_kernels as k

    kinds = np.zeros(k.KNOWN, np.uint8)
    lower = np.arange(k.KNOWN, dtype=np.uint32)
    for code in range(k.KNOWN):
        c = chr(code)
        group = unicodedata.category(c)
        kinds[code] = (
            k.END if c in ENDS
            else k.BREAK if c in BREAKS
            else k.COMMA if c in COMMAS
            else k.COLON if c in COLONS
            else k.CAPITAL if group in ("Lu", "Lt")
            else k.WIDE if group[0] in "LM" and unicodedata.name(c, "").startswith(WIDE_NAMES)
            else k.LETTER if group[0] in "LM"
            else k.DIGIT if group == "Nd"
            else k.SPACE if c.isspace() or group in ("Cc", "Cf")
            else k.MONEY if group == "Sc"
            else k.OPEN if group in ("Ps", "Pi")
            else k.CLOSE if group in ("Pe", "Pf") or c in "\"'"
            else k.SIGN if group[0] in "PS"
            else k.OTHER
        )  # fmt: skip
        if len(c.lower()) == 1:
            lower[code] = ord(c.lower())
    return kinds, lower


@dataclass
class Looked:
    """A text whose lines have been looked at: ``lines`` are the numbers of those that are not blank, ``looks`` what they are made of (``line_kernels.look``)."""

    codes: npt.NDArray[np.uint32]
    looks: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]

    @property
    def chars(self) -> npt.NDArray[np.int64]:
        """Characters of each line, without the spaces around it."""
        return np.asarray(self.looks[:, 0], np.int64)


def looked(text: str) -> Looked:
    """The lines of a text."""
    from winnow.tasks.models.classify.line_kernels import CHARS, COLUMNS, look

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    feeds = np.flatnonzero(codes == 10)
    starts, ends = np.concatenate([[0], feeds + 1]), np.concatenate([feeds, [len(codes)]])
    looks = np.empty((len(starts), COLUMNS), np.int64)
    look(codes, starts, ends, *_tables(), looks)
    lines = np.flatnonzero(looks[:, CHARS] > 0)
    return Looked(codes, np.ascontiguousarray(looks[lines]), lines)


def slots(common: Sequence[int]) -> Slots:
    """The hashes of the common words of a language as a table in which they are found fast."""
    from winnow.tasks.models.classify.line_kernels import SLOTS, slots_of

    found = np.zeros(SLOTS, np.uint64)
    slots_of(np.array(common, np.uint64), found)
    return found


def features(text: Looked, common: Slots | None = None) -> npt.NDArray[np.float32]:
    """Features x lines that are not blank; their names are ``line_kernels.NAMES``. ``common`` has the common words of the text's language (``slots``), if they are known."""
    from winnow.tasks.models.classify import line_kernels as k

    looks = text.looks
    matrix = np.empty((len(k.NAMES), len(looks)), np.float32)
    if len(looks):
        k.look_at_words(text.codes, *_tables(), looks, NO_WORDS if common is None else common, common is not None)
        _, first, same, counts = np.unique(looks[:, k.HASH], return_index=True, return_inverse=True, return_counts=True)
        again = np.arange(len(looks)) != first[same]
        size = (1.5 * np.log1p(looks[:, k.WIDTH])).astype(np.int64)
        shape = (looks[:, k.FIRST] * (k.KINDS + 1) + looks[:, k.LAST]) * 64 + size
        order = np.argsort(looks[:, k.WIDTH], kind="stable")
        k.features(looks, counts[same], again, _how_many(looks[:, k.FIRST_WORD]), _how_many(shape), shape, order, matrix)
    return matrix


def _how_many(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How often each value stands among them."""
    _, same, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[same], np.int64)


def words(text: Looked) -> npt.NDArray[np.uint64]:
    """The hash of each word of a text that does not begin with a digit."""
    from winnow.tasks.models.classify.line_kernels import words_of

    hashes, numbers, _ = words_of(text.codes, *_tables(), text.looks)
    return np.asarray(hashes[~numbers], np.uint64)


@stable("model/lines")
@dataclass(frozen=True)
class LineModel:
    """What a recipe names."""

    file: ModelFile


@dataclass(frozen=True)
class Scorer:
    """Trees as plain data (``trees.from_json``), and the slope and offset of the sigmoid that makes a probability of their sum: for the languages that they have learnt from, and for
    others."""

    plain: dict[str, Any]
    sigmoid: tuple[float, float]
    elsewhere: tuple[float, float]

    @cached_property
    def trees(self) -> Trees:
        """The trees. Raises BadInput: they are of another format."""
        return from_json(self.plain)

    def chances(self, matrix: npt.NDArray[np.float32], *, learnt: bool) -> Floats:
        """How likely each line is content, from its features."""
        from winnow.tasks.models.classify.line_kernels import NAMES

        return chances(self.trees.sums(NAMES, matrix) / self.trees.leaf_unit, *(self.sigmoid if learnt else self.elsewhere))


@dataclass(frozen=True)
class LineFile:
    """What a file holds: ``languages`` that it has learnt from, the hashes of the ``common`` words of languages (those and others), and what judges lines where these words are known,
    and where they are not."""

    languages: tuple[str, ...]
    common: dict[str, tuple[int, ...]]
    knowing: Scorer
    blind: Scorer

    @cached_property
    def _slots(self) -> dict[str, Slots]:
        return {language: slots(words) for language, words in self.common.items()}

    def data(self) -> bytes:
        """The same bytes for the same model."""
        head = {"languages": sorted(self.languages), "words_of": sorted(self.common)}
        parts = {name: [each.plain, each.sigmoid, each.elsewhere] for name, each in (("knowing", self.knowing), ("blind", self.blind))}
        body = json.dumps({"common": dict(sorted(self.common.items())), **parts}, separators=(",", ":")).encode()
        return headed(MAGIC, head, body)

    def chances(self, text: Looked, language: str) -> Floats:
        """How likely each line that is not blank is content. ``language`` is the document's, by any of its labels."""
        code = folded(language)
        common = self._slots.get(code)
        scorer = self.blind if common is None else self.knowing
        return scorer.chances(features(text, common), learnt=code in self.languages)


def chances(sums: Floats, slope: float, offset: float) -> Floats:
    """The sigmoid of sums of trees, in log-odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(slope * sums + offset, -60, 60))), np.float64)


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
    """The model of a file, loaded once per process. Raises BadInput if it is missing, altered, truncated, no such model, or one of before the trees."""
    from winnow.tasks.models.classify.line_kernels import NAMES

    otherwise = "is not a model of lines of this version, or is truncated. Make one with `winnow train lines`."
    with read_headed(file, MAGIC, otherwise) as (header, rest):
        body = parsed(rest)
        knowing, blind = (Scorer(plain, _pair(one), _pair(other)) for plain, one, other in (body["knowing"], body["blind"]))
        model = LineFile(tuple(header["languages"]), {k: tuple(v) for k, v in body["common"].items()}, knowing, blind)
        if not {*knowing.trees.features, *blind.trees.features} <= set(NAMES) or any(len(v) > MOST_WORDS for v in model.common.values()):
            raise ValueError("features of another version")
        return model


def _pair(numbers: Sequence[float]) -> tuple[float, float]:
    slope, offset = numbers
    return float(slope), float(offset)

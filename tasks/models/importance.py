"""DSIR importance (Xie et al. 2023): how much likelier a text is in a target than in the raw text that it is chosen from.

Both are bags of hashed words and pairs of words. RedPajama-V2's ``rps_doc_*_importance`` are this with its books, OpenWebText and Wikipedia as
targets. Its code hashes with Python's own hash, which differs from process to process; here hashes are the same everywhere, so a model is a
file. Not here: drawing a sample by the weights.
"""

import io
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import xxhash

from winnow.tasks.engine.arrays import Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest, stable
from winnow.tasks.engine.memo import Memo
from winnow.tasks.engine.mixing import mixed
from winnow.tasks.models.files import ModelFile, locate, registered, versions
from winnow.tasks.models.texts import Text
from winnow.tasks.signals.text import Coded
from winnow.tasks.signals.words import RAW_WORD

BUCKETS = 10_000
FLOOR = 1e-8  # added to every probability, as published
DECIMALS = 8
TARGET, RAW = 0, 1
KEYS = ("file", "languages")
PAIR = np.uint64(0x9E3779B97F4A7C15)

Find = Callable[[Any], ModelFile]

_HASH = Memo(lambda word: xxhash.xxh3_64_intdigest(word.encode("utf-8", "surrogatepass")))


def features(text: str) -> tuple[Ints, int]:
    """The bucket of every word and pair of neighbours (in [0, BUCKETS)), and the number of words. Words are RedPajama's raw words."""
    coded = Coded(RAW_WORD.findall(text))
    hashes = np.fromiter(map(_HASH.__getitem__, coded.lexicon.words), np.uint64, len(coded.lexicon.words))[coded.ids]
    pairs = mixed(hashes[:-1] * PAIR + hashes[1:])
    return (np.concatenate([hashes, pairs]) % np.uint64(BUCKETS)).astype(np.int64), len(coded.ids)


class Bags:
    """Counts of the target and of the raw text, to which texts are added. ``data`` is the model file."""

    def __init__(self) -> None:
        self._counts = np.zeros((2, BUCKETS), np.int64)
        self._words, self._texts = [0, 0], [0, 0]

    def add(self, target: bool, texts: Iterable[Text]) -> int:
        """Texts of the target, or raw ones; blank ones are left out. How many there were."""
        kind, taken = TARGET if target else RAW, 0
        for text in texts:
            found, words = features(text.text)
            if words:
                self._counts[kind] += np.bincount(found, minlength=BUCKETS)
                self._words[kind] += words
                taken += 1
        self._texts[kind] += taken
        return taken

    @property
    def figures(self) -> dict[str, int]:
        """What was counted, for the card."""
        return {
            "target_texts": self._texts[TARGET],
            "raw_texts": self._texts[RAW],
            "target_words": self._words[TARGET],
            "raw_words": self._words[RAW],
        }

    def data(self) -> bytes:
        """NumPy's format, float64 of shape (2, BUCKETS + 1): counts per bucket and then words per text, of the target and of the raw text.

        Raises:
            BadInput: there is no text of one kind.
        """
        for kind, name in ((TARGET, "target (positive)"), (RAW, "raw (negative)")):
            if not self._texts[kind]:
                raise BadInput(f"There is no {name} text with a word in it: nothing to compare. Give more files, or another condition.")
        means = [[w / t] for w, t in zip(self._words, self._texts, strict=True)]
        sink = io.BytesIO()
        np.save(sink, np.concatenate([self._counts.astype(np.float64), np.array(means)], axis=1))
        return sink.getvalue()


def training_digest(sources: Mapping[str, Any]) -> str:
    """Digest of everything a model depends on."""
    return digest({"sources": dict(sources), "importance": 1, **versions("xxhash")})


@stable("model/importance")
@dataclass(frozen=True)
class ImportanceModel:
    """``languages`` are those it was counted on, any if empty."""

    file: ModelFile
    languages: tuple[str, ...] = ()


def importance_model(value: Any, find: Find) -> ImportanceModel:
    """The model that a recipe names: one trained here, or ``{file, languages}``.

    Raises:
        BadInput: no such model, one of another kind, or another form.
    """
    if isinstance(value, str):
        found = registered(value)
        if found.kind != "importance":
            raise BadInput(f"The model {value} is of the kind {found.kind}; importance needs one made by `winnow train importance`.")
        return ImportanceModel(found.files["importance"], tuple(found.card["languages"]))
    if not isinstance(value, Mapping) or "file" not in value or set(value) - set(KEYS):
        raise BadInput(f"An importance model is {value!r}; write a name, or a mapping of file and, if needed, languages.")
    languages = value.get("languages", [])
    if not isinstance(languages, list) or not all(isinstance(x, str) for x in languages):
        raise BadInput(f"The languages of an importance model are {languages!r}; write a list such as [en].")
    return ImportanceModel(find(value["file"]), tuple(languages))


@dataclass(frozen=True)
class Weights:
    """``log_ratio`` per bucket; ``words_per_text`` of the target and of the raw text."""

    log_ratio: tuple[float, ...]
    words_per_text: tuple[float, float]

    def score(self, text: str) -> tuple[float, float] | None:
        """Log of p(text) / q(text), and the same with the length counted (Poisson, in words for both; published code compares characters with a
        mean of words). None of a text without a word."""
        found, words = features(text)
        if not words:
            return None
        plain = math.fsum(map(self.log_ratio.__getitem__, found.tolist()))
        target, raw = (math.log(_poisson(words, mean) + FLOOR) for mean in self.words_per_text)
        return round(plain, DECIMALS), round(plain + target - raw, DECIMALS)


def _poisson(n: int, mean: float) -> float:
    return math.exp(n * math.log(mean) - mean - math.lgamma(n + 1))


@cache
def weights(file: ModelFile) -> Weights:
    """The model of a file, loaded once per process. Raises BadInput if it is missing, altered, truncated or no such model."""
    path = locate(file)
    try:
        table = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        table = None
    right = isinstance(table, np.ndarray) and table.shape == (2, BUCKETS + 1) and table.dtype == np.float64
    if not right or not (np.isfinite(table).all() and (table >= 0).all() and table[:, :-1].any(axis=1).all() and (table[:, -1] > 0).all()):
        raise BadInput(f"{path} is not an importance model or is truncated. Make one with `winnow train importance`.")
    p, q = ((row[:-1] / row[:-1].sum()).tolist() for row in table)
    ratios = tuple(math.log(a + FLOOR) - math.log(b + FLOOR) for a, b in zip(p, q, strict=True))
    return Weights(ratios, (float(table[TARGET, -1]), float(table[RAW, -1])))

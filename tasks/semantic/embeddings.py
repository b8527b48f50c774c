"""Embeddings: what makes a vector of a text. The protocol, and the kinds that need nothing but the texts themselves or a folder with a model.

The default is made for the corpus: hashed character n-grams, weighted by how rare they are in a sample of its documents, at random places with random
signs (Weinberger et al. 2009; very sparse random projections: Li, Hastie and Church 2006). It needs no download, works in every language, and is stronger
than small static models in all but English. A kind from elsewhere, such as an endpoint, is a class with these methods under ``@embedding``.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from winnow.tasks.dedup.shingles import character_values
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.engine.arrays import Floats, Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.store import Store
from winnow.tasks.models.files import ModelFile, locate, model_file

BITS = 18  # of the hash of an n-gram
SIGNS = 4  # places at which an n-gram counts
POINT = 256  # weights are whole numbers of this many parts
MOST_COUNTED = 255
BATCH_CHARS = 1 << 22
MOST_TOKENS = 100_000  # of a text, for a static model


@runtime_checkable
class Embedding(Protocol):
    """A frozen value with a stable name: its fields are what its vectors depend on."""

    @property
    def sample(self) -> int:
        """How many documents it is fitted on; 0 if it needs none."""

    def check(self) -> None:
        """Raises BadInput if it cannot be used."""

    @property
    def asks(self) -> Endpoint | None:
        """The endpoint that makes the vectors; None if nobody is asked."""

    def sent_tokens(self, texts: Sequence[str]) -> list[int]:
        """About how many tokens each text that is sent to the endpoint has; equal texts are sent once."""

    def fit(self, batches: Any) -> Ints:
        """Weights from an iterable of lists of texts: whole numbers that do not depend on how texts are batched."""

    def vectors(self, texts: Sequence[str], weights: Ints, store: Store | None = None) -> Ints | Floats:
        """One vector per text; all zeros for a text of which it can say nothing. A vector depends on its own text alone. ``store`` is
        where answers of others are kept."""


Read = Callable[[Any, Reader], Embedding]
C = TypeVar("C", bound=type)
_kinds: dict[str, Read] = {}


def embedding(key: str, read: Read) -> Callable[[C], C]:
    """Above a kind of embedding: ``embedding: {<key>: VALUE, ...}`` in a recipe is read by ``read``, which is given the whole mapping."""

    def declare(cls: C) -> C:
        _kinds[key] = read
        return cls

    return declare


def read_embedding(value: Any, reader: Reader) -> Embedding:
    """What ``embedding`` of a recipe says: nothing or ``ngrams`` for the default, or a mapping with the key of a kind. Raises BadInput."""
    said = {value: {}} if isinstance(value, str) else reader.mapping(value, "embedding")
    kinds = [key for key in said if key in _kinds]
    if len(kinds) != 1:
        raise reader.error(f"embedding is {value!r}; write one of {', '.join(_kinds)}, such as {{static: FOLDER}}.")
    return _kinds[kinds[0]](said, reader)


def _ngrams(said: Mapping[str, Any], reader: Reader) -> Embedding:
    found = reader.options(NgramEmbedding, reader.mapping(said["ngrams"] or {}, "embedding.ngrams"), "embedding.ngrams")
    reader.whole_number(found.size, "embedding.ngrams.size", 16)
    reader.whole_number(found.sample, "embedding.ngrams.sample", 1)
    return found


@embedding("ngrams", _ngrams)
@stable("embedding/ngrams")
@dataclass(frozen=True)
class NgramEmbedding:
    """``size`` numbers per vector; weights from ``sample`` documents."""

    size: int = 256
    sample: int = 20_000

    @property
    def asks(self) -> None:
        return None

    def sent_tokens(self, texts: Sequence[str]) -> list[int]:
        return []

    def check(self) -> None:
        """It needs nothing."""

    def fit(self, batches: Any) -> Ints:
        from winnow.tasks.semantic.ngram_kernels import count_documents

        documents, texts = np.zeros(1 << BITS, np.int64), 0
        for batch in batches:
            for part in _parts(batch):
                values, starts = character_values(part)
                count_documents(values, starts, BITS, documents)
            texts += len(batch)
        weights: Ints = np.rint(POINT * (1 + np.log((1 + texts) / (1 + documents)))).astype(np.int64)
        return weights

    def vectors(self, texts: Sequence[str], weights: Ints, store: Store | None = None) -> Ints:
        from winnow.tasks.semantic.ngram_kernels import project

        often = np.rint(POINT * (1 + np.log(np.maximum(np.arange(MOST_COUNTED + 1), 1)))).astype(np.int64)
        found = [np.zeros((0, self.size), np.int64)]
        for part in _parts(texts):
            values, starts = character_values(part)
            found.append(project(values, starts, BITS, weights, often, SIGNS, self.size))
        return np.concatenate(found)


def _parts(texts: Sequence[str]) -> list[list[str]]:
    """Runs of texts with few enough characters, or one text."""
    parts: list[list[str]] = [[]]
    chars = 0
    for text in texts:
        if chars + len(text) > BATCH_CHARS and parts[-1]:
            parts.append([])
            chars = 0
        parts[-1].append(text)
        chars += len(text)
    return parts


def _static(said: Mapping[str, Any], reader: Reader) -> Embedding:
    folder = Path(str(said["static"]))
    folder = folder if folder.is_absolute() else reader.beside / folder
    if set(said) != {"static"}:
        raise reader.error("embedding.static stands alone: it is the folder of a static model.")
    tables, tokenizers = sorted(folder.glob("*.safetensors")), sorted(folder.glob("*tokenizer*.json"))
    tokenizers = [path for path in tokenizers if path.name != "tokenizer_config.json"]
    if len(tables) != 1 or len(tokenizers) != 1:
        raise reader.error(f"the static model {folder} must hold one *.safetensors with a row per token, and its tokenizer.json.")
    return StaticEmbedding(model_file(str(tables[0])), model_file(str(tokenizers[0])))


@embedding("static", _static)
@stable("embedding/static")
@dataclass(frozen=True)
class StaticEmbedding:
    """The mean of the rows of a text's tokens: a folder that model2vec writes, or the two files of wordllama."""

    table: ModelFile
    tokenizer: ModelFile

    @property
    def sample(self) -> int:
        return 0

    @property
    def asks(self) -> None:
        return None

    def sent_tokens(self, texts: Sequence[str]) -> list[int]:
        return []

    def check(self) -> None:
        _tokenizer(self.tokenizer)
        _rows(self.table)

    def fit(self, batches: Any) -> Ints:
        return np.zeros(0, np.int64)

    def vectors(self, texts: Sequence[str], weights: Ints, store: Store | None = None) -> Floats:
        tokenizer, (rows, factor) = _tokenizer(self.tokenizer), _rows(self.table)
        found = np.zeros((len(texts), rows.shape[1]))
        for n, text in enumerate(texts):
            ids = np.array(tokenizer.encode(text.encode("utf-8", "replace").decode(), add_special_tokens=False).ids[:MOST_TOKENS], np.int64)
            ids = ids[ids < len(rows)]
            # Whole numbers, so that the order of the sum does not matter.
            found[n] = np.rint(rows[ids].astype(np.float64) * factor[ids, None] * (1 << 30)).astype(np.int64).sum(axis=0)
        return found


@cache
def _tokenizer(file: ModelFile) -> Any:
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError:
        raise BadInput("A static model needs the package tokenizers: pip install 'winnow[embeddings]'.") from None
    try:
        found = Tokenizer.from_file(str(locate(file)))
    except Exception as e:  # the package raises plain Exception
        raise BadInput(f"{file.name} is not a tokenizer: {e}.") from None
    found.no_padding()
    found.no_truncation()
    return found


@cache
def _rows(file: ModelFile) -> tuple[npt.NDArray[Any], Floats]:
    """The matrix of a safetensors file, and the weight of each row (model2vec's ``weights``, else 1). Raises BadInput."""
    path = locate(file)
    try:
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        tensors = {k: v for k, v in json.loads(data[8 : 8 + length]).items() if k != "__metadata__"}
        arrays = {name: _array(data, 8 + length, t) for name, t in tensors.items()}
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise BadInput(f"{path} cannot be read as safetensors ({e}). Save the model again.") from None
    tables = [a for a in arrays.values() if a.ndim == 2]
    if len(tables) != 1 or "mapping" in arrays:
        raise BadInput(f"{path} holds {', '.join(arrays)}: a static model has one matrix, with a row per token, and no mapping of tokens.")
    factor = arrays.get("weights")
    return tables[0], np.ones(len(tables[0])) if factor is None else factor.astype(np.float64)


def _array(data: bytes, start: int, tensor: Mapping[str, Any]) -> npt.NDArray[Any]:
    types = {"F32": np.float32, "F16": np.float16, "F64": np.float64, "Ints": np.int64, "I8": np.int8}
    begin, end = tensor["data_offsets"]
    return np.frombuffer(data[start + begin : start + end], types[tensor["dtype"]]).reshape(tensor["shape"])

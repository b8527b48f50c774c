"""Training a fastText classifier (Joulin et al. 2017) from examples of two kinds, and its figures on those that were held out.

The same examples and options give the same bytes on the same kind of machine: one thread (several add up in the order they come), a seed for
fastText's first weights, and an order of examples made of their hashes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.engine.options import check_ranges
from winnow.tasks.models.classify.evaluate import figures
from winnow.tasks.models.classify.examples import Examples, Split
from winnow.tasks.models.classify.fit import fit
from winnow.tasks.models.classify.model import POSITIVE
from winnow.tasks.models.classify.prepare import PREPARATIONS
from winnow.tasks.models.fasttext import ALL_LABELS, load
from winnow.tasks.models.files import versions

RANGES = {
    "word_ngrams": (1, 5),
    "dim": (1, 1000),
    "epochs": (1, 1000),
    "buckets": (1, 1 << 24),
    "min_count": (1, 1 << 20),
    "seed": (0, 1 << 31),
}


@dataclass(frozen=True)
class ClassifierOptions:
    """``buckets`` is the number of rows that n-grams of words share; a model takes ``dim`` times 4 bytes for each, and for each word.

    The defaults are for thousands of examples: fastText's own, and those of the presets, are for hundreds of thousands and learn next to nothing
    of fewer (docs/models.md has the figures).

    Raises:
        BadInput: a number out of its range, or no such preparation.
    """

    word_ngrams: int = 1
    dim: int = 16
    epochs: int = 25
    learning_rate: float = 0.5
    min_count: int = 1
    buckets: int = 1 << 20
    seed: int = 0
    prepare: str = "words"

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if not 0 < self.learning_rate <= 10:
            raise BadInput(f"learning-rate is {self.learning_rate}; it must be above 0 and at most 10.")
        if self.prepare not in PREPARATIONS:
            raise BadInput(f"prepare is {self.prepare!r}; it is one of: {', '.join(PREPARATIONS)}.")


@cache
def presets() -> Mapping[str, Mapping[str, Any]]:
    """Names and contents of ``presets.yaml``."""
    found: dict[str, Any] = yaml.safe_load((files("winnow.tasks.models.classify") / "presets.yaml").read_text(encoding="utf-8"))
    return found


def options_of(preset: str, changed: Mapping[str, Any]) -> ClassifierOptions:
    """The options of a preset (the defaults without one), with those that are ``changed`` (None: not). Raises BadInput."""
    if preset and preset not in presets():
        raise BadInput(f"There is no preset {preset!r}. Choose one of {', '.join(presets())}, or leave it out.")
    base = ClassifierOptions(**presets()[preset]["options"]) if preset else ClassifierOptions()
    known = {f.name for f in fields(ClassifierOptions)}
    return replace(base, **{k: v for k, v in changed.items() if k in known and v is not None})


def training_digest(sources: Mapping[str, Any], options: ClassifierOptions, rules: Mapping[str, Any]) -> str:
    """Digest of everything the model depends on: the examples' ``sources``, how they are chosen (``rules``), options and fastText's version."""
    parts = {"sources": dict(sources), "options": asdict(options), "rules": dict(rules), **versions("fasttext-numpy2-wheel"), "trainer": 1}
    return digest(parts)


@dataclass(frozen=True)
class Trained:
    """``fasttext`` is the file; ``figures`` are what the card says about it."""

    fasttext: bytes
    figures: dict[str, Any]


def train(examples: Examples, split: Split, options: ClassifierOptions, folder: Path) -> Trained:
    """Train in ``folder``, which must be empty but for the examples, and score what was held out.

    Raises:
        BadInput: fastText cannot learn from these examples with these options.
    """
    examples.write(split.train, folder / "train")
    path = folder / "model.bin"
    _fit(folder / "train", path, options)
    model = load(path)
    found = [dict(model.predict(line.decode(), ALL_LABELS)).get(POSITIVE, 0.0) for line in examples.lines(split.held_out.tolist())]
    positive = examples.positive
    counts = {
        **split.counts,
        "train_positives": int(positive[split.train].sum()),
        "train_negatives": int((~positive[split.train]).sum()),
        "held_out_by": split.held_out_by,
    }
    return Trained(path.read_bytes(), {"examples": counts, "held_out": figures(np.array(found), positive[split.held_out])})


def _fit(text: Path, model_path: Path, options: ClassifierOptions) -> None:
    said = fit(
        {
            "input": str(text),
            "model_path": str(model_path),
            "wordNgrams": options.word_ngrams,
            "dim": options.dim,
            "epoch": options.epochs,
            "lr": options.learning_rate,
            "minCount": options.min_count,
            "bucket": options.buckets if options.word_ngrams > 1 else 0,
            "seed": options.seed,
            "minn": 0,
            "maxn": 0,
            "verbose": 0,
            "thread": 1,
        }
    )
    if said:
        raise BadInput(f"fastText cannot learn from these examples: {said} Try a lower --learning-rate, or fewer --buckets.")

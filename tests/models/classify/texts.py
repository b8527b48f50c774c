"""Invented examples of two kinds that share most words, and a classifier trained on them once per process."""

import random
import tempfile
from functools import cache
from pathlib import Path

from winnow.tasks.models.classify.examples import Examples
from winnow.tasks.models.classify.train import ClassifierOptions, Trained, train
from winnow.tasks.models.texts import Text

SHARED = "the a of and to in it is was for on with as by at from this that water stone house road people day year work".split()
GOOD = "theorem proof lemma therefore implies hence integer function".split()
BAD = "buy cheap discount offer shipping cart order sale".split()


def example(good: bool, seed: int) -> str:
    rng = random.Random(f"{good}{seed}")
    return " ".join(rng.choices(SHARED, k=30) + rng.choices(GOOD if good else BAD, k=4))


def examples(folder: Path, *, count: int = 150, sites: bool = False, prepare: str = "words", seed: int = 0) -> Examples:
    found = Examples(folder, prepare, seed)
    for good in (True, False):
        found.add(good, (Text(example(good, i), f"http://{good}{i % 40}.example/{i}" if sites else "") for i in range(count)))
    return found


@cache
def trained() -> Trained:
    with tempfile.TemporaryDirectory() as name:
        found = examples(Path(name))
        return train(found, found.split(), ClassifierOptions(), Path(name))

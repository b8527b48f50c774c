"""Invented text for small language models, the same in every test."""

import random
from functools import cache

import numpy as np

from tests.tiny import sentence
from winnow.tasks.models.files import ModelFile, file_sha256
from winnow.tasks.models.ngram.kenlm_file import SPECIAL, binary
from winnow.tasks.models.ngram.kneser_ney import estimate
from winnow.tasks.models.ngram.score import NgramModel
from winnow.tasks.models.ngram.train import LmOptions, train_ngrams, train_pieces


@cache
def sentences(count: int = 400, seed: int = 7) -> tuple[str, ...]:
    rng = random.Random(seed)
    return tuple(sentence(rng).lower() for _ in range(count))


def numbered(lines):
    """Vocabulary and sentences as numbers."""
    numbers = {word: i for i, word in enumerate(SPECIAL)}
    return numbers, [np.array([numbers.setdefault(w, len(numbers)) for w in line.split()], np.int64) for line in lines]


def word_model(path, lines, **options):
    """A model of words, written to a path; its n-grams."""
    numbers, ids = numbered(lines)
    grams = estimate(ids, len(numbers), **options)
    path.write_bytes(binary(grams, list(numbers)))
    return grams, list(numbers)


@cache
def trained(language="en", vocabulary=200):
    options = LmOptions(language, vocabulary=vocabulary, order=4, prune=(0,))
    return train_ngrams(sentences(), train_pieces(sentences(), options), options)


def ngram_model(folder, language="en"):
    """A pair of files in a folder, as a filter takes them."""
    model = trained()
    files = {}
    for part in ("kenlm", "sentencepiece"):
        path = folder / f"{language}.{part}"
        path.write_bytes(getattr(model, part))
        files[part] = ModelFile(path.name, file_sha256(path), str(path))
    return NgramModel(language, files["kenlm"], files["sentencepiece"])

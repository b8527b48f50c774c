"""Training a language model as cc_net does (Wenzek et al. 2020, section 3.4): its normalisation, SentencePiece, a 5-gram model, a binary.

The same texts and options give the same bytes: one thread, no random sample, our own estimator. All sentences are held in memory, once as
text and then as numbers; for more than about a hundred million tokens give ``estimator: lmplz``, which sorts on disk.
"""

import hashlib
import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from winnow.tasks.engine.arrays import Ints
from winnow.tasks.engine.errors import BadInput, WinnowError
from winnow.tasks.engine.identity import digest
from winnow.tasks.models.files import versions
from winnow.tasks.models.ngram.cc_net import normalise
from winnow.tasks.models.ngram.kenlm_file import SPECIAL, binary
from winnow.tasks.models.ngram.kneser_ney import FIRST_WORD, estimate
from winnow.tasks.models.ngram.score import load_ngrams, perplexity
from winnow.tasks.models.texts import listed, texts

ESTIMATORS = ("winnow", "lmplz")
HELD_OUT_EVERY = 200
CHARACTER_COVERAGE = 0.9995
MAX_SENTENCE_BYTES = 1 << 24
LMPLZ_MEMORY = "50%"


@dataclass(frozen=True)
class LmOptions:
    """``vocabulary`` is the most pieces SentencePiece may have (cc_net: 65,536; fewer where the text does not give them). ``prune``: per order,
    n-grams seen at most so often are left out; cc_net prunes nothing, (0,).

    Raises:
        BadInput: a number out of its range.
    """

    language: str
    vocabulary: int = 65536
    order: int = 5
    prune: tuple[int, ...] = (0, 0, 1)
    estimator: str = "winnow"

    def __post_init__(self) -> None:
        if not self.language or not self.language.replace("-", "").replace("_", "").isalnum():
            raise BadInput(
                f"The language is {self.language!r}; give the code that the documents have in their column language, such as en."
            )
        if not 100 <= self.vocabulary <= 1 << 20:
            raise BadInput(f"The vocabulary is {self.vocabulary}; it must be from 100 to 1048576 pieces.")
        if not 2 <= self.order <= 6:
            raise BadInput(f"The order is {self.order}; KenLM as it is installed reads models of the orders 2 to 6.")
        if not self.prune or self.prune[0] != 0 or list(self.prune) != sorted(self.prune) or len(self.prune) > self.order:
            raise BadInput(
                f"prune is {' '.join(map(str, self.prune))}; it begins with 0, never falls, and has at most {self.order} numbers."
            )
        if self.estimator not in ESTIMATORS:
            raise BadInput(f"The estimator {self.estimator!r} is not known; it is one of: {', '.join(ESTIMATORS)}.")


@dataclass(frozen=True)
class Trained:
    """``kenlm`` and ``sentencepiece`` are the files; ``figures`` are what the card says about them."""

    kenlm: bytes
    sentencepiece: bytes
    figures: dict[str, Any]


def training_digest(paths: Sequence[Path], options: LmOptions) -> tuple[str, list[dict[str, Any]]]:
    """Digest of everything the model depends on, and the files with theirs. Raises BadInput if a file is missing."""
    files = listed(paths)
    parts = {"files": [f["sha256"] for f in files], "options": asdict(options), **versions("sentencepiece"), "trainer": 1}
    return digest(parts), files


def read_sentences(paths: Iterable[Path]) -> list[str]:
    """Normalised sentences of all files, in order: a line of text each, or a whole document of JSONL and Parquet.

    Raises:
        BadInput: a file cannot be read as what its name says, or no file holds a word.
    """
    sentences = [s for path in paths for text in texts(path) if (s := normalise(text.text, spaced=True))]
    if not sentences:
        raise BadInput(f"There is no text in {', '.join(p.name for p in paths)}: nothing to train a model on.")
    return sentences


def train_pieces(sentences: Sequence[str], options: LmOptions) -> bytes:
    """A SentencePiece unigram model of the sentences. Raises BadInput if the text is too small for one."""
    import sentencepiece

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            model_type="unigram",
            vocab_size=options.vocabulary,
            hard_vocab_limit=False,
            character_coverage=CHARACTER_COVERAGE,
            max_sentence_length=MAX_SENTENCE_BYTES,
            num_threads=1,  # the sums of several threads depend on their number
            minloglevel=2,
        )
    except RuntimeError as e:
        raise BadInput(f"SentencePiece cannot learn from this text: {' '.join(str(e).split())[:200]}. Give more text.") from None
    return model.getvalue()


def train_ngrams(sentences: Sequence[str], pieces: bytes, options: LmOptions) -> Trained:
    """The n-gram model over the pieces; every 200th sentence is left out and scored afterwards. Raises BadInput if there is too little text."""
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_proto=pieces)
    held_out = [s for i, s in enumerate(sentences) if i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1]
    learnt = (s for i, s in enumerate(sentences) if i % HELD_OUT_EVERY != HELD_OUT_EVERY - 1)
    tokens = (processor.encode_as_pieces(s) for s in learnt)
    model, counts, total = (_by_lmplz if options.estimator == "lmplz" else _by_winnow)(tokens, options)
    figures = {
        "sentences": len(sentences),
        "characters": sum(map(len, sentences)),
        "pieces": processor.get_piece_size(),
        "tokens": total,
        "ngrams": counts,
        "text_sha256": hashlib.sha256("\n".join(sentences).encode()).hexdigest(),
        "held_out_sentences": len(held_out),
        "held_out_perplexity": _held_out(model, [processor.encode_as_pieces(s) for s in held_out]),
    }
    return Trained(model, pieces, figures)


def _by_winnow(tokens: Iterable[list[str]], options: LmOptions) -> tuple[bytes, list[int], int]:
    numbers = {word: i for i, word in enumerate(SPECIAL)}
    sentences: list[Ints] = []
    for pieces in tokens:
        ids = np.fromiter((numbers.setdefault(p, len(numbers)) for p in pieces), np.int64, len(pieces))
        sentences.append(ids[ids >= FIRST_WORD])
    try:
        grams = estimate(sentences, len(numbers), options.order, options.prune)
    except ValueError as e:
        raise BadInput(f"The text is too small for a model of order {options.order}: {e}. Give more text, or a smaller --order.") from None
    return binary(grams, list(numbers)), [len(g) for g in grams], sum(map(len, sentences))


def _by_lmplz(tokens: Iterable[list[str]], options: LmOptions) -> tuple[bytes, list[int], int]:
    """KenLM's own programs, where somebody has built them. Their bytes are theirs to keep stable."""
    if missing := [p for p in ("lmplz", "build_binary") if shutil.which(p) is None]:
        raise BadInput(
            f"{' and '.join(missing)} of KenLM cannot be found on the PATH. Build them from its source, or leave --estimator out."
        )
    with tempfile.TemporaryDirectory() as folder:
        arpa, model, total = Path(folder, "arpa"), Path(folder, "binary"), 0
        with Path(folder, "text").open("w", encoding="utf-8") as f:
            for pieces in tokens:
                total += len(pieces)
                f.write(" ".join(pieces) + "\n")
        prune = [str(p) for p in options.prune]
        steps = [
            ["lmplz", "-o", str(options.order), "-S", LMPLZ_MEMORY, "-T", folder, "--discount_fallback", "--prune", *prune, "--skip_symbols",
             "--text", f.name, "--arpa", str(arpa)],
            ["build_binary", str(arpa), str(model)],
        ]  # fmt: skip
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})  # noqa: S603
            if done.returncode:
                raise WinnowError(f"{step[0]} failed: {' '.join(done.stderr.split())[-300:]}")
        with arpa.open(encoding="utf-8") as head:
            next(head)
            counts = [int(next(head).split("=")[1]) for _ in range(options.order)]
        return model.read_bytes(), counts, total


def _held_out(model: bytes, sentences: Sequence[list[str]]) -> float | None:
    """Perplexity of sentences the model has not seen; None if there are none."""
    with tempfile.NamedTemporaryFile(suffix=".kenlm") as f:
        f.write(model)
        f.flush()
        scorer = load_ngrams(Path(f.name))
        log_score, length = sum(scorer.score(" ".join(s)) for s in sentences), sum(len(s) + 1 for s in sentences)
    found = perplexity(log_score, length)
    return None if found is None else round(found, 1)

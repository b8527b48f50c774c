"""The estimator and the binary against KenLM's own programs, n-gram by n-gram."""

import random
import subprocess

import kenlm
import pytest

from tests.models.ngram.arpa import arpa
from tests.models.ngram.lmplz import programs
from tests.models.ngram.texts import numbered, sentences, word_model
from winnow.tasks.models.ngram.kneser_ney import estimate
from winnow.tasks.models.ngram.train import LmOptions, train_ngrams, train_pieces

WITHIN = 2e-6  # of log10; lmplz and we write float32


def few_words(seed=11, lines=3000):
    """Sentences out of a small vocabulary, some words much more frequent than others: all the discounts and pruned contexts occur."""
    rng = random.Random(seed)
    words = [f"w{i}" for i in range(60)]
    return tuple(" ".join(rng.choices(words, [1 / (i + 1) for i in range(60)], k=rng.randint(1, 25))) for _ in range(lines))


TEXTS = {"sentences": sentences(600), "few words": few_words(), "tiny": ("a b c a", "b a", "c")}
SETTINGS = [(2, (0,)), (3, (0, 0, 1)), (4, (0, 1, 1, 2)), (5, (0,)), (5, (0, 0, 1)), (6, (0, 1))]
"""Order and pruning. No sentence of the tiny text has an n-gram of more than four words that lmplz could count."""


def by_lmplz(folder, lines, order, prune):
    home = programs()
    (folder / "text").write_text("\n".join(lines) + "\n")
    subprocess.run(
        [home / "lmplz", "-o", str(order), "-S", "50M", "-T", str(folder), "--discount_fallback", "--prune", *map(str, prune),
         "--text", str(folder / "text"), "--arpa", str(folder / "arpa")],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "arpa"


def parsed(lines):
    """ARPA text: n-gram -> (log10 probability, log10 backoff)."""
    grams = {}
    for line in lines:
        fields = line.rstrip("\n").split("\t")
        if len(fields) >= 2:
            grams[fields[1]] = (float(fields[0]), float(fields[2]) if len(fields) > 2 else 0.0)
    return grams


@pytest.mark.server
@pytest.mark.parametrize(("text", "order", "prune"), [(t, *s) for t in TEXTS for s in SETTINGS if t != "tiny" or s[0] <= 4])
def test_the_same_ngrams_with_the_same_probabilities_and_backoffs(tmp_path, text, order, prune):
    theirs = parsed(by_lmplz(tmp_path, TEXTS[text], order, prune).open(encoding="utf-8"))
    numbers, ids = numbered(TEXTS[text])
    ours = parsed(arpa(estimate(ids, len(numbers), order, prune), list(numbers)))
    assert ours.keys() == theirs.keys()
    for gram, (probability, backoff) in theirs.items():
        assert ours[gram] == (pytest.approx(probability, abs=WITHIN), pytest.approx(backoff, abs=WITHIN)), gram


@pytest.mark.server
def test_our_binary_scores_as_the_one_of_build_binary(tmp_path):
    word_model(tmp_path / "ours", TEXTS["few words"], order=5, prune=(0, 0, 1))
    path = by_lmplz(tmp_path, TEXTS["few words"], 5, (0, 0, 1))
    subprocess.run([programs() / "build_binary", path, tmp_path / "theirs"], check=True, capture_output=True)
    ours, theirs = kenlm.Model(str(tmp_path / "ours")), kenlm.Model(str(tmp_path / "theirs"))
    for line in few_words(seed=12, lines=300):
        a, b = list(ours.full_scores(line)), list(theirs.full_scores(line))
        assert [x[1] for x in a] == [x[1] for x in b]
        assert [x[0] for x in a] == pytest.approx([x[0] for x in b], abs=WITHIN * 6)


@pytest.mark.server
def test_training_with_lmplz_gives_the_model_of_our_own_estimator(monkeypatch):
    monkeypatch.setenv("PATH", str(programs()), prepend=":")
    texts = sentences(400)
    ours, theirs = (LmOptions("en", vocabulary=200, order=4, prune=(0,), estimator=name) for name in ("winnow", "lmplz"))
    pieces = train_pieces(texts, ours)
    by_us, by_them = train_ngrams(texts, pieces, ours).figures, train_ngrams(texts, pieces, theirs).figures
    assert by_them["ngrams"] == by_us["ngrams"]
    assert by_them["held_out_perplexity"] == pytest.approx(by_us["held_out_perplexity"], abs=0.1)

"""Binary files: KenLM scores them as the n-grams say."""

import random

import kenlm
import numpy as np
import pytest

from tests.models.ngram.arpa import arpa
from tests.models.ngram.texts import sentences, word_model
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.ngram import score
from winnow.tasks.models.ngram.kenlm_file import MIDDLE_ENTRY, _table, damage, murmur


def queries(vocabulary, count=300):
    rng = random.Random(5)
    yield from ["", "the", "unheard-of", "the the the", *sentences(30)]
    yield from (" ".join(rng.choices([*vocabulary[3:], "unheard-of"], k=rng.randint(1, 30))) for _ in range(count))


def by_hand(grams, vocabulary, sentence):
    """log10 probability by the definition of a backoff model."""
    numbers = {w: i for i, w in enumerate(vocabulary)}
    tables, texts = [], []
    for n, g in enumerate(grams, start=1):
        texts = [(int(w),) for w in g.word] if n == 1 else [(*texts[c], int(w)) for c, w in zip(g.context, g.word, strict=True)]
        tables.append(dict(zip(texts, zip(g.log_probability, g.log_backoff, strict=True), strict=True)))

    def p(context, word):
        gram = (*context, word)
        if gram in tables[len(gram) - 1]:
            return float(tables[len(gram) - 1][gram][0])
        return float(tables[len(context) - 1].get(context, (0, 0))[1]) + p(context[1:], word)

    ids, total = [1], 0.0
    for word in [*sentence.split(), "</s>"]:
        ids.append(numbers.get(word, 0))
        total += p(tuple(ids[-len(grams) : -1]), ids[-1])
    return total


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"order": 5, "prune": (0,)}, {"order": 4, "prune": (0, 0, 1)}, {"order": 2, "prune": (0, 1)}])
def test_a_binary_scores_what_the_ngrams_say(tmp_path, options):
    grams, vocabulary = word_model(tmp_path / "m.kenlm", sentences(), **options)
    model = kenlm.Model(str(tmp_path / "m.kenlm"))
    for query in queries(vocabulary, 60):
        assert model.score(query) == pytest.approx(by_hand(grams, vocabulary, query), abs=2e-4), query


@pytest.mark.parametrize("options", [{"order": 5, "prune": (0,)}, {"order": 4, "prune": (0, 0, 1)}, {"order": 2, "prune": (0, 1)}])
def test_kenlm_reads_the_same_from_binary_and_arpa(tmp_path, options):
    grams, vocabulary = word_model(tmp_path / "m.kenlm", sentences(), **options)
    (tmp_path / "m.arpa").write_text("".join(arpa(grams, vocabulary)))
    from_binary, from_arpa = kenlm.Model(str(tmp_path / "m.kenlm")), kenlm.Model(str(tmp_path / "m.arpa"))
    for query in queries(vocabulary):
        assert from_binary.score(query) == from_arpa.score(query), query
        assert list(from_binary.full_scores(query))
        assert [(s[0], s[1]) for s in from_binary.full_scores(query)] == [(s[0], s[1]) for s in from_arpa.full_scores(query)]


def test_the_same_model_has_the_same_bytes(tmp_path):
    word_model(tmp_path / "a", sentences(), order=3)
    word_model(tmp_path / "b", sentences(), order=3)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_table_whose_last_buckets_are_crowded_goes_on_at_its_start():
    size = 12  # for 8 entries
    entries = np.zeros(8, MIDDLE_ENTRY)
    entries["key"] = [11, 23, 35, 10, 22, 12, 1, 47]
    entries["probability"] = np.arange(8)
    table = np.frombuffer(_table(entries, 8), MIDDLE_ENTRY)
    assert len(table) == size
    for key, probability in zip(entries["key"].tolist(), entries["probability"].tolist(), strict=True):
        slot = key % size
        while table["key"][slot] != key:  # linear probing: no free bucket may lie between the one of the key and the one where it is
            assert table["key"][slot] != 0, key
            slot = (slot + 1) % size
        assert table["probability"][slot] == probability


def test_murmur_has_the_values_that_kenlm_looks_for():
    assert [murmur(w.encode()) for w in ("<unk>", "▁grain", "12345678")] == [
        16902545233577457963,
        15810113733801866994,
        8471103573108904450,
    ]


def test_damage_is_named(tmp_path):
    word_model(tmp_path / "m.kenlm", sentences(), order=3)
    whole = (tmp_path / "m.kenlm").read_bytes()
    assert damage(tmp_path / "m.kenlm") == ""
    cases = {
        "": "empty",
        whole[:60]: "header",
        whole[: len(whole) // 2]: "truncated",
        b"not a model at all, but long enough" * 9: "neither",
    }
    for data, says in cases.items():
        (tmp_path / "bad").write_bytes(data or b"")
        assert says in damage(tmp_path / "bad")
        with pytest.raises(BadInput, match="not a usable KenLM model"):
            score.load_ngrams(tmp_path / "bad")
    (tmp_path / "bad").write_text("\\data\\\nngram 1=3\n")
    assert "truncated" in damage(tmp_path / "bad")

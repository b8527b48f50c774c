"""Finding benchmark items: what is found in which form, what is not, where, and by which published rule."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import DATA
from winnow.cli.main import main
from winnow.tasks.decontamination import detect as detecting
from winnow.tasks.decontamination import word_kernels
from winnow.tasks.decontamination.detect import detect, detect_all
from winnow.tasks.decontamination.evals import Item, read_items
from winnow.tasks.decontamination.index import EvalIndex
from winnow.tasks.decontamination.modes import MODES, mode
from winnow.tasks.decontamination.words import WordsOfTexts, folded, formula, words

LONG = (
    "A miller grinds forty sacks of rye on the first market day and half as many on the second, when the stream is low. If a baker from the next "
    "valley buys three sacks of every ten that the miller has ground, how many sacks are left in the barn at the end of both days?"
)
SHORT = "Which grain grows best on the wet slopes of Harland?"
ITEMS = (
    Item("mill", 1, LONG, "The miller grinds 60 sacks, and 42 are left. #### 42"),
    Item("mill", 2, SHORT, "Oats"),
    Item(
        "read",
        7,
        "What is threshing?",
        "Beating the ears",
        "Threshing frees the kernels from the ears of the corn, which are then winnowed in the wind.",
    ),
    Item("algebra", 3, "Solve for the weight w of one sack: 12 w + 35 = 611 - 6 w, where w is in pounds and the cart is empty.", "32"),
    Item("中文", 4, "磨坊主在第一个集市日磨了四十袋黑麦,第二天溪水很浅,只磨了一半,请问两天一共磨了多少袋?", "六十"),
)
BEFORE = "The fair at Harland was opened by the mayor in the rain, and nobody stayed for the speeches that year. "
AFTER = " Later the band played in the tent, and the geese were sold before noon to a man from the coast."
INDEX = EvalIndex(ITEMS, mode("winnow"))


def planted(text):
    return BEFORE + text + AFTER


def without_every(n, text):
    return " ".join(word for i, word in enumerate(text.split(), 1) if i % n)


def with_every(n, text):
    return " ".join(word + (" really" if i % n == 0 else "") for i, word in enumerate(text.split(), 1))


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        LONG.upper(),
        LONG.replace(",", "").replace("?", "!!!"),
        without_every(12, LONG),
        with_every(12, LONG),
        " ".join(LONG.split()[3:-4]),
        LONG.replace(" ", "\n"),
        LONG.replace("miller", "millér"),
    ],
)
def test_a_long_question_is_found_in_other_clothes(text):
    [hit] = [h for h in detect(planted(text), INDEX) if h.part == "question"]
    assert INDEX.items[hit.item].instance == 1
    begin, end = len(BEFORE), len(BEFORE) + len(text)
    found = planted(text)
    for a, b in ((begin, hit.start), (end, hit.end)):  # exact to two words
        assert len(found[min(a, b) : max(a, b)].split()) <= 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ".join(LONG.split()[:8]),
        SHORT + " Nobody knows, and the almanac is silent on it.",
        "Which grain grows best on the wet slopes?",
        ITEMS[2].passage,
        "Solve for the weight w of one sack: 12 w - 35 = 611 * 6 w, where w is in pounds and the cart is empty.",
        "磨坊主在第一个集市日很高兴。",
        "Forty sacks of rye were sold by the miller to a baker from the next valley on market day.",
    ],
)
def test_what_is_no_item(text):
    assert detect(planted(text), INDEX) == []


@pytest.mark.parametrize(
    ("text", "instance"),
    [
        (SHORT + " The answer is: oats.", 2),
        (ITEMS[2].passage + " What is threshing? Beating the ears.", 7),
        (ITEMS[3].question, 3),
        ("Solve for the weight $w$ of one sack: $12w+35=611-6w$, where w is in pounds and the cart is empty.", 3),
        (ITEMS[4].question, 4),
    ],
)
def test_short_items_need_their_answer_passages_their_question_and_formulas_their_operators(text, instance):
    assert {INDEX.items[h.item].instance for h in detect(planted(text), INDEX)} == {instance}


def test_a_template_that_items_share_is_attributed_to_the_item_that_was_copied():
    template = (
        "For which of these two stories does the person who tells it do something plainly wrong by the customs of the village? Story: "
    )
    ends = [
        "I took the geese of my uncle to the market and kept the silver.",
        "I told the children where the river is shallow in June.",
        "She sold the cart twice.",
    ]
    index = EvalIndex([Item("moral", i, template + end) for i, end in enumerate(ends)], mode("winnow"))
    assert {index.items[h.item].instance for h in detect(planted(template + ends[1]), index)} == {1}
    assert detect(planted(template + "He whistled on Sundays while the mill stood still and the dogs slept."), index) == []


def test_no_hit_rests_on_a_hash(monkeypatch):
    """With every word hashed to the same number each n-gram collides with each other, and still only words count."""

    def same(codes, lengths, fold, hashes, starts, ends, borders, real=word_kernels.hash_words):
        count = real(codes, lengths, fold, hashes, starts, ends, borders)
        hashes[:] = np.uint64(7)
        return count

    monkeypatch.setattr(word_kernels, "hash_words", same)
    index = EvalIndex(ITEMS[:1], mode("winnow"))
    assert detecting._clusters(WordsOfTexts([planted(AFTER * 3)]), index.tables[0], 11)
    assert detect(planted(AFTER * 3), index) == []


@pytest.mark.parametrize("name", sorted(MODES))
def test_every_mode_finds_a_verbatim_copy_and_nothing_in_other_texts(name):
    index = EvalIndex(ITEMS, mode(name))
    assert 1 in {index.items[h.item].instance for h in detect(planted(LONG), index)}
    assert detect(planted(""), index) == []


def test_modes_differ_where_their_papers_do():
    thinned = planted(without_every(12, LONG))
    found = {name: bool(detect(thinned, EvalIndex(ITEMS, mode(name)))) for name in MODES}
    assert found["winnow"]
    assert not found["mathcoder2"]
    assert detect(planted(" ".join(LONG.split()[:13])), EvalIndex(ITEMS, mode("gpt-3")))
    assert not detect(planted(" ".join(LONG.split()[:13])), EvalIndex(ITEMS, mode("llama-3")))


@given(st.lists(st.text() | st.sampled_from([LONG, SHORT, ITEMS[4].question, " ", "\n"]), max_size=5))
def test_many_texts_at_once_are_each_alone_and_spans_lie_inside(texts):
    together = detect_all(texts, INDEX)
    assert together == [detect(text, INDEX) for text in texts]
    for text, hits in zip(texts, together, strict=True):
        assert all(0 <= h.start < h.end <= len(text) and 0 < h.score <= 1 for h in hits)


@given(st.text())
def test_words_are_what_their_places_spell(text):
    found = words(text)
    assert all(s < e for s, e in zip(found.starts, found.ends, strict=True))
    assert all(found.spelled)
    assert all(folded(text[s:e]) == word for s, e, word in zip(found.starts, found.ends, found.spelled, strict=True))


def test_formulas():
    assert formula(r"$\frac{12}{w} - 3 = 4$") == ["frac", "12", "w", "-", "3", "=", "4"]
    assert formula("2x+5=15") == formula("2x + 5 = 15")


def test_the_command(tmp_path, capsys):
    (tmp_path / "evals.jsonl").write_text(json.dumps({"eval_key": "mill", "eval_instance_index": 1, "question": LONG}) + "\n")
    texts = [planted(LONG), planted("")]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(texts)))
    assert main(["decontaminate", str(tmp_path / "texts.jsonl"), "--against", str(tmp_path / "evals.jsonl"), "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert second == {"id": 1, "contaminated": False, "hits": []}
    [hit] = first["hits"]
    assert (first["id"], first["contaminated"], hit["suite"], hit["instance"], hit["score"]) == (0, True, "mill", 1, 1.0)
    assert texts[0][hit["start"] : hit["end"]] == LONG.rstrip("?")
    assert main(["decontaminate", str(tmp_path / "texts.jsonl"), "--against", str(tmp_path / "evals.jsonl"), "--mode", "wat"]) == 2
    assert main(["decontaminate", str(tmp_path / "texts.jsonl"), "--against", str(tmp_path / "none.jsonl")]) == 2


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_injected_items_of_real_benchmarks():
    folder = DATA / "capabilities/07-decontamination"
    index = EvalIndex(read_items([folder / "evals.jsonl.gz"]), mode("winnow"))
    documents = list(detecting_records(folder / "injected.jsonl.gz"))
    found = [bool(hits) for hits in detect_all([d["text"] for d in documents], index)]
    right = sum(f and d["contaminated"] for f, d in zip(found, documents, strict=True))
    assert right >= 0.98 * sum(d["contaminated"] for d in documents)
    assert right >= 0.99 * sum(found)


def detecting_records(path):
    from winnow.tasks.sources.jsonl import records

    return records(path, "text")

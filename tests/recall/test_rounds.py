"""A topic out of a pool: what is found, the same digest twice, resumption, caps, decisions about domains, and estimates that hold."""

import csv
import io
import json
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.classify.students import TOPICS, text_of
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.texts import Text
from winnow.tasks.recall.domains import decided, read_decisions, table
from winnow.tasks.recall.estimate import Cut, Judged, chances, cut_at, weighted_platt, weights_of, wilson
from winnow.tasks.recall.examples import Caps, examples_of
from winnow.tasks.recall.judge import LabelJudge, SheetJudge, Waiting, is_yes, sheet
from winnow.tasks.recall.options import RecallOptions
from winnow.tasks.recall.pool import Pool, Pooled, place_of, template_of
from winnow.tasks.recall.questions import questions
from winnow.tasks.recall.rounds import Recall, _left_share, _standing, digest_of

POOL = [
    Pooled(f"{topic}{n}", Text(text_of(topic, 1000 + n), f"https://s{n % 23}.example/{topic}/{n}")) for topic in TOPICS for n in range(120)
]
SEEDS = tuple(Text(text_of("health", n), f"https://seed{n}.example/") for n in range(20))
GOLD = {p.id: (p.id.rstrip("0123456789"),) for p in POOL}


def recall(judge=None, decisions=None, seeds=SEEDS, **options):
    judge = judge or LabelJudge(GOLD, "health", {})
    return Recall("health", seeds, Pool(lambda: iter(POOL)), judge, RecallOptions(**{"sample": 30, **options}), decisions or {})


def rounds_of(made, store=None):
    store = {} if store is None else store
    return made.run(lambda n: json.loads(store[n]) if n in store else None, lambda n, found, _: store.__setitem__(n, json.dumps(found)))


@pytest.mark.slow
def test_a_topic_is_found_and_the_estimates_say_so():
    rounds = rounds_of(recall())
    found = set(rounds[-1]["collected"])
    gold = {p.id for p in POOL if GOLD[p.id] == ("health",)}
    assert len(found & gold) / len(gold) >= 0.95
    assert len(found & gold) / len(found) >= 0.9
    assert len(rounds) <= 6
    assert rounds[-1]["cut"]["recall"] > 0.8
    assert rounds[-1]["figures"]["judged"] <= 30


@pytest.mark.slow
def test_the_same_digest_twice_and_after_an_end_in_between():
    whole = rounds_of(recall())
    store = {}
    rounds_of(recall(rounds=1), store)
    assert digest_of(rounds_of(recall(), store)) == digest_of(whole) == digest_of(rounds_of(recall()))
    assert digest_of(rounds_of(recall(seed=1))) != digest_of(whole)


@pytest.mark.parametrize(
    ("rounds_before", "standing", "taken", "new", "why"),
    [(0, 0, 100, 0, ""), (1, 2, 100, 0, ""), (2, 0, 100, 1, "1 of 100 documents are new"), (2, 2, 100, 50, "stands at 0.900"), (5, 1, 100, 2, "")],
)  # fmt: skip
def test_it_stops_when_nothing_new_comes(rounds_before, standing, taken, new, why):
    before = {"round": rounds_before, "cut": {"recall": 0.5}} if rounds_before else None
    stops = recall()._stops(before, Cut(0, 0.9, 0.9, 1, 1, 0, 1), {"new": new, "collected": taken, "standing": standing})
    assert why in stops
    assert bool(why) == bool(stops)


def test_an_estimate_must_stand_twice_in_a_row():
    def after(recall, standing):
        return {"cut": {"recall": recall}, "figures": {"standing": standing}}

    cut = Cut(0, 0.9, 0.9, 1, 1, 0, 1)
    assert [_standing(before, cut) for before in (None, after(0.5, 3), after(0.895, 0), after(0.9, 1))] == [0, 0, 1, 2]


def test_unjudged_documents_are_no_negatives_where_many_of_them_are_of_the_topic():
    made = recall()
    known = np.full(len(POOL), -1, np.int8)
    known[:12], known[-12:] = 1, 0  # of health, and of politics
    nowhere = np.full(len(POOL), -1, np.int8)
    before = {"collected": [], "figures": {"left_share": 0.3}}
    examples, hits, numbers = examples_of(made.seeds, made.pool, made.options, nowhere, known, before, 2)
    assert set(numbers[~hits].tolist()) == set(range(len(POOL) - 12, len(POOL)))
    assert (numbers[hits] >= 0).sum() == 12
    assert len(examples) == len(hits) == len(numbers)
    many, hits, numbers = examples_of(made.seeds, made.pool, made.options, nowhere, known, before | {"figures": {"left_share": 0.01}}, 2)
    assert len(many) > len(examples)
    assert (numbers[~hits] == -1).sum() > 12


def asked(made, scores, judged=None):
    judged = judged or (np.zeros(0), np.zeros(0, bool))
    return questions(made.pool, made.space, made.options, 1, scores, judged, np.full(len(POOL), -1, np.int8), np.ones(len(POOL), bool))


def test_every_question_is_asked_and_most_are_about_the_border():
    scores = np.linspace(2, -4, len(POOL))
    chosen = asked(recall(sample=300), scores)
    assert len(set(chosen.tolist())) == 300
    chosen = asked(recall(sample=30), scores)
    nearest = set(np.argsort(np.abs(scores), kind="stable")[: 4 * 18].tolist())
    assert len(set(chosen.tolist())) == 30
    assert set(chosen[:18].tolist()) <= nearest
    assert len(set(chosen[18:].tolist()) - nearest) >= 4, "the others are drawn from the whole pool"
    assert asked(recall(sample=30), scores).tolist() == chosen.tolist()


def test_the_others_are_drawn_above_the_cut_below_it_and_from_the_rest():
    scores = np.linspace(3, -3, len(POOL))
    judged = np.linspace(3, -3, 60), np.linspace(3, -3, 60) > 0
    chosen = asked(recall(sample=50), scores, judged)[30:]
    assert (scores[chosen] > 0).sum() >= 6
    assert (scores[chosen] < 0).sum() >= 6


def test_what_is_left():
    chance, left = np.array([0.9, 0.2, 0.1]), np.array([False, True, True])
    assert _left_share(chance, left) == pytest.approx(0.15)
    assert _left_share(chance, left & False) == 0


def test_a_judge_that_answers_nothing_is_no_judge():
    """An endpoint of which no answer can be read, or labels that name no document: an estimate of it would be of nothing."""
    with pytest.raises(BadInput, match="None of the 30 questions of round 1 was answered"):
        rounds_of(recall(LabelJudge({"somebody-else": ("health",)}, "health", {})))


def test_nothing_is_asked_twice():
    asked = []

    class Counting:
        described: ClassVar = {}

        def answers(self, documents, number):
            asked.extend(d.id for d in documents)
            return LabelJudge(GOLD, "health", {}).answers(documents, number)

    rounds_of(recall(Counting()))
    assert len(asked) == len(set(asked))


def test_a_person_answers_with_a_sheet(tmp_path):
    made, store = recall(SheetJudge(tmp_path, "health", {}), rounds=1), {}
    with pytest.raises(Waiting) as waiting:
        rounds_of(made, store)
    path = waiting.value.path
    assert waiting.value.questions == 30
    with pytest.raises(Waiting):  # nobody has answered yet
        rounds_of(made, store)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *(line.replace(",,", ",yes," if line.startswith("health") else ",no,", 1) for line in lines[1:])]))
    [found] = rounds_of(made, store)
    assert found["figures"]["judged"] == 30
    assert all(said == (name.startswith("health")) for name, said in found["known"].items())
    path.write_text(path.read_text().replace(",yes,", ",maybe,", 1))
    with pytest.raises(BadInput, match=r"the answer of .* is 'maybe'; write yes or no"):
        rounds_of(made, {})


def test_a_sheet_as_a_spreadsheet_saves_it(tmp_path):
    """With semicolons, or without the column that answers."""
    made = recall(SheetJudge(tmp_path, "health", {}), rounds=1)
    with pytest.raises(Waiting) as waiting:
        rounds_of(made)
    path = waiting.value.path
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    filled = [rows[0], *([row[0], "yes" if row[0].startswith("health") else "no", *row[2:]] for row in rows[1:])]
    with path.open("w", newline="", encoding="utf-8-sig") as f:
        csv.writer(f, delimiter=";").writerows(filled)
    [found] = rounds_of(made)
    assert found["figures"]["judged"] == 30
    path.write_text("id,notes\n")
    with pytest.raises(BadInput, match="has no column answer"):
        rounds_of(made)
    path.write_bytes(b"id,answer\n\xe9,yes\n")
    with pytest.raises(BadInput, match="UTF-8"):
        rounds_of(made)


def test_a_sheet_holds_no_formula():
    given = Pooled("d", Text("=cmd()", "=HYPERLINK(1)"))
    assert [cell[:2] for cell in next(csv.reader([sheet([given], "t").decode("utf-8-sig").splitlines()[1]]))] == ["d", "", "'=", "'="]


def test_a_sheet_that_was_not_written_whole_is_not_there(tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        rounds_of(recall(SheetJudge(tmp_path / "r", "health", {}), rounds=1))
    assert list((tmp_path / "r").iterdir()) == []


def test_a_person_decides_about_hosts_and_paths(tmp_path):
    urls = [p.document.url for p in POOL]
    (tmp_path / "d.csv").write_text("host,path,decision\ns1.example,*,no\ns2.example,/sports/,yes\n")
    decisions = read_decisions(tmp_path / "d.csv")
    [found] = rounds_of(recall(decisions=decisions, rounds=1))
    by_id = dict(zip((p.id for p in POOL), urls, strict=True))
    assert not any(place_of(by_id[i])[0] == "s1.example" for i in found["collected"])
    sports = {i for i, url in by_id.items() if place_of(url) == ("s2.example", "/sports/")}
    judged_no = {i for i in sports if found["known"].get(i) is False}
    assert sports - judged_no <= set(found["collected"])
    rows = table(urls, np.isin([p.id for p in POOL], found["collected"]), decisions).splitlines()
    assert rows[0] == "host,path,pages,collected,share,marked,decision"
    assert any(row.startswith("s1.example,*,") and row.endswith(",no") for row in rows)
    assert decided(["https://s2.example/sports/1", "https://s1.example/", "x"], decisions).tolist() == [1, 0, -1]
    (tmp_path / "d.csv").write_text("host,path,decision\ns1.example,*,perhaps\n")
    with pytest.raises(BadInput, match=r"decision about s1\.example"):
        read_decisions(tmp_path / "d.csv")


def test_hosts_and_templates_are_capped():
    caps = Caps(RecallOptions(per_host=3, per_template=2))
    taken = [caps.takes(Text("x", f"https://one.example/q/{n}/a-title")) for n in range(5)]
    assert taken == [True, True, False, False, False]
    assert caps.takes(Text("x", "https://one.example/about"))
    assert not caps.takes(Text("x", "https://one.example/contact"))
    assert all(caps.takes(Text("x")) for _ in range(9))
    assert template_of("https://one.example/q/17/how-to") == template_of("https://one.example/q/3/what-is")


def test_a_pass_over_urls_leaves_what_is_wanted():
    seeds = tuple(Text(s.text, f"https://s{n % 23}.example/health/{20 + n}") for n, s in enumerate(SEEDS))
    [found] = rounds_of(recall(seeds=seeds, rounds=1, url_first=0.95))
    assert found["figures"]["url_pass_left"] < 0.9
    assert found["figures"]["url_pass_positives_left"] >= 0.9
    assert len(found["collected"]) > 60


@pytest.mark.parametrize("seeds", [(), SEEDS[:1]])
def test_too_few_seeds(seeds):
    with pytest.raises(BadInput, match="seeds with a text"):
        rounds_of(recall(seeds=seeds))


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"precision": 1.0}, {"sample": 1}, {"per_host": 0}, {"url_first": 1.0}])
def test_options_out_of_range(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong)).replace("_", "-")):
        RecallOptions(**wrong)


# ------------------------------------------------------------------ estimates


def test_wilson():
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(9, 10)
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)  # Wilson 1927, as tabled


def test_judged_documents_of_a_bin_share_its_weight():
    judged = np.array([3.0] * 30 + [0.0] * 10)  # the high ones were asked about thrice as often
    weights = weights_of(judged, np.array([3.1] * 60 + [-0.1] * 200))
    assert weights[:30].sum() == pytest.approx(60)
    assert weights[30:].sum() == pytest.approx(200)
    assert weights_of(judged[:0], judged).shape == (0,)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=80), st.lists(st.floats(-5, 5), max_size=80))
def test_weights_add_up_to_the_pool(judged, others):
    """So many documents as there are, less those of bins without an answer: there are none."""
    weights = weights_of(np.array(judged), np.array(others))
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(len(others), abs=1e-3 * len(judged) + 1e-6)


def test_the_effective_number_of_unequal_answers_is_smaller():
    judged = Judged(np.ones(4), np.array([True, True, False, True]), np.array([1.0, 1.0, 1.0, 9.0]))
    hits, n, shown = judged.above(0.5)
    assert n == pytest.approx(144 / 84)
    assert hits / n == pytest.approx(11 / 12)
    assert shown == (3, 4)
    assert judged.above(2) == (0.0, 0.0, (0, 0))


def test_weights_stand_for_documents_that_were_not_drawn():
    scores = np.array([1.0] * 10 + [0.0] * 10)
    hits = np.array([True] * 9 + [False] + [True] * 3 + [False] * 7)
    line = weighted_platt(scores, hits, np.array([1.0] * 10 + [50.0] * 10))
    above, below = chances(np.array([1.0, 0.0]), line)
    assert below == pytest.approx(0.3, abs=0.03)
    assert above > 0.6


@given(
    st.lists(st.tuples(st.integers(-20, 20), st.floats(0, 1), st.sampled_from([-1, 0, 1])), min_size=1, max_size=40), st.floats(0.5, 0.99)
)
def test_what_is_collected_is_expected_to_be_as_precise_as_asked(rows, precision):
    scores, chance = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    known = np.array([r[2] for r in rows], np.int8)
    judged = known >= 0
    cut = cut_at(scores, chance, known, Judged(scores[judged], known[judged] == 1, np.ones(int(judged.sum()))), precision)
    taken = (known == 1) | ((known == -1) & (scores >= cut.score))
    right = np.where(known == 1, 1.0, np.where(known == 0, 0.0, chance))
    if taken.any():
        assert right[taken].mean() == pytest.approx(cut.precision)
        assert cut.precision >= precision - 1e-9
    assert 0 <= cut.recall <= 1 + 1e-9
    assert cut.low <= cut.high


def test_labels_that_say_yes():
    assert is_yes("Health ", "health")
    assert is_yes("yes", "health")
    assert not is_yes("sports", "health")

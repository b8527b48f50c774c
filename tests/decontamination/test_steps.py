"""Decontamination in a run: dropped, cut and tagged; what the run shows to be common is set aside; what a recipe may say."""

import json

import pyarrow.parquet as pq
import pytest

from tests.decontamination.test_detect import AFTER, BEFORE, LONG, planted
from tests.pipelines import finished, rows
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.what_if import changed, sweep, what_if
from winnow.tasks.recipes import build as recipes

QUOTED = "Blessed are the millers, for the stream shall turn their wheels while the village sleeps and the owls count the sacks."
ITEMS = [
    {"eval_key": "mill", "eval_instance_index": 1, "question": LONG},
    {"eval_key": "hymns", "eval_instance_index": 5, "question": QUOTED},
]


def curated(tmp_path, action, texts, **options):
    (tmp_path / "evals.jsonl").write_text("".join(json.dumps(item) + "\n" for item in ITEMS))
    (tmp_path / "texts.jsonl").write_text(
        "".join(json.dumps({"id": name, "text": text, "url": f"http://{host}/{name}"}) + "\n" for name, host, text in texts)
    )
    said = {"against": ["evals.jsonl"], "action": action, **options}
    recipe = {"extends": "raw", "deduplicate": [], "decontaminate": said, "carry_signals": ["contaminated_suite"]}
    (tmp_path / "mine.yaml").write_text(json.dumps(recipe))
    return finished(tmp_path / "texts.jsonl", tmp_path / "mine.yaml", tmp_path / "store")


def corpus(tmp_path):
    return {row["id"]: row for path in (tmp_path / "store").glob("corpora/**/*.parquet") for row in pq.read_table(path).to_pylist()}


TWO = [("clean", "a.org", planted("")), ("dirty", "b.org", planted(LONG))]


def test_dropped_with_the_evidence(tmp_path):
    run = curated(tmp_path, "drop", TWO)
    assert set(corpus(tmp_path)) == {"clean"}
    decisions = {row["id"]: row for row in rows(run, run.pipeline.decisions)}
    assert decisions["dirty"]["reason"] == "contaminated"
    [crossed] = decisions["dirty"]["crossed"]
    assert crossed["value"] == 1.0 > crossed["limit"]
    assert crossed["detail"].startswith("mill 1, question, characters")
    [find] = [step for step in run.pipeline.steps if step.name == "find-items"]
    [hit] = [row for shard in find.shards(run.context) for row in run.context.read(find, shard, table="hits").to_pylist()]
    assert (hit["suite"], hit["instance"], hit["text"], hit["item_text"]) == ("mill", "1", LONG.rstrip("?"), LONG)
    [page] = (tmp_path / "store").glob("corpora/**/report.html")
    assert "Benchmark items" in page.read_text()
    assert "Blessed" not in page.read_text()


def test_cut_out_of_the_text(tmp_path):
    curated(tmp_path, "cut", TWO)
    texts = {name: row["text"] for name, row in corpus(tmp_path).items()}
    assert texts["clean"] == planted("")
    assert "forty sacks" not in texts["dirty"]
    assert texts["dirty"].startswith(BEFORE.strip())
    assert texts["dirty"].endswith(AFTER.strip())


def test_gpt_3_cuts_two_hundred_characters_around(tmp_path):
    long = [("long", "a.org", "x" * 300 + " far away " + BEFORE * 4 + LONG + AFTER * 4 + "the end")]
    curated(tmp_path, "cut", long, mode="gpt-3")
    text = corpus(tmp_path)["long"]["text"]
    assert "forty sacks" not in text
    assert 400 <= len(long[0][2]) - len(text) - len(LONG) <= 430
    assert text.startswith("xxx")
    assert text.endswith("the end")


def test_tagged_and_carried_into_the_corpus(tmp_path):
    curated(tmp_path, "tag", TWO)
    assert {name: row["contaminated_suite"] for name, row in corpus(tmp_path).items()} == {"clean": None, "dirty": "mill"}


def test_what_is_common_in_a_host_is_no_evidence(tmp_path):
    """Half of the hymn is on many pages of one host, which is thus no item there, but is one elsewhere."""
    half = " ".join(QUOTED.split()[:14])
    pages = [(f"half{i}", "hymns.org", planted(half + f" and so on, page {i}")) for i in range(12)]
    texts = [*pages, ("whole", "hymns.org", planted(QUOTED)), ("copy", "b.org", planted(QUOTED)), ("dirty", "hymns.org", planted(LONG))]
    run = curated(tmp_path, "drop", texts)
    gone = {row["id"] for row in rows(run, run.pipeline.decisions) if not row["kept"]}
    assert gone == {"copy", "dirty"}
    [common] = [step for step in run.pipeline.steps if step.name == "common-ngrams"]
    assert {row["host"] for row in rows(run, common)} == {"hymns.org"}


def test_what_is_common_in_the_run_is_no_evidence_anywhere(tmp_path):
    half = " ".join(QUOTED.split()[:14])
    pages = [(f"half{i}", f"h{i}.org", planted(half + f" and so on, page {i}")) for i in range(12)]
    texts = [*pages, ("copy", "b.org", planted(QUOTED)), ("dirty", "c.org", planted(LONG))]
    run = curated(tmp_path, "drop", texts, common_in_run=12)
    assert {row["id"] for row in rows(run, run.pipeline.decisions) if not row["kept"]} == {"dirty"}


def test_a_widely_copied_item_stays_one(tmp_path):
    copies = [(f"copy{i}", "b.org", planted(LONG)) for i in range(30)]
    run = curated(tmp_path, "drop", copies, common_in_run=5)
    assert not any(row["kept"] for row in rows(run, run.pipeline.decisions))


def test_what_if_moves_the_score_as_a_run_does(tmp_path):
    part = LONG.replace("forty", "fifty")
    texts = [*TWO, ("part", "c.org", planted(part)), ("both", "d.org", planted(LONG) + planted(QUOTED))]
    run = curated(tmp_path, "drop", texts)
    scores = {row["id"]: row["contamination_score"] for row in rows(run, run.pipeline.decisions)}
    items = {row["id"]: row["contamination_items"] for row in rows(run, run.pipeline.decisions)}
    assert 0.5 < scores["part"] < 1.0 == scores["dirty"]
    assert items == {"clean": 0, "dirty": 1, "part": 1, "both": 2}
    found = open_run(str(tmp_path / "store"))
    change = what_if(found, changed(found.movable, ["contamination_score.high=0.99"], found.measured))
    assert (change.kept.documents, change.enter.documents, change.leave.documents) == (1, 1, 0)
    assert [(s.id, s.reason) for s in change.enter.samples] == [("part", "contaminated")]
    again = curated(tmp_path, "drop", texts, max_score=0.99)
    assert {row["id"] for row in rows(again, again.pipeline.decisions) if row["kept"]} == {"clean", "part"}
    tagged = open_run(str(tmp_path / "store"), curated(tmp_path, "tag", texts).id)
    change = what_if(tagged, changed(tagged.movable, ["contamination_items.high=1"], tagged.measured))
    assert [s.id for s in change.leave.samples] == ["both"]
    bounds = {s.bound: s.kept_as_high for s in sweep(found, "contamination_score")}
    assert bounds[0.0] == 0.25
    assert bounds[1.0] == 1.0


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"against": []}, "is empty"),
        ({"against": ["none.jsonl"]}, "cannot be read"),
        ({"against": ["evals.jsonl"], "mode": "wat"}, "no mode"),
        ({"against": ["evals.jsonl"], "action": "wat"}, "drop, cut, tag"),
        ({"against": ["evals.jsonl"], "common_in_host": -1}, "whole number"),
        ({"against": ["evals.jsonl"], "max_score": 2}, "between 0 and 1"),
        ({"against": ["evals.jsonl"], "max_score": 0.9, "action": "tag"}, "goes with action: drop"),
        ({"agianst": ["evals.jsonl"]}, "against"),
    ],
)
def test_what_a_recipe_cannot_say(tmp_path, said, message):
    (tmp_path / "evals.jsonl").write_text('{"question": "What is it?"}\n')
    (tmp_path / "mine.yaml").write_text(json.dumps({"extends": "raw", "decontaminate": said}))
    with pytest.raises(BadInput, match=message):
        recipes.load(str(tmp_path / "mine.yaml"))


def test_the_content_of_the_benchmarks_is_what_counts(tmp_path):
    def address(folder, content):
        folder.mkdir()
        (folder / "evals.jsonl").write_text(content)
        (folder / "mine.yaml").write_text(json.dumps({"extends": "raw", "decontaminate": {"against": ["evals.jsonl"]}}))
        recipe = recipes.load(str(folder / "mine.yaml"))
        return next(entry.options for entry in recipe.decide if entry.section == "decontaminate").against[0]

    one, moved = (address(tmp_path / name, '{"question": "a b c d"}\n') for name in ("one", "two"))
    assert one.sha256 == moved.sha256 != address(tmp_path / "three", '{"question": "e f g h"}\n').sha256

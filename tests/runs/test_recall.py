"""A recall over a finished run: files in, rounds in the store, JSON out, and the same again without any work."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests import pipelines
from tests.models.classify.students import TOPICS
from tests.recall.test_rounds import GOLD, POOL, SEEDS
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recall.judge import Waiting
from winnow.tasks.recall.options import RecallOptions
from winnow.tasks.runs.recall import RecallRequest


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    home = tmp_path_factory.mktemp("recall")
    pool = [{"id": p.id, "url": p.document.url, "text": p.document.text} for p in POOL]
    for name, rows in (
        ("pool", pool), ("seeds", [{"text": s.text, "url": s.url} for s in SEEDS]),
        ("labels", [{"url": p.document.url, "topic": GOLD[p.id][0]} for p in POOL]),
        ("few", [{"url": p.document.url, "topic": GOLD[p.id][0]} for p in POOL[::2]]),
    ):  # fmt: skip
        (home / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (home / "r.yaml").write_text("extends: raw\ndeduplicate: []\n")
    pipelines.finished(home / "pool.jsonl", home / "r.yaml", home / "store")
    return home


def request(files, labels="labels", **more):
    options = RecallOptions(sample=30, **more.pop("options", {}))
    judging = {"labels": (str(files / f"{labels}.jsonl"),)} if labels else {}
    return RecallRequest("health", (str(files / "seeds.jsonl"),), store=str(files / "store"), options=options, **judging, **more)


def finish(asked):
    return asked.recall.run(asked.load, asked.save)


@pytest.mark.slow
def test_rounds_lie_in_the_store_and_are_not_made_twice(files):
    first = request(files, options={"rounds": 2})
    assert first.forecast()["questions_at_most"] == 60
    finish(first)
    result = first.result()
    assert (result["status"], len(result["rounds"])) == ("done", 2)
    again = request(files, options={"rounds": 2})
    assert again.result() == result
    assert again.forecast()["questions_at_most"] == 0
    longer = request(files)
    assert len(longer.done()) == 2  # goes on from there
    finish(longer)
    last = longer.result()
    table = pq.read_table(last["documents"])
    assert table["collected"].to_pylist().count(True) == last["collected"]
    assert "host,path,pages" in Path(last["domains"]).read_text()
    assert last["digest"].startswith("sha256:")


def test_labels_first_and_a_person_for_the_rest(files, tmp_path):
    asked = request(files, "few", sheets=str(tmp_path), options={"rounds": 1})
    with pytest.raises(Waiting) as waiting:
        finish(asked)
    assert 5 < waiting.value.questions < 30
    assert asked.result(waiting.value)["status"] == "waiting"


def test_a_model_behind_an_endpoint_judges(files, tmp_path):
    words = [{"contains": word, "answer": "yes"} for word in TOPICS["health"]]
    (tmp_path / "script.jsonl").write_text("\n".join(map(json.dumps, [*words, {"answer": "no"}])))
    given = {
        "endpoint": f"scripted:{tmp_path / 'script.jsonl'}",
        "endpoint_options": {"model": "m", "price_prompt": 1.0},
        "options": {"rounds": 1},
    }
    asked = request(files, "", **given)
    forecast = asked.forecast()
    assert forecast["questions_at_most"] == 30
    assert forecast["cost"] > 0
    [found] = finish(asked)
    assert found["figures"]["judged"] == 30
    by_id = {p.id: GOLD[p.id][0] for p in POOL}
    assert found["known"] == {i: by_id[i] == "health" for i in found["known"]}
    with pytest.raises(BadInput, match="quality cannot judge the topic health: it needs a label health or yes, or a scale and --least"):
        _ = request(files, "", **given, head="quality").recall
    with pytest.raises(BadInput, match="cannot judge at once"):
        _ = request(files, **given).recall


@pytest.mark.parametrize(
    ("more", "said"),
    [({"topic": "a/b"}, "names a folder"), ({"seeds": ()}, "Give --seed FILE"), ({"seeds": ("nowhere.jsonl",)}, "There is no file nowhere.jsonl")],
)  # fmt: skip
def test_what_is_missing_is_said(more, said):
    with pytest.raises(BadInput, match=said):
        RecallRequest(**{"topic": "x", "seeds": ("a",)} | more)


def test_labels_that_cannot_judge(files, tmp_path):
    (tmp_path / "l.jsonl").write_text('{"url": "x", "kind": "y"}')
    asked = RecallRequest("health", (str(files / "seeds.jsonl"),), store=str(files / "store"), labels=(str(tmp_path / "l.jsonl"),))
    with pytest.raises(BadInput, match="cannot judge: it needs a column id or url, and one of labels"):
        _ = asked.recall


def test_labels_that_contradict_each_other_judge_nothing(files, tmp_path):
    """Duplicates count once, rows without a label not at all, and of a document that is called both yes and no nobody knows."""
    first, second, third = (p.document.url for p in POOL[:3])
    rows = [(first, "health"), (first, "sports"), (second, "health"), (second, "yes"), (second, None), (third, ["sports", "health"])]
    (tmp_path / "l.jsonl").write_text("\n".join(json.dumps({"url": url, "topic": said}) for url, said in rows))
    asked = RecallRequest("health", (str(files / "seeds.jsonl"),), store=str(files / "store"), labels=(str(tmp_path / "l.jsonl"),))
    assert asked.recall.judge.answers(POOL[:4], 1) == {POOL[1].id: True, POOL[2].id: True}

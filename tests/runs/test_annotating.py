"""Annotating a sample of a run: the draw, the tables, what is asked when something changes, and what bad answers do."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.endpoint.server import Hang, Server, chat
from tests.pipelines import finished
from tests.tiny import mirror
from winnow.tasks.endpoint.endpoint import endpoint
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.judged import judgements, read
from winnow.tasks.ledger.find import open_run
from winnow.tasks.runs.annotating import AnnotationRequest, compared, reports
from winnow.tasks.runs.sampling import Draw

pytestmark = pytest.mark.slow
TOPIC = {"name": "grain", "form": "choice", "prompt": "What is it about?", "labels": ["Grain", "Water", "Stone"]}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    home = tmp_path_factory.mktemp("annotating")
    finished(mirror(home / "mirror", warcs=2, pages=8), "gopher", home / "store")
    (home / "grain.yaml").write_text(yaml.safe_dump(TOPIC))
    (home / "script.jsonl").write_text(
        json.dumps({"contains": "Article 3", "answer": "I'm sorry, I cannot."})
        + "\n"
        + json.dumps({"contains": "The scale goes", "answer": "Score: 3"})
        + "\n"
        + json.dumps({"contains": "with nothing else", "answer": "1: Clean\n2: Clean"})
        + "\n"
        + json.dumps({"answer": "Grain: it is"})
    )
    return home


@pytest.fixture
def home(base, tmp_path):
    shutil.copytree(base, tmp_path / "h")
    return tmp_path / "h"


def request(home, head="grain.yaml", **changes):
    place = changes.pop("endpoint", f"scripted:{home}/script.jsonl")
    head = str(home / head) if head.endswith("yaml") else head
    return AnnotationRequest(head, **{"endpoint": place, "sample": 10, "store": str(home / "store")} | changes)


def annotated(asked):
    work = asked.prepared()
    tallies = [work.judge(annotation, part) for annotation, part in work.missing()]
    return work, tallies, work.finish()


def rows(report):
    return list(judgements(read(Path(report["judged"]))))


def test_a_sample_is_judged_once(home):
    work, [tally], [report] = annotated(request(home))
    assert (tally.asked, tally.known) == (10, 0)
    assert (report["documents"], report["rows"], report["head"], report["annotator"]) == (10, 10, "grain", "scripted")
    assert report["valid"] + sum(report["problems"].values()) == 10
    assert {r.label for r in rows(report)} <= {"Grain", None}
    written = {path: path.stat().st_mtime_ns for path in Path(report["judged"]).iterdir()}
    again = request(home).prepared()
    assert again.missing() == []
    assert again.finish() == [report]
    assert {path: path.stat().st_mtime_ns for path in Path(report["judged"]).iterdir()} == written
    ids = {i for shard in work.sample.run.shards("documents", ["id"]) for i in shard["id"].to_pylist()}
    assert {r.id for r in rows(report)} <= ids


def test_a_larger_sample_holds_the_smaller_one(home):
    _, _, [small] = annotated(request(home, sample=5))
    _, [tally], [large] = annotated(request(home, sample=12))
    assert {r.id for r in rows(small)} < {r.id for r in rows(large)}
    assert (tally.known, tally.asked) == (5, 7)
    _, _, [every] = annotated(request(home, sample=0))
    assert every["documents"] == every["candidates"] > 12
    other = {r.id for r in rows(annotated(request(home, sample=5, seed=1))[2][0])}
    assert other != {r.id for r in rows(small)}


def test_a_condition_chooses(home):
    run = open_run(str(home / "store"))
    kept = {i for d in run.shards("decisions", ["id", "kept"]) for i, k in zip(*d.to_pydict().values(), strict=True) if k}
    _, _, [report] = annotated(request(home, sample=0, where="kept AND word_count > 10 AND host LIKE 'site%'"))
    assert {r.id for r in rows(report)} <= kept
    assert 0 < report["candidates"] < len(kept) + 1
    for where, says in (("nonsense > 1", "no signal 'nonsense'"), ("kept = AND", "cannot be read"), ("word_count > 1e9", "No document")):
        with pytest.raises(BadInput, match=says):
            request(home, where=where).prepared()
    with pytest.raises(BadInput, match="0 \\(all documents\\)"):
        Draw(-1)


def test_a_head_whose_labels_changed_is_another_table(home):
    _, _, [before] = annotated(request(home))
    (home / "grain.yaml").write_text(yaml.safe_dump(TOPIC | {"labels": ["Grain", "Water", "Wind"]}))
    _, [tally], [after] = annotated(request(home))
    assert before["judged"] != after["judged"]
    assert before["head_digest"] != after["head_digest"]
    assert tally.asked == 10
    assert len(reports(request(home).prepared().store)) == 2


def test_a_killed_run_goes_on_with_the_same_bytes(home):
    _, _, [report] = annotated(request(home, sample=0))
    expected = {p.name: p.read_bytes() for p in Path(report["judged"]).iterdir()}
    shutil.rmtree(report["judged"])
    count = 0

    class KilledError(BaseException):
        pass

    def told():
        nonlocal count
        count += 1
        if count == 7:
            raise KilledError

    for folder in sorted((home / "store" / "responses").iterdir())[::2]:
        shutil.rmtree(folder)
    work = request(home, sample=0, options={"concurrency": 1}).prepared()
    with pytest.raises(KilledError):
        work.judge(*work.missing()[0], told)
    assert not Path(report["judged"]).exists()
    _, [tally], [again] = annotated(request(home, sample=0))
    assert tally.known >= 7
    assert {p.name: p.read_bytes() for p in Path(again["judged"]).iterdir()} == expected


def test_scores_and_lines_and_groups(home):
    _, _, [scores] = annotated(request(home, head="educational"))
    assert {r.score for r in rows(scores) if r.valid} == {3.0}
    _, _, [lines] = annotated(request(home, head="line_quality", sample=3))
    assert lines["rows"] > 3
    assert {(r.label, r.problem) for r in rows(lines)} <= {("Clean", None), (None, "missing_line"), (None, "refused")}
    assert len(request(home, head="essential_web").prepared().annotations) == 10


def test_two_annotators_agree_or_not(home):
    (home / "other.jsonl").write_text(json.dumps({"contains": "the", "answer": "Water"}))
    _, _, [one] = annotated(request(home))
    _, _, [two] = annotated(request(home, endpoint=f"scripted:{home}/other.jsonl", options={"model": "other"}))
    [found], information = compared([Path(one["judged"]), Path(two["judged"])])
    assert (found.first, found.second, found.observed) == ("other", "scripted", 0)
    assert information == {}


def test_bad_servers_are_counted(home):
    """One that lies, hangs, refuses, talks another language, sends half a JSON: every document has its row, and says why."""
    bad = [
        Hang,
        b'{"choices": [{"mess',
        (400, {"error": {"message": "no"}}, {}),
        chat("Il s'agit probablement de blé, je crois bien."),
        chat(""),
        chat("Z: none"),
        chat("A: Grain, Water"),
    ]

    def behave(body, before):
        text = body["messages"][-1]["content"]
        if text not in seen:
            seen.append(text)
        place = seen.index(text)
        return bad[place] if place < len(bad) else chat("Grain: yes")

    seen = []
    with Server(behave) as server:
        asked = request(home, sample=12, endpoint=server.url, options={"model": "tiny", "timeout_s": 0.3, "attempts": 2, "concurrency": 1})
        _, _, [report] = annotated(asked)
        sent = len(server.bodies)
        assert report["rows"] == 12
        assert report["valid"] >= 5
        assert set(report["problems"]) >= {"unanswered", "malformed", "rejected", "unreadable", "empty", "off_list"}
        assert asked.prepared().missing() == []
        again = replace(asked, again=True)
        seen[:] = ["x"] * len(bad)  # now it answers
        _, [tally], [mended] = annotated(again)
        assert tally.asked == 3
        assert len(server.bodies) == sent + 3
        assert set(mended["problems"]) <= {"unreadable", "empty", "off_list", "contradictory"}


def test_a_batch_goes_out_and_comes_back(home):
    asked = request(home, endpoint="http://127.0.0.1:9/v1", options={"model": "tiny", "price_prompt": 1.0})
    work = asked.prepared()
    before = work.forecast()
    assert (before.to_ask, before.queries) == (10, 10)
    assert before.price > 0
    [file] = work.write_batch(home / "batch")
    answers = [
        json.dumps({"custom_id": json.loads(line)["custom_id"], "response": {"status_code": 200, "body": chat("Water")}})
        for line in file.read_text().splitlines()
    ]
    (home / "out.jsonl").write_text("\n".join(answers))
    assert work.read_batch([home / "out.jsonl"]).taken == 10
    assert asked.prepared().forecast().to_ask == 0
    _, [tally], [report] = annotated(asked)  # there is no such server: nothing is asked
    assert tally.known == 10
    assert report["labels"] == {"Water": 10}


def test_parameters_of_sampling_count(home):
    with Server(lambda body, before: chat("Grain")) as server:
        plain = request(home, sample=2, endpoint=server.url, options={"model": "m"})
        thinks = replace(plain, parameters={"max_tokens": None, "max_completion_tokens": 4000, "temperature": None})
        (_, _, [one]), (work, [tally], [two]) = annotated(plain), annotated(thinks)
        assert one["judged"] != two["judged"]
        assert tally.asked == 2
        assert work.forecast().queries == 2
        assert {frozenset(b) - {"messages", "model"} for b in server.bodies} == {
            frozenset({"temperature", "max_tokens"}),
            frozenset({"max_completion_tokens"}),
        }
    with pytest.raises(BadInput, match="is set by Winnow"):
        replace(plain, parameters={"n": 2}).prepared()


def test_where_the_server_is_does_not_count(home):
    asked = request(home, options={"model": "m"})
    home_of = asked.prepared().home(asked.prepared().annotations[0])
    moved = replace(asked, endpoint="http://h/v1", options={"model": "m", "concurrency": 3, "price_prompt": 5})
    assert moved.prepared().home(moved.prepared().annotations[0]) == home_of
    assert endpoint("echo").model == "echo"

"""What the loop asks about a run, and what it refuses."""

import json

import pytest
import yaml

from tests.models.classify.students import row_of, text_of, train
from tests.pipelines import finished
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.find import open_run
from winnow.tasks.models.classify.labelled import Question, Row
from winnow.tasks.models.files import register
from winnow.tasks.runs.purify import Purification


def loop(tmp_path, **more):
    recipe = {
        "extends": "raw", "measure": {"url": None, "redpajama": None, "text": ["gopher.Gopher"]}, "limits": {"word_count": {"low": 5}},
        "safety": {"actions": {"word_count": {7: "tag"}}},
    }  # fmt: skip
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(recipe))
    given = {"endpoint": "echo", "store": str(tmp_path / "store")} | more
    return Purification("guard", str(tmp_path / "r.yaml"), **given)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"endpoint": ""}, "an endpoint that judges, or a folder"),
        ({"sheets": "s"}, "one of the two"),
        ({"sample": 0}, "sample is 0"),
        ({"at_least": 0}, "at_least is 0"),
    ],
)
def test_bad_requests(tmp_path, change, says):
    with pytest.raises(BadInput, match=says):
        loop(tmp_path, **change)


def test_a_student_is_a_registered_name(tmp_path):
    with pytest.raises(BadInput, match="registered name"):
        Purification("a/b", "raw", endpoint="echo")


def test_without_labels_there_is_nothing_to_learn_from(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path / "models"))
    found = loop(tmp_path)
    assert found.due()
    with pytest.raises(BadInput, match="nothing to train a first one from"):
        found.sources()
    with pytest.raises(BadInput, match="There is no head"):
        loop(tmp_path, head="nothing").asked  # noqa: B018
    with pytest.raises(BadInput, match="asked about lines"):
        loop(tmp_path, head="line_quality").question  # noqa: B018


def test_a_head_that_changed_begins_anew(tmp_path):
    """What was judged with other labels must not teach the student of these."""
    homes = set()
    for labels in ("[a, b]", "[a, c]"):
        (tmp_path / "mine.yaml").write_text(f"{{name: mine, form: choice, prompt: '?', labels: {labels}}}")
        homes.add(loop(tmp_path, head=str(tmp_path / "mine.yaml")).home)
    assert len(homes) == 2


def test_cuts_are_those_of_the_head_alone(tmp_path):
    assert loop(tmp_path).cuts == []
    (tmp_path / "word.yaml").write_text("{name: word_count, form: choice, prompt: '?', labels: [a, b]}")
    assert loop(tmp_path, head=str(tmp_path / "word.yaml")).cuts == []  # the column word_count is not one of the head word_count's


def guard(label, version):
    given = [Row(row_of(topic, seed).document, (said,), "en") for topic, said in (("health", label), ("sports", "b")) for seed in range(30)]
    register("guard", "student", train(given, Question("mine")).files, {"version": version})


def test_a_round_names_the_student_that_decided_its_run(tmp_path, monkeypatch):
    """Also where the student was trained anew while the run was under way."""
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path / "models"))
    guard("a", "first")
    (tmp_path / "mine.yaml").write_text("{name: mine, form: choice, prompt: '?', labels: [a, b]}")
    (tmp_path / "r.yaml").write_text("extends: raw\nmeasure: {url: null, redpajama: null, mine: [{student.Student: {model: guard}}]}\n")
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text_of("health", n)}) + "\n" for n in range(4)))
    made = finished(tmp_path / "in.jsonl", tmp_path / "r.yaml", tmp_path / "store")
    guard("c", "second")
    asking = Purification("guard", str(tmp_path / "r.yaml"), str(tmp_path / "mine.yaml"), endpoint="echo", store=str(tmp_path / "store"))
    closed = asking.close(open_run(str(tmp_path / "store"), made.id), [])
    assert (closed["student"], asking.card()["version"]) == ("first", "second")

"""The student filter: columns under the head's name, which limits, SQL, what-if, explain and the report take like any others."""

import json

import pytest
import yaml

from tests import pipelines
from tests.models.classify.students import TOPICS, rows, text_of, train, trained
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.explain import explain
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.sql import query
from winnow.tasks.ledger.what_if import changed, what_if
from winnow.tasks.models.classify.labelled import Question
from winnow.tasks.models.files import register
from winnow.tasks.signals.filters.student import Student
from winnow.tasks.signals.text import Document


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    patch = pytest.MonkeyPatch()
    patch.setenv("WINNOW_MODELS", str(home))
    register("mine", "student", trained().files, {})
    register("several", "student", train(rows(), Question("topic", "multi")).files, {})
    register("lm", "ngram", {"kenlm": b"x"}, {"language": "en"})
    yield home
    patch.undo()


def filter_of(model):
    return pipelines.filter_of({"student.Student": {"model": model}})


def student_cuts(f):
    return dict(zip(f.model.labels, f.model.cuts, strict=True))


def test_columns_are_called_after_the_head(registry):
    f = filter_of("mine")
    f.check()
    assert [s.name for s in f.signals] == ["topic.label", "topic.score", "topic.second"]
    found = f.measure(Document(text_of("health", 999)))
    assert found["topic.label"] == "health"
    assert found["topic.score"] > 0.8
    assert f.measure(Document(" ")) == {"topic.label": None, "topic.score": None, "topic.second": None}
    assert "calibration error" in f.signals[1].meaning


def test_each_of_several_labels_has_its_probability(registry):
    f = filter_of("several")
    assert [s.name for s in f.signals][3:] == ["topic.health", "topic.politics", "topic.sports"]
    assert f"{student_cuts(f)['sports']:.3f} on" in f.signals[-1].meaning
    found = f.measure(Document(text_of("sports", 999)))
    assert found["topic.sports"] > 0.8 > 0.3 > found["topic.health"]


@pytest.mark.parametrize(
    ("model", "said"),
    [("lm", "of the kind ngram"), ("nothing", "There is no model nothing"), ({"name": "mine", "margin": 2}, "margin of a student is 2"), (3, "A student is 3")],
)  # fmt: skip
def test_what_is_no_student_is_refused(registry, model, said):
    with pytest.raises(BadInput, match=said):
        filter_of(model)


def test_without_a_model():
    with pytest.raises(BadInput, match="needs a model"):
        Student().check()


def test_limits_sql_what_if_explain_and_the_report_take_its_columns(registry, tmp_path):
    lines = [
        {"id": f"{topic}{i}", "url": f"https://{topic}.example/{i}", "text": text_of(topic, 500 + i)} for topic in TOPICS for i in range(4)
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)))
    recipe = {
        "extends": "raw",
        "measure": {"topic": [{"student.Student": {"model": "mine"}}]},
        "limits": {"topic.label": {"one_of": ["health", "sports"]}},
        "where": "topic.score > 0.2 AND topic.label <> 'sports'",
        "deduplicate": [],
    }
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(recipe))
    pipelines.finished(tmp_path / "in.jsonl", tmp_path / "r.yaml", tmp_path / "store")
    run = open_run(str(tmp_path / "store"))
    _, kept = query(run, "SELECT count(*) FROM decisions WHERE kept")
    assert list(kept) == [(4,)]
    _, by = query(run, "SELECT s.topic.label, count(*) AS n FROM signals s WHERE topic.score > 0.2 GROUP BY 1 ORDER BY 1")
    assert list(by) == [("health", 4), ("politics", 4), ("sports", 4)]
    change = what_if(run, changed(run.limits, ["topic.label.one_of=politics", "topic.score.low=0.1"], ["topic.label", "topic.score"]))
    assert (change.enter.documents, change.leave.documents) == (4, 4)
    assert "topic.label" in str(explain(run, "https://politics.example/1"))
    report = next((tmp_path / "store").rglob("report.html")).read_text()
    assert "topic.score" in report

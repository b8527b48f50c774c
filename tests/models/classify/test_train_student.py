"""Students: what they learn, the same bytes twice, and figures on hosts that they have not seen."""

import json

import pytest

from tests.models.classify.students import TOPICS, row_of, rows, text_of, train, trained
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.labelled import Question, Row
from winnow.tasks.models.classify.student import Student, student_model
from winnow.tasks.models.classify.train_student import StudentOptions
from winnow.tasks.models.files import register
from winnow.tasks.models.texts import Text


@pytest.fixture
def registry(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path))
    return tmp_path


def registered(made, name="mine"):
    register(name, "student", made.files, {"figures": made.figures})
    return Student(student_model(name, None))


LEARNERS = ["linear", pytest.param("fasttext", marks=pytest.mark.slow)]


@pytest.mark.parametrize("learner", LEARNERS)
def test_topics_are_told_apart_on_hosts_that_were_held_out(learner, registry):
    made = trained(learner=learner)
    held = made.figures["held_out"]
    assert made.figures["held_out_by"] == "host"
    assert held["accuracy"] > 0.9 > held["majority_share"] + 0.3
    assert set(held["by_language"]) == {"en", "de"}
    assert set(held["by_label"]) == set(TOPICS)
    json.dumps(made.figures)
    asked = registered(made)
    for topic in TOPICS:
        found = asked.answer(Text(text_of(topic, 999)))
        assert found.label == topic
        assert found.second in set(TOPICS) - {topic}
        assert sum(found.each) == pytest.approx(1)
    assert asked.answer(Text("")) is None


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_same_documents_give_the_same_bytes(learner):
    assert train(list(reversed(rows())), learner=learner).files == trained(learner=learner).files


def test_what_one_can_see_is_what_one_learns_from(registry):
    by_url = registered(train(rows(), input="url"))
    assert by_url.answer(Text("", "https://new.example/sports/7")).label == "sports"
    assert by_url.answer(Text(text_of("sports", 1))) is None


def test_it_abstains_where_two_labels_are_near(registry):
    registered(trained())
    unsure = Text(f"{text_of('sports', 5)} {text_of('health', 5)}")
    wide, narrow = (Student(student_model({"name": "mine", "margin": m}, None)).answer(unsure) for m in (0.95, 0.0))
    assert wide.label is None
    assert narrow.label is not None
    assert wide.score == narrow.score


def test_a_scale_has_an_expected_grade(registry):
    grade = {"health": "0", "sports": "2", "politics": "4"}
    given = [Row(r.document, (grade[r.labels[0]],)) for r in rows()]
    asked = registered(train(given, Question("use", "scale", ("0", "1", "2", "3", "4"))))
    low, high = (asked.answer(Text(text_of(topic, 999))).grade for topic in ("health", "politics"))
    assert 0 <= low < 1 < 3 < high <= 4


@pytest.mark.parametrize("learner", LEARNERS)
def test_several_labels_hold_at_once(learner, registry):
    both = [
        Row(Text(f"{text_of('health', i)} {text_of('politics', i)}", f"https://site{i % 30}.example/"), ("health", "politics"))
        for i in range(60)
    ]
    asked = registered(train([*rows(), *both], Question("topic", "multi"), learner=learner))
    found = asked.answer(Text(f"{text_of('health', 999)} {text_of('politics', 999)}"))
    assert {found.label, found.second} == {"health", "politics"}
    assert asked.answer(Text(text_of("sports", 999))).second is None


def test_a_rare_label_is_found_when_labels_are_balanced():
    given = [r for r in rows() if r.labels[0] != "sports"] + [row_of("sports", seed) for seed in range(8)]
    assert train(given).figures["held_out"]["macro_f1"] > 0.6


@pytest.mark.parametrize(
    "wrong",
    [
        {"learner": "svm"},
        {"calibration": "beta"},
        {"margin": 1.0},
        {"epochs": 0},
        {"learning_rate": 0},
        {"input": "title"},
        {"per_label": -1},
    ],
)
def test_options_out_of_range(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong)).replace("_", "-")):
        StudentOptions(**wrong)


def test_damaged_files_are_refused(registry):
    registered(trained())
    path = registry / "mine" / "model.student"
    data = path.read_bytes()
    for n, damaged in enumerate((data[:-100], b"{}\n", b"", data.replace(b"winnow student 1", b"winnow student 9"))):
        other = registry / f"{n}.student"
        other.write_bytes(damaged)
        from winnow.tasks.models.files import model_file

        with pytest.raises(BadInput, match="is no student or is truncated"):
            student_model({"file": str(other)}, model_file)

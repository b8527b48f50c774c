"""Students: what they learn, the same bytes twice, and figures on hosts that they have not seen."""

import json

import pytest

from tests.models.classify.students import TOPICS, row_of, rows, text_of, train, trained
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.cuts import FEWEST_FOR_A_CUT, HALF
from winnow.tasks.models.classify.labelled import Question, Row
from winnow.tasks.models.classify.student import Student, StudentModel, answer, student_model
from winnow.tasks.models.classify.train_student import StudentOptions
from winnow.tasks.models.files import ModelFile, model_file, register
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


def of_several(count, first_site=0):
    """Three topics, and of ``count`` documents of health the label ``doubtful``, which nothing in their words tells apart: at best a small share of them has it."""
    wrong = [
        Row(Text(text_of("health", 200 + i), f"https://site{(i + first_site) % 30}.example/d{i}"), ("health", "doubtful"))
        for i in range(count)
    ]
    return [*rows(), *wrong]


def test_a_rare_label_has_a_cut_far_below_a_half_and_is_said_from_it_on(registry):
    made = train(of_several(12), Question("topic", "multi"))
    cuts = made.figures["cuts"]
    assert set(cuts) == {*TOPICS, "doubtful"}
    assert 0 < cuts["doubtful"] < 0.3
    folds = made.figures["folds"]
    assert folds["macro_f1"] > folds["at_half"]["macro_f1"]
    asked = registered(made)
    found = [asked.answer(Text(text_of("health", 900 + i))) for i in range(20)]
    of_it = list(cuts).index("doubtful")
    assert max(f.each[of_it] for f in found) < 0.5
    assert "doubtful" in {f.second for f in found}
    assert train(list(reversed(of_several(12))), Question("topic", "multi")).files == made.files


def test_a_label_with_too_few_examples_is_cut_at_a_half():
    made = train(of_several(FEWEST_FOR_A_CUT, first_site=13), Question("topic", "multi"))  # one of its hosts is held out
    assert made.figures["labels"]["doubtful"] == FEWEST_FOR_A_CUT - 1
    assert made.figures["cuts"]["doubtful"] == HALF


def several(cuts, margin=0.0):
    return StudentModel(ModelFile("", ""), "h", ("a", "b", "c"), "multi", margin, cuts=cuts)


def test_labels_are_said_from_their_own_cuts_and_the_likeliest_of_them_first():
    found = answer(several((0.5, 0.6, 0.1)), [0.3, 0.55, 0.2])
    assert (found.label, found.score, found.second) == ("c", 0.2, None)
    found = answer(several((0.2, 0.6, 0.1)), [0.3, 0.55, 0.2])
    assert (found.label, found.score, found.second) == ("a", 0.3, "c")
    found = answer(several((0.5, 0.6, 0.3)), [0.3, 0.55, 0.2])
    assert (found.label, found.score, found.second) == (None, 0.55, None)
    assert answer(several((0.5, 0.6, 0.19), margin=0.05), [0.3, 0.55, 0.2]).label is None


def test_without_cuts_every_label_is_cut_at_a_half():
    assert answer(several(None), [0.6, 0.5, 0.4])[:3] == ("a", 0.6, "b")
    assert answer(several(None, 0.05), [0.56, 0.54, 0.4])[:3] == ("a", 0.56, None)


def changed_header(path, other, **fields):
    line, _, rest = path.read_bytes().partition(b"\n")
    other.write_bytes(json.dumps(json.loads(line) | fields).encode() + b"\n" + rest)
    return other


def test_a_student_from_before_there_were_cuts_is_read_and_damaged_cuts_are_refused(registry):
    registered(train(rows(), Question("topic", "multi")))
    path = next((registry / "mine").glob("*/model.student"))
    line, _, rest = path.read_bytes().partition(b"\n")
    header = json.loads(line)
    assert len(header.pop("cuts")) == 3
    (registry / "old.student").write_bytes(json.dumps(header).encode() + b"\n" + rest)
    assert student_model({"file": str(registry / "old.student")}, model_file).cuts is None
    for n, cuts in enumerate(([0.5], [0.5, 0.5, 1.5], [0.5, 0.5, "x"], 3)):
        with pytest.raises(BadInput, match="is not a student or is truncated"):
            student_model({"file": str(changed_header(path, registry / f"c{n}.student", cuts=cuts))}, model_file)


def test_other_kinds_of_heads_have_no_cuts():
    made = trained()
    assert b'"cuts"' not in made.files["student"].partition(b"\n")[0]
    assert "cuts" not in made.figures


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
    path = next((registry / "mine").glob("*/model.student"))
    data = path.read_bytes()
    for n, damaged in enumerate((data[:-100], b"{}\n", b"", data.replace(b"winnow student 1", b"winnow student 9"))):
        other = registry / f"{n}.student"
        other.write_bytes(damaged)
        with pytest.raises(BadInput, match="is not a student or is truncated"):
            student_model({"file": str(other)}, model_file)

"""Selections that ship: words that the heads have, what they keep and what the published notebooks got wrong, and a run on students of invented labels."""

import json
import re

import pyarrow as pa
import pytest
import yaml

from tests.models.classify.students import row_of, text_of, train
from tests.pipelines import curated
from tests.recipes.test_mathematics import reasons
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.heads import head as head_of
from winnow.tasks.models.classify.labelled import Question, Row
from winnow.tasks.models.files import register
from winnow.tasks.recipes.load import load
from winnow.tasks.recipes.write import written
from winnow.tasks.signals import selections
from winnow.tasks.signals.condition import Condition

FDC, V1, V2 = "essential_web_fdc", "essential_web_document_type_v1", "essential_web_document_type_v2"
DEPTH, RIGHT = "essential_web_reasoning_depth", "essential_web_technical_correctness"
GOOD = {
    f"{FDC}.label": "516.3",
    f"{FDC}.second": "530",
    f"{V1}.label": "Reference/Encyclopedic/Educational",
    f"{V2}.label": "Knowledge Article",
    f"{DEPTH}.label": "Basic Reasoning",
    f"{RIGHT}.label": "Highly Correct",
}
MATHS, STEM, CODE, MEDICAL = (f"essential-web-{x}" for x in ("mathematics", "stem", "code", "medical"))


def holds(name, **changes):
    row = GOOD | {{"fdc": f"{FDC}.label", "second": f"{FDC}.second", "v1": f"{V1}.label", "v2": f"{V2}.label", "depth": f"{DEPTH}.label", "right": f"{RIGHT}.label"}[k]: v for k, v in changes.items()}  # fmt: skip
    table = pa.table({k: pa.array([v], pa.string()) for k, v in row.items()})
    return bool(Condition(selections.sql(name)).holds(table)[0])


@pytest.mark.parametrize(
    ("name", "changes", "kept"),
    [
        (MATHS, {}, True),
        (MATHS, {"fdc": "530"}, False),
        (MATHS, {"fdc": None}, False),
        (MATHS, {"right": "Mostly Correct"}, False),
        (MATHS, {"depth": "No Reasoning"}, False),
        (MATHS, {"v1": "Academic/Research"}, False),
        (STEM, {}, True),
        (STEM, {"second": "330"}, False),  # both subjects must be of science or technology
        (STEM, {"depth": "Indeterminate"}, False),  # the notebook keeps it
        (STEM, {"depth": "No Reasoning"}, True),
        (STEM, {"fdc": "005.13", "v1": "Code/Software", "v2": "Tutorial"}, True),
        (STEM, {"v1": "Code/Software", "v2": "Tutorial"}, False),  # only where it is about programming
        (STEM, {"fdc": "610", "v1": "Legal/Regulatory", "v2": "FAQ"}, True),
        (STEM, {"fdc": "620", "v1": "Personal/Misc", "v2": "Audio Transcript"}, True),
        (CODE, {"fdc": "005.13", "v1": "Code/Software", "v2": "Q&A Forum"}, True),
        (CODE, {}, False),
        (MEDICAL, {"fdc": "616"}, False),  # with physics as the other subject
        (MEDICAL, {"fdc": "616", "second": "572"}, True),
        (MEDICAL, {"fdc": "540", "second": "615"}, True),
        (MEDICAL, {"fdc": "616", "second": "572", "v2": "News Article"}, False),
    ],
)
def test_what_they_keep(name, changes, kept):
    assert holds(name, **changes) == kept


@pytest.mark.parametrize("name", selections.names())
def test_every_word_is_a_label_of_its_head_and_every_column_is_named(name):
    condition = selections.sql(name)
    heads = {column.split(".")[0]: head_of(column.split(".")[0]) for column in Condition(condition).columns}
    assert all(head in selections.about(name) for head in heads)
    words = {word for word in re.findall(r"'([^']*)'", condition) if not re.fullmatch(r"[0-9.%]+", word)}
    assert words <= {label for head in heads.values() for label in head.names}
    assert "arXiv" in selections.about(name)


def test_an_unknown_selection_and_another_mapping(tmp_path):
    for where, said in (
        ("{selection: essential-web-maths}", "Did you mean essential-web-mathematics"),
        ("{sql: x}", "write a condition, or"),
    ):
        (tmp_path / "mine.yaml").write_text(f"extends: gopher\nwhere: {where}\n")
        with pytest.raises(BadInput, match=said):
            load(tmp_path / "mine.yaml")


@pytest.fixture
def student(tmp_path, monkeypatch):
    """Who says of pages on health that they are educational, and of others that they are not."""
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path / "models"))
    grades = {"health": "4", "sports": "1", "politics": "0"}
    given = [Row(row_of(topic, seed).document, (grade,), "en") for topic, grade in grades.items() for seed in range(60)]
    register("educational", "student", train(given, Question("educational", "scale")).files, {})


@pytest.mark.slow
def test_a_run_with_a_student(student, tmp_path):
    pages = [
        {"url": f"https://new{i}.example/{topic}", "text": text_of(topic, 900 + i)}
        for i, topic in enumerate(["health", "sports", "politics"] * 3)
    ]
    (tmp_path / "pages.jsonl").write_text("".join(json.dumps(p) + "\n" for p in pages))
    (tmp_path / "mine.yaml").write_text(
        "extends: raw\nmeasure: {url: null, text: null, redpajama: null, edu: [{student.Student: {model: educational}}]}\nwhere: {selection: fineweb-edu}\n"
    )
    found = reasons(curated(tmp_path / "pages.jsonl", tmp_path / "mine.yaml", tmp_path / "store"))
    assert found == {p["url"]: None if "health" in p["url"] else "where" for p in pages}
    said = written(load(tmp_path / "mine.yaml"))
    assert "educational.grade >= 2.5" in (said if isinstance(said, str) else yaml.safe_dump(said))

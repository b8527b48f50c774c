"""Tables of judgements on S3 are read by whatever reads judgements: recipes, training, agreement, rating, recall."""

import json
from collections import Counter

import boto3
import pyarrow.parquet as pq
import pytest

from tests.s3 import s3_service, upload
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.given import given, given_files
from winnow.tasks.labels.judged import Judgement, read, table
from winnow.tasks.labels.steps import rows_of, tables_in
from winnow.tasks.ledger.rating import judged_in
from winnow.tasks.models.classify.labelled import Question
from winnow.tasks.recipes.load import load
from winnow.tasks.runs.annotating import compared
from winnow.tasks.runs.labelled import LabelFiles
from winnow.tasks.runs.recall import RecallRequest

pytestmark = pytest.mark.slow


def judged(annotator="a", head="quality", **more):
    return [Judgement(f"d{n}", head, "x" * 64, annotator, **{k: v(n) for k, v in more.items()}) for n in range(6)]


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    base = tmp_path_factory.mktemp("elsewhere")
    home = base / "bucket/store/judged"
    for name, rows in (
        ("scores", judged(score=float)),
        ("changing", judged(score=float)),
        ("topics", judged(head="topic", labels=lambda n: (("Grain", "Water")[n % 2],))),
        ("others", judged("b", head="topic", labels=lambda n: ("Grain",))),
    ):
        (home / name).mkdir(parents=True)
        pq.write_table(table(rows[:3]), home / name / "part-00000.parquet")
        pq.write_table(table(rows[3:]), home / name / "part-00001.parquet")
        (home / name / "report.json").write_text(json.dumps({"queries": 6, "prompt_tokens": 1, "answer_tokens": 2, "price": 0.5}))
    (home / "pairs.jsonl").write_text('{"a": "d1", "b": "d2", "better": "b"}\n')
    # One service for all: a file system of S3 is kept by the process, with its address.
    with s3_service("judgements") as (environment, client), pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        upload(client, base / "bucket", "judgements")
        yield "s3://judgements/store/judged"


def test_a_folder_and_a_file_are_read(bucket, tmp_path):
    assert read(f"{bucket}/scores/").num_rows == 6
    assert read(f"{bucket}/scores/part-00001.parquet").num_rows == 3
    assert [path.name for path in given_files(f"{bucket}/scores")] == ["part-00000.parquet", "part-00001.parquet"]
    assert given(tmp_path) == given(str(tmp_path)) == tmp_path
    for place, says in (
        (f"{bucket}/nothing", "There is no file or folder"),
        ("s3://judgements", "a whole bucket"),
        ("block:x", "a whole store"),
    ):
        with pytest.raises(BadInput, match=says):
            given(place)


def test_whatever_reads_judgements_reads_them(bucket, tmp_path):
    (tmp_path / "r.yaml").write_text(f"{{extends: raw, judged: [{bucket}/scores, {bucket}/topics]}}")
    options = load(str(tmp_path / "r.yaml")).options["judged"]
    assert {t.column: len(rows_of(t)) for t in options.used} == {"quality.judged": 6, "topic.judged": 6}
    assert [c.price for c in options.costs] == [0.5, 0.5]
    assert options.locations[0] == f"{bucket}/scores"
    [found], _ = compared([f"{bucket}/topics", f"{bucket}/others"])
    assert (found.items, found.observed) == (6, 0.5)
    assert judged_in(f"{bucket}/scores").scores == {f"d{n}": float(n) for n in range(6)}
    assert judged_in(f"{bucket}/pairs.jsonl").pairs == [("d2", "d1")]
    with pytest.raises(BadInput, match="no valid scores"):
        judged_in(f"{bucket}/topics")
    files = LabelFiles((f"{bucket}/topics",), run="none")
    assert [f["name"] for f in files.described_files()] == ["part-00000.parquet", "part-00001.parquet"]
    (tmp_path / "seeds.txt").write_text("one\ntwo\n")
    recall = RecallRequest("Grain", (str(tmp_path / "seeds.txt"),), labels=(f"{bucket}/topics",), store=str(tmp_path / "store"))
    assert Counter(recall._judge().by_name.values()) == {("Grain",): 3, ("Water",): 3}


def test_a_table_that_changed_is_told(bucket):
    [one] = tables_in(f"{bucket}/changing")
    boto3.client("s3").delete_object(Bucket="judgements", Key="store/judged/changing/part-00001.parquet")
    with pytest.raises(BadInput, match="no longer what they were"):
        rows_of(one)


def test_a_student_learns_from_a_folder_of_judgements(tmp_path):
    pq.write_table(table(judged(head="topic", labels=lambda n: ("Grain",))), tmp_path / "part-00000.parquet")
    with pytest.raises(BadInput, match="name the run"):
        list(LabelFiles((str(tmp_path),)).rows(Question("topic", "single")))

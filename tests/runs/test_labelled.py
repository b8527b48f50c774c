"""Where labelled documents come from: files of every form, judgements of the documents of a run, and what is wrong with either."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import pipelines
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.heads import head
from winnow.tasks.labels.judged import Judgement, table
from winnow.tasks.ledger.find import open_run
from winnow.tasks.models.classify.labelled import Question
from winnow.tasks.runs.labelled import LabelFiles
from winnow.tasks.runs.questions import question

TOPIC = Question("topic")
ROWS = [{"text": "one", "url": "https://a.example/", "topic": "x", "lang": "en"}, {"text": "two", "url": "", "topic": "y", "lang": "de"}]


def found(path, asked=TOPIC, **more):
    return [(r.document.text, r.document.url, r.labels, r.language) for r in LabelFiles((str(path),), **more).rows(asked)]


def test_every_form_of_file_says_the_same(tmp_path):
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    with gzip.open(tmp_path / "a.jsonl.gz", "wt") as out:
        out.write("\n\n".join(map(json.dumps, ROWS)))
    (tmp_path / "a.csv").write_text("\ufefftext,url,topic,lang\none,https://a.example/,x,en\ntwo,,y,de\n")
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    said = {name: found(tmp_path / name) for name in ("a.jsonl", "a.jsonl.gz", "a.csv", "a.parquet")}
    assert all(each == [("one", "https://a.example/", ("x",), "en"), ("two", "", ("y",), "de")] for each in said.values()), said
    assert [r[0] for r in found(tmp_path / "a.csv", languages=("deu",))] == ["two"]


def test_several_labels_and_another_column(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "one", "kinds": ["x", "y"]}) + "\n" + json.dumps({"text": "two", "kinds": "x|z"}))
    rows = found(tmp_path / "a.jsonl", Question("topic", "multi"), column="kinds")
    assert [r[2] for r in rows] == [("x", "y"), ("x", "z")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", '{"text": "x"}', "has no column topic or label or labels; it has text"),
        ("a.jsonl", "", "holds no rows"),
        ("a.jsonl", "{", "cannot be read"),
        ("a.jsonl", "[1]", "line 1 is not a JSON object"),
        ("a.parquet", "no parquet", "cannot be read"),
        ("a.jsonl", '{"id": "1", "topic": "x"}', "have no text: name the run"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=said):
        found(tmp_path / name)


LONG = "x" * 3000


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", '{"text": "x", "topic": "a"}\n\n{"text": "y", "topic": {"name": "a"}}', r"a\.jsonl, line 3: the label in topic is a mapping"),
        ("a.jsonl", json.dumps({"text": "x", "topic": LONG}), "line 1: the label in topic is a text of 3,000 characters"),
        ("a.csv", f'text,topic\n"two\nlines",a\nz,{LONG}\n', "line 4: the label in topic is a text of 3,000 characters"),
    ],
)  # fmt: skip
def test_what_is_no_label_is_said_with_its_line(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=said):
        found(tmp_path / name)


def test_a_row_of_a_table_that_has_no_label_is_named(tmp_path):
    pq.write_table(pa.Table.from_pylist([{"text": "one", "topic": "x"}, {"text": "two", "topic": LONG}]), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"a\.parquet, row 2: the label in topic is a text of 3,000 characters"):
        found(tmp_path / "a.parquet")


def test_no_file():
    with pytest.raises(BadInput, match="give --labels FILE"):
        LabelFiles(())
    with pytest.raises(BadInput, match="There is no file"):
        LabelFiles(("nowhere.jsonl",)).described()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    home = tmp_path_factory.mktemp("labelled")
    lines = [{"id": str(i), "url": f"https://s{i}.example/", "text": f"text number {i}"} for i in range(4)]
    (home / "in.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (home / "r.yaml").write_text("extends: raw\n")
    pipelines.finished(home / "in.jsonl", home / "r.yaml", home / "store")
    by_text = {
        row["text"]: row["id"] for table_ in open_run(str(home / "store")).shards("documents", ["id", "text"]) for row in table_.to_pylist()
    }
    return home, [by_text[line["text"]] for line in lines]


def judged(path, rows, digest):
    pq.write_table(table(Judgement(i, "quality", digest, who, score=s, problem=p) for i, who, s, p in rows), path)
    return path


def test_judgements_are_joined_with_the_documents_of_their_run(run, tmp_path):
    home, ids = run
    asked = question("quality")
    rows = [
        (ids[0], "a", 4.0, None), (ids[0], "b", 4.0, None), (ids[0], "c", 1.0, None),
        (ids[1], "a", 2.0, None), (ids[1], "b", 3.0, None),
        (ids[2], "a", None, "refused"),
    ]  # fmt: skip
    path = judged(tmp_path / "j.parquet", rows, asked.head)
    run_id = open_run(str(home / "store")).id
    got = [(r.document.text, r.labels) for r in LabelFiles((str(path),), run=run_id, store=str(home / "store")).rows(asked)]
    assert sorted(got) == [("text number 0", ("4",)), ("text number 1", ("2",)), ("text number 1", ("3",)), ("text number 2", ())]


def test_a_head_that_has_changed_is_another_head(tmp_path):
    path = judged(tmp_path / "j.parquet", [("1", "a", 2.0, None)], "0" * 64)
    with pytest.raises(BadInput, match=r"was judged for another head quality .*its labels or its prompt have changed"):
        found(path, question("quality"))
    with pytest.raises(BadInput, match="no judgements of documents for the head educational; it has quality"):
        found(path, question("educational"))


def test_heads_and_plain_names():
    assert question("quality").kind == "scale"
    assert question("quality").head == head("quality").digest
    assert question("weborganizer_topic", multi_label=True).kind == "multi"
    assert question("my_topic") == Question("my_topic")
    for spec, said in (
        ("essential_web", "a group of heads"),
        ("line_quality", "asked about lines"),
        ("My topic", "lower-case"),
        ("no.yaml", "There is no file"),
    ):
        with pytest.raises(BadInput, match=said):
            question(spec)

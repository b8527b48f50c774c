"""Sheets that people fill in: there and back, through a spreadsheet's habits, and what cannot be read."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.annotation import Document
from winnow.tasks.labels.heads import head, parsed
from winnow.tasks.labels.sheet import Item, column, items, judgement, read_sheet, write_sheet

TOPIC = parsed({"name": "topic", "form": "choice", "prompt": "?", "labels": ["Grain", "Water", "Stone"]}, "t")
TWO = parsed({"name": "two", "form": "choices", "prompt": "?", "labels": ["Grain", "Water", "Stone"]}, "t")
DOCUMENTS = [
    Document("a", "http://a.example/", 'Rye, "barley"\nand; oats'),
    Document("b", "", "=1+1"),
    Document("c", "", " \n"),
    Document("d", "", "最後"),
]


def filled(path, values, delimiter=",", **more):
    """What somebody saves: the same cells, with answers in the head's columns."""
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    for row, answers in zip(rows, values, strict=True):
        row |= answers
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator=more.get("lineterminator", "\r\n"))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding=more.get("encoding", "utf-8"), newline="")
    return rows


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-8-sig")])
def test_there_and_back(tmp_path, delimiter, encoding):
    path = tmp_path / "s.csv"
    assert write_sheet(path, [TOPIC, head("educational")], items(TOPIC, DOCUMENTS)) == 3
    rows = filled(
        path,
        [
            {column(TOPIC): " water ", column(head("educational")): "4"},
            {column(TOPIC): "1", column(head("educational")): "7"},
            {column(TOPIC): "Wind"},
        ],
        delimiter,
        encoding=encoding,
    )
    assert rows[0]["text"] == DOCUMENTS[0].text
    assert rows[1]["text"] == "'=1+1"  # a spreadsheet must not run it
    found = read_sheet(path, [TOPIC, head("educational")], "ann")
    assert [(j.id, j.head, j.label, j.score, j.problem) for j in found.judgements] == [
        ("a", "topic", "Water", None, None),
        ("a", "educational", None, 4.0, None),
        ("b", "topic", "Grain", None, None),
        ("b", "educational", None, None, "off_scale"),
        ("d", "topic", None, None, "off_list"),
    ]
    assert {j.annotator for j in found.judgements} == {"ann"}
    assert (found.rows, found.empty, found.problems) == (3, {"educational": 1}, {"off_scale": 1, "off_list": 1})


def test_parquet_and_lines(tmp_path):
    lines = head("line_quality")
    path = tmp_path / "s.parquet"
    assert write_sheet(path, [lines], items(lines, DOCUMENTS)) == 4
    table = pq.read_table(path)
    assert table["line"].to_pylist() == [0, 1, 0, 0]
    pq.write_table(table.set_column(table.num_columns - 1, column(lines), pa.array(["Clean", "2", None, ""])), path)
    found = read_sheet(path, [lines], "ann")
    assert [(j.id, j.line, j.label) for j in found.judgements] == [("a", 0, "Clean"), ("a", 1, "Formatting, Style & Errors")]
    assert found.empty.total() == 2


def test_several_labels_where_they_may_be():
    assert judgement(TWO, "a", None, "Water | 1", "p").labels == ("Water", "Grain")
    assert judgement(TOPIC, "a", None, "Water|Grain", "p").problem == "contradictory"
    assert judgement(TOPIC, "a", None, "Water|water", "p").labels == ("Water",)
    assert judgement(head("essential_web_fdc"), "a", None, "512.5", "p").labels == ("512.5",)
    assert judgement(head("essential_web_fdc"), "a", None, "maths", "p").problem == "off_list"


def test_a_head_that_changed_since(tmp_path):
    path = tmp_path / "s.csv"
    write_sheet(path, [TOPIC], items(TOPIC, DOCUMENTS))
    changed = parsed({"name": "topic", "form": "choice", "prompt": "?", "labels": ["Grain", "Water", "Wind"]}, "t")
    with pytest.raises(BadInput, match="another form of the head topic"):
        read_sheet(path, [changed], "ann")
    with pytest.raises(BadInput, match="has no column two"):
        read_sheet(path, [TWO], "ann")


def test_sheets_that_cannot_be(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("the work of a week")
    with pytest.raises(BadInput, match="may hold the work"):
        write_sheet(path, [TOPIC], [])
    with pytest.raises(BadInput, match="must end in"):
        write_sheet(tmp_path / "s.xlsx", [TOPIC], [])
    with pytest.raises(BadInput, match="not both"):
        write_sheet(tmp_path / "n.csv", [TOPIC, head("line_quality")], [])
    with pytest.raises(BadInput, match="cannot be written"):
        write_sheet(tmp_path / "no" / "n.csv", [TOPIC], [])
    with pytest.raises(BadInput, match="cannot be read"):
        read_sheet(tmp_path / "none.csv", [TOPIC], "ann")
    (tmp_path / "n.parquet").write_text("no")
    with pytest.raises(BadInput, match="as Parquet"):
        read_sheet(tmp_path / "n.parquet", [TOPIC], "ann")
    (tmp_path / "latin.csv").write_bytes(f"id,{column(TOPIC)}\n\xe4,1".encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_sheet(tmp_path / "latin.csv", [TOPIC], "ann")
    (tmp_path / "no-id.csv").write_text(f"text,{column(TOPIC)}\nx,1")
    with pytest.raises(BadInput, match="no column id"):
        read_sheet(tmp_path / "no-id.csv", [TOPIC], "ann")


@given(st.lists(st.text(max_size=30), max_size=6), st.lists(st.text(max_size=10), max_size=6))
def test_no_text_breaks_a_sheet(tmp_path_factory, texts, answers):
    path = tmp_path_factory.mktemp("sheet") / "s.csv"
    ids = [f"doc{n}" for n in range(len(texts))]
    write_sheet(path, [TOPIC], [Item(i, None, t, t) for i, t in zip(ids, texts, strict=True)])
    if not texts:
        return
    rows = filled(path, [{column(TOPIC): a.encode("utf-8", "replace").decode()} for a in (answers * 6 + [""] * 6)[: len(texts)]])
    found = read_sheet(path, [TOPIC], "ann")
    assert found.rows == len(rows) == len(texts)
    assert {j.id for j in found.judgements} <= set(ids)
    assert len(found.judgements) + found.empty["topic"] == len(texts)


@pytest.mark.parametrize("name", ["s.csv", "s.parquet"])
def test_a_sheet_that_was_not_written_whole_is_not_there(tmp_path, monkeypatch, name):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_sheet(tmp_path / name, [TOPIC], items(TOPIC, [Document("a", "https://a.example/", "Some text.")]))
    assert list(tmp_path.iterdir()) == []

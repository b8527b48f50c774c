"""Lines that were judged, joined with the texts of a run."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.heads import head
from winnow.tasks.labels.judged import Judgement, table
from winnow.tasks.models.classify.line_pages import Page
from winnow.tasks.runs import judged_lines
from winnow.tasks.runs.judged_lines import LineLabels, judged_pages

MENU = "Navigation & Interface Elements"


class Run:
    def shards(self, name, columns):
        assert name == "documents"
        yield pq.read_table(self.path, columns=columns)


def judged(folder, *rows, digest=None):
    digest = digest or head("line_quality").digest
    pq.write_table(
        table([Judgement(i, "line_quality", digest, who, line=n, labels=(label,)) for i, n, label, who in rows]), folder / "t.parquet"
    )
    return folder / "t.parquet"


@pytest.fixture
def run(tmp_path, monkeypatch):

    found = Run()
    found.path = tmp_path / "documents.parquet"
    pq.write_table(pa.table({"id": ["a", "b"], "language": ["en", None], "text": ["Home\n\nA text.", "Other"]}), found.path)
    monkeypatch.setattr(judged_lines, "open_run", lambda store, name: found)
    return found


def test_judged_lines_have_their_labels_and_others_none(run, tmp_path):
    path = judged(tmp_path, ("a", 0, MENU, "m"), ("a", 2, "Clean", "m"))
    assert list(judged_pages(path, "r", "s")) == [Page(("Home", "", "A text."), (False, None, True), "en")]


@pytest.mark.parametrize("line", [1, 3])
def test_a_text_that_is_not_the_one_that_was_judged(run, tmp_path, line):
    path = judged(tmp_path, ("a", 0, MENU, "m"), ("a", line, "Clean", "m"))
    with pytest.raises(BadInput, match=f"document a in the run r is not the one that was judged: its line {line} is blank or not there"):
        list(judged_pages(path, "r", "s"))


def test_files_of_both_kinds_and_the_texts_of_the_run(run, tmp_path):
    (tmp_path / "p.jsonl").write_text('{"text": ["x"], "labels": [1], "lang": "de"}')
    (tmp_path / "tables").mkdir()
    judged(tmp_path / "tables", ("a", 0, MENU, "m"))
    labels = LineLabels((str(tmp_path / "p.jsonl"), str(tmp_path / "tables")), "r", "s")
    assert [page.language for page in labels.pages()] == ["de", "en"]
    run.entry = {"tables": {"documents": "one"}, "shards": ["0"]}
    first = labels.described()
    run.entry = {"tables": {"documents": "two"}, "shards": ["0"]}
    assert labels.described() != first
    assert [each["name"] for each in labels.sources()] == ["p.jsonl", "t.parquet"]
    run.path = tmp_path / "more.parquet"
    pq.write_table(pa.table({"id": ["a", "b", "c"], "language": ["en", None, "de"], "text": ["A text.", "Other", None]}), run.path)
    assert list(labels.texts()) == [("en", "A text.")]
    assert list(replace(labels, run="").texts()) == []
    with pytest.raises(BadInput, match="learns from judged lines"):
        LineLabels(())


def test_what_cannot_be_joined_is_said(run, tmp_path):
    path = judged(tmp_path, ("z", 0, MENU, "m"))
    for name, says in (("", "--run"), ("r", "None of the 1 judged documents")):
        with pytest.raises(BadInput, match=says):
            list(judged_pages(path, name, "s"))
    with pytest.raises(BadInput, match="has 2 tables of judged lines"):
        list(judged_pages(judged(tmp_path, ("a", 0, MENU, "m"), ("a", 0, MENU, "n")), "r", "s"))
    with pytest.raises(BadInput, match="has 0 tables of judged lines"):
        list(judged_pages(judged(tmp_path, ("a", 0, MENU, "m"), digest="other"), "r", "s"))

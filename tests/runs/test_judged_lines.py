"""Lines that were judged, joined with the texts of a run."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.heads import head
from winnow.tasks.labels.judged import Judgement, table
from winnow.tasks.models.classify.train_lines import Page
from winnow.tasks.runs import judged_lines
from winnow.tasks.runs.judged_lines import judged_pages

MENU = "Navigation & Interface Elements"


class Run:
    def shards(self, name, columns):
        assert (name, columns) == ("documents", ["id", "language", "text"])
        yield pq.read_table(self.path)


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


def test_what_cannot_be_joined_is_said(run, tmp_path):
    path = judged(tmp_path, ("z", 0, MENU, "m"))
    for name, says in (("", "--run"), ("r", "None of the 1 judged documents")):
        with pytest.raises(BadInput, match=says):
            list(judged_pages(path, name, "s"))
    with pytest.raises(BadInput, match="has 2 tables of judged lines"):
        list(judged_pages(judged(tmp_path, ("a", 0, MENU, "m"), ("a", 0, MENU, "n")), "r", "s"))
    with pytest.raises(BadInput, match="has 0 tables of judged lines"):
        list(judged_pages(judged(tmp_path, ("a", 0, MENU, "m"), digest="other"), "r", "s"))

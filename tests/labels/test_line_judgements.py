"""Judgements of lines as a signal: the share of noise of each document."""

import pyarrow.parquet as pq
import pytest

from winnow.tasks.labels.heads import head
from winnow.tasks.labels.judged import Judgement, table
from winnow.tasks.labels.steps import tables_in, values_of

CLEAN, MENU = "Clean", "Navigation & Interface Elements"


def judged(folder, digest):
    rows = [Judgement("a", "line_quality", digest, "m", line=n, labels=(label,)) for n, label in enumerate((CLEAN, MENU, MENU, CLEAN))]
    rows += [
        Judgement("a", "line_quality", digest, "m", line=4, problem="refused"),
        Judgement("b", "line_quality", digest, "m", line=0, problem="refused"),
    ]
    pq.write_table(table([*rows, Judgement("c", "line_quality", digest, "m", line=0, labels=(CLEAN,))]), folder / "lines.parquet")
    [found] = tables_in(folder / "lines.parquet")
    return found


def test_the_share_of_noise_of_lines_that_were_judged(tmp_path):
    found = judged(tmp_path, head("line_quality").digest)
    assert found.has_column
    assert values_of(found) == pytest.approx({"a": 0.5, "c": 0.0})


def test_of_a_head_that_is_not_known_there_is_none(tmp_path):
    assert not judged(tmp_path, "another").has_column

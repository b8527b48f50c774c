"""The table of judgements on disk."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.judged import SCHEMA, Judgement, judgements, read, table

ROWS = [
    Judgement("a", "topic", "d1", "m", labels=("Grain", "Water"), answer_digest="x"),
    Judgement("b", "educational", "d2", "m", score=3.0),
    Judgement("c", "line_quality", "d3", "p", line=7, labels=("Clean",)),
    Judgement("d", "topic", "d1", "m", problem="refused"),
]


def test_rows_come_back(tmp_path):
    made = table(ROWS)
    assert made.schema == SCHEMA
    assert made["label"].to_pylist() == ["Grain", None, "Clean", None]
    assert made["valid"].to_pylist() == [True, True, True, False]
    pq.write_table(made, tmp_path / "j.parquet")
    assert list(judgements(read(tmp_path / "j.parquet"))) == ROWS
    assert table([]).schema == SCHEMA


def test_another_file_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no file"):
        read(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("id,label")
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        read(tmp_path / "text.parquet")
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "ids.parquet")
    with pytest.raises(BadInput, match="lacks the columns"):
        read(tmp_path / "ids.parquet")

"""Conditions in SQL: what is refused before a run, and that the rest decides row by row."""

import pyarrow as pa
import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.signals.condition import Condition

SIGNALS = pa.table({"word_count": pa.array([10, 60, None], pa.int64()), "language": ["en", "fr", "en"], "share": [0.1, float("nan"), 0.9]})


@pytest.mark.parametrize(
    ("sql", "holds"),
    [
        ("word_count >= 50", [False, True, False]),
        ("language = 'en' AND share < 0.5", [True, False, False]),
        ("word_count IS NULL OR language IN ('fr')", [False, True, True]),
        ("length(language) = 2 AND abs(share) > 0.5 AND NOT isnan(share)", [False, False, True]),
        ("true", [True, True, True]),
        ("NULL", [False, False, False]),
        ("CASE WHEN language = 'en' THEN share > 0.5 ELSE word_count > 5 END", [False, True, True]),
    ],
)
def test_what_holds(sql, holds):
    condition = Condition(sql)
    if sql != "NULL":
        condition.check(SIGNALS.schema)
    assert condition.holds(SIGNALS).tolist() == holds


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("word_count >", "cannot be read"),
        ("", "cannot be read"),
        ("random() > 0.5", "random"),
        ("now() > '2020-01-01'", "now"),
        ("word_count > (SELECT 1)", "subquery"),
        ("word_count IN (SELECT 1)", "subquery"),
        ("sum(word_count) > 3", "sum"),
        ("rank() OVER (ORDER BY word_count) = 1", "window"),
        ("1) FROM signals; DROP TABLE signals; SELECT (1", "cannot be read|more than"),
        ("true) FROM read_csv('/etc/passwd') AS signals WHERE (true", "more than|cannot be read"),
        ("true) FROM signals WHERE (word_count > 1", "cannot be read"),
        ("word_count > ?", "parameter"),
    ],
)
def test_what_is_refused_at_once(sql, says):
    with pytest.raises(BadInput, match=says):
        Condition(sql)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("wordcount > 3", "Did you mean word_count"),
        ("language > 3", "does not fit"),
        ("word_count + 1", "not true or false"),
        ("current_date > '2020-01-01'", "current_date"),
    ],
)
def test_what_does_not_fit_the_signals(sql, says):
    with pytest.raises(BadInput, match=says):
        Condition(sql).check(SIGNALS.schema)


def test_columns():
    assert Condition("word_count > 3 AND lower(language) = 'en'").columns == ("language", "word_count")

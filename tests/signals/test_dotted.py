"""Columns with a dot in their names, in SQL that does not quote them."""

import pyarrow as pa
import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.signals.condition import Condition
from winnow.tasks.signals.dotted import quoted

NAMES = ("topic.label", "topic.score", "tax.topic.label", "word_count")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("topic.label = 'health'", "\"topic.label\" = 'health'"),
        ("s.topic.label IN ('topic.label')", "s.\"topic.label\" IN ('topic.label')"),
        ("tax.topic.label = topic.label", '"tax.topic.label" = "topic.label"'),
        ('"topic.label" = 1 -- topic.label', '"topic.label" = 1 -- topic.label'),
        ("/* topic.label */ TOPIC.Label", '/* topic.label */ "topic.label"'),
        ("'it''s topic.label' || topic.score", "'it''s topic.label' || \"topic.score\""),
        ("word_count > 1.5e3 AND s.word_count < 9", "word_count > 1.5e3 AND s.word_count < 9"),
        ("other.label + 'unclosed topic.label", "other.label + 'unclosed topic.label"),
    ],
)
def test_names_are_quoted_where_they_are_names(sql, said):
    assert quoted(sql, NAMES) == said


def test_a_condition_on_such_columns():
    table = pa.table({"topic.label": ["health", "sports", None], "topic.score": [0.9, 0.8, 0.1], "word_count": [1, 2, 3]})
    condition = Condition("topic.label = 'health' OR signals.topic.score < 0.5 OR signals.word_count = 7")
    assert condition.columns == ("topic.label", "topic.score", "word_count")
    condition.check(table.schema)
    assert condition.holds(table).tolist() == [True, False, True]
    with pytest.raises(BadInput, match=r"no signal 'topic\.lable'\. Did you mean topic\.label"):
        Condition("topic.lable = 'health'").check(table.schema)

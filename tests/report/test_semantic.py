"""The section on meaning: the curve against eps, and neighbours that were missed."""

import numpy as np
import pyarrow as pa
import pytest

from tests.report.examples import example
from winnow.tasks.report.section import Evidence
from winnow.tasks.report.sections.semantic import Meaning
from winnow.tasks.semantic.vectors import quantised, stored

VECTORS = quantised(np.array([[1.0, 0], [0, 1], [1, 0.1], [0, 0], [0.1, 1]]))


def content(similarity, cut=2):
    rows = len(VECTORS)
    tables = {
        "embed": pa.table({"id": [str(n) for n in range(rows)], "vector": stored(VECTORS)}),
        "semantic": pa.table(
            {
                "semantic_cluster": pa.array([0, 1, 0, None, 1], pa.int64()),
                "semantic_similarity": similarity,
                "semantic_overlap": [0.0, 0.0, 0.1, 0.0, 0.5],
            }
        ),
    }

    def read(step, columns=None, *, table=""):
        yield from (part.select(columns) for part in (tables[step].slice(0, cut), tables[step].slice(cut)))

    return Meaning().content(Evidence(example(), read))


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_the_curve_and_what_was_found(cut):
    found = content([0.0, 0.0, 0.995, 0.0, 0.995], cut)
    kept = {row["eps"]: (row["kept"], row["unlike"]) for row in found.rows}
    assert kept[0.005] == (5, 0)
    assert kept[0.01] == (3, 1)
    [figure] = found.figures
    assert (figure.value, figure.sample_size) == (1, 4)


def test_a_missed_neighbour_lowers_the_figure():
    [figure] = content([0.0, 0.0, 0.995, 0.0, 0.3]).figures
    assert figure.value == 0.5

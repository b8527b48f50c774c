"""What the UI of a server shows of a run: the same figures as the report."""

import re

import pytest

from tests.report.examples import HOSTILE, SUMMARIES, empty, example, hostile
from winnow.tasks.report.artifacts import result, tables
from winnow.tasks.report.section import Evidence, contents


@pytest.fixture(params=SUMMARIES)
def summary(request):
    return SUMMARIES[request.param]()


def test_tables_have_keys_that_prefect_takes_and_rows_of_one_shape(summary):
    found = tables(summary, contents(Evidence(summary)))
    assert len({t.key for t in found}) == len(found)
    for table in found:
        assert re.fullmatch(r"[a-z0-9-]+", table.key)
        assert len({tuple(row) for row in table.rows}) == 1, table.key


def test_the_funnel_counts_pages():
    run = example()
    funnel = next(t for t in tables(run, contents(Evidence(run))) if t.key == "funnel")
    assert funnel.rows[0]["pages in"] == run.pages
    assert funnel.rows[-1]["out"] == run.kept
    assert all(row["pages in"] - row["dropped"] == row["out"] for row in funnel.rows)


def test_what_came_out_in_a_few_lines():
    run = example()
    said = result(run, "[report.html](http://127.0.0.1:4280/x/report.html)")
    assert f"**{run.kept:,} of {run.pages:,} pages kept**" in said
    assert said.count("\n- ") == 5
    assert "19,812 pages: `language:other` (select)" in said
    assert "type:request" not in said
    assert "[report.html](http://127.0.0.1:4280/x/report.html)" in said
    assert run.digest in said
    assert "0 of 2 pages kept" in result(empty(), "`x`")


def test_foreign_words_are_code_in_it():
    for line in result(hostile(), "`x`").splitlines():
        if "script" in line and line.startswith("- "):
            assert re.search(r"`[^`]*<script>[^`]*`", line)
    assert HOSTILE not in result(hostile(), "`x`").replace(hostile().home, "").replace(hostile().id, "")

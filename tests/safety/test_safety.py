"""Safety: the matrix by head and language, the marker in what is tagged, and every document accounted for."""

import json

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests import pipelines
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recipes import build as recipes
from winnow.tasks.recipes.write import as_yaml
from winnow.tasks.safety.act import mark
from winnow.tasks.safety.matrix import ACTIONS, MARKER, Row, Safety

MATRIX = Safety(
    (
        Row("grade", ((2.0, "tag"), (4.0, "drop"))),
        Row("grade", ((3.0, "drop"),), languages=("de",)),
        Row("kind", labels=(("hate", "drop"),)),
    )
)


@pytest.mark.parametrize(
    ("grade", "kind", "language", "action"),
    [
        (0.0, None, "en", "keep"), (2.0, "plain", "en", "tag"), (3.9, "plain", "en", "tag"), (4.0, "plain", "en", "drop"), (2.0, "hate", "en", "drop"),
        (2.9, "plain", "de", "keep"), (3.0, "plain", "deu", "drop"), (None, "plain", "en", "keep"), (float("nan"), "hate", None, "drop"),
    ],
)  # fmt: skip
def test_the_severest_head_counts_and_a_language_has_its_own_row(grade, kind, language, action):
    asked = MATRIX.asked({"grade": grade, "kind": kind}, language)
    assert (asked[0][1] if asked else "keep") == action


@given(st.floats(0, 5), st.floats(0, 5))
def test_more_harm_is_never_treated_more_mildly(one, other):
    low, high = sorted((one, other))
    actions = [ACTIONS.index(MATRIX.rows[0].action(v)) for v in (low, high)]
    assert actions == sorted(actions)


def test_the_marker_is_drawn_by_the_id_at_the_rate():
    half = Safety(MATRIX.rows, rate=0.5)
    marked = [mark("a text", f"id-{i}", half) for i in range(2000)]
    assert marked == [mark("a text", f"id-{i}", half) for i in range(2000)]
    assert 0.45 < sum(n for _, n in marked) / 2000 < 0.55
    assert {text for text, _ in marked} == {"a text", f"{MARKER} a text"}
    assert mark("a text", "id", Safety(MATRIX.rows, rate=0)) == ("a text", 0)


@given(st.text(max_size=200), st.text(max_size=10))
def test_markers_are_all_that_is_added(text, identity):
    text = text.replace(MARKER, "")
    found, n = mark(text, identity, Safety(MATRIX.rows, word_rate=0.3))
    assert found.count(MARKER) == n >= 1
    assert found.replace(f"{MARKER} ", "") == text


TEXT = "This is a page about rivers and the people who live beside them all year round. "


def pages():
    for n in range(12):
        yield {
            "id": f"p{n}",
            "url": f"https://e.example/{n}",
            "text": TEXT * (n + 1) + (MARKER if n == 0 else ""),
            "language": "en" if n % 2 else "de",
        }


def recipe(tmp_path, safety, **more):
    (tmp_path / "r.yaml").write_text(
        yaml.safe_dump({"extends": "raw", "measure": {"text": ["gopher.Gopher"]}, "deduplicate": [], "safety": safety} | more)
    )
    return tmp_path / "r.yaml"


def test_every_document_is_accounted_for_and_marked_as_the_matrix_says(tmp_path):
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, pages())))
    matrix = {"actions": {"word_count": {60: "tag", 120: "drop"}}}
    run = pipelines.finished(tmp_path / "in.jsonl", recipe(tmp_path, matrix, carry_signals=["safety_action"]), tmp_path / "store")
    rows = pipelines.rows(run, run.pipeline.decisions)
    words = [r["word_count"] for r in pipelines.rows(run, run.pipeline.signals)]
    expected = ["drop" if n >= 120 else "tag" if n >= 60 else "keep" for n in words]
    assert [r["safety_action"] for r in rows] == expected
    assert set(expected) == set(ACTIONS)
    for r, n, action in zip(rows, words, expected, strict=True):
        assert r["kept"] == (action != "drop")
        assert r["reason"] == ("harmful:word_count" if action == "drop" else None)
        if action == "drop":
            [entry] = r["crossed"]
            assert (entry["value"], entry["limit"], entry["margin"]) == (n, 120, n - 120)
    corpus = [row for path in (tmp_path / "store").glob("corpora/**/data/**/*.parquet") for row in pq.ParquetFile(path).read().to_pylist()]
    assert len(corpus) == sum(a != "drop" for a in expected)
    assert all(row["text"].count(MARKER) == (row["safety_action"] == "tag") for row in corpus)
    notes = run.context.store.report(next(s for s in run.pipeline.steps if s.label == "safety"), run.context.shard_keys[0])["notes"]
    assert notes["actions"] == {a: expected.count(a) for a in ACTIONS}
    assert notes["actions_by_head"]["word_count tag"] == expected.count("tag")
    report = next((tmp_path / "store").rglob("report.html")).read_text()
    assert "Tagged: " in report
    assert "1 document had one that was taken out" in report


def test_a_recipe_is_written_as_it_is_read(tmp_path):
    given = {
        "actions": {"word_count": {5: "tag"}, "language": {"xx": "drop"}},
        "by_language": {"de": {"word_count": {7: "tag", 9.5: "drop"}}},
        "word_rate": 0.05,
    }
    one = recipes.load(str(recipe(tmp_path, given)))
    (tmp_path / "again.yaml").write_text(as_yaml(one))
    assert recipes.load(str(tmp_path / "again.yaml")).decide == one.decide


@pytest.mark.parametrize(
    ("safety", "said"),
    [
        ({"actions": {"word_count": {1: "rewrite"}}}, "The action rewrite is not there yet"),
        ({"actions": {"word_count": {1: "burn"}}}, "is 'burn'; it must be one of keep, tag, drop"),
        ({"actions": {"word_count": {1: "drop", 2: "tag"}}}, "a higher score has a milder action"),
        ({"actions": {"word_count": {"hate": "drop"}}}, "word_count is a number"),
        ({"actions": {"language": {1: "drop"}}}, "language is a label"),
        ({"actions": {"word_count": {1: "drop", "x": "tag"}}}, "write from which number on"),
        ({"actions": {"harm.grade": {1: "drop"}}}, "no filter of `measure` gives a signal 'harm.grade'"),
        ({"actions": {}}, "says nothing of any signal"),
        ({"actions": {"word_count": {1: "tag"}}, "rate": 2}, "rate is 2"),
        ({"actions": {"word_count": {1: "tag"}}, "marker": " "}, "the marker is ' '"),
        ({"actions": {"word_count": {1: "tag"}}, "markers": "x"}, "unknown option 'markers'"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, safety, said):
    with pytest.raises(BadInput, match=said):
        recipes.load(str(recipe(tmp_path, safety)))

"""Cutting noisy lines: what goes at a threshold, what is exempt, and that another threshold measures nothing anew."""

import json
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests import pipelines
from tests.models.classify.test_lines import WORDS, some
from winnow.tasks.edit.edits import cut
from winnow.tasks.edit.line_cut import LineCut, cuts, exempt
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.train_lines import train_lines
from winnow.tasks.models.files import register
from winnow.tasks.recipes import build as recipes


def left(text, scores, **rule):
    return cut(text, cuts(text, scores, LineCut(**rule)))


def test_lines_below_the_threshold_go():
    assert left("menu\n\nA text.\nfooter", [0.1, 0.9, 0.2]) == "A text."
    assert left("menu\n\nA text.\nfooter", [0.1, 0.9, 0.2], low=0.15) == "A text.\nfooter"
    assert left("a\nb\nc\nd", [0.1, 0.9, 0.1, 0.1], min_run=2) == "a\nb"


def test_code_tables_and_formulas_are_left_alone():
    text = "menu\n```py\nx\n\ny\n```\n| a | b |\nmenu\n$$\nE\n$$\nso \\(x\\) is\nmenu"
    spared = exempt(text.split("\n"))
    assert [line for line, s in zip(text.split("\n"), spared, strict=True) if not s] == ["menu", "menu", "menu"]
    assert "menu" not in left(text, [0.0] * 12)
    assert left(text, [0.0] * 12).count("\n") >= 8


def test_a_heading_stays_with_what_it_heads():
    assert left("# Title\nA text.\n## Links\na\nb", [0.1, 0.9, 0.1, 0.1, 0.1]) == "# Title\nA text."
    assert left("# Title\n## Part\nA text.", [0.1, 0.1, 0.9]) == "# Title\n## Part\nA text."


@given(st.lists(st.tuples(st.from_regex(r"[a-z# ]{0,8}", fullmatch=True), st.floats(0, 1)), max_size=12), st.integers(1, 3))
def test_what_is_cut_was_noise_and_what_is_left_was_there(rows, min_run):
    text = "\n".join(line for line, _ in rows)
    scores = [s for line, s in rows if line.strip()]
    spans = cuts(text, scores, LineCut(min_run=min_run))
    assert all(a < b for a, b in spans)
    assert all(b < c for (_, b), (c, _) in pairwise(spans))
    kept = [line.strip() for line in cut(text, spans).split("\n") if line.strip()]
    assert all(line.strip() in kept for line, s in rows if line.strip() and s >= 0.5)
    assert len(kept) <= len(scores)


def test_another_number_of_scores():
    with pytest.raises(ValueError, match="2 lines and 1 scores"):
        cuts("a\nb", [0.1], LineCut())


@pytest.mark.slow
def test_in_a_recipe_the_threshold_is_chosen_at_selection(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path / "models"))
    register("lq", "lines", {"lines": train_lines(some())[0]}, {})
    sentence = f"{' '.join(WORDS['en'].split() * 3).capitalize()}."
    lines = [
        {
            "id": str(n),
            "url": f"https://s.example/{n}",
            "text": f"Home | News | Login {n}\n{sentence}\n{sentence}\nHome | News | Login 9{n}",
        }
        for n in range(4)
    ]
    lines.append({"id": "menu", "url": "https://s.example/m", "text": "Home | News | Login 1\nHome | News | Login 2"})
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)))

    def run(low):
        recipe = {
            "extends": "raw",
            "deduplicate": [],
            "measure": {"lines": [{"line_quality.LineQuality": {"model": "lq"}}]},
            "lines": {"low": low},
        }
        (tmp_path / "r.yaml").write_text(yaml.safe_dump(recipe))
        return pipelines.curated(tmp_path / "in.jsonl", tmp_path / "r.yaml", tmp_path / "store")

    first = run(0.5)
    decisions = {r["id"]: r for r in pipelines.rows(first, first.pipeline.decisions)}
    reasons = sorted(r["reason"] or "" for r in decisions.values())
    assert reasons == ["", "", "", "", "line_chars_left:low"]
    assert all(r["line_chars_removed"] > 0 for r in decisions.values())
    published = [r["text"] for r in pipelines.rows(first, first.pipeline.publish)]
    assert set(published) == {f"{sentence}\n{sentence}"}
    second = run(0.0)
    assert {s.label: s.address for s in second.pipeline.steps}["signals"] == {s.label: s.address for s in first.pipeline.steps}["signals"]
    assert all(r["kept"] for r in pipelines.rows(second, second.pipeline.decisions))
    again = [step.label for step in second.pipeline.steps if step.address not in {s.address for s in first.pipeline.steps}]
    assert again[0] == "cut-noisy-lines"


@pytest.mark.parametrize(
    ("lines", "said"),
    [({"low": 2}, "lines.low is 2"), ({"min_run": 0}, "min_run"), ({"signal": "word_count"}, "is not a list with a number for each line"), ({}, "gives a signal 'line_quality'")],
)  # fmt: skip
def test_what_cannot_be_cut_is_said(tmp_path, lines, said):
    (tmp_path / "r.yaml").write_text(yaml.safe_dump({"extends": "raw", "measure": {"text": ["gopher.Gopher"]}, "lines": lines}))
    with pytest.raises(BadInput, match=said):
        recipes.load(str(tmp_path / "r.yaml"))

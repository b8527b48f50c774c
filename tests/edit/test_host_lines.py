"""Lines that a host repeats: counted over the whole crawl, whatever its shards, and cut where a recipe says so."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import pipelines
from tests.dedup.clusters import DOCS, Documents, context_of, decided
from winnow.tasks.edit.host_lines import HostLineCounts, HostLines, LineRepeats
from winnow.tasks.edit.line_cut import LineCut, cuts
from winnow.tasks.edit.paragraph import folded
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.recipes import build as recipes


def counted(root, pages, *, ranges=1, files_per_shard=1, memory_bytes=1 << 30, min_documents=2):
    """One document per file, given host and text: list and share of each."""
    DOCS.clear()
    DOCS.update({f"f{i}": [{"url": f"https://{host}/{i}", "host": host, "text": text}] for i, (host, text) in enumerate(pages)})
    step = LineRepeats(HostLineCounts("crawl", HostLines(TextColumn(Documents())), ranges, min_documents))
    rows = decided(step, context_of(root, files_per_shard, memory_bytes))
    return [(row["line_host_documents"], row["line_host_repeated_share"]) for row in rows]


def test_lines_count_within_their_host_and_once_per_document(tmp_path):
    pages = [("a.org", "Home 1\n\nText\nhome 2"), ("a.org", "HOME 3\nOther"), ("b.org", "Home 1"), ("a.org", " \n"), ("b.org", "***\n---")]
    assert counted(tmp_path, pages) == [
        ([2.0, 1.0, 2.0], 0.75),
        ([2.0, 1.0], 6 / 11),
        ([1.0], 0.0),
        (None, None),
        ([1.0, 1.0], 0.0),
    ]
    assert counted(tmp_path / "three", pages, min_documents=3)[0] == ([1.0, 1.0, 1.0], 0.0)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a.org", "b.org", ""]), st.text("aA1.\n ", max_size=12)), min_size=1, max_size=6),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_against_the_rule_written_plainly(tmp_path_factory, pages, ranges, files_per_shard):
    def forms(text):
        return [folded(line) for line in text.split("\n") if line.strip()]

    expected = [
        [float(sum(form in forms(other) for host, other in pages if host == mine)) for form in forms(text)] or None for mine, text in pages
    ]
    root = tmp_path_factory.mktemp("lines")
    found = counted(root, pages, ranges=ranges, files_per_shard=files_per_shard, memory_bytes=500)
    assert [numbers for numbers, _ in found] == expected


def test_lines_that_many_documents_of_the_host_have_can_be_cut():
    text = "Menu\nA text.\nMenu"
    rule = LineCut(low=0, max_host_documents=2)
    assert cuts(text, None, rule, [3, 1, 3]) == [(0, 4), (13, 17)]
    assert cuts(text, None, rule, [2, 1, 2]) == []
    assert cuts(text, [0.9, 0.1, 0.9], LineCut(max_host_documents=2), [3, 1, 1]) == [(0, 12)]
    with pytest.raises(ValueError, match="3 lines and 1 scores"):
        cuts(text, None, rule, [3])


def test_in_a_recipe_without_a_model(tmp_path):
    rows = [
        {"id": str(n), "url": f"https://s.example/{n}", "text": f"Home and login\nThe page of number {'x' * n} has a text.\n"}
        for n in range(4)
    ]
    rows.append({"id": "other", "url": "https://o.example/", "text": "Home and login\nA text."})
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recipe = {"extends": "raw", "deduplicate": [], "host_lines": {}, "lines": {"low": 0, "max_host_documents": 2}}
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(recipe))
    run = pipelines.curated(tmp_path / "in.jsonl", tmp_path / "r.yaml", tmp_path / "store")
    texts = {row["id"]: row["text"] for row in pipelines.rows(run, run.pipeline.publish)}
    assert texts["other"] == "Home and login\nA text."
    assert all("Home" not in texts[str(n)] and "has a text." in texts[str(n)] for n in range(4))
    signals = {row["id"]: row for row in pipelines.rows(run, run.pipeline.signals)}
    assert signals["0"]["line_host_documents"] == [4.0, 1.0]
    assert signals["other"]["line_host_repeated_share"] == 0


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"host_lines": {"min_documents": 1}}, "host_lines.min_documents"),
        ({"host_lines": {}, "lines": {"low": 0, "max_host_documents": 0}}, "lines.max_host_documents"),
        ({"lines": {"low": 0, "max_host_documents": 5}}, "line_host_documents"),
    ],
)
def test_what_makes_no_sense_is_said(tmp_path, said, match):
    (tmp_path / "r.yaml").write_text(yaml.safe_dump({"extends": "raw", **said}))
    with pytest.raises(BadInput, match=match):
        recipes.load(str(tmp_path / "r.yaml"))

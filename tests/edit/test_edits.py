"""Cutting passages out of texts: nothing else is lost, and no white space is doubled."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided
from winnow.tasks.edit.edits import RequireText, cut
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.text_column import TextColumn


@pytest.mark.parametrize(
    ("text", "spans", "after"),
    [
        ("keep this", [], "keep this"),
        ("one two three", [(4, 7)], "one three"),
        ("one two\n\nthree four", [(4, 7)], "one\n\nthree four"),
        ("one two\n\nthree four", [(9, 14)], "one two\n\nfour"),
        ("one two three", [(0, 3)], "two three"),
        ("one two three", [(8, 13)], "one two"),
        ("one two", [(0, 7)], ""),
        ("a.b.c", [(2, 3)], "a..c"),
        ("a b c d e", [(2, 3), (6, 7)], "a c e"),
        ("  lead", [], "  lead"),
        ("def f():\nshared line\n    return 1", [(9, 21)], "def f():\n    return 1"),
        ("shared line\n    return 1\n", [(0, 12)], "    return 1"),
        ("one\nshared\n\ntwo", [(4, 11)], "one\n\ntwo"),
        ("one\n\nshared\n\ntwo", [(5, 12)], "one\n\ntwo"),
        ("one shared\ntwo", [(4, 11)], "one\ntwo"),
        ("one\nshared two", [(4, 10)], "one\ntwo"),
        ("one\n\tshared\n\ttwo", [(4, 12)], "one\n\ttwo"),
        ("one shared    \n\n\ttwo", [(4, 10)], "one\n\n\ttwo"),
    ],
)
def test_cases(text, spans, after):
    assert cut(text, spans) == after


@given(st.text(st.sampled_from("ab \n.")), st.lists(st.integers(0, 40), max_size=6, unique=True))
def test_what_is_not_white_space_goes_if_and_only_if_a_span_holds_it(text, places):
    edges = sorted(min(p, len(text)) for p in places)
    spans = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if a < b]
    stays = "".join(c for i, c in enumerate(text) if not any(a <= i < b for a, b in spans))
    assert "".join(cut(text, spans).split()) == "".join(stays.split())


@given(st.lists(st.sampled_from(["a", "b", "  c", "\td", "", "x y"]), min_size=1, max_size=8), st.data())
def test_a_cut_of_whole_lines_leaves_every_other_line_as_it_was(lines, data):
    text, goes = "\n".join(lines), data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    spans, start = [], 0
    for line, gone in zip(lines, goes, strict=True):
        end = min(start + len(line) + 1, len(text))
        if gone and start < end:
            spans.append((start, end))
        start += len(line) + 1
    left = [line for line, gone in zip(lines, goes, strict=True) if not gone and line.strip()]
    assert [line.rstrip() for line in cut(text, spans).split("\n") if line.strip()] == left


def test_a_document_of_which_the_edits_leave_nothing_is_dropped_by_the_decisions(tmp_path):
    DOCS.clear()
    DOCS["f"] = [{"url": "", "text": t, "kept": k} for t, k in (("gone", True), ("gone", False), ("stays", True))]
    documents, judged = Documents(), Decided()
    step = RequireText(judged, TextColumn(documents, Blanked(documents)))
    context = context_of(tmp_path)
    rows = decided(step, context)
    assert [(r["kept"], r["reason"]) for r in rows] == [(False, "empty_text"), (False, "bad:high"), (True, None)]
    assert rows[0]["crossed"][0]["step"] == "require-text"
    [report] = [context.store.report(step, key) for key in context.shard_keys]
    assert report["dropped"] == {"empty_text": 1}


@dataclass(frozen=True)
class Blanked(ShardStep):
    """An edit that leaves white space of the texts ``gone``."""

    name: ClassVar[str] = "blanked"
    documents: Documents

    def run(self, shard, context):
        documents = context.read(self.documents, shard)
        texts = [" \n" if t == "gone" else None for t in documents["text"].to_pylist()]
        return StepResult(pa.table({"id": documents["id"], "corrected_text": pa.array(texts, pa.string())}), len(texts), len(texts))

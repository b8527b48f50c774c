"""JSON of strangers: whatever a line holds, a reader that is given it says which line it was, and never fails with something else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from winnow.tasks.consent.agents import read_agents
from winnow.tasks.endpoint.offline import read_script
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.parsing import parsed, parsed_yaml
from winnow.tasks.extract.one_page import batch
from winnow.tasks.labels.heads import head
from winnow.tasks.ledger.changes import read_changes
from winnow.tasks.ledger.proofs import read_proof
from winnow.tasks.models.classify.line_pages import pages
from winnow.tasks.models.texts import texts
from winnow.tasks.recipes.load import load
from winnow.tasks.runs.labelled import records as labelled
from winnow.tasks.sources.jsonl import records

DEEP = "[" * 100_000 + "]" * 100_000
READERS: dict[str, Callable[[Path], Any]] = {
    "records": lambda path: list(records(path)),
    "pages": lambda path: list(batch(path.read_text().splitlines(), "text", "learned_blocks")),
    "script": read_script,
    "texts": lambda path: list(texts(path)),
    "lines": lambda path: list(pages(path)),
    "labelled": lambda path: list(labelled(path)),
    "proof": read_proof,
    "changes": read_changes,
    "agents": lambda path: read_agents(path.rename(path.with_suffix(".json"))),
    "agents-yaml": lambda path: read_agents(path.rename(path.with_suffix(".yaml"))),
    "recipe": lambda path: load(str(path.rename(path.with_suffix(".yaml")))),
    "head": lambda path: head(str(path.rename(path.with_suffix(".yaml")))),
}


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_nesting_without_end_is_bad_input(reader: str, tmp_path: Path) -> None:
    path = tmp_path / "deep.jsonl"
    path.write_text(DEEP + "\n")
    with pytest.raises(BadInput):
        READERS[reader](path)


@pytest.mark.slow
@pytest.mark.parametrize("parse", [parsed, parsed_yaml])
def test_nesting_is_a_value_error(parse: Callable[[str], Any]) -> None:
    with pytest.raises(ValueError, match="deep"):
        parse(DEEP)
    assert parse('{"a": [1]}') == {"a": [1]}


def test_a_script_may_hold_any_separator_of_lines_in_a_text(tmp_path: Path) -> None:
    path = tmp_path / "script.jsonl"
    path.write_text(json.dumps({"answer": "one\u2028two\x85three"}, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_script(path)[0]["answer"] == "one\u2028two\x85three"


def test_a_date_that_there_is_not_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("extends: raw\nabout: 2026-13-45\n")
    with pytest.raises(BadInput):
        load(str(path))

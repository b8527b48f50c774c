"""What code and documents refer to is in the house: a path that was renamed, a page that was never here, a rule by a number of another document."""

import importlib
import io
import re
import tokenize
from itertools import chain

import pytest

from tests.shared import ROOT

FOLDERS = ("tasks", "flows", "blocks", "winnow", "docs", "tests", "infra", "examples", "research")
PATH = re.compile(rf"(?<![\w./:-])((?:{'|'.join(FOLDERS)})/[A-Za-z0-9_][A-Za-z0-9_./-]*)")
ELSEWHERE = re.compile(r"\(design, |\bdesign, section|\btraps? \d")
URL = re.compile(r"\w+://\S+")
IMPORT = re.compile(r"^ *from (winnow[\w.]*) import (?:\(([^)]*)\)|(.+))$", re.MULTILINE)
SOURCES = sorted(
    p
    for p in chain(
        *((ROOT / folder).rglob("*.py") for folder in ("tasks", "flows", "blocks", "winnow", "tests")),
        (ROOT / "docs").glob("*.md"),
        ROOT.glob("*.md"),
        [ROOT / "Makefile", ROOT / "pyproject.toml"],
    )
    if p.name != "CHANGELOG.md" and not p.name.startswith("adding-") and p != ROOT / "tests" / "test_references.py"
)
"""The change log tells of what is gone, the pages on adding something of what the reader will write."""


def prose(text, is_python):
    """The part that is written for people: all of a document, comments and docstrings of Python."""
    if not is_python:
        return text
    parts = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.lstrip("rRbBuUfF").startswith('"""')):
            parts.append(token.string)
    return "\n".join(parts)


def broken(text):
    """References of a text that lead nowhere."""
    text = URL.sub("", text)
    found = [m.group(0) for m in ELSEWHERE.finditer(text)]
    for match in PATH.finditer(text):
        path = match.group(1).rstrip(".")
        if text[match.end() : match.end() + 1] in ("<", "*", "{", "…") or any(
            part.isupper() and len(part) > 1 for part in path.replace(".", "/").split("/")
        ):
            continue  # a pattern: tests/data/sample/*, docs/NAME.md
        if not (ROOT / path).exists():
            found.append(path)
    return found


def test_every_reference_leads_somewhere():
    found = {}
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if broken(text) and (said := broken(prose(text, path.suffix == ".py"))):  # what is nowhere in the file is not in its prose
            found[path] = said
    assert found == {}


def test_a_reference_that_leads_nowhere_is_found():
    assert broken("see research/nowhere.md and tasks/engine/step.py.") == ["research/nowhere.md"]
    assert broken("as always (design, section 3), trap 2") == ["(design, ", "trap 2"]
    assert not broken("https://example.org/docs/none.md, `tests/data/<name>`, docs/NAME.md")


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "benchmarks").glob("*.py")), ids=lambda p: p.stem)
def test_benchmarks_import_what_is_there(path):
    """No test runs them, so a name that moved would first be met by whoever measures next. Programs that they hold as text are read too."""
    for module, several, one in IMPORT.findall(path.read_text(encoding="utf-8")):
        for name in (several or one).split("#")[0].replace("\n", " ").split(","):
            first = name.split(" as ")[0].strip()
            assert not first or hasattr(importlib.import_module(module), first) or importlib.import_module(f"{module}.{first}")

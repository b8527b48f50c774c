"""Rules of the house that code can check."""

import ast
import subprocess
import sys

import pytest
from hypothesis import settings

from tests.shared import ROOT

FORBIDDEN = {"prefect", "winnow.flows", "winnow.blocks", "winnow.cli"}
TASKS = sorted((ROOT / "tasks").rglob("*.py"))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", TASKS, ids=lambda p: str(p.relative_to(ROOT)))
def test_tasks_know_neither_prefect_nor_flows_nor_blocks(path):
    assert not {part for name in imports(path) for part in (name.split(".")[0], ".".join(name.split(".")[:2]))} & FORBIDDEN


@pytest.mark.parametrize(
    "path",
    [p for folder in ("tasks", "flows", "blocks", "winnow/cli") for p in sorted((ROOT / folder).rglob("*.py")) if p.stat().st_size],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_every_module_says_what_belongs_in_it(path):
    assert ast.get_docstring(ast.parse(path.read_text()))
    assert path.name not in ("utils.py", "helpers.py", "common.py")


def test_help_loads_nothing_heavy():
    code = "import sys, winnow.cli.main; sys.exit(any(m in sys.modules for m in ('prefect', 'pyarrow', 'pandas', 'datatrove')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_planning_does_not_load_prefect():
    code = "import sys, winnow.tasks.runs.run, winnow.tasks.runs.housekeeping; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_no_flow_waits_with_an_alarm():
    """The timeout of prefect.futures.wait is SIGALRM in the main thread. Seen: it went off inside Event.wait, whose lock stayed held; the run hung."""
    for path in (ROOT / "flows").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "prefect.futures":
                assert not {a.name for a in node.names} & {"wait", "as_completed"}, path


def test_no_property_watches_the_clock(request):
    """hypothesis fails an example that takes 200 ms, which on a busy machine any may; tests/conftest.py switches that off for all."""
    assert settings.default.deadline is None
    for item in request.session.items:  # of a whole run: every test
        chosen = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
        assert chosen is None or chosen.deadline is None, item.nodeid

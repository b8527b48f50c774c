"""Rules of the house that code can check."""

import ast
import subprocess
import sys
from functools import cache

from hypothesis import settings

from tests.shared import ROOT

FORBIDDEN = {"prefect", "winnow.flows", "winnow.blocks", "winnow.cli"}
TASKS = sorted((ROOT / "tasks").rglob("*.py"))


@cache
def tree(path):
    """A file, parsed once for all rules."""
    return ast.parse(path.read_text())


def statements(node):
    """All statements below a node; no expression holds one, and most of a tree is expressions."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield child
            yield from statements(child)


@cache
def imports(path):
    """The modules that a file imports."""
    found = []
    for node in statements(tree(path)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return tuple(found)


def test_tasks_know_neither_prefect_nor_flows_nor_blocks():
    begins = {path: {".".join(name.split(".")[:n]) for name in imports(path) for n in (1, 2)} for path in TASKS}
    assert [path for path, names in begins.items() if names & FORBIDDEN] == []


def test_every_module_says_what_belongs_in_it():
    written = [
        p for folder in ("tasks", "flows", "blocks", "winnow/cli") for p in sorted((ROOT / folder).rglob("*.py")) if p.stat().st_size
    ]
    assert [path for path in written if not ast.get_docstring(tree(path))] == []
    assert [path for path in written if path.name in ("utils.py", "helpers.py", "common.py")] == []


def test_nothing_that_git_ignores_is_tracked():
    """A merge deletes what is ignored to make room for what is tracked: a link called .venv took the environment behind it."""
    if not (ROOT / ".git").exists():
        return
    said = subprocess.run(["git", "ls-files", "--cached", "--ignored", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    assert said.stdout.splitlines() == []


def test_help_loads_nothing_heavy():
    code = "import sys, winnow.cli.main; sys.exit(any(m in sys.modules for m in ('prefect', 'pyarrow', 'pandas', 'datatrove')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_planning_loads_nothing_that_only_work_needs():
    """Every command plans, and each of these takes a quarter of a second or more to import."""
    code = (
        "import sys, winnow.tasks.runs.run, winnow.tasks.runs.housekeeping, winnow.tasks.recipes.load as recipes\nrecipes.load('fineweb')\n"
        "print(*(m for m in ('prefect', 'numba', 'scipy', 'pandas', 'duckdb', 'trafilatura') if m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() == []


def test_no_flow_waits_with_an_alarm():
    """The timeout of prefect.futures.wait is SIGALRM in the main thread. Seen: it went off inside Event.wait, whose lock stayed held; the run hung."""
    for path in (ROOT / "flows").rglob("*.py"):
        for node in statements(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "prefect.futures":
                assert not {a.name for a in node.names} & {"wait", "as_completed"}, path


def test_no_property_watches_the_clock(request):
    """hypothesis fails an example that takes 200 ms, which on a busy machine any may; tests/conftest.py switches that off for all."""
    assert settings.default.deadline is None
    for item in request.session.items:  # of a whole run: every test
        chosen = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
        assert chosen is None or chosen.deadline is None, item.nodeid


LAYERS = (
    "engine.errors",  # what every layer below may raise
    "transport",
    "engine",
    "endpoint",
    "archives",
    "sources",
    "models",  # files, fastText, n-grams: what extraction needs
    "extract",
    "signals",  # texts, filters, limits; no filter of its own
    "models.classify",  # scores and weights of texts, which filters need
    "models.importance",
    "signals.filters",
    "signals.sections",
    "dedup",
    "semantic",
    "rating",
    "skills",
    "edit",
    "safety",
    "decontamination",
    "labels",
    "corpus",
    "consent",
    "exporters",
    "recipes",
    "report",
    "ledger",
    "recall",
    "runs",
)
"""The parts of tasks/, lowest first. A part imports itself and what is below it; the longest name that fits a module is its part."""


def part_of(module):
    """The layer of a module of winnow.tasks; None for the package itself."""
    name = module.removeprefix("winnow.tasks.") + "."
    fitting = [layer for layer in LAYERS if name.startswith(f"{layer}.")]
    return max(fitting, key=len) if fitting else None


def upwards(module, imported):
    """Whether an import goes against the order."""
    own, other = part_of(module), part_of(imported)
    return own is not None and other is not None and LAYERS.index(other) > LAYERS.index(own)


def test_every_folder_of_tasks_has_its_layer():
    folders = {path.parent.relative_to(ROOT / "tasks").parts[0] for path in TASKS if path.parent != ROOT / "tasks"}
    assert folders == {layer.split(".")[0] for layer in LAYERS}


def test_imports_go_one_way():
    modules = {path: ".".join(("winnow", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__") for path in TASKS}
    assert [(module, name) for path, module in modules.items() for name in imports(path) if upwards(module, name)] == []


def test_the_order_catches_an_import_upwards():
    assert upwards("winnow.tasks.engine.store", "winnow.tasks.signals.text")
    assert upwards("winnow.tasks.signals.text", "winnow.tasks.signals.filters.url")
    assert not upwards("winnow.tasks.recipes.load", "winnow.tasks.engine.errors")
    assert not upwards("winnow.tasks.transport.http", "winnow.tasks.engine.errors")
    assert upwards("winnow.tasks.transport.http", "winnow.tasks.engine.store")


ABOUT_PREFECT = {"__init__.py", "pools.py", "serve.py"}
"""Without an import of Prefect: its templates are read as data, its server and workers are started as processes."""


def test_flows_holds_only_what_imports_prefect():
    for path in sorted((ROOT / "flows").glob("*.py")):
        assert path.name in ABOUT_PREFECT or any(name.split(".")[0] == "prefect" for name in imports(path)), path


def test_no_name_of_a_module_goes_upwards():
    """A module that is imported by a string would pass by the rule above; ``winnow.blocks`` alone is loaded so, by tasks/engine/places.py."""
    named = []
    for path in TASKS:
        module = ".".join(("winnow", *path.relative_to(ROOT).with_suffix("").parts))
        strings = [n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        named += [(module, text) for text in strings if text.startswith("winnow.tasks.") and upwards(module, text)]
        named += [
            (module, text)
            for text in strings
            if text in ("winnow.flows", "winnow.cli") or (text == "winnow.blocks" and path.stem != "places")
        ]
    assert named == []

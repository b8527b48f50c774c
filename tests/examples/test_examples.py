"""Every file of examples/ runs and says what it promises; curate_a_crawl.py does so in tests/flows/test_curate.py."""

import json
import os
import subprocess
import sys

import pytest

from tests.pipelines import curated, finished
from tests.pipelines import rows as table_rows
from tests.shared import ROOT
from tests.tiny import mirror

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "examples"
SCRIPTS = {
    "extract_a_page.py": "The harvest is thrown into the wind",
    "measure_a_text.py": "stop_word_count                           0  below the limit",
    "look_into_a_run.py": "kept documents would leave",
    "filter_of_your_own.py": "http://",
    "judge_documents.py": "agree on",
}
NEED_A_STORE = ("look_into_a_run.py", "filter_of_your_own.py", "judge_documents.py")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    base = tmp_path_factory.mktemp("examples")
    finished(mirror(base / "mirror", warcs=2, pages=6), "gopher", base / "store")
    return base / "store"


def ran(*words, cwd, env=None):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    done = subprocess.run([sys.executable, *map(str, words)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_tested():
    assert {p.name for p in EXAMPLES.iterdir()} == {
        *SCRIPTS,
        "curate_a_crawl.py",
        "look_into_a_run.ipynb",
        "northern_sotho.yaml",
        "README.md",
    }
    listed = (EXAMPLES / "README.md").read_text()
    assert all(p.name in listed for p in EXAMPLES.iterdir() if p.name != "README.md")


def test_the_recipe_of_a_small_language(tmp_path):
    pytest.importorskip("heliport")
    sotho = "Bana ba sekolo ba ithuta go bala le go ngwala, gomme barutiši ba bona ba thuša kudu. Dilo tše dingwe di bothata, eupša ba leka ka maatla. "
    tswana = "Bana ba sekolo ba ithuta go bala le go kwala, mme barutabana ba bone ba thusa thata. Dilo tse dingwe di boima, fela ba leka ka thata. "
    english = "The children of the school learn to read and to write, and their teachers help them a lot, although some things are hard for them. "
    texts = {"sotho": sotho, "tswana": tswana, "english": english}
    rows = [
        {"url": f"https://{name}.example/", "text": text + text.replace("Bana", "Batho").replace("The", "All the")}
        for name, text in texts.items()
    ]
    (tmp_path / "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = curated(tmp_path / "pages.jsonl", EXAMPLES / "northern_sotho.yaml", tmp_path / "store")
    decided = {row["id"]: row["reason"] for row in table_rows(run, run.pipeline.decisions)}
    found = {row["url"]: decided[row["id"]] for row in table_rows(run, run.pipeline.documents)}
    assert found == {"https://sotho.example/": None, "https://tswana.example/": "where", "https://english.example/": "where"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script(script, store, tmp_path):
    assert SCRIPTS[script] in ran(EXAMPLES / script, *([store] if script in NEED_A_STORE else []), cwd=tmp_path)


def test_the_notebook(store, tmp_path):
    """Its cells one after another, as a kernel runs them: the last expression of a cell is shown."""
    notebook = json.loads((EXAMPLES / "look_into_a_run.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell.get("outputs") for cell in notebook["cells"]), "outputs of somebody's run are no part of the example"
    (tmp_path / "cells.json").write_text(json.dumps(cells))
    kernel = (
        "import ast, json, sys\n"
        "names = {'__name__': '__main__'}\n"
        "for source in json.load(open(sys.argv[1])):\n"
        "    tree = ast.parse(source)\n"
        "    shown = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None\n"
        "    exec(compile(tree, 'cell', 'exec'), names)\n"
        "    if shown: print(eval(compile(shown, 'cell', 'eval'), names))\n"
    )
    told = ran("-c", kernel, tmp_path / "cells.json", env={"WINNOW_STORE": str(store)}, cwd=tmp_path)
    assert "<winnow.Run gopher-" in told
    assert "Kept: it is in the corpus" in told or "Dropped" in told

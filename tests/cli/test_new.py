"""``winnow new``: what it writes works as it is: its own test passes, its recipe loads and runs."""

import subprocess
import sys

import pytest

from tests.pipelines import curated, rows
from tests.shared import ROOT
from tests.tiny import mirror
from winnow.cli.main import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return mirror(tmp_path_factory.mktemp("new") / "mirror", warcs=1, pages=3)


@pytest.mark.parametrize("kind", ["filter", "extractor", "step", "recipe"])
def test_what_it_writes_works(kind, source, tmp_path, capsys):
    name = f"my_{kind}"
    assert main(["new", kind, name, "--folder", str(tmp_path), "--extends", "gopher"]) == 0
    written = capsys.readouterr().out.split()
    assert str(tmp_path / f"test_{name}.py") in written
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    run = curated(source, tmp_path / f"{name}.yaml", tmp_path / "store")
    assert rows(run, run.pipeline.decisions)
    if kind == "filter":
        assert all(0 <= row[name] <= 1 for row in rows(run, run.pipeline.signals))
    if kind == "step":
        assert name in {step.label for step in run.plan.steps}


@pytest.mark.parametrize("name", ["My", "my-filter", "1st", "class", "_x", "a b", ""])
def test_names_that_cannot_be(name, tmp_path, capsys):
    assert main(["new", "filter", name, "--folder", str(tmp_path)]) == 2
    assert "Use small letters" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text("extends: raw\n")
    assert main(["new", "filter", "mine", "--folder", str(tmp_path)]) == 2
    assert "nothing was written" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.yaml"]


def test_a_recipe_that_is_not_there(tmp_path, capsys):
    assert main(["new", "filter", "mine", "--extends", "finweb", "--folder", str(tmp_path)]) == 2
    assert "fineweb" in capsys.readouterr().err

"""docs/adding-a-source.md, followed word for word: beside a recipe, and as a package of its own."""

import json
import subprocess
import sys

import pytest

from tests.docs import page
from tests.shared import ROOT
from tests.tiny import WORDS
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.resolve import resolve

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def parts():
    return page.blocks("adding-a-source.md")


@pytest.fixture
def here(tmp_path):
    """A working directory with two messages, one of them without a date."""
    (tmp_path / "lists" / "millers").mkdir(parents=True)
    text = "\n".join(" ".join(WORDS[i : i + 10]) + "." for i in range(0, 30, 3))
    mail = f"From a Thu Jan  1 00:00:00 2026\nMessage-ID: <1@mill>\nDate: Thu, 1 Jan 2026 12:00:00 +0000\n\n{text}\n"
    (tmp_path / "lists" / "millers" / "a.mbox").write_text(mail + "\nFrom b Fri Jan  2 00:00:00 2026\nSubject: no date\n\nLost.\n")
    return tmp_path


def test_beside_a_recipe(parts, here, server):
    source, recipe, command, test, pytest_, _ = parts
    page.write(source, here)
    page.write(recipe, here)
    told = json.loads(page.run(command, here, ROOT, server=server).splitlines()[-1])
    assert (told["figures"]["records"], told["figures"]["documents"]) == (2, 1)
    page.write(test, here)
    assert "1 passed" in page.run(pytest_, here, ROOT)


def test_from_a_package(parts, here):
    source, *_, package = parts
    own = here / "own"
    page.write(package, own)
    (own / source.path).write_text(source.body)
    installed = here / "installed"
    page.install(own, installed)
    code = "from winnow.tasks.sources.resolve import resolve; print(resolve('list:millers')[0].kind)"
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=here, env={"PYTHONPATH": f"{ROOT}:{installed}"}, capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "mail"


def test_without_it_the_source_is_unknown(here, monkeypatch):
    monkeypatch.chdir(here)
    with pytest.raises(BadInput, match="There is no list:millers"):
        resolve("list:millers")

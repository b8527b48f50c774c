"""docs/adding-a-report-section.md, followed word for word in a copy of the sources; and the same section from a plug-in of a recipe."""

import sys

import pytest

from tests.docs import page
from tests.pipelines import finished
from tests.tiny import mirror
from winnow.tasks.report.section import sections

pytestmark = pytest.mark.slow

PLUGIN = """
from winnow.tasks.report.section import RUN, Content, Section, section


@section
class Hello(Section):
    name, title, chapter = "hello", "Hello", RUN
    template = "<p>Hello from {{ greeted }}.</p>"

    def content(self, evidence):
        return Content({"greeted": "<" + evidence.summary.snapshot + ">"})
"""


def test_in_the_repository(tmp_path):
    module, fragment, test, command = page.blocks("adding-a-report-section.md")
    here = page.checkout(tmp_path)
    for block in (module, fragment, test):
        page.write(block, here)
    assert "1 passed" in page.run(command, here)


def test_from_a_plug_in_and_only_for_recipes_that_name_it(tmp_path):
    (tmp_path / "greeting.py").write_text(PLUGIN)
    (tmp_path / "mine.yaml").write_text("extends: raw\nplugins: [./greeting.py]\n")
    source = mirror(tmp_path / "mirror", warcs=1, pages=2)
    mine, other = (finished(source, recipe, tmp_path / "store") for recipe in (tmp_path / "mine.yaml", "raw"))
    assert any(s.name == "hello" for s in sections())
    report = mine.context.store.get(f"{mine.home}/report.html").decode()
    assert "<p>Hello from &lt;CC-MAIN-2026-43&gt;.</p>" in report
    assert "Hello" not in other.context.store.get(f"{other.home}/report.html").decode()
    # Another version of the file is another module, and takes the place of the first.
    (tmp_path / "greeting.py").write_text(PLUGIN.replace("Hello from", "Good evening from"))
    again = finished(source, tmp_path / "mine.yaml", tmp_path / "store2")
    assert "Good evening from" in again.context.store.get(f"{again.home}/report.html").decode()
    assert sum(name.startswith("winnow_plugins.greeting_") for name in sys.modules) == 2

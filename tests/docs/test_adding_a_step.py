"""docs/adding-a-step.md, followed word for word beside a recipe outside the repository."""

import pytest

from tests.docs import page
from tests.shared import ROOT
from tests.tiny import mirror
from winnow.tasks.engine.places import store_at
from winnow.tasks.recipes.build import load

pytestmark = pytest.mark.slow


def test_word_for_word(tmp_path, server):
    step, recipe, commands = page.blocks("adding-a-step.md")
    mirror(tmp_path / "warcs", warcs=2, pages=12)
    for block in (step, recipe):
        page.write(block, tmp_path)
    said = page.run(commands, tmp_path, ROOT, server=server)
    assert int(said.split()[-1]) > 0
    hosts = [path for path in store_at(str(tmp_path / "store")).files("steps") if path.endswith(".hosts.parquet")]
    assert hosts
    (tmp_path / "child.yaml").write_text("extends: mine.yaml\ndecide: {fresh: {most: 50}}\n")
    [fresh] = [e for e in load(str(tmp_path / "child.yaml")).decide if e.name == "fresh"]
    assert fresh.options.most == 50
    (tmp_path / "child.yaml").write_text("extends: mine.yaml\ndecide: {fresh: {after: text}}\n")
    names = [e.name for e in load(str(tmp_path / "child.yaml")).decide]
    assert names.index("fresh") == names.index("text") + 1
    (tmp_path / "child.yaml").write_text("extends: mine.yaml\ndecide: {fresh: null}\nnewest_per_host: {most: 2}\n")
    assert [e.name for e in load(str(tmp_path / "child.yaml")).decide if e.section == "newest_per_host"] == ["newest_per_host"]

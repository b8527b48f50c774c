"""docs/adding-a-filter.md, followed word for word: beside a recipe outside the repository, and in a copy of the sources."""

import shutil

import pytest

from tests.docs import page
from tests.shared import ROOT
from tests.tiny import mirror

pytestmark = pytest.mark.slow

BLOCKS = page.blocks("adding-a-filter.md")


def test_in_a_file_of_ones_own(tmp_path, server):
    filter_, recipe, commands = BLOCKS[:3]
    mirror(tmp_path / "warcs", warcs=2, pages=4)
    for block in (filter_, recipe):
        page.write(block, tmp_path)
    said = page.run(commands, tmp_path, ROOT, server=server)
    assert int(said.split()[-1]) > 0


def test_in_the_repository(tmp_path):
    filter_, test, commands = BLOCKS[3:6]
    here = page.checkout(tmp_path)
    shutil.copytree(ROOT / "docs", here / "docs", ignore=shutil.ignore_patterns("images"))
    for block in (filter_, test):
        page.write(block, here)
    said = page.run(commands, here)
    assert "failed" not in said
    assert "`shouted_word_share`" in (here / "docs" / "signals.md").read_text(encoding="utf-8")

"""docs/recipes.md, "Only what can be proved": its recipe on the sample, with the sections of the report that it promises."""

import json
import shutil

import pytest

from tests.docs import page
from tests.shared import ROOT

pytestmark = pytest.mark.slow


def test_the_recipe_runs_on_the_sample(tmp_path, server):
    shutil.copytree(ROOT / "tests/data/sample", tmp_path / "tests/data/sample")
    files = [block for block in page.blocks("recipes.md") if block.path in ("proved.yaml", "evals.jsonl")]
    assert len(files) == 2
    for block in files:
        page.write(block, tmp_path)
    [commands] = [block for block in page.blocks("recipes.md") if block.language == "sh" and "proved.yaml" in block.body]
    said = page.run(commands, tmp_path, ROOT, server=server).splitlines()
    made = json.loads(next(line for line in said if line.startswith("{")))
    dropped = {reason for step in json.loads((tmp_path / made["manifest"]).read_text())["steps"] for reason in step["dropped"]}
    assert {"minhash_cluster_rank:high", "contaminated"} <= dropped
    report = (tmp_path / made["report"]).read_text()
    for section in ("removal", "decontamination", "edits"):
        assert f'<section id="{section}"' in report
    assert "false removals" in report
    assert any("contamination_score" in line for line in said)

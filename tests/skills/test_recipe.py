"""Skills in a run: signals of every document, caps per skill, and the same rows for any number of shards."""

import json

import numpy as np
import pytest
import yaml

from tests.pipelines import curated
from tests.skills.test_graph import ALGEBRA, COOKING, OTHERS, REFERENCE, made
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recipes.load import load

pytestmark = pytest.mark.slow


def written(path, texts):
    path.write_text("".join(json.dumps({"id": f"d{n}", "language": "en", "text": text}) + "\n" for n, text in enumerate(texts)))
    return path


def recipe(folder, **options):
    written(folder / "reference.jsonl", REFERENCE)
    path = folder / "mine.yaml"
    raw = {
        "extends": "raw",
        "measure": {"url": None, "redpajama": None, "text": None},
        "skills": {"reference": "reference.jsonl", "skills": 6} | options,
    }
    path.write_text(yaml.safe_dump(raw))
    return path


def signals(run):
    return [row for key in run.context.shard_keys for row in run.context.read(run.pipeline.signals, key).to_pylist()]


def test_documents_are_scored_and_capped(tmp_path):
    texts = [*OTHERS[:40], *made(ALGEBRA, 10, 11), *made(COOKING, 10, 12), ""]
    rows = signals(curated(written(tmp_path / "pages.jsonl", texts), recipe(tmp_path), tmp_path / "store"))
    score = {row["id"]: row["skill_score"] for row in rows}
    mine = [score[f"d{n}"] for n in range(40, 60)]
    assert min(mine) > np.median([score[f"d{n}"] for n in range(40)])
    taken = [row for row in rows if row["skill_share"] <= 0.15]
    assert 4 <= len(taken) <= 14
    assert len({row["skill_top"] for row in taken}) > 1
    assert all(row["skill_share"] == 1 for row in rows if row["skill_top"] is None)
    assert any(row["skill_top"] and row["skill_count"] > 0 for row in rows)


def test_skills_from_a_list(tmp_path):
    (tmp_path / "list.jsonl").write_text('{"skill": "baking", "phrases": ["oven", "flour"]}\n')
    rows = signals(
        curated(
            written(tmp_path / "pages.jsonl", ["flour is in here", "the hot oven"]), recipe(tmp_path, list="list.jsonl"), tmp_path / "store"
        )
    )
    assert {row["skill_top"] for row in rows} == {"baking"}


@pytest.mark.parametrize(
    "options", [{"reference": []}, {"reference": "nowhere.jsonl"}, {"skills": 0}, {"many": 1}, {"list": "nowhere.jsonl"}]
)
def test_what_a_recipe_may_not_say(tmp_path, options):
    with pytest.raises(BadInput):
        load(str(recipe(tmp_path, **options)))

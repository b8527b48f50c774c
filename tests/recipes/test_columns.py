"""What a dataset card says of the corpus's columns is what the corpus has, whatever the recipe adds to it."""

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests import pipelines, tiny
from winnow.tasks.recipes.columns import further_columns, text_edits

RECIPES = {
    "plain": "extends: raw\n",
    "everything": """
extends: gopher
correct: {min_words: 2}
limits: null
deduplicate:
  - {by: url}
  - {by: paragraph}
  - {by: minhash, name: near}
decontaminate: {against: [evals.jsonl], action: cut}
buckets: {signal: word_count}
rehydrate: {by: near}
carry_signals: [word_count, near_cluster_size, contamination_score, paragraph_chars_left]
redact: {replace: [email], tag: [phone]}
""",
    "two-passes": """
extends: fineweb-two-pass
limits: null
carry_signals: [word_count]
""",
}


def _columns(card: str) -> dict[str, str]:
    table = card.split("\n## Columns\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.M))


@pytest.fixture(scope="module", params=RECIPES)
def released(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("columns")
    (folder / "evals.jsonl").write_text(
        json.dumps({"eval_key": "mill", "question": "the grain is carried to the mill before the rain begins and people speak"})
    )
    recipe = folder / f"{request.param}.yaml"
    recipe.write_text(RECIPES[request.param])
    return pipelines.finished(tiny.mirror(folder / "crawl", warcs=1), recipe, folder / "store")


def test_the_card_names_every_column_in_order(released) -> None:
    home = Path(released.context.store.uri(released.home))
    card = _columns((home / "README.md").read_text())
    file = next(home.glob("data/**/*.parquet"))
    assert list(card) == pq.ParquetFile(file).schema_arrow.names
    assert all(len(meaning) > 3 for meaning in card.values())
    assert not [meaning for name, meaning in further_columns(released.pipeline).items() if meaning not in card[name]]


def test_the_card_says_what_edited_the_text(released) -> None:
    card = _columns((Path(released.context.store.uri(released.home)) / "README.md").read_text())
    for about in text_edits(released.pipeline):
        assert about in card["text"]
    if released.pipeline.recipe.name == "everything":
        assert [word for word in ("lines", "cuts repeated", "benchmarks") if word in " ".join(text_edits(released.pipeline))] == [
            "lines",
            "cuts repeated",
            "benchmarks",
        ]

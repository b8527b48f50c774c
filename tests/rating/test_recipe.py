"""The rating in a run: the same for any shards, one column per document, and `winnow rate` on files and runs."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from tests.pipelines import curated
from winnow.cli.commands.rate import command
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recipes.load import load

pytestmark = pytest.mark.slow


def recipe(folder, raters):
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"extends": "raw", "measure": {"url": None, "redpajama": None}, "rating": {"raters": raters}}))
    return path


def pages(folder, count=80):
    rng = np.random.default_rng(2)
    rows = [
        {"id": f"d{n}", "language": "en", "text": " ".join(rng.choice(["the", "of", "rain", "tax", "!", "sea"], 5 + n))}
        for n in range(count)
    ]
    path = folder / "pages.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_run_rates_every_document(tmp_path):
    run = curated(pages(tmp_path), recipe(tmp_path, ["word_count", "alpha_word_share"]), tmp_path / "store")
    [shard] = run.context.shard_keys
    table = run.context.read(run.pipeline.signals, shard)
    rating, place = table["rating"].to_numpy(), table["rating_percentile"].to_numpy()
    assert np.corrcoef(rating, table["word_count"].to_numpy())[0, 1] > 0.5
    assert (np.diff(place[np.argsort(rating)]) >= 0).all()
    assert 0 < place.min() < 0.05
    assert 0.95 < place.max() <= 1


def rated_lines(capsys, *args, **options):
    command(*args, json=True, **options)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_file_of_raters(tmp_path, capsys):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=200)
    rows = [{"id": n, "a": t + rng.normal() / 2, "b": -t + rng.normal()} for n, t in enumerate(truth.tolist())]
    file, judged = tmp_path / "raters.jsonl", tmp_path / "judged.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    judged.write_text("".join(json.dumps({"id": n, "score": int(t > 0)}) + "\n" for n, t in enumerate(truth[:80].tolist())))
    found = rated_lines(capsys, file, raters="a,b", judged=str(judged), out=tmp_path / "out.yaml")
    assert [row["id"] for row in found] == [str(n) for n in range(200)]
    assert np.corrcoef([row["rating"] for row in found], truth)[0, 1] > 0.8
    assert found == rated_lines(capsys, file, raters="a,b", judged=str(judged))
    written = yaml.safe_load((tmp_path / "out.yaml").read_text())
    assert written["rating"]["raters"]["b"] < 0 < written["rating"]["raters"]["a"]
    [forecast] = rated_lines(capsys, file, raters="a,b", judged=str(judged), dry_run=True)
    assert (forecast["documents"], forecast["requests"], forecast["cost"]) == (200, 0, 0.0)
    with pytest.raises(BadInput, match=r"No line of .* has a number called c"):
        command(file, raters="a,c")


@pytest.mark.parametrize("raters", [[], ["word_count", "-word_count"], {"word_count": "x"}, ["nothing"], ["rating"], ["language"]])
def test_raters_that_cannot_be(tmp_path, raters):
    with pytest.raises(BadInput):
        load(str(recipe(tmp_path, raters)))


def test_a_recipe_reads_as_it_is_written(tmp_path):
    for raters in (["word_count", "-alpha_word_share"], {"word_count": 0.5}):
        loaded = load(str(recipe(tmp_path, raters)))
        assert loaded.sections()["rating"].written(loaded.options["rating"], raters) == {"raters": raters}


def test_tables_are_written(tmp_path):
    run = curated(pages(tmp_path, 5), recipe(tmp_path, ["word_count"]), tmp_path / "store")
    assert run.context.shard_keys
    assert list((tmp_path / "store").rglob("*.parquet"))
    assert pq.read_schema(next((tmp_path / "store").rglob("rating-v1*/*.parquet"))).names == ["id", "rating", "rating_percentile"]

"""Random order: every document once, the same order for the same seed, and none that tells where a page stood in the crawl."""

import pyarrow.parquet as pq
import pytest

from tests.pipelines import finished
from tests.tiny import mirror
from winnow.cli.main import main
from winnow.tasks.exporters import shuffled_parquet
from winnow.tasks.exporters.base import export, exporter
from winnow.tasks.ledger.find import open_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("shuffled")
    source = mirror(root / "mirror", warcs=3, pages=8)
    finished(source, "raw", root / "store")
    return open_run(str(root / "store"))


def ids(folder):
    return [i for path in sorted(folder.glob("*.parquet")) for i in pq.read_table(path, columns=["id"])["id"].to_pylist()]


@pytest.mark.parametrize("held", [0, 1 << 28])
def test_the_same_seed_gives_the_same_order_and_bytes(runs, tmp_path, monkeypatch, held):
    monkeypatch.setattr(shuffled_parquet, "DOCUMENTS_PER_FILE", 7)
    monkeypatch.setattr(shuffled_parquet, "HELD_BYTES", held)
    corpus = [i for path in runs.paths("corpus") for i in pq.read_table(runs.store.full(path), columns=["id"])["id"].to_pylist()]
    made = [export(runs, exporter("shuffled-parquet", seed=seed), tmp_path / name) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    assert made[0].digest == made[1].digest != made[2].digest
    orders = [ids(tmp_path / name) for name in "abc"]
    assert orders[0] == orders[1]
    assert all(sorted(order) == sorted(corpus) for order in orders)
    assert len({tuple(order) for order in [corpus, *orders]}) == 3
    assert len(made[0].files) > 2
    assert made[0].counts["documents"] == len(corpus)


def test_columns_are_those_of_the_corpus(runs, tmp_path):
    export(runs, exporter("shuffled-parquet"), tmp_path / "out")
    [path] = (tmp_path / "out").glob("*.parquet")
    assert pq.read_schema(path).names == pq.read_schema(runs.store.full(runs.paths("corpus")[0])).names


def test_another_seed_is_another_export_and_other_formats_take_none(runs, tmp_path, capsys):
    out = ["--out", str(tmp_path / "out"), "--store", runs.store.root]
    assert main(["export", "--format", "shuffled-parquet", "--seed", "3", *out]) in (0, None)
    assert main(["export", "--format", "shuffled-parquet", "--seed", "3", *out]) in (0, None)
    assert "Nothing to do" in capsys.readouterr().err
    assert main(["export", "--format", "shuffled-parquet", "--seed", "4", *out]) == 2
    assert main(["export", "--format", "redpajama-v2", "--seed", "4", *out]) == 2
    assert "leave --seed out" in capsys.readouterr().err

"""What a worker remembers of signatures and decisions is what the files say, and spares opening them."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipelines import curated, digests
from tests.tiny import mirror
from winnow.tasks.dedup.minhash import SIGNED
from winnow.tasks.dedup.signed_files import groups_in, overlapping, signed_files
from winnow.tasks.engine.store import Store

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**64 - 1)), max_size=40)


@given(rows=ROWS, size=st.integers(1, 9), band=st.integers(0, 3), bounds=st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)))
def test_no_row_of_the_range_lies_outside_of_the_groups_that_are_read(tmp_path_factory, rows, size, band, bounds):
    low, high = sorted(bounds)
    path = tmp_path_factory.mktemp("signed") / "s.parquet"
    columns = zip(*sorted(rows), strict=True) if rows else ((), ())
    table = pa.table(
        [*(pa.array(c, t) for c, t in zip(columns, (pa.int16(), pa.uint64()), strict=True)), pa.array(range(len(rows)), pa.int32())],
        schema=SIGNED,
    )
    pq.write_table(table, path, row_group_size=size)
    with pq.ParquetFile(path) as file:
        groups = groups_in(file)
        assert groups["rows"].sum() == len(rows)
        read = overlapping(groups, band, low, high)
        others = [g for g in range(file.num_row_groups) if g not in read]
        left = file.read_row_groups(others).to_pylist() if others else []
    assert not [r for r in left if r["band"] == band and low <= r["key"] <= high]
    # And none is read for nothing where a group holds one band.
    for g in read:
        if groups["first_band"][g] == groups["last_band"][g]:
            assert groups["first_band"][g] == band


@pytest.mark.slow
def test_each_file_is_opened_once_for_its_footer_and_once_per_band_and_the_bytes_are_the_same(tmp_path, monkeypatch):
    source = mirror(tmp_path / "mirror", warcs=3, pages=12)
    first = curated(source, "fineweb", tmp_path / "first")
    opened = Counter()
    real = Store.open_parquet

    def counted(self, step, shard):
        opened[step.label, shard] += 1
        return real(self, step, shard)

    monkeypatch.setattr(Store, "open_parquet", counted)
    signed_files.cache_clear()
    second = curated(source, "fineweb", tmp_path / "second")
    assert digests(second) == digests(first)
    bands = second.pipeline.signatures.minhash.bands
    signed = [n for (label, _), n in opened.items() if label == "sign"]
    assert signed
    assert max(signed) <= bands + 1


def test_decisions_are_remembered_as_far_as_memory_allows(tmp_path):
    class Files:
        memory_bytes = 8 * 4

        def __init__(self):
            self.store, self.opened = self, Counter()

        def open_parquet(self, step, shard):
            self.opened[shard] += 1
            path = tmp_path / shard
            pq.write_table(pa.table({"kept": [True, False, True] * 8}), path)
            return pq.ParquetFile(path)

    files, context = signed_files("root", "a", "b"), Files()
    for _ in range(3):
        for shard in ("one", "two"):
            assert (files.kept(context, None, shard) == np.array([True, False, True] * 8)).all()
    assert context.opened == {"one": 1, "two": 3}, "24 documents are three bytes; four may be remembered"
    signed_files.cache_clear()

"""The corpus in random order: Parquet files of its documents, for whoever trains on them from the first file to the last.

In crawl order the pages of one site stand together, and whoever can place pages in a crawl can choose where they come in training; published data sets of URLs were
poisoned in time with that (Carlini et al. 2024, "Poisoning Web-Scale Training Datasets is Practical"). Here the order is that of a hash of the seed and a document's id: the same for the
same seed, however the crawl was cut into shards, and another one for another seed.
"""

import io
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import xxhash

from winnow.tasks.engine.parquet import to_parquet
from winnow.tasks.exporters.base import Exporter, File, RunTables

DOCUMENTS_PER_FILE = 100_000
HELD_BYTES = 256 << 20
ROWS_PER_GROUP = 10_000
DRAW = "__draw"


@dataclass(frozen=True)
class ShuffledParquet(Exporter):
    """Files of about ``DOCUMENTS_PER_FILE`` documents each. In memory is one of them, or ``HELD_BYTES`` of documents on their way to the file that they belong to."""

    name: ClassVar[str] = "shuffled-parquet"
    about: ClassVar[str] = "the corpus in random order, by --seed"
    shuffles: ClassVar[bool] = True

    def files(self, run: RunTables) -> Iterator[File]:
        """One file after the other; a document's place is that of its draw."""
        total = sum(int(file["rows"]) for file in run.manifest["files"])
        number = -(-total // DOCUMENTS_PER_FILE)
        with tempfile.TemporaryDirectory(prefix="winnow-shuffle-") as folder:
            self._scatter(run, Path(folder), number)
            for place in range(number):
                parts = list(_parts(Path(folder) / str(place)))
                if not parts:
                    continue
                table = pa.concat_tables(parts).sort_by([(DRAW, "ascending"), ("id", "ascending")]).drop_columns([DRAW])
                yield File(f"{place:05d}.parquet", to_parquet(table, ROWS_PER_GROUP), {"documents": table.num_rows})

    def _scatter(self, run: RunTables, folder: Path, number: int) -> None:
        """Every document goes to the part that its draw falls into."""
        held: dict[int, list[pa.Table]] = defaultdict(list)
        size = 0
        for shard in run.entry["shards"]:
            table = run.read(run.address("redact"), shard).drop_columns(["partition"])
            draws = np.array([xxhash.xxh3_64_intdigest(f"{self.seed}\n{i}") for i in table["id"].to_pylist()], np.uint64)
            table = table.append_column(DRAW, pa.array(draws))
            places = np.array([int(draw) * number >> 64 for draw in draws.tolist()], np.int64)
            for place in np.unique(places).tolist():
                held[place].append(table.filter(pa.array(places == place)))
            size += table.nbytes
            if size > HELD_BYTES:
                _append(folder, held)
                size = 0
        _append(folder, held)


def _append(folder: Path, held: dict[int, list[pa.Table]]) -> None:
    for place, tables in held.items():
        sink = io.BytesIO()
        table = pa.concat_tables(tables)
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        with (folder / str(place)).open("ab") as file:
            file.write(len(sink.getvalue()).to_bytes(8, "little") + sink.getvalue())
    held.clear()


def _parts(path: Path) -> Iterator[pa.Table]:
    if not path.exists():
        return
    with path.open("rb") as file:
        while head := file.read(8):
            yield pa.ipc.open_stream(file.read(int.from_bytes(head, "little"))).read_all()

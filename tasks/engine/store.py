"""The Store: a root that knows where an address lives, what is done, and how to commit atomically.

A shard is done when its report exists, and the report is written last; where reports lie is in folds.py. Nothing here knows what a step means.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.engine.errors import BadInput, DamagedArtifact
from winnow.tasks.engine.folds import Reports
from winnow.tasks.engine.parquet import footer_of, footer_sha256, to_parquet
from winnow.tasks.engine.root import Root
from winnow.tasks.engine.step import Step, StepResult

SCHEMA = 2
"""Of the store's layout. 1 had no folded reports; such a store is read as it is, and becomes one of 2 when the first are folded."""
MARKER = {"schema": SCHEMA, "about": "artifacts of winnow; safe to delete as a whole"}


@dataclass(frozen=True)
class Store(Root):
    """The artifacts of steps by their addresses, under one root."""

    @cached_property
    def reports(self) -> Reports:
        """Where the reports of shards lie, by address."""
        return Reports(self)

    def open_for_writing(self) -> None:
        """Make the store's root and its marker, once. One of an older schema stays as it is.

        Raises:
            BadInput: the place cannot be written, or was written by a newer Winnow.
        """
        self.check()
        if not self.exists("store.json"):
            self.put("store.json", json.dumps(MARKER).encode())
        elif self.is_local and not os.access(self.full("store.json"), os.W_OK):
            raise BadInput(f"The store {self.root} is read-only for this user. Choose another place with --store.")

    def raise_schema(self) -> None:
        """Mark the store as one of this schema: what comes now an older winnow would not understand. Raises BadInput as ``check`` does."""
        self.check()
        try:
            marker = json.loads(self.get("store.json"))
        except FileNotFoundError:
            marker = MARKER | {"schema": 0}
        if marker.get("schema", 0) < SCHEMA:
            self.put("store.json", json.dumps(marker | {"schema": SCHEMA}).encode())

    def check(self) -> None:
        """Raises BadInput if the store cannot be read or is of a newer schema than this version knows."""
        try:
            marker = json.loads(self.get("store.json"))
        except FileNotFoundError:
            return
        except (PermissionError, NotADirectoryError) as e:
            raise BadInput(f"The store {self.root} cannot be read: {e.strerror or e}. Choose another place with --store.") from None
        except json.JSONDecodeError:
            raise BadInput(
                f"{self.uri('store.json')} is damaged. If {self.root} is a store of winnow, delete that one file and run again."
            ) from None
        if marker.get("schema", 0) > SCHEMA:
            raise BadInput(
                f"The store {self.root} was written by a newer winnow (schema {marker['schema']}, this one knows {SCHEMA}). "
                "Update winnow, or choose another place with --store."
            )

    def report_path(self, step: Step, shard: str) -> str:
        """Where the report of a shard is written."""
        return self.reports.path(step.address, shard)

    def done(self, step: Step, shards: Iterable[str]) -> set[str]:
        """Those of ``shards`` whose report *and* table exist. One listing per step (two where the tables lie elsewhere), and its folded reports."""
        shards, home = list(shards), f"steps/{step.address}"
        here = self.files(home)
        reported = self.reports.shards(step.address, [path[len(home) + 1 :] for path in here])
        mine = [s for s in shards if s in reported]
        folder = os.path.commonpath([step.data_path(s) for s in shards[:1000]]) if shards else ""
        tables = here if all(step.data_path(s) in here for s in mine) else here | self.files(folder)
        return {s for s in mine if tables.get(step.data_path(s), 0) > 0}

    def has(self, step: Step, shard: str) -> bool:
        """Whether this shard is done now. For many shards ``done`` asks less often."""
        return self.reports.has(step.address, shard) and self.is_object(step.data_path(shard))

    def report(self, step: Step, shard: str) -> dict[str, Any]:
        """The report of a finished shard. Raises DamagedArtifact if it cannot be read. For many shards ``reports_of`` asks less often."""
        try:
            return self._parsed(step, shard, self.reports.get(step.address, shard))
        except FileNotFoundError as e:
            raise self._no_report(step, shard, e) from None

    def reports_of(self, step: Step, shards: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The reports of finished shards, in their order. Raises DamagedArtifact for the first that cannot be read."""
        for shard, data in self.reports.many(step.address, shards):
            if data is None:
                raise self._no_report(step, shard, FileNotFoundError())
            yield self._parsed(step, shard, data)

    def _parsed(self, step: Step, shard: str, data: bytes) -> dict[str, Any]:
        try:
            try:
                return dict(json.loads(data))
            except ValueError:
                if self.is_local:
                    raise
                return dict(json.loads(self.reports.get(step.address, shard)))  # it may have been the line
        except (FileNotFoundError, ValueError) as e:
            raise self._no_report(step, shard, e) from None

    def _no_report(self, step: Step, shard: str, cause: Exception) -> DamagedArtifact:
        self.reports.take_back(step.address, shard)
        return DamagedArtifact(
            f"The report {self.uri(self.report_path(step, shard))} is missing or damaged ({type(cause).__name__}): run the same command again, and it is made anew."
        )

    def commit(self, step: Step, shard: str, made: StepResult, figures: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Write the tables, then the report. Refuses to lose a row without a reason. ``figures`` are taken when the tables are written.

        Raises:
            ValueError: ``rows_in != rows_out + sum(dropped)``, or a named table that the step does not declare: a bug in the step.
        """
        if step.kind == "filter" and made.rows_in != made.rows_out + sum(made.dropped.values()):
            raise ValueError(
                f"{step.address}/{shard} lost rows without a reason: {made.rows_in} in, {made.rows_out} out, dropped {made.dropped}"
            )
        for name, table in made.tables.items():
            if name not in step.tables or not table.schema.equals(step.tables[name]):
                raise ValueError(f"{step.address}/{shard} made a table {name!r} that it does not declare, or with another schema")
        data = to_parquet(made.table, made.row_groups)
        self.reports.supersede(step.address, shard)
        self.put(step.data_path(shard), data)
        tables = {}
        for name in step.tables:
            tables[name] = _written(step.table_path(shard, name), b"", 0)
            if name in made.tables and made.tables[name].num_rows:
                rest = to_parquet(made.tables[name])
                tables[name] = _written(step.table_path(shard, name), rest, made.tables[name].num_rows)
                self.put(step.table_path(shard, name), rest)
        report = {
            "step": step.label,
            "address": step.address,
            "kind": step.kind,
            "shard": shard,
            "rows_in": made.rows_in,
            "rows_out": made.rows_out,
            "dropped": dict(sorted(made.dropped.items())),
            "notes": made.notes,
            "data": _written(step.data_path(shard), data, made.table.num_rows),
            **({"tables": tables} if tables else {}),
            **figures(),
        }
        self.reports.put(step.address, shard, json.dumps(report, indent=1, ensure_ascii=True).encode())
        return report

    def read(self, step: Step, shard: str, columns: list[str] | None = None, *, table: str = "") -> pa.Table:
        """The table of a finished shard, or one of its named tables, checked against the digest in its report.

        Raises:
            DamagedArtifact: missing or altered since it was written. The report is deleted, so that the next run makes it anew.
        """
        report = self.report(step, shard)
        path = step.table_path(shard, table) if table else step.data_path(shard)
        try:
            written = report["tables"][table] if table else report["data"]
            if table and not written["rows"]:
                empty = step.tables[table].empty_table()
                return empty.select(columns) if columns else empty
            data = self.get(path)
            if not self.is_local and hashlib.sha256(data).hexdigest() != written["sha256"]:
                data = self.get(path)  # it may have been the line
            if hashlib.sha256(data).hexdigest() != written["sha256"]:
                raise pa.ArrowInvalid("its sha256 is not the one in the report")
            # Not pq.read_table: the threads it leaves behind abort one in twenty short processes as they exit (pyarrow 26).
            with pq.ParquetFile(pa.BufferReader(data), pre_buffer=False) as file:
                return file.read(columns, use_threads=False)
        except (FileNotFoundError, pa.ArrowInvalid, OSError) as e:
            raise self._damaged(step, shard, e, path) from None

    @contextlib.contextmanager
    def open_parquet(self, step: Step, shard: str) -> Iterator[pq.ParquetFile]:
        """For reading some row groups of a table only: the footer is checked against the report, pages against their checksums.

        Raises:
            DamagedArtifact: as ``read`` does, also for what is found damaged while the file is open.
        """
        footer = self.report(step, shard)["data"]["footer_sha256"]
        try:
            with self.open_checked(step.data_path(shard), footer) as file:
                yield file
        except (FileNotFoundError, pa.ArrowInvalid, OSError) as e:
            raise self._damaged(step, shard, e) from None

    @contextlib.contextmanager
    def open_checked(self, path: str, footer_sha256: str) -> Iterator[pq.ParquetFile]:
        """A Parquet file whose footer has this digest, and whose pages are checked. Raises OSError or ArrowInvalid for any damage."""
        with self.open(path) as stream:
            if hashlib.sha256(footer_of(stream)).hexdigest() != footer_sha256:
                raise OSError("its footer has another digest than when it was written")
            with pq.ParquetFile(stream, page_checksum_verification=True) as file:
                yield file

    def _damaged(self, step: Step, shard: str, cause: Exception, path: str = "") -> DamagedArtifact:
        """The error for a table that cannot be read; takes its report back, so that the next run makes it anew."""
        self.reports.take_back(step.address, shard)
        return DamagedArtifact(
            f"{self.uri(path or step.data_path(shard))} is missing or damaged ({cause}): run the same command again, and it is made anew."
        )


def _written(path: str, data: bytes, rows: int) -> dict[str, Any]:
    """What a report says of a table. An empty named table has no bytes, and no object."""
    known = {"path": path, "rows": rows, "bytes": len(data)}
    return known | ({"sha256": hashlib.sha256(data).hexdigest(), "footer_sha256": footer_sha256(data)} if data else {})

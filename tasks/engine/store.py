"""The Store: any fsspec root (folder, ``s3://``) that knows where an address lives, what is done, and how to commit atomically.

A shard is done when its report exists, and the report is written last; where reports lie is in folds.py. Nothing here knows what a step means.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.engine.errors import BadInput, DamagedArtifact, WinnowError
from winnow.tasks.engine.folds import Reports
from winnow.tasks.engine.step import Step, StepResult
from winnow.tasks.transport.open import open_stream
from winnow.tasks.transport.politeness import POLITE, NotFound, Transport
from winnow.tasks.transport.s3 import has_worked, patiently, s3_filesystem, worked

SCHEMA = 2
"""Of the store's layout. 1 had no folded reports; such a store is read as it is, and becomes one of 2 when the first are folded."""
MARKER = {"schema": SCHEMA, "about": "artifacts of winnow; safe to delete as a whole"}
T = TypeVar("T")
TEMPORARY = ".winnow-tmp-"
ORPHAN_AGE_S = 24 * 3600
MIN_FREE_BYTES = 1 << 30
"""A run stops in good order when the disk of its store has less room than this."""


@dataclass(frozen=True)
class Store:
    """``root`` is a folder or URI; ``options`` go to fsspec (endpoint, anon). Credentials come from the environment or a block, and
    are never shown: ``options`` stays out of repr."""

    root: str
    options: tuple[tuple[str, Any], ...] = field(default=(), repr=False)
    transport: Transport = field(default=POLITE, repr=False, compare=False)

    @cached_property
    def _fs(self) -> tuple[Any, str]:
        if self._is_s3:
            fs = s3_filesystem(self.options, timeout_s=self.transport.politeness.timeout_s)
            return fs, str(fs._strip_protocol(self.root)).rstrip("/")
        try:
            fs, path = fsspec.url_to_fs(self.root, **dict(self.options))
        except (ValueError, ImportError) as e:
            raise BadInput(f"The store {self.root} cannot be opened: {e}. Give a folder or a URI such as s3://bucket/winnow.") from None
        return fs, str(path).rstrip("/")

    @property
    def _is_s3(self) -> bool:
        return self.root.startswith(("s3://", "s3a://"))

    def _call(self, path: str, call: Callable[[], T], verb: str = "read") -> T:
        """The result of a call on the filesystem; on S3, tried again while the service is throttling or away.

        Raises:
            FileNotFoundError: no such object. Transient: after bounded attempts. BadInput: no access.
        """
        if not self._is_s3:
            return call()
        try:
            result = patiently(f"{self.root.rstrip('/')}/{path}", call, self.transport, verb, self._renew if _worked(self) else None)
            _WORKED.setdefault(self.root, set()).add(verb)
            return result
        except NotFound as e:
            if verb == "read":
                raise FileNotFoundError(errno.ENOENT, str(e)) from None
            raise

    def _renew(self) -> None:
        """Look for credentials again: in the environment, the profile or the machine's role."""
        self._fs[0].connect(refresh=True)

    @cached_property
    def reports(self) -> Reports:
        """Where the reports of shards lie, by address."""
        return Reports(self)

    @property
    def is_local(self) -> bool:
        return isinstance(self._fs[0], fsspec.implementations.local.LocalFileSystem)

    def __getstate__(self) -> dict[str, Any]:
        # A filesystem must not travel to another process (s3fs holds an event loop and sockets).
        done = {"worked": (_WORKED.get(self.root, set()), worked())} if self._is_s3 else {}
        return {"root": self.root, "options": self.options, "transport": self.transport, **done}

    def __setstate__(self, state: dict[str, Any]) -> None:
        here, buckets = state.pop("worked", (set(), {}))
        if here:
            _WORKED.setdefault(state["root"], set()).update(here)
        has_worked(buckets)
        self.__dict__.update(state)

    def full(self, path: str) -> str:
        """Raises BadInput for a path that leads out of the store: parts of it are names that recipes, documents and models gave."""
        if path.startswith("/") or ".." in path.split("/"):
            raise BadInput(f"{path!r} leads out of the store {self.root}. Whatever gave a folder that name must be renamed.")
        return f"{self._fs[1]}/{path}"

    def uri(self, path: str) -> str:
        """Absolute path or URI of a path inside the store."""
        return self.full(path) if self.is_local else self._fs[0].unstrip_protocol(self.full(path))

    # ------------------------------------------------------------------ bytes

    def get(self, path: str) -> bytes:
        """Raises FileNotFoundError if there is no such object."""
        one_request = {"max_concurrency": 1} if self._is_s3 else {}  # s3fs asks for the size first, to read large objects in parts at once
        return bytes(self._call(path, lambda: self._fs[0].cat_file(self.full(path), **one_request)))

    def put(self, path: str, data: bytes) -> None:
        """Write all or nothing: temporary file and rename on a local disk, one PUT elsewhere.

        Raises:
            WinnowError: no space left, or the store refuses writing; says what to do.
        """
        fs, full = self._fs[0], self.full(path)
        if not self.is_local:
            self._call(path, lambda: fs.pipe_file(full, data), "written")
            return
        target = Path(full)
        temporary = target.with_name(f"{TEMPORARY}{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}-{target.name}"[:200])
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as f:
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
            temporary.replace(target)
        except OSError as e:
            with contextlib.suppress(OSError):
                temporary.unlink()
            if e.errno in (errno.ENOSPC, errno.EDQUOT):
                raise no_space(self, 0) from None
            raise BadInput(f"The store {self.root} cannot be written: {e.strerror or e}. Choose another place with --store.") from None

    def exists(self, path: str) -> bool:
        return bool(self._call(path, lambda: self._fs[0].exists(self.full(path))))

    def is_object(self, path: str) -> bool:
        """Whether there is an object of this name: one request, where ``exists`` asks for a folder too."""
        if not self._is_s3:
            return self.exists(path)
        try:
            bucket, _, key = self.full(path).partition("/")
            self._call(path, lambda: self._fs[0].call_s3("head_object", Bucket=bucket, Key=key))
        except FileNotFoundError:
            return False
        return True

    def delete_all(self, paths: Sequence[str]) -> None:
        """Delete objects, as many with one request as the service takes. Those that are not there are no error."""
        if not self._is_s3:
            for path in paths:
                self.delete(path)
            return
        bucket = self._fs[1].partition("/")[0]

        def delete(keys: list[dict[str, str]]) -> None:
            answer = self._fs[0].call_s3("delete_objects", Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
            if refused := [e for e in answer.get("Errors", ()) if e.get("Code") != "NoSuchKey"]:
                raise PermissionError(errno.EACCES, str(refused[0].get("Code")))

        for begin in range(0, len(paths), 1000):
            keys = [{"Key": self.full(path).partition("/")[2]} for path in paths[begin : begin + 1000]]
            self._call(paths[begin], partial(delete, keys), "written")

    def delete(self, path: str, *, recursive: bool = False) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._call(path, lambda: self._fs[0].rm(self.full(path), recursive=recursive))

    def files(self, path: str) -> dict[str, int]:
        """Files below a folder: path relative to the store -> size in bytes. Empty if there is no such folder."""
        fs, root = self._fs
        fs.invalidate_cache()
        try:
            found = self._call(path, lambda: fs.find(f"{root}/{path}", detail=True))
        except FileNotFoundError:
            return {}
        return {name[len(root) + 1 :]: int(info["size"] or 0) for name, info in found.items()}

    def names(self, path: str) -> set[str]:
        """Names of the files directly in a folder. Cheaper than ``files``, which asks for the size of each. Empty if there is no such folder."""
        if self._is_s3:
            parent, _, last = self.full(path).rpartition("/")  # asked by prefix, s3fs does not look for an object of the folder's name too
            self._fs[0].invalidate_cache()
            found = self._call(path, lambda: self._fs[0].find(parent, prefix=f"{last}/"))
            names = (name[len(parent) + len(last) + 2 :] for name in found)
            return {name for name in names if name and "/" not in name}
        if not self.is_local:
            return {name for file in self.files(path) if "/" not in (name := file[len(path) + 1 :])}
        try:
            with os.scandir(self.full(path)) as entries:
                return {entry.name for entry in entries if not entry.is_dir()}
        except FileNotFoundError:
            return set()

    def folders(self, path: str) -> list[str]:
        """Names of the folders directly below a folder."""
        fs, root = self._fs
        fs.invalidate_cache()
        try:
            found = self._call(path, lambda: fs.ls(f"{root}/{path}", detail=True))
            return sorted(i["name"].rstrip("/").rsplit("/", 1)[1] for i in found if i["type"] == "directory")
        except FileNotFoundError:
            return []

    def free_bytes(self) -> int | None:
        """Room on the disk of the store; None where that is no question (S3)."""
        if not self.is_local:
            return None
        return shutil.disk_usage(next(p for p in (Path(self.root), *Path(self.root).absolute().parents) if p.exists())).free

    # ------------------------------------------------------------------ artifacts

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
            f"The report {self.uri(self.report_path(step, shard))} is missing or damaged ({type(cause).__name__}): run the same command again, it is made anew."
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
        with self._open(path) as stream:
            if hashlib.sha256(_footer(stream)).hexdigest() != footer_sha256:
                raise OSError("its footer has another digest than when it was written")
            with pq.ParquetFile(stream, page_checksum_verification=True) as file:
                yield file

    def _open(self, path: str) -> Any:
        if not self._is_s3:
            return self._fs[0].open(self.full(path), "rb")
        try:
            return open_stream(self.root, path, self.options, self.transport)
        except NotFound as e:
            raise FileNotFoundError(errno.ENOENT, str(e)) from None

    def _damaged(self, step: Step, shard: str, cause: Exception, path: str = "") -> DamagedArtifact:
        """The error for a table that cannot be read; takes its report back, so that the next run makes it anew."""
        self.reports.take_back(step.address, shard)
        return DamagedArtifact(
            f"{self.uri(path or step.data_path(shard))} is missing or damaged ({cause}): run the same command again, it is made anew."
        )

    def clean(self, folders: Iterable[str]) -> int:
        """Delete what killed writers left half-written in these folders; how many pieces that were.

        A temporary file is an orphan if its process on this machine is gone, or if it is a day old, whoever wrote it. On S3 nothing is
        half-written but uploads in parts, which nobody sees and somebody pays for: those of a day ago are aborted, in the whole store.
        """
        if not self.is_local:
            return self._abort_uploads() if self._is_s3 else 0
        here, count = f"{TEMPORARY}{socket.gethostname()}-", 0
        for path in [p for folder in folders for p in self.files(folder)]:
            name = path.rsplit("/", 1)[1]
            if not name.startswith(TEMPORARY):
                continue
            mine = name.startswith(here)
            try:
                old = time.time() - os.stat(self.full(path)).st_mtime > ORPHAN_AGE_S
            except FileNotFoundError:
                continue
            if old or (mine and not _alive(name[len(here) :].split("-")[0])):
                self.delete(path)
                count += 1
        return count

    def _abort_uploads(self) -> int:
        fs, root = self._fs
        bucket, _, prefix = root.partition("/")
        try:
            uploads = self._call("", lambda: fs.list_multipart_uploads(bucket))
        except (BadInput, FileNotFoundError):
            return 0  # whoever may write does not always see uploads
        since = time.time() - ORPHAN_AGE_S
        old = [u for u in uploads if u["Key"].startswith(f"{prefix}/" if prefix else "") and u["Initiated"].timestamp() < since]
        for upload in old:
            with contextlib.suppress(FileNotFoundError):
                self._call(upload["Key"], lambda u=upload: fs.abort_mpu(bucket, u["Key"], u["UploadId"]))  # type: ignore[misc]
        return len(old)


_WORKED: dict[str, set[str]] = {}
"""Root of a store on S3 -> what this process, or the one that started it, has done there without being refused: read, written."""


def _worked(store: Store) -> bool:
    return _WORKED.get(store.root, set()) >= {"read", "written"}


def no_space(store: Store, free_bytes: int) -> WinnowError:
    return WinnowError(
        f"No space left for the store {store.root}: {free_bytes / 2**30:.1f} GiB are free, and {MIN_FREE_BYTES >> 30} GiB of its disk is always kept free. "
        f"Free some space (`winnow prune --store {store.root}` "
        "deletes what no corpus needs) and run the same command again; what is finished is kept."
    )


def to_parquet(table: pa.Table, row_groups: Any = None) -> bytes:
    """Parquet bytes: zstd, no statistics on text, the same for the same table in every process.

    ``row_groups``: rows per group, or the list of sizes of each group; one group by default.
    """
    sink = io.BytesIO()
    table = table.combine_chunks()
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="zstd",
        compression_level=3,
        write_statistics=[c for c in table.column_names if c != "text"],
        write_page_checksum=True,
    ) as writer:
        if isinstance(row_groups, int) or row_groups is None:
            writer.write_table(table, row_group_size=row_groups or max(1, table.num_rows))
        else:
            start = 0
            for size in row_groups:
                writer.write_table(table.slice(start, size), row_group_size=max(1, size))
                start += size
    return sink.getvalue()


def _written(path: str, data: bytes, rows: int) -> dict[str, Any]:
    """What a report says of a table. An empty named table has no bytes, and no object."""
    known = {"path": path, "rows": rows, "bytes": len(data)}
    return known | ({"sha256": hashlib.sha256(data).hexdigest(), "footer_sha256": footer_sha256(data)} if data else {})


def footer_sha256(data: bytes) -> str:
    """Digest of the metadata of a Parquet file, for ``Store.open_checked``."""
    return hashlib.sha256(_footer(io.BytesIO(data))).hexdigest()


def _footer(stream: Any) -> bytes:
    """The metadata of a Parquet file: its length is in the 8 bytes at the end. Raises OSError on a file that is cut or is none."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, end - 8))
    length = int.from_bytes(stream.read(4), "little")
    if end < length + 8:
        raise OSError("it is cut")
    stream.seek(end - 8 - length)
    return bytes(stream.read(length))


def _alive(pid: str) -> bool:
    return pid.isdigit() and Path(f"/proc/{pid}").exists()

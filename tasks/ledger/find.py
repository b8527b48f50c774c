"""Find: a finished run, opened from what it left in the store: its record, its manifest and its tables. Neither the source nor an engine is needed."""

import contextlib
import difflib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.engine.errors import BadInput, DamagedArtifact
from winnow.tasks.engine.parquet import footer_sha256
from winnow.tasks.engine.places import store_at
from winnow.tasks.engine.store import Store
from winnow.tasks.signals.facts import FACTS
from winnow.tasks.signals.limit import Limit
from winnow.tasks.signals.select import DecidedLimit

if TYPE_CHECKING:  # loaded by those who ask in SQL only: it takes time, and prints what it leaked as the process ends
    import duckdb

TABLES = ("documents", "signals", "decisions", "corpus")
RESUME = "run the same command again: winnow run {source} --recipe {recipe} --store {store}"


@dataclass(frozen=True)
class Finished:
    """``entry`` is the record that the run left (tasks/runs/housekeeping.py), ``manifest`` its manifest."""

    store: Store
    entry: dict[str, Any]
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.entry["id"])

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """The limits of the recipe that was run."""
        found = []
        for entry in self.manifest["recipe"]["limits"]:
            options: dict[str, Any] = {k: _frozen(v) for k, v in entry.items() if k != "type"}
            found.append(Limit(**options))
        return tuple(found)

    @cached_property
    def decided_limits(self) -> tuple[DecidedLimit, ...]:
        """The limits that links of the chain put on columns of the decisions table."""
        return tuple(DecidedLimit(**limit) for limit in self.entry.get("decided_limits", ()))

    @property
    def movable(self) -> tuple[Limit, ...]:
        """All limits that other bounds can be tried for: those of the recipe, and of columns of the decisions table."""
        bounded = (limit for limit in self.decided_limits if limit.low is not None or limit.high is not None)
        return (*self.limits, *(Limit(limit.signal, low=limit.low, high=limit.high) for limit in bounded))

    @property
    def measured(self) -> tuple[str, ...]:
        """What a limit may be put on: the signals, and the columns of the decisions table that have a limit of their own."""
        return (*self._measured[1:], *(limit.signal for limit in self.decided_limits))

    @property
    def repair(self) -> str:
        """The command that makes what is damaged or missing again."""
        return f"winnow repair {self.id} --store {self.store.root}"

    def address(self, label: str) -> str:
        """Address of the run's step with this label. Raises BadInput if it has none."""
        for address, step in self.entry["steps"].items():
            if step["label"] == label:
                return str(address)
        raise BadInput(f"The run {self.id} has no step {label}.")

    def has(self, label: str) -> bool:
        """Whether the run has a step with this label."""
        return any(step["label"] == label for step in self.entry["steps"].values())

    def reports(self, label: str) -> dict[str, dict[str, Any]]:
        """The reports of a step by shard: of a step over the whole crawl, whose folder is the run's own. Raises BadInput if the run has no such step."""
        address, reports = self.address(label), self.store.reports
        return {shard: json.loads(data) for shard, data in reports.many(address, sorted(reports.shards(address))) if data is not None}

    def paths(self, table: str) -> list[str]:
        """Files of a table, relative to the store, in crawl order."""
        if table == "corpus":
            return [f"{self.entry['home']}/{f['path']}" for f in self.manifest["files"]]
        return [f"steps/{self.entry['tables'][table]}/{shard}.parquet" for shard in self.entry["shards"]]

    def side_tables(self) -> dict[str, list[str]]:
        """Files of the tables that steps made beside their main one (spans, links, dropped, ...), in crawl order. A name that two steps have is the first one's; the
        others' stand behind their label, as in ``refine_spans``. Looks through the folders of all steps."""
        found: dict[str, list[str]] = {}
        for address, step in self.entry["steps"].items():
            if not step["by_shard"]:
                continue
            mine: dict[str, set[str]] = {}
            for name in self.store.names(f"steps/{address}"):
                shard, _, table = name.removesuffix(".parquet").partition(".")
                if table and name.endswith(".parquet"):
                    mine.setdefault(table, set()).add(shard)
            for table, shards in sorted(mine.items()):
                paths = [f"steps/{address}/{shard}.{table}.parquet" for shard in self.entry["shards"] if shard in shards]
                name = table if table not in (*TABLES, *found) else f"{step['label']}_{table}".replace("-", "_")
                if paths:
                    found[name] = paths
        return found

    def read(self, address: str, shard: str, columns: Sequence[str] | None = None, *, table: str = "") -> pa.Table:
        """One shard of a step by its address, or the one of its tables with this name (without columns where it is empty), checked against its report.

        Raises:
            DamagedArtifact: with the command that repairs it.
        """
        try:
            report = json.loads(self.store.reports.get(address, shard))
            written = report["tables"][table] if table else report["data"]
            if table and not written["rows"]:
                return pa.table({})
            data = self.store.get(written["path"])
            if footer_sha256(data) != written["footer_sha256"]:
                raise OSError("its footer is not the one that was written")
            with pq.ParquetFile(pa.BufferReader(data), pre_buffer=False, page_checksum_verification=True) as file:
                return file.read(list(columns) if columns else None, use_threads=False)
        except (OSError, ValueError, KeyError) as e:
            raise DamagedArtifact(
                f"steps/{address}/{shard} of {self.id} is missing or damaged ({e}). To make it anew: {self.repair}"
            ) from None

    def signals(self, shard: str, columns: Sequence[str] | None = None, *, bounded: Sequence[str] = ()) -> pa.Table:
        """One shard of the signals table; of the columns that limits bound (``bounded``) also those that are facts of the documents. Raises DamagedArtifact."""
        address = self.entry["tables"]["signals"]
        facts = [name for name in bounded if name in FACTS and name not in self._measured]
        table = self.read(address, shard, [c for c in columns if c not in facts] if columns else None)
        if facts:
            documents = self.read(self.entry["tables"]["documents"], shard, sorted({FACTS[name].column for name in facts}))
            for name in facts:
                table = table.append_column(name, FACTS[name].of(documents))
        return table

    def condition_table(self, shard: str) -> pa.Table:
        """What an SQL condition over a finished run may name, one shard: its signals, and url, host, kept and reason. Raises DamagedArtifact."""
        table = self.read(self.entry["tables"]["signals"], shard)
        for source, names in (("documents", ["url", "host"]), ("decisions", ["kept", "reason"])):
            columns = self.read(self.entry["tables"][source], shard, names)
            for name in names:
                table = table.append_column(name, columns[name])
        return table

    @cached_property
    def _measured(self) -> tuple[str, ...]:
        """The columns of the signals table."""
        first = self.read(self.entry["tables"]["signals"], self.entry["shards"][0]) if self.entry["shards"] else pa.table({})
        return tuple(first.column_names)

    def shards(self, table: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """A table shard by shard, in crawl order. Raises DamagedArtifact."""
        for shard in self.entry["shards"]:
            yield self.read(self.entry["tables"][table], shard, columns)

    @contextlib.contextmanager
    def database(self, memory_gib: float = 1.0, sides: Mapping[str, Sequence[str]] | None = None) -> "Iterator[duckdb.DuckDBPyConnection]":
        """A DuckDB connection with the views documents, signals, decisions, clusters and corpus, and those of ``sides`` by name, which can read their files and
        nothing else.

        Raises:
            DamagedArtifact: a file of a view is missing.
        """
        import duckdb

        with tempfile.TemporaryDirectory(prefix="winnow-sql-") as folder:
            places = {table: self.paths(table) for table in TABLES} | dict(sides or {})
            files = {table: [self._local(path, Path(folder)) for path in paths] for table, paths in places.items()}
            connection = duckdb.connect(":memory:")
            try:
                connection.execute(f"SET memory_limit='{int(memory_gib * 1024)}MiB'")
                connection.execute("SET threads=2")
                connection.execute("SET autoinstall_known_extensions=false")
                every = ", ".join(_quoted(f) for names in files.values() for f in names)
                connection.execute(f"SET allowed_paths=[{every}]")
                connection.execute("SET enable_external_access=false")
                connection.execute("SET lock_configuration=true")
                for table, names in files.items():
                    source = (
                        f"read_parquet([{', '.join(map(_quoted, names))}], hive_partitioning=false)"
                        if names
                        else "(SELECT 1 AS none LIMIT 0)"
                    )
                    connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {source}")  # noqa: S608 our own names, quoted paths
                columns = [row[0] for row in connection.execute("DESCRIBE decisions").fetchall()]
                extra = [c for c in columns if c not in ("id", "kept", "reason", "crossed")]
                connection.execute(f"CREATE VIEW clusters AS SELECT {', '.join(['id', 'kept', 'reason', *extra])} FROM decisions")  # noqa: S608 columns of our own table
                yield connection
            finally:
                connection.close()

    def _local(self, path: str, folder: Path) -> str:
        """A path that DuckDB can open: the file itself, or a copy where the store is not a folder."""
        if self.store.is_local:
            full = self.store.full(path)
            if not Path(full).is_file():
                raise DamagedArtifact(f"{full} of {self.id} is missing. To make it anew: {self.repair}")
            return full
        target = folder / path.replace("/", "_")
        target.write_bytes(self.store.get(path))
        return str(target)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def record_of(store: Store, wanted: str = "", *, recipe: str = "") -> dict[str, Any]:
    """The record of a run of a store: by id (or its beginning), or by the path of its manifest; without one the newest that is finished, of ``recipe`` if one is
    named.

    Raises:
        BadInput: no store, no such run (with near ids), no run of that recipe, or several runs that begin so.
    """
    root = store.root
    store.check()
    found, unreadable = [], []
    for path in store.files("runs"):
        if path.endswith(".json"):
            try:
                entry = dict(json.loads(store.get(path)))
            except (ValueError, TypeError):
                unreadable.append(store.uri(path))
                continue
            found += [entry] if "tables" in entry else []  # older records do not say where their tables are
    damaged = f" Damaged, and made again by the same `winnow run`: {', '.join(unreadable)}." if unreadable else ""
    if not found:
        raise BadInput(f"{root} holds no run. Give the --store of an earlier `winnow run`.{damaged}")
    wanted = Path(wanted).parent.name if wanted.endswith("manifest.json") else wanted
    ids = [e["id"] for e in found]
    chosen = [e for e in found if e["id"] == wanted] or [e for e in found if e["id"].startswith(wanted)]
    if wanted and not chosen:
        near = difflib.get_close_matches(wanted, ids, n=3, cutoff=0.3)
        hint = f" Near it: {', '.join(near)}." if near else ""
        raise BadInput(f"There is no run {wanted} in {root}.{hint} `winnow status --store {root}` lists the runs.{damaged}")
    if wanted and len(chosen) > 1:
        raise BadInput(f"{len(chosen)} runs begin with {wanted}: {', '.join(sorted(e['id'] for e in chosen))}. Give more of the id.")
    of_recipe = [e for e in chosen if recipe in ("", e["recipe"], e["id"].rpartition("-")[0])]
    if not of_recipe:
        names = ", ".join(sorted({e["recipe"] for e in chosen}))
        raise BadInput(f"No run {'in' if not wanted else wanted + ' of'} {root} is of the recipe {recipe}; there is {names}.")
    newest = sorted(of_recipe, key=lambda e: e.get("started", ""), reverse=True)
    return newest[0] if wanted else next((e for e in newest if store.exists(f"{e['home']}/manifest.json")), newest[0])


def open_run(root: str, wanted: str = "", *, recipe: str = "") -> Finished:
    """A finished run of a store, as ``record_of`` finds it.

    Raises:
        BadInput: as ``record_of`` does, or a run that is not finished. DamagedArtifact: its manifest cannot be read.
    """
    store = store_at(root)
    entry = record_of(store, wanted, recipe=recipe)
    try:
        manifest = json.loads(store.get(f"{entry['home']}/manifest.json"))
    except FileNotFoundError:
        raise BadInput(f"The run {entry['id']} is not finished. To finish it, {RESUME.format(**entry | {'store': root})}") from None
    except ValueError:
        raise DamagedArtifact(
            f"The manifest of {entry['id']} is damaged. To make it anew: winnow repair {entry['id']} --store {root}"
        ) from None
    return Finished(store, entry, manifest)

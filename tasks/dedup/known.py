"""Across snapshots: an index of what earlier runs kept, and the step that finds near copies of it without computing old snapshots again.

An index is a folder ``indexes/<name>`` of the store: for each snapshot and shard the band keys of its kept documents (SIGNED, as ``ComputeSignatures``
writes them) and who they are (WHO), and ``index.json``, which lists the parts with their digests and every document taken down since.
``Lookup`` (per band and key range: matches) -> ``ResolveKnown`` (per shard: the best match becomes a decision). A snapshot is never held against
itself, so that a run which was remembered stays a finished run.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from winnow.tasks.dedup.minhash import ROW_BITS, ROWS_PER_GROUP, ComputeSignatures, MinHash, groups_of, kept_rows, key_range
from winnow.tasks.dedup.resolve import Decisions, group_sizes, rows_of_shard
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import canonical, digest, stable
from winnow.tasks.engine.step import ShardStep, Step, StepResult, WholeStep
from winnow.tasks.engine.store import Store, footer_sha256, to_parquet
from winnow.tasks.signals.limit import Limit, apply_limits
from winnow.tasks.signals.select import add_crossed, decision_result

WHO = pa.schema([pa.field("row", pa.int32()), pa.field("id", pa.string()), pa.field("url", pa.string())])
MOST_PER_KEY = 8
MATCHES = pa.schema(
    [pa.field("shard", pa.int32()), pa.field("row", pa.int32()), pa.field("part", pa.int32()), pa.field("known", pa.int32())]
)


@stable("option/index-part")
@dataclass(frozen=True)
class Part:
    """What one shard of one snapshot left in an index: its two files, the digest of what they say, and of their footers."""

    snapshot: str
    path: str
    sha256: str
    keys_footer_sha256: str
    who_footer_sha256: str


@stable("option/index")
@dataclass(frozen=True)
class Index:
    """An index as it was when a run began, without the run's own snapshot. Its parts' digests are in the address of what reads it."""

    name: str
    minhash: MinHash
    parts: tuple[Part, ...]
    taken_down: tuple[str, ...] = ()

    def keys(self, store: Store, number: int, band: int, low: int, high: int) -> tuple[Any, Any]:
        """Keys of a band in [low, high] of one part, ascending, and the documents' rows. Raises BadInput if the part is missing or damaged."""
        part = self.parts[number]
        with self._open(store, f"{part.path}.parquet", part.keys_footer_sha256) as file:
            table = file.read_row_groups(groups_of(file, band, low, high)[0], use_threads=False)
        k = table["key"].to_numpy()
        mine = (table["band"].to_numpy() == band) & (k >= np.uint64(low)) & (k <= np.uint64(high))
        return k[mine], table["row"].to_numpy()[mine]

    def who(self, store: Store, number: int) -> pa.Table:
        """Schema WHO of one part. Raises BadInput if it is missing or damaged."""
        part = self.parts[number]
        with self._open(store, f"{part.path}.who.parquet", part.who_footer_sha256) as file:
            return file.read(use_threads=False)

    @contextlib.contextmanager
    def _open(self, store: Store, path: str, footer_sha256: str) -> Iterator[pq.ParquetFile]:
        try:
            with store.open_checked(path, footer_sha256) as file:
                yield file
        except (OSError, pa.ArrowInvalid) as e:
            raise BadInput(
                f"{store.uri(path)} of the index {self.name} is missing or damaged ({e}). Take its snapshot out (`winnow index drop`) and "
                "remember its run again (`winnow run ... --remember`)."
            ) from None


@stable("step/look-up-known")
@dataclass(frozen=True)
class Lookup(WholeStep):
    """Signatures of one band and key range of the crawl and of an index in; for each document of the crawl with a known key the
    documents that have it, ``MOST_PER_KEY`` of each part, out (schema MATCHES: numbers of the crawl's shard and of the index's part, sorted by shard and row)."""

    name: ClassVar[str] = "lookup"

    signatures: ComputeSignatures
    decisions: Decisions
    index: Index
    ranges: int

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return tuple(f"{band:03d}-{r:05d}" for band in range(self.signatures.minhash.bands) for r in range(self.ranges))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        band, part = map(int, shard.split("-"))
        low, high = key_range(part, self.ranges)
        keys, numbers = kept_rows(context, self.signatures, self.decisions, band, low, high)
        found = [np.zeros((4, 0), np.int64)]
        for number in range(len(self.index.parts)):
            known, rows = self.index.keys(context.store, number, band, low, high)
            if self.index.taken_down:
                who = self.index.who(context.store, number)
                gone = who["row"].to_numpy()[pc.is_in(who["id"], pa.array(self.index.taken_down)).to_numpy()]
                known, rows = known[~np.isin(rows, gone)], rows[~np.isin(rows, gone)]
            place = np.searchsorted(known, keys)
            for nth in range(MOST_PER_KEY):  # an index seldom has near copies, so that most keys have one document
                met = np.flatnonzero(place + nth < len(known))
                met = met[known[place[met] + nth] == keys[met]]
                at = numbers[met]
                found.append(np.stack([at >> ROW_BITS, at & ((1 << ROW_BITS) - 1), np.full(len(met), number), rows[place[met] + nth]]))
        matches = np.concatenate(found, axis=1)
        matches = matches[:, np.lexsort(matches[::-1])].astype(np.int32)
        table = pa.table(list(matches), schema=MATCHES)
        return StepResult(table, len(keys), table.num_rows, row_groups=list(group_sizes(table["shard"].to_numpy())))


@stable("step/resolve-known")
@dataclass(frozen=True)
class ResolveKnown(ShardStep):
    """Decisions and matches in, decisions out: of each document the known one with which it shares most buckets (``minhash_known`` its id,
    ``minhash_known_url``, ``minhash_known_snapshot``), how many (``minhash_known_bands``, 0 for none), and, if ``drop``, the limit
    ``minhash_known_bands <= 0`` applied. ``minhash_known_similarity`` is the estimate (bands shared / bands)^(1 / rows)."""

    name: ClassVar[str] = "known"
    version: ClassVar[str] = "2"

    decisions: Decisions
    lookup: Lookup
    drop: bool = True

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        index, minhash = self.lookup.index, self.lookup.signatures.minhash
        rows, parts, known, bands = _best(rows_of_shard(self.lookup, MATCHES, shard, context))
        n = before.num_rows
        columns: dict[str, list[Any]] = {name: [None] * n for name in ("known", "known_url", "known_snapshot", "known_similarity")}
        shared = np.zeros(n, np.int64)
        for part in np.unique(parts):
            who = index.who(context.store, int(part))
            place = {row: i for i, row in enumerate(who["row"].to_pylist())}
            here = np.flatnonzero(parts == part)
            found = who.take(pa.array([place[r] for r in known[here].tolist()])).to_pylist()
            for i, entry in zip(here.tolist(), found, strict=True):
                row = rows[i]
                shared[row] = bands[i]
                columns["known"][row], columns["known_url"][row] = entry["id"], entry["url"]
                columns["known_snapshot"][row] = index.parts[part].snapshot
                columns["known_similarity"][row] = float((bands[i] / minhash.bands) ** (1 / minhash.rows))
        after = before
        if self.drop:
            limit = Limit("minhash_known_bands", high=0)
            after = add_crossed(before, *apply_limits({limit.signal: pa.chunked_array([shared])}, (limit,), n, self.label))
        after = after.append_column("minhash_known_bands", pa.array(shared))
        for name, values in columns.items():
            kind = pa.float64() if name == "known_similarity" else pa.string()
            after = after.append_column(f"minhash_{name}", pa.array(values, kind))
        return decision_result(after, before["kept"])


def _best(matches: pa.Table) -> tuple[Any, Any, Any, Any]:
    """Of each row the known document met in most bands, the earliest among equals: rows, parts, known rows, bands."""
    if not matches.num_rows:
        return (np.zeros(0, np.int64),) * 4
    columns = np.stack([matches[c].to_numpy().astype(np.int64) for c in ("row", "part", "known")])
    distinct, bands = np.unique(columns, axis=1, return_counts=True)
    order = np.lexsort((distinct[2], distinct[1], -bands, distinct[0]))
    distinct, bands = distinct[:, order], bands[order]
    first = np.concatenate([[True], distinct[0, 1:] != distinct[0, :-1]])
    return distinct[0, first], distinct[1, first], distinct[2, first], bands[first]


# ------------------------------------------------------------------ the index itself


def open_index(store: Store, name: str, minhash: MinHash, snapshot: str) -> Index:
    """An index for a run on ``snapshot``. Raises BadInput if there is none of that name, or if its signatures were made in another way."""
    entry = _entry(store, name)
    if not entry["snapshots"]:
        raise BadInput(f"There is no index {name} in the store, or it is empty. Fill it with `winnow run ... --remember {name}`.")
    if entry["minhash"] != canonical(minhash):
        raise BadInput(
            f"The index {name} holds signatures of {entry['minhash']}, the recipe makes {canonical(minhash)}. Use the same preset, or another index."
        )
    parts = tuple(Part(s["snapshot"], **p) for s in entry["snapshots"] if s["snapshot"] != snapshot for p in s["parts"])
    return Index(name, minhash, parts, tuple(sorted(t["id"] for t in entry["taken_down"])))


def remember(context: ShardContext, name: str, signatures: ComputeSignatures, decisions: Decisions, documents: Step) -> int:
    """Put what a finished run kept into an index; how many documents. Doing it again for the same run changes nothing.

    Raises:
        BadInput: the index holds other signatures, or another run's documents of this snapshot.
    """
    store, snapshot = context.store, context.crawl.snapshot
    entry = _entry(store, name)
    minhash = canonical(signatures.minhash)
    run = _run_key(context, decisions)
    if entry["snapshots"] and entry["minhash"] != minhash:
        raise BadInput(f"The index {name} holds signatures of {entry['minhash']}, this run made {minhash}. Remember it in another index.")
    same = [s for s in entry["snapshots"] if s["snapshot"] == snapshot]
    if same and same[0]["run"] != run:
        raise BadInput(
            f"The index {name} already holds {snapshot}, from another run. Take it out first: winnow index drop {name} {snapshot}."
        )
    if same:
        return int(same[0]["documents"])
    parts, total = [], 0
    for key in context.shard_keys:
        path = f"indexes/{name}/{snapshot}/{key}"
        keys, who = _part(context, signatures, decisions, documents, key)
        total += who.num_rows
        data, people = to_parquet(keys, ROWS_PER_GROUP), to_parquet(who)
        store.put(f"{path}.parquet", data)
        store.put(f"{path}.who.parquet", people)
        digests = {"sha256": hashlib.sha256(data + people).hexdigest()}
        parts.append({"path": path} | digests | {"keys_footer_sha256": footer_sha256(data), "who_footer_sha256": footer_sha256(people)})
    entry["minhash"] = minhash
    entry["snapshots"].append({"snapshot": snapshot, "run": run, "documents": total, "parts": parts})
    _write(store, name, entry)
    return total


def remembers(context: ShardContext, name: str, decisions: Decisions) -> bool:
    """Whether an index already holds what this run kept. Raises BadInput for an impossible name."""
    return any(s["run"] == _run_key(context, decisions) for s in _entry(context.store, name)["snapshots"])


def _run_key(context: ShardContext, decisions: Decisions) -> str:
    return digest([context.crawl.snapshot, decisions.address, *context.shard_keys])[:16]


def take_down(store: Store, name: str, wanted: str, reason: str, date: str) -> int:
    """Take the documents with this id or URL out of an index, and record it; how many there were. Raises BadInput if there is none."""
    entry = _entry(store, name)
    gone = {t["id"] for t in entry["taken_down"]}
    found = [
        {"id": row["id"], "url": row["url"], "snapshot": s["snapshot"], "reason": reason, "date": date}
        for s, who in _everyone(store, name, entry)
        for row in who
        if wanted in (row["id"], row["url"]) and row["id"] not in gone
    ]
    if not found:
        raise BadInput(
            f"The index {name} holds no document with the id or URL {wanted}. Take the whole URL, as the documents table has it."
        )
    entry["taken_down"] += found
    _write(store, name, entry)
    return len(found)


def drop_snapshot(store: Store, name: str, snapshot: str) -> None:
    """Take a whole snapshot out of an index. Raises BadInput if it is not in."""
    entry = _entry(store, name)
    left = [s for s in entry["snapshots"] if s["snapshot"] != snapshot]
    if len(left) == len(entry["snapshots"]):
        raise BadInput(f"The index {name} does not hold {snapshot}. It holds: {', '.join(s['snapshot'] for s in left) or 'nothing'}.")
    _write(store, name, entry | {"snapshots": left})
    store.delete(f"indexes/{name}/{snapshot}", recursive=True)


def overview(store: Store) -> list[str]:
    """One line per index and snapshot, for people."""
    lines = []
    for name in store.folders("indexes"):
        entry = _entry(store, name)
        lines.append(f"{name}  {entry['minhash']}  {len(entry['taken_down'])} taken down")
        lines += [f"    {s['snapshot']}  {s['documents']} documents" for s in entry["snapshots"]]
    return lines


def check_name(name: str) -> None:
    """Raises BadInput if it cannot name an index."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise BadInput(f"The name of an index becomes a folder; {name!r} must have letters, digits, - and _ only.")


def _entry(store: Store, name: str) -> dict[str, Any]:
    check_name(name)
    try:
        return dict(json.loads(store.get(f"indexes/{name}/index.json")))
    except FileNotFoundError:
        return {"minhash": None, "snapshots": [], "taken_down": []}


def _write(store: Store, name: str, entry: dict[str, Any]) -> None:
    store.put(f"indexes/{name}/index.json", json.dumps(entry, indent=1).encode())


def _part(
    context: ShardContext, signatures: ComputeSignatures, decisions: Decisions, documents: Step, key: str
) -> tuple[pa.Table, pa.Table]:
    kept = context.read(decisions, key, ["kept"])["kept"].to_numpy(zero_copy_only=False)
    signed = context.read(signatures, key)
    keys = signed.filter(pa.array(kept[signed["row"].to_numpy()], pa.bool_()))
    rows = np.flatnonzero(kept)
    people = context.read(documents, key, ["id", "url"]).take(pa.array(rows))
    return keys, pa.table([rows.astype(np.int32), people["id"], people["url"]], schema=WHO)


def _everyone(store: Store, name: str, entry: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    for s in entry["snapshots"]:
        index = Index(name, MinHash(), tuple(Part(s["snapshot"], **p) for p in s["parts"]))
        for number in range(len(index.parts)):
            yield s, index.who(store, number).to_pylist()

"""An index of what earlier runs kept: a folder ``indexes/<name>`` of the store.

For each snapshot and shard it holds the band keys of the kept documents (SIGNED, as ``ComputeSignatures`` writes them), who they are (WHO), and their shingles
(SHINGLES), by which a near copy is proved; no text. ``index.json`` lists these parts with their digests. What is done with it in a run is in ``known.py``.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from winnow.tasks.dedup.minhash import ComputeSignatures, MinHash, shingle_sets
from winnow.tasks.dedup.shingles import U32
from winnow.tasks.dedup.signed_files import groups_in, overlapping
from winnow.tasks.dedup.take_downs import Entry, unmet
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import canonical, digest, stable
from winnow.tasks.engine.number_ranges import overlaps
from winnow.tasks.engine.parquet import footer_sha256, to_parquet
from winnow.tasks.engine.ranges import ROWS_PER_GROUP
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.store import Store

WHO = pa.schema([pa.field("row", pa.int32()), pa.field("id", pa.string()), pa.field("url", pa.string())])
SHINGLES = pa.schema([pa.field("row", pa.int32()), pa.field("shingles", pa.list_(pa.field("element", pa.uint32())))])
SETS_PER_GROUP = 256


@stable("option/index-part")
@dataclass(frozen=True)
class Part:
    """What one shard of one snapshot left in an index: its three files, the digest of what they say, and of their footers."""

    snapshot: str
    path: str
    sha256: str
    keys_footer_sha256: str
    who_footer_sha256: str
    shingles_footer_sha256: str


@stable("option/index")
@dataclass(frozen=True)
class Index:
    """An index as it was when a run began, without the run's own snapshot. The digests of what it holds are in the address of what reads it."""

    name: str
    minhash: MinHash
    parts: tuple[Part, ...]

    def keys(self, store: Store, number: int, band: int, low: int, high: int) -> tuple[Any, Any]:
        """Keys of a band in [low, high] of one part, ascending, and the documents' rows. Raises BadInput if the part is missing or damaged."""
        part = self.parts[number]
        with self._open(store, f"{part.path}.parquet", part.keys_footer_sha256) as file:
            table = file.read_row_groups(overlapping(groups_in(file), band, low, high), use_threads=False)
        k = table["key"].to_numpy()
        mine = (table["band"].to_numpy() == band) & (k >= np.uint64(low)) & (k <= np.uint64(high))
        return k[mine], table["row"].to_numpy()[mine]

    def who(self, store: Store, number: int) -> pa.Table:
        """Schema WHO of one part. Raises BadInput if it is missing or damaged."""
        part = self.parts[number]
        with self._open(store, f"{part.path}.who.parquet", part.who_footer_sha256) as file:
            return file.read(use_threads=False)

    def shingles(self, store: Store, number: int, rows: Iterable[int]) -> dict[int, U32]:
        """The shingles of these rows of one part, ascending and distinct. Raises BadInput if the part is missing or damaged."""
        part, wanted = self.parts[number], sorted(set(rows))
        found: dict[int, U32] = {}
        with self._open(store, f"{part.path}.shingles.parquet", part.shingles_footer_sha256) as file:
            for g in range(file.num_row_groups):
                group = file.metadata.row_group(g)
                if any(overlaps(group, row, row) for row in wanted):
                    table = file.read_row_group(g, use_threads=False)
                    table = table.filter(pc.is_in(table["row"], pa.array(wanted, pa.int32())))
                    found |= dict(
                        zip(table["row"].to_pylist(), (np.array(s, np.uint32) for s in table["shingles"].to_pylist()), strict=True)
                    )
        return found

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


def open_index(store: Store, name: str, minhash: MinHash, snapshot: str) -> Index:
    """An index for a run on ``snapshot``. Raises BadInput if there is none of that name, or if its signatures were made in another way."""
    entry = _entry(store, name)
    if entry.get("taken_down"):
        raise BadInput(
            f"The index {name} was written by an older winnow and lists {len(entry['taken_down'])} take-downs itself; they are now the store's. Add them with "
            f"`winnow index take-down {name} DOC --reason WHY`, then empty `taken_down` in {store.uri(f'indexes/{name}/index.json')}."
        )
    if not entry["snapshots"]:
        raise BadInput(f"There is no index {name} in the store, or it is empty. Fill it with `winnow run ... --remember {name}`.")
    if entry["minhash"] not in (None, canonical(minhash)):
        raise BadInput(
            f"The index {name} holds signatures of {entry['minhash']}, the recipe makes {canonical(minhash)}. Use the same preset, or another index."
        )
    parts = tuple(Part(s["snapshot"], **p) for s in entry["snapshots"] if s["snapshot"] != snapshot for p in s["parts"])
    return Index(name, minhash, parts)


def remember(context: ShardContext, name: str, signatures: ComputeSignatures, decisions: Step, documents: Step) -> int:
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
        keys, who, sets = _part(context, signatures, decisions, documents, key)
        total += who.num_rows
        files = {
            "keys": ("", to_parquet(keys, ROWS_PER_GROUP)),
            "who": (".who", to_parquet(who)),
            "shingles": (".shingles", to_parquet(sets, SETS_PER_GROUP)),
        }
        for suffix, data in files.values():
            store.put(f"{path}{suffix}.parquet", data)
        footers = {f"{kind}_footer_sha256": footer_sha256(data) for kind, (_, data) in files.items()}
        parts.append({"path": path, "sha256": hashlib.sha256(b"".join(data for _, data in files.values())).hexdigest()} | footers)
    entry["minhash"] = minhash
    entry["snapshots"].append({"snapshot": snapshot, "run": run, "documents": total, "parts": parts})
    _write(store, name, entry)
    return total


def remembers(context: ShardContext, name: str, decisions: Step) -> bool:
    """Whether an index already holds what this run kept. Raises BadInput for an impossible name."""
    return any(s["run"] == _run_key(context, decisions) for s in _entry(context.store, name)["snapshots"])


def _run_key(context: ShardContext, decisions: Step) -> str:
    return digest([context.crawl.snapshot, decisions.address, *context.shard_keys])[:16]


def found_in(store: Store, name: str, wanted: Iterable[str], reason: str, date: str) -> list[Entry]:
    """Documents of an index by id or URL, with their n-grams, as entries of the store's take-downs.

    A URL that the index does not hold becomes an entry too, for a page that no crawl has met yet; of such a page no near copy is known.

    Raises:
        BadInput: an id that the index does not hold.
    """
    entry, asked, found = _entry(store, name), set(wanted), []
    minhash = MinHash(**{k: v for k, v in (entry["minhash"] or {}).items() if k != "type"})
    index = Index(name, minhash, tuple(Part(s["snapshot"], **p) for s in entry["snapshots"] for p in s["parts"]))
    met: set[str] = set()
    for number, part in enumerate(index.parts):
        rows = [row for row in index.who(store, number).to_pylist() if row["id"] in asked or row["url"] in asked]
        met |= {value for row in rows for value in (row["id"], row["url"])}
        sets = index.shingles(store, number, [row["row"] for row in rows]) if rows else {}
        found += [Entry(row["id"], row["url"], part.snapshot, reason, date, minhash=minhash, shingles=sets[row["row"]]) for row in rows]
    return found + unmet(asked - met, f"The index {name}", reason, date)


def drop_snapshot(store: Store, name: str, snapshot: str) -> None:
    """Take a whole snapshot out of an index. Raises BadInput if it is not in."""
    entry = _entry(store, name)
    left = [s for s in entry["snapshots"] if s["snapshot"] != snapshot]
    if len(left) == len(entry["snapshots"]):
        raise BadInput(f"The index {name} does not hold {snapshot}. It holds: {', '.join(s['snapshot'] for s in left) or 'nothing'}.")
    _write(store, name, entry | {"snapshots": left})
    store.delete(f"indexes/{name}/{snapshot}", recursive=True)


def indexes(store: Store) -> dict[str, dict[str, Any]]:
    """Every index of the store by name: its options of ``minhash``, and ``snapshots`` with their documents."""
    return {name: _entry(store, name) for name in store.folders("indexes")}


def overview(store: Store) -> list[str]:
    """One line per index and snapshot, for people."""
    lines = []
    for name, entry in indexes(store).items():
        lines.append(f"{name}  {entry['minhash']}")
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
        return {"minhash": None, "snapshots": []}


def _write(store: Store, name: str, entry: dict[str, Any]) -> None:
    store.put(f"indexes/{name}/index.json", json.dumps(entry, indent=1).encode())


def _part(
    context: ShardContext, signatures: ComputeSignatures, decisions: Step, documents: Step, key: str
) -> tuple[pa.Table, pa.Table, pa.Table]:
    kept = context.read(decisions, key, ["kept"])["kept"].to_numpy(zero_copy_only=False)
    signed = context.read(signatures, key)
    keys = signed.filter(pa.array(kept[signed["row"].to_numpy()], pa.bool_()))
    rows = np.flatnonzero(kept).astype(np.int32)
    people = context.read(documents, key, ["id", "url"]).take(pa.array(rows))
    sets = shingle_sets(signatures.minhash, signatures.text.read(key, context).take(pa.array(rows)).to_pylist())
    return keys, pa.table([rows, people["id"], people["url"]], schema=WHO), pa.table([rows, sets], schema=SHINGLES)

"""An index of what earlier runs kept, and of what must never be kept again: a folder ``indexes/<name>`` of the store.

For each snapshot and shard it holds the band keys of the kept documents (SIGNED, as ``ComputeSignatures`` writes them), who they are (WHO), and their shingles
(SHINGLES), by which a near copy is proved; no text. ``index.json`` lists these parts with their digests, and the documents taken down: their ids, URLs, reasons
and days, with their band keys in a file of their own, so that they stay forbidden when the snapshot that held them is dropped.
What is done with it in a run is in ``known.py``.
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

from winnow.tasks.dedup.exact import url_key
from winnow.tasks.dedup.minhash import ROWS_PER_GROUP, SIGNED, ComputeSignatures, MinHash, shingle_sets
from winnow.tasks.dedup.resolve import overlaps
from winnow.tasks.dedup.shingles import U32
from winnow.tasks.dedup.signed_files import groups_in, overlapping
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import canonical, digest, stable
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.store import Store, footer_sha256, to_parquet

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


@stable("option/taken-down")
@dataclass(frozen=True)
class TakenDown:
    """The documents that an index forbids: the digest of their ids, URLs and reasons, and the file of their band keys (its row is the entry's
    number)."""

    sha256: str
    path: str
    footer_sha256: str


@stable("option/index")
@dataclass(frozen=True)
class Index:
    """An index as it was when a run began, without the run's own snapshot. The digests of what it holds are in the address of what reads it."""

    name: str
    minhash: MinHash
    parts: tuple[Part, ...]
    taken_down: TakenDown | None = None

    def keys(self, store: Store, number: int, band: int, low: int, high: int) -> tuple[Any, Any]:
        """Keys of a band in [low, high] of one part, ascending, and the documents' rows. Raises BadInput if the part is missing or damaged."""
        part = self.parts[number]
        return self._keys(store, f"{part.path}.parquet", part.keys_footer_sha256, band, low, high)

    def forbidden_keys(self, store: Store, band: int, low: int, high: int) -> tuple[Any, Any]:
        """The same of the documents taken down; the rows are the numbers of their entries."""
        if not self.taken_down:
            return np.zeros(0, np.uint64), np.zeros(0, np.int32)
        return self._keys(store, self.taken_down.path, self.taken_down.footer_sha256, band, low, high)

    def forbidden(self, store: Store) -> list[dict[str, Any]]:
        """The entries of the documents taken down: id, url, snapshot, reason, date.

        Raises:
            BadInput: they are not those with which the run began.
        """
        entries: list[dict[str, Any]] = _entry(store, self.name)["taken_down"] if self.taken_down else []
        if self.taken_down and digest(entries) != self.taken_down.sha256:
            raise BadInput(
                f"The documents taken down in the index {self.name} have changed since the run began. Run the same command again."
            )
        return entries

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

    def _keys(self, store: Store, path: str, footer: str, band: int, low: int, high: int) -> tuple[Any, Any]:
        with self._open(store, path, footer) as file:
            table = file.read_row_groups(overlapping(groups_in(file), band, low, high), use_threads=False)
        k = table["key"].to_numpy()
        mine = (table["band"].to_numpy() == band) & (k >= np.uint64(low)) & (k <= np.uint64(high))
        return k[mine], table["row"].to_numpy()[mine]

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
    if not entry["snapshots"] and not entry["taken_down"]:
        raise BadInput(f"There is no index {name} in the store, or it is empty. Fill it with `winnow run ... --remember {name}`.")
    if entry["minhash"] not in (None, canonical(minhash)):
        raise BadInput(
            f"The index {name} holds signatures of {entry['minhash']}, the recipe makes {canonical(minhash)}. Use the same preset, or another index."
        )
    parts = tuple(Part(s["snapshot"], **p) for s in entry["snapshots"] if s["snapshot"] != snapshot for p in s["parts"])
    forbidden = TakenDown(digest(entry["taken_down"]), **entry["forbidden"]) if entry["taken_down"] else None
    return Index(name, minhash, parts, forbidden)


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


def take_down(store: Store, name: str, wanted: Iterable[str], reason: str, date: str) -> int:
    """Forbid documents by id or URL in all later runs that name the index, with their near copies; how many entries are new.

    A URL that the index does not hold is forbidden too, for a page that no crawl has met yet; of such a page no near copy is known.

    Raises:
        BadInput: an id that the index does not hold.
    """
    entry, asked = _entry(store, name), set(wanted)
    known = {(t["id"], t["url"]) for t in entry["taken_down"]}
    found: list[dict[str, Any]] = []
    tables = [_read_forbidden(store, entry)]
    met: set[str] = set()
    index = _whole(name, entry)
    for number, part in enumerate(index.parts):
        who = index.who(store, number).to_pylist()
        rows = [row for row in who if row["id"] in asked or row["url"] in asked]
        met |= {value for row in rows for value in (row["id"], row["url"])}
        new = [row for row in rows if (row["id"], row["url"]) not in known]
        if new:
            place = {row["row"]: len(entry["taken_down"]) + len(found) + i for i, row in enumerate(new)}
            tables.append(_signatures(index, store, number, place))
            found += [{"id": row["id"], "url": row["url"], "snapshot": part.snapshot, "reason": reason, "date": date} for row in new]
    urls = {t["url"] for t in entry["taken_down"]}
    for value in sorted(asked - met - urls - {t["id"] for t in entry["taken_down"]}):
        if "://" not in value:
            raise BadInput(
                f"The index {name} holds no document with the id or URL {value}. Take the whole URL, as the documents table has it."
            )
        found.append({"id": "", "url": value, "snapshot": "", "reason": reason, "date": date})
    if found:
        entry["taken_down"] += found
        _forbid(store, name, entry, pa.concat_tables(tables))
    return len(found)


def forget(store: Store, name: str, wanted: Iterable[str]) -> int:
    """Lift the take-down of documents by id or URL: later runs may keep them again; how many entries went. Raises BadInput if there is none."""
    entry, asked = _entry(store, name), set(wanted)
    stays = [i for i, t in enumerate(entry["taken_down"]) if t["id"] not in asked and t["url"] not in asked]
    lifted = len(entry["taken_down"]) - len(stays)
    if not lifted:
        raise BadInput(f"The index {name} has taken down none of: {', '.join(sorted(asked))}. `winnow index list` shows what it holds.")
    keys = _read_forbidden(store, entry)
    place = {old: new for new, old in enumerate(stays)}
    keys = keys.filter(pc.is_in(keys["row"], pa.array(stays, pa.int32())))
    keys = keys.set_column(2, "row", pa.array([place[row] for row in keys["row"].to_pylist()], pa.int32()))
    entry["taken_down"] = [entry["taken_down"][i] for i in stays]
    _forbid(store, name, entry, keys)
    return lifted


def drop_snapshot(store: Store, name: str, snapshot: str) -> None:
    """Take a whole snapshot out of an index. What was taken down stays forbidden. Raises BadInput if it is not in."""
    entry = _entry(store, name)
    left = [s for s in entry["snapshots"] if s["snapshot"] != snapshot]
    if len(left) == len(entry["snapshots"]):
        raise BadInput(f"The index {name} does not hold {snapshot}. It holds: {', '.join(s['snapshot'] for s in left) or 'nothing'}.")
    _write(store, name, entry | {"snapshots": left})
    store.delete(f"indexes/{name}/{snapshot}", recursive=True)


def indexes(store: Store) -> dict[str, dict[str, Any]]:
    """Every index of the store by name: its options of ``minhash``, ``snapshots`` with their documents, and what was ``taken_down``."""
    return {name: _entry(store, name) for name in store.folders("indexes")}


def overview(store: Store) -> list[str]:
    """One line per index, snapshot and document taken down, for people."""
    lines = []
    for name, entry in indexes(store).items():
        lines.append(f"{name}  {entry['minhash']}  {len(entry['taken_down'])} taken down")
        lines += [f"    {s['snapshot']}  {s['documents']} documents" for s in entry["snapshots"]]
        lines += [f"    taken down {t['date']}  {t['url'] or t['id']}  {t['reason']}" for t in entry["taken_down"]]
    return lines


def check_name(name: str) -> None:
    """Raises BadInput if it cannot name an index."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise BadInput(f"The name of an index becomes a folder; {name!r} must have letters, digits, - and _ only.")


def forbidden_places(entries: list[dict[str, Any]]) -> tuple[dict[str, int], dict[bytes, int]]:
    """Of the entries taken down the number by id, and by the key of the URL (``exact.url_key``)."""
    ids = {t["id"]: i for i, t in enumerate(entries) if t["id"]}
    return ids, {key: i for i, t in enumerate(entries) if (key := url_key(t["url"])) is not None}


def _entry(store: Store, name: str) -> dict[str, Any]:
    check_name(name)
    try:
        return dict(json.loads(store.get(f"indexes/{name}/index.json")))
    except FileNotFoundError:
        return {"minhash": None, "snapshots": [], "taken_down": [], "forbidden": None}


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


def _whole(name: str, entry: dict[str, Any]) -> Index:
    return Index(name, MinHash(), tuple(Part(s["snapshot"], **p) for s in entry["snapshots"] for p in s["parts"]))


def _signatures(index: Index, store: Store, number: int, place: dict[int, int]) -> pa.Table:
    """The band keys of some rows of a part, each with its new number."""
    part = index.parts[number]
    with index._open(store, f"{part.path}.parquet", part.keys_footer_sha256) as file:
        table = file.read(use_threads=False)
    table = table.filter(pc.is_in(table["row"], pa.array(list(place), pa.int32())))
    return table.set_column(2, "row", pa.array([place[row] for row in table["row"].to_pylist()], pa.int32()))


def _read_forbidden(store: Store, entry: dict[str, Any]) -> pa.Table:
    if not entry["forbidden"]:
        return SIGNED.empty_table()
    with store.open_checked(entry["forbidden"]["path"], entry["forbidden"]["footer_sha256"]) as file:
        return file.read(use_threads=False)


def _forbid(store: Store, name: str, entry: dict[str, Any], keys: pa.Table) -> None:
    """Write the band keys of what is taken down under a name of their own, then the entry that points at it: a kill leaves the old or the new."""
    data = to_parquet(keys.sort_by([("band", "ascending"), ("key", "ascending"), ("row", "ascending")]), ROWS_PER_GROUP)
    before = entry["forbidden"]
    path = f"indexes/{name}/taken-down-{hashlib.sha256(data).hexdigest()[:16]}.parquet"
    store.put(path, data)
    entry["forbidden"] = {"path": path, "footer_sha256": footer_sha256(data)}
    _write(store, name, entry)
    if before and before["path"] != path:
        store.delete(before["path"])

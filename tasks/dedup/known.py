"""Across snapshots: the steps that find near copies of what earlier runs kept, and whatever was taken down, without computing old snapshots again.

``Lookup`` (per band and key range: matches) -> ``ResolveKnown`` (per shard: the best match becomes a decision). What an index holds is in ``index.py``. A
snapshot is never held against itself, so that a run which was remembered stays a finished run; what was taken down is held against every snapshot.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from winnow.tasks.dedup.exact import url_key
from winnow.tasks.dedup.index import Index, forbidden_places
from winnow.tasks.dedup.minhash import ROW_BITS, ComputeSignatures, kept_rows, key_range, shingle_sets
from winnow.tasks.dedup.resolve import Decisions, group_sizes, rows_of_shard
from winnow.tasks.dedup.verified import Proof, jaccard_of, shared_count
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, StepResult, WholeStep
from winnow.tasks.signals.limit import CROSSED, Limit, apply_limits
from winnow.tasks.signals.select import add_crossed, decision_result

MOST_PER_KEY = 8
MOST_COMPARED = 8  # of the known documents that share a bucket, those that share most are compared
FORBIDDEN = -1  # the part of a match with a document taken down
TAKEN_DOWN = "taken_down"
MATCHES = pa.schema(
    [pa.field("shard", pa.int32()), pa.field("row", pa.int32()), pa.field("part", pa.int32()), pa.field("known", pa.int32())]
)
COLUMNS = {
    "known": pa.string(),
    "known_url": pa.string(),
    "known_snapshot": pa.string(),
    "known_similarity": pa.float64(),
    "known_containment": pa.float64(),
}


@stable("step/look-up-known")
@dataclass(frozen=True)
class Lookup(WholeStep):
    """Signatures of one band and key range of the crawl and of an index in; for each document of the crawl with a known key the
    documents that have it, ``MOST_PER_KEY`` of each part, out (schema MATCHES: numbers of the crawl's shard and of the index's part, ``FORBIDDEN`` for
    what was taken down, sorted by shard and row)."""

    name: ClassVar[str] = "lookup"
    version: ClassVar[str] = "2"

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
        for number in range(FORBIDDEN, len(self.index.parts)):
            if number == FORBIDDEN:
                known, rows = self.index.forbidden_keys(context.store, band, low, high)
            else:
                known, rows = self.index.keys(context.store, number, band, low, high)
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
    """Decisions and matches in, decisions out: of each document the known one that it is a near copy of (``minhash_known`` its id,
    ``minhash_known_url``, ``minhash_known_snapshot``, ``minhash_known_similarity`` and ``minhash_known_containment``, as ``FuzzyClusters`` has them),
    and in how many bands they share a bucket (``minhash_known_bands``, 0 for none). If ``drop``, the limit ``minhash_known_bands <= 0`` is applied.

    With ``min_similarity`` (or ``min_containment``) only a known document with which this is reached counts; without, the one that shares most buckets.
    A document with the id or the URL of one taken down, or that shares a bucket with it, is dropped in any case: reason ``taken_down``.
    """

    name: ClassVar[str] = "known"
    version: ClassVar[str] = "3"

    decisions: Decisions
    lookup: Lookup
    drop: bool = True
    min_similarity: float = 0.0
    min_containment: float | None = None

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        matches = rows_of_shard(self.lookup, MATCHES, shard, context)
        columns = np.stack([matches[c].to_numpy().astype(np.int64) for c in ("row", "part", "known")])
        after = self._without_taken_down(before, columns[:, columns[1] == FORBIDDEN], shard, context)
        values, shared = self._near_copies(columns[:, columns[1] != FORBIDDEN], before.num_rows, shard, context)
        if self.drop:
            limit = Limit("minhash_known_bands", high=0)
            after = add_crossed(after, *apply_limits({limit.signal: pa.chunked_array([shared])}, (limit,), before.num_rows, self.label))
        after = after.append_column("minhash_known_bands", pa.array(shared))
        for name, kind in COLUMNS.items():
            after = after.append_column(f"minhash_{name}", pa.array(values[name], kind))
        return decision_result(after, before["kept"])

    def _without_taken_down(self, before: pa.Table, matches: Any, shard: str, context: ShardContext) -> pa.Table:
        entries = self.lookup.index.forbidden(context.store)
        if not entries:
            return before
        ids, urls = forbidden_places(entries)
        documents = context.read(self.lookup.signatures.text.documents, shard, ["id", "url"])
        by_text = dict(zip(matches[0].tolist(), matches[2].tolist(), strict=True))
        crossed: list[list[dict[str, Any]]] = []
        for row, (identity, url) in enumerate(zip(documents["id"].to_pylist(), documents["url"].to_pylist(), strict=True)):
            place = ids.get(identity, urls.get(url_key(url or "") or b"", by_text.get(row)))
            entry = None if place is None else entries[place]
            detail = entry and f"{entry['reason']} ({entry['date']}: {entry['url'] or entry['id']})"
            given = {"reason": TAKEN_DOWN, "value": None, "limit": None, "margin": None, "detail": detail, "step": self.label}
            crossed.append([given] if entry else [])
        return add_crossed(
            before,
            pa.chunked_array([pa.array(crossed, CROSSED)]),
            pa.chunked_array([pa.array([TAKEN_DOWN if c else None for c in crossed], pa.string())]),
        )

    def _near_copies(self, matches: Any, n: int, shard: str, context: ShardContext) -> tuple[dict[str, list[Any]], Any]:
        index, minhash = self.lookup.index, self.lookup.signatures.minhash
        values: dict[str, list[Any]] = {name: [None] * n for name in COLUMNS}
        shared_bands = np.zeros(n, np.int64)
        candidates = _most_shared(matches)
        rows = sorted(candidates)
        texts = self.lookup.signatures.text.read(shard, context).take(pa.array(rows, pa.int64())).to_pylist() if rows else []
        own = dict(zip(rows, (np.array(s.as_py(), np.uint32) for s in shingle_sets(minhash, texts)), strict=True))
        wanted: dict[int, set[int]] = defaultdict(set)
        for found in candidates.values():
            for part, known, _ in found:
                wanted[part].add(known)
        sets = {part: index.shingles(context.store, part, known) for part, known in wanted.items()}
        who = {part: {w["row"]: w for w in index.who(context.store, part).to_pylist()} for part in wanted}
        proof = Proof(self.min_similarity, self.min_containment or 0.0)
        for row, found in candidates.items():
            # max() takes the first of equals: the one that shares most buckets.
            part, known, bands = max(found, key=lambda m: proof.holds(own[row], sets[m[0]][m[1]])) if self.min_similarity else found[0]
            other = sets[part][known]
            if proof.holds(own[row], other) < 0:
                continue
            shared = shared_count(own[row], other)
            entry = who[part][known]
            shared_bands[row] = bands
            values["known"][row], values["known_url"][row] = entry["id"], entry["url"]
            values["known_snapshot"][row] = index.parts[part].snapshot
            values["known_similarity"][row] = jaccard_of(shared, len(own[row]), len(other))
            values["known_containment"][row] = shared / (len(own[row]) or 1)
        return values, shared_bands


def _most_shared(matches: Any) -> dict[int, list[tuple[int, int, int]]]:
    """Of each row the known documents (part, known, bands) that it meets in most bands, the earliest among equals first."""
    if not matches.shape[1]:
        return {}
    distinct, bands = np.unique(matches, axis=1, return_counts=True)
    order = np.lexsort((distinct[2], distinct[1], -bands, distinct[0]))
<<<<<<< HEAD
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


def indexes(store: Store) -> dict[str, dict[str, Any]]:
    """Every index of the store by name: its options of ``minhash``, ``snapshots`` with their documents, and what was ``taken_down``."""
    return {name: _entry(store, name) for name in store.folders("indexes")}


def overview(store: Store) -> list[str]:
    """One line per index and snapshot, for people."""
    lines = []
    for name, entry in indexes(store).items():
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
=======
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for row, part, known, count in zip(*distinct[:, order].tolist(), bands[order].tolist(), strict=True):
        if len(found[row]) < MOST_COMPARED:
            found[row].append((part, known, count))
    return dict(found)
>>>>>>> main

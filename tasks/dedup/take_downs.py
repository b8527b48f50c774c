"""Take-downs: documents that no run of a store may keep again, whatever its recipe: by their id, their URL, their text, and whatever is nearly a copy of them.

The list is one Parquet file ``take-downs/<digest>.parquet`` (schema TAKE_DOWNS) that is never changed; ``take-downs/current.json`` names the one that holds now, so
that a kill leaves the old list or the new, and a run that began with one list ends with it. A run reads the current list when it begins: where it has entries,
``ApplyTakeDowns`` stands in the chain of decisions with the list's digest in its address. A store without take-downs has the addresses that it always had.

A page is nearly a copy if at least ``SIMILARITY`` of the n-grams of both are shared, or if it holds ``CONTAINED`` of those of the text taken down, which must then have
``LEAST_NGRAMS``. That is looser than removal of copies: the owner's word counts for more than a page too many. The n-grams are compared themselves, not by signatures.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.dedup.exact import text_key, url_key
from winnow.tasks.dedup.minhash import PRESETS, MinHash
from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.dedup.shingles import U32
from winnow.tasks.dedup.shingles import places as each
from winnow.tasks.dedup.verified import jaccard_of
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.parquet import to_parquet
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.store import Store
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.signals.limit import CROSSED
from winnow.tasks.signals.select import add_crossed, decision_result

FOLDER = "take-downs"
CURRENT = f"{FOLDER}/current.json"
TAKEN_DOWN = "taken_down"
SIMILARITY, CONTAINED, LEAST_NGRAMS = 0.7, 0.8, 20
TEXTS_AT_ONCE = 256
OWN = PRESETS["verified"]
"""The n-grams of texts that are taken down out of a run; those out of an index are that index's."""
TAKE_DOWNS = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("url", pa.string()),
        pa.field("snapshot", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("date", pa.string()),
        pa.field("text_key", pa.string()),
        pa.field("ngram", pa.int32()),
        pa.field("fold_digits", pa.bool_()),
        pa.field("unspaced_as_words", pa.bool_()),
        pa.field("shingles", pa.list_(pa.field("element", pa.uint32()))),
    ]
)
SHOWN = ("id", "url", "snapshot", "reason", "date")


@dataclass(frozen=True)
class Entry:
    """One document taken down. ``text_key`` (hexadecimal, empty if not known) is the key of its text, ``shingles`` are its n-grams, made as ``minhash`` says; a URL that no
    run has met has neither."""

    id: str
    url: str
    snapshot: str
    reason: str
    date: str
    text_key: str = ""
    minhash: MinHash = OWN
    shingles: U32 | None = field(default=None, compare=False)

    def with_text(self, text: str) -> "Entry":
        """The same with everything that its text is known by."""
        return replace(self, text_key=text_key(text).hex(), minhash=OWN, shingles=np.unique(OWN.shingles([text]).hashes))

    def said(self) -> str:
        """In words: why, when, and what was taken down."""
        return f"{self.reason} ({self.date}: {self.url or self.id})"


@stable("option/take-downs")
@dataclass(frozen=True)
class TakeDowns:
    """A list of take-downs as it was when a run began; its digest is in the address of what applies it."""

    sha256: str
    entries: int

    @property
    def path(self) -> str:
        return f"{FOLDER}/{self.sha256[:16]}.parquet"

    def read(self, store: Store) -> list[Entry]:
        """The entries. Raises BadInput if the list is missing or damaged."""
        try:
            data = store.get(self.path)
            if hashlib.sha256(data).hexdigest() != self.sha256:
                raise OSError("its sha256 is not that of the list")
            with pq.ParquetFile(pa.BufferReader(data)) as file:
                rows = file.read(use_threads=False).to_pylist()
        except (OSError, pa.ArrowInvalid) as e:
            raise BadInput(
                f"The list of take-downs {store.uri(self.path)} is missing or damaged ({e}). Restore it from a copy of the store: no run may begin without it."
            ) from None
        found = []
        for row in rows:
            minhash = replace(OWN, **{name: row.pop(name) for name in ("ngram", "fold_digits", "unspaced_as_words")})
            found.append(Entry(**row | {"minhash": minhash, "shingles": np.array(row["shingles"] or [], np.uint32)}))
        return found


def current(store: Store) -> TakeDowns | None:
    """The list that holds now; None if nothing is taken down. Raises BadInput if it cannot be read."""
    try:
        named = json.loads(store.get(CURRENT))
        return TakeDowns(str(named["sha256"]), int(named["entries"])) if named["entries"] else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise BadInput(
            f"{store.uri(CURRENT)} is damaged: restore it from a copy of the store, since it says what no run may keep."
        ) from None


def listed(store: Store) -> list[Entry]:
    """All take-downs of a store, in the order in which they came."""
    now = current(store)
    return now.read(store) if now else []


def add(store: Store, entries: Iterable[Entry]) -> list[Entry]:
    """Put entries on the list; those that are new: an id or a URL that stands on it with all that is known stays as it was."""
    every = listed(store)
    known = {(e.id, e.url) for e in every}
    new = []
    for entry in entries:
        if (entry.id, entry.url) not in known:
            known.add((entry.id, entry.url))
            new.append(entry)
    if new:
        _write(store, every + new)
    return new


def lift(store: Store, wanted: Iterable[str]) -> list[Entry]:
    """Take documents off the list, by id or URL: later runs may keep them again. Those that went. Raises BadInput for one that is not on it."""
    every, asked = listed(store), set(wanted)
    gone = [e for e in every if e.id in asked or e.url in asked]
    if missing := asked - {value for e in gone for value in (e.id, e.url)}:
        raise BadInput(f"Not taken down in this store: {', '.join(sorted(missing))}. `winnow take-downs list` shows what is.")
    _write(store, [e for e in every if e not in gone])
    return gone


def unmet(values: Iterable[str], searched: str, reason: str, date: str) -> list[Entry]:
    """Entries of what was not found where it was searched: of URLs, for pages that no crawl has met yet. Raises BadInput for an id."""
    found = []
    for value in sorted(values):
        if "://" not in value:
            raise BadInput(f"{searched} holds no document with the id or URL {value}. Take the whole URL, as the documents table has it.")
        found.append(Entry("", value, "", reason, date))
    return found


def shown(entry: Entry) -> dict[str, str]:
    """What of an entry is for people."""
    return {name: getattr(entry, name) for name in SHOWN}


def _write(store: Store, entries: Sequence[Entry]) -> None:
    rows = []
    for entry in entries:
        options = {name: getattr(entry.minhash, name) for name in ("ngram", "fold_digits")}
        own = {
            "shingles": None if entry.shingles is None else entry.shingles.tolist(),
            "unspaced_as_words": bool(entry.minhash.unspaced_as_words),
        }
        rows.append({**shown(entry), "text_key": entry.text_key, **options, **own})
    data = to_parquet(pa.Table.from_pylist(rows, schema=TAKE_DOWNS))
    now = TakeDowns(hashlib.sha256(data).hexdigest(), len(rows))
    store.put(now.path, data)
    store.put(CURRENT, json.dumps(asdict(now), indent=1).encode())


@stable("step/apply-take-downs")
@dataclass(frozen=True)
class ApplyTakeDowns(ShardStep):
    """Decisions and documents in, decisions out: what was taken down goes, for the reason ``taken_down``, with the owner's reason, the day and what it was known by in the
    detail. The notes count documents by the number of the entry."""

    name: ClassVar[str] = "take-downs"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "drops what was taken down, and its near copies"
    reasons: ClassVar[Mapping[str, str]] = {TAKEN_DOWN: "the page, or one that it is nearly a copy of, was taken down"}

    decisions: Decisions
    text: TextColumn
    take_downs: TakeDowns

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        documents = context.read(self.text.documents, shard, ["id", "url", "text"])
        forbidden = _forbidden(self.take_downs, context.store)
        texts = self.text.of(documents, shard, context).to_pylist()
        crossed: list[list[dict[str, Any]]] = []
        counts: dict[str, int] = {}
        for number, by, share in forbidden.met(documents["id"].to_pylist(), documents["url"].to_pylist(), texts):
            if number < 0:
                crossed.append([])
                continue
            counts[str(number)] = counts.get(str(number), 0) + 1
            given = {"reason": TAKEN_DOWN, "value": share, "limit": None, "margin": None, "step": self.label}
            crossed.append([given | {"detail": f"{forbidden.entries[number].said()}; by its {by}"}])
        reasons = pa.chunked_array([pa.array([TAKEN_DOWN if c else None for c in crossed], pa.string())])
        result = decision_result(add_crossed(before, pa.chunked_array([pa.array(crossed, CROSSED)]), reasons), before["kept"])
        result.notes.update(taken_down=counts)
        return result


class Forbidden:
    """A list of take-downs, ready to be held against documents."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries
        self._ids = {e.id: i for i, e in enumerate(entries) if e.id}
        self._urls = {key: i for i, e in enumerate(entries) if (key := url_key(e.url)) is not None}
        # A text with n-grams is found by them; only of one without any, a row of signs, the whole text is compared.
        self._texts = {
            bytes.fromhex(e.text_key): i for i, e in enumerate(entries) if e.text_key and (e.shingles is None or not len(e.shingles))
        }
        kinds: dict[MinHash, dict[int, U32]] = {}
        for i, e in enumerate(entries):
            if e.shingles is not None and len(e.shingles):
                kinds.setdefault(e.minhash, {})[i] = e.shingles
        self._kinds = [(minhash, _Postings(sets)) for minhash, sets in kinds.items()]

    def met(self, ids: Sequence[str], urls: Sequence[str | None], texts: Sequence[str | None]) -> Iterator[tuple[int, str, float | None]]:
        """Of each document the number of the entry that forbids it (-1 for none), what it was known by, and for a near copy the share of n-grams."""
        for begin in range(0, len(ids), TEXTS_AT_ONCE):
            batch = [text or "" for text in texts[begin : begin + TEXTS_AT_ONCE]]
            near = self._near(batch)
            for i, text in enumerate(batch, begin):
                yield self._exact(ids[i], urls[i] or "", text) or near.get(i - begin, (-1, "", None))

    def _exact(self, identity: str, url: str, text: str) -> tuple[int, str, float | None] | None:
        for known, key, by in ((self._ids, identity, "id"), (self._urls, url_key(url), "URL")):
            if key in known:
                return known[key], by, None  # type: ignore[index]
        if self._texts and (number := self._texts.get(text_key(text))) is not None:
            return number, "text", None
        return None

    def _near(self, texts: list[str]) -> dict[int, tuple[int, str, float | None]]:
        found: dict[int, tuple[int, str, float | None]] = {}
        for minhash, postings in self._kinds:
            of = minhash.shingles(texts)
            known = postings.holds(of.hashes)
            for i, (start, end) in enumerate(zip(of.starts[:-1].tolist(), of.starts[1:].tolist(), strict=True)):
                met = int(known[start:end].sum())
                if i in found or not met:
                    continue
                own = np.unique(of.hashes[start:end])
                if met >= min(CONTAINED * LEAST_NGRAMS, SIMILARITY * len(own)) and (best := postings.best(own)):
                    found[i] = best
        return found


class _Postings:
    """Which entries have an n-gram; ``sets`` are those of each entry, by its number."""

    def __init__(self, sets: Mapping[int, U32]) -> None:
        values = np.concatenate(list(sets.values()))
        owner = np.repeat(np.array(list(sets)), [len(s) for s in sets.values()])
        order = np.lexsort((owner, values))
        self._values, self._owner = values[order], owner[order]
        self._sizes = {number: len(s) for number, s in sets.items()}

    def holds(self, hashes: U32) -> Any:
        """Of each n-gram whether any entry has it."""
        place = np.searchsorted(self._values, hashes)
        place[place == len(self._values)] = 0
        return self._values[place] == hashes

    def best(self, own: U32) -> tuple[int, str, float | None] | None:
        """The entry that a text with these distinct n-grams is nearly a copy of, the one with which it shares most; None if of none."""
        left, right = (np.searchsorted(self._values, own, side) for side in ("left", "right"))
        counts = right - left
        places = np.repeat(left, counts) + each(counts)  # of each n-gram its run of postings
        best: tuple[int, str, float | None] | None = None
        most = 0.0
        for number, shared in zip(*np.unique(self._owner[places], return_counts=True), strict=True):
            size = self._sizes[int(number)]
            similarity, contained = jaccard_of(int(shared), len(own), size), int(shared) / size * (size >= LEAST_NGRAMS)
            for share, least, by in (
                (similarity, SIMILARITY, "near copy" if similarity < 1 else "text"),
                (contained, CONTAINED, "text within another"),
            ):
                if share >= least and share > most:
                    best, most = (int(number), by, round(share, 6)), share
        return best


_ready: dict[str, Forbidden] = {}


def _forbidden(take_downs: TakeDowns, store: Store) -> Forbidden:
    """The list of a run, read once per process."""
    if take_downs.sha256 not in _ready:
        _ready.clear()
        _ready[take_downs.sha256] = Forbidden(take_downs.read(store))
    return _ready[take_downs.sha256]

"""Where the reports of shards lie: loose, one object each, until many of a step are gathered into few. Only this module knows the two forms.

A shard's report is written loose (``steps/<address>/<shard>.json``), in one piece and last, so that a kill costs one shard of one step. A crawl of 90,000 files would
leave two million of these. When a run has finished a stage, it *folds* them: a Parquet object (schema FOLD, sorted by shard) with up to FOLD_MAX reports is put into
``steps/<address>/folded/``, and then the loose ones that it holds are deleted. It is named by the digest of its bytes, which is checked when it is read.

What makes this safe without locks or renames, for several runs on one store, and for a kill at any moment:

- A fold is never changed. A shard is done while it has a loose report, or is in a fold that it was not *taken back* from.
- A folded report is taken back (its table is damaged, or is made again) by an empty object ``folded/<fold>.<shard>.gone``. That speaks of this one fold for ever, so that
  nobody has to delete it in time: a later report of the shard is loose, or in a fold of another name.
- Killed between the fold and the deletes, the same report is there twice. Two runs that fold the same at once write the same object; where one of them had made a
  shard again meanwhile, the two reports differ in times only, as a table has the same bytes whoever makes it.
- What is lost where a table vanishes, and is made again in the moment in which another run deletes its loose report, is that one report: the shard is made once more.
- Who does not find a report asks for the folds again: it may have been folded, or a fold may have been written anew without what was pruned.

Reports of one address name one table per shard, so it does not matter which of two is read. Folds known to this process are asked first, without a request.
"""

import hashlib
import io
import json
import threading
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from winnow.tasks.engine.store import Store

T = TypeVar("T")
FOLDER = "folded"
GONE = ".gone"
FOLD = pa.schema([pa.field("shard", pa.string()), pa.field("report", pa.string())])
FOLD_MIN = 256
"""Loose reports of a step that are worth an object of their own: below it, a listing is one page anyway."""
FOLD_MAX = 2048
FOLD_BYTES = 8 << 20
"""At most so many reports, and about so many bytes of them, are in one fold: what is read to look up one."""
KEPT_BYTES = 64 << 20
"""Bytes of folds that a process keeps. Which shards they hold it keeps of all, 16 bytes each."""
MARKS = 16
"""So many shards are taken back from a fold one by one; for more, the fold is written anew without them."""
READERS = 16
BLOCK = 1024
TRIES = 3


class Reports:
    """The reports of all steps in one store. Thread-safe; what it keeps is true for ever but for what others take back."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._known: dict[str, dict[str, set[str]]] = {}  # address -> fold -> shards taken back from it
        self._shards: dict[str, npt.NDArray[np.bytes_]] = {}  # path of a fold -> its shards, sorted
        self._texts: OrderedDict[str, pa.Array] = OrderedDict()  # path of a fold -> its reports; the last used is last
        self._last: dict[str, str] = {}  # address -> the fold where a shard was found last; the next one is most often there too
        self._lock = threading.RLock()

    @staticmethod
    def path(address: str, shard: str) -> str:
        """Where a report lies while it is loose."""
        return f"steps/{address}/{shard}.json"

    # ------------------------------------------------------------------ asking

    def shards(self, address: str, names: Iterable[str] | None = None) -> set[str]:
        """The shards that have a report. ``names`` is a listing of the step's folder, relative to it; without, one is made."""
        if names is None:
            loose = self._store.names(f"steps/{address}")
            return {name.removesuffix(".json") for name in loose if _is_report(name)} | self.folded(address)
        names = list(names)
        loose = {name for name in names if "/" not in name}
        folded = self.folded(address, [name.removeprefix(f"{FOLDER}/") for name in names if name.startswith(f"{FOLDER}/")])
        return {name.removesuffix(".json") for name in loose if _is_report(name)} | folded

    def folded(self, address: str, names: Iterable[str] | None = None) -> set[str]:
        """The shards that have a folded report. Lists the folds only (``names``, if given), not the step's folder."""

        def held() -> set[str]:
            known = self._known[address].items()
            return {s for fold, gone in known for s in map(_text, self._shards_of(_fold_path(address, fold))) if s not in gone}

        return self._looked(address, held, names)

    def has(self, address: str, shard: str) -> bool:
        """Whether a shard has a report now."""
        return self._store.is_object(self.path(address, shard)) or self._looked(address, lambda: any(self._holding(address, shard)))

    def get(self, address: str, shard: str) -> bytes:
        """The report of a shard. Raises FileNotFoundError if it has none."""
        for _ in range(TRIES - 1):
            try:
                return self._get(address, shard)
            except FileNotFoundError:  # folded, or what it was folded into written anew
                with self._lock:
                    self._look(address)
        return self._get(address, shard)

    def many(self, address: str, shards: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """Each shard and its report, or None if it has none, in this order: the folded ones from few reads, the others from several at a time."""
        with self._lock:
            self._look(address)
        with ThreadPoolExecutor(READERS) as threads:
            for begin in range(0, len(shards), BLOCK):
                block = shards[begin : begin + BLOCK]
                yield from zip(block, threads.map(lambda shard: self._get_or_none(address, shard), block), strict=True)

    def folded_bytes(self, address: str, sizes: Mapping[str, int]) -> Counter[str]:
        """What the folded report of each shard takes, an equal part of its fold. ``sizes`` are the bytes of what lies in the step's folder, by path."""

        def held() -> Counter[str]:
            found = Counter[str]()
            for path in (_fold_path(address, fold) for fold in self._known[address]):
                shards, size_bytes = self._shards_of(path), sizes.get(path, 0)
                for at, shard in enumerate(map(_text, shards)):
                    found[shard] += size_bytes * (at + 1) // len(shards) - size_bytes * at // len(shards)
            return found

        return self._looked(address, held)

    def damaged(self, address: str) -> list[str]:
        """Paths of folds whose bytes are not those that were written. What they hold counts as not reported."""
        with self._lock:
            self.folded(address)
            return [path for fold in self._known[address] if not len(self._shards[path := _fold_path(address, fold)])]

    # ------------------------------------------------------------------ changing

    def put(self, address: str, shard: str, report: bytes) -> None:
        """Write the report of a shard that was made, loose."""
        self._store.put(self.path(address, shard), report)

    def supersede(self, address: str, shard: str) -> None:
        """The shard is about to be written again: known folds that hold its report do so no longer. Asks for folds only if nobody did before."""
        with self._lock:
            if address in self._known:
                self._mark(address, (shard,))
            else:
                self._looked(address, lambda: self._mark(address, (shard,)))

    def take_back(self, address: str, *shards: str) -> None:
        """These shards have no report any more, so that they are made again."""
        self._looked(address, lambda: self._mark(address, shards))
        self._store.delete_all([self.path(address, shard) for shard in shards])

    def fold(self, address: str, shards: Sequence[str]) -> int:
        """Fold the loose reports of these shards, if there are enough of them; how many were folded. A report that cannot be read stays loose."""
        if len(shards) < FOLD_MIN:
            return 0
        folded = self.folded(address)
        loose = [shard for shard in shards if shard not in folded]
        if len(loose) < FOLD_MIN:
            return 0
        self._store.raise_schema()
        done, parts = 0, -(-len(loose) // FOLD_MAX)
        for part in range(parts):
            block = loose[part * len(loose) // parts : (part + 1) * len(loose) // parts]
            with ThreadPoolExecutor(READERS) as threads:
                texts = threads.map(lambda shard: _readable(self._loose_or_none(address, shard)), block)
                rows = [(shard, text) for shard, text in zip(block, texts, strict=True) if text is not None]
            for portion in _portions(rows):
                fold = self._write(address, portion)
                with self._lock:
                    self._look(address)
                    gone = self._known[address].get(fold)
                # A shard that somebody takes back or makes again meanwhile keeps what it has; so do all, if somebody has pruned the fold.
                there = [shard for shard, _ in portion if gone is not None and shard not in gone]
                self._store.delete_all([self.path(address, shard) for shard in there])
                done += len(there)
        return done

    def compact(self, address: str, loose: Collection[str], keep: Collection[str] | None, *, dry_run: bool = False) -> list[str]:
        """Write folds anew that hold other shards than those of ``keep`` (None: all), or such as were taken back; with ``dry_run`` leave them.

        Returns the paths that are of no use any more, for whoever prunes the store: folds that hold nothing else, marks of folds that are gone, and those of the
        ``loose`` reports that are folded too.
        """
        needless, seen = [], set[str]()
        names = self._store.names(f"steps/{address}/{FOLDER}")
        with self._lock:
            self.folded(address, names)
            for fold, gone in list(self._known[address].items()):
                held = {_text(s) for s in self._shards_of(_fold_path(address, fold))}
                left = {s for s in held if s not in gone and s not in seen and (keep is None or s in keep)}
                if not left:
                    needless += [f"steps/{address}/{FOLDER}/{name}" for name in names if name.partition(".")[0] == fold]
                elif len(left) < len(held) and not dry_run:
                    self._without(address, fold, left)
                seen |= left
            needless += [
                f"steps/{address}/{FOLDER}/{name}"
                for name in names
                if name.endswith(GONE) and f"{name.partition('.')[0]}.parquet" not in names
            ]
        return [*needless, *(self.path(address, shard) for shard in sorted(seen & set(loose)))]

    # ------------------------------------------------------------------ folds

    def _looked(self, address: str, ask: Callable[[], T], names: Iterable[str] | None = None) -> T:
        """What is found after the folds of a step were listed; again if one was written anew meanwhile."""
        with self._lock:
            for _ in range(TRIES - 1):
                self._look(address, names)
                try:
                    return ask()
                except FileNotFoundError:
                    names = None
            self._look(address)
            return ask()

    def _mark(self, address: str, shards: Iterable[str]) -> None:
        """Take the reports of shards back from the folds that hold them."""
        for fold, gone in list(self._known[address].items()):
            path = _fold_path(address, fold)
            held = {shard for shard in shards if shard not in gone and self._place(path, shard) is not None}
            if len(held) > MARKS:
                self._without(address, fold, set(map(_text, self._shards_of(path))) - gone - held)
                continue
            for shard in sorted(held):
                self._store.put(f"steps/{address}/{FOLDER}/{fold}.{shard}{GONE}", b"")
                gone.add(shard)

    def _look(self, address: str, names: Iterable[str] | None = None) -> None:
        """List the folds of a step, and what was taken back from them."""
        names = sorted(self._store.names(f"steps/{address}/{FOLDER}") if names is None else names)
        found: dict[str, set[str]] = {n.removesuffix(".parquet"): set() for n in names if n.endswith(".parquet") and n[0] != "."}
        for name in names:
            if name.endswith(GONE):
                fold, _, shard = name.removesuffix(GONE).partition(".")
                found.get(fold, set()).add(shard)
        self._known[address] = found

    def _holding(self, address: str, shard: str) -> Iterator[str]:
        """The known folds that have the report of a shard. Raises FileNotFoundError if one is no longer there."""
        known, last = self._known.get(address, {}), self._last.get(address)
        for fold in sorted(known, key=lambda fold: (fold != last, fold)) if last in known else known:
            if shard not in known[fold] and self._place(_fold_path(address, fold), shard) is not None:
                self._last[address] = fold
                yield fold

    def _shards_of(self, path: str) -> npt.NDArray[np.bytes_]:
        if path not in self._shards:
            self._load(path)
        return self._shards[path]

    def _place(self, path: str, shard: str) -> int | None:
        shards, key = self._shards_of(path), shard.encode()
        place = bisect_left(shards, key)
        return place if place < len(shards) and shards[place] == key else None

    def _report(self, path: str, shard: str) -> bytes:
        place = self._place(path, shard)
        if path not in self._texts:
            self._load(path)
        self._texts.move_to_end(path)
        return str(self._texts[path][place].as_py()).encode()

    def _load(self, path: str) -> None:
        """Read a fold. One that is damaged holds nothing. Raises FileNotFoundError."""
        table = FOLD.empty_table()
        for _ in range(1 if self._store.is_local else 2):  # it may have been the line
            data = self._store.get(path)
            if f"/{_digest(data)}." in path:
                with pq.ParquetFile(pa.BufferReader(data), pre_buffer=False) as file:
                    table = file.read(use_threads=False)
                break
        self._keep(path, table)

    def _keep(self, path: str, table: pa.Table) -> None:
        self._shards[path] = np.array([s.encode() for s in table["shard"].to_pylist()] or [], np.bytes_)
        self._texts[path] = table["report"].combine_chunks()
        while len(self._texts) > 1 and sum(texts.nbytes for texts in self._texts.values()) > KEPT_BYTES:
            self._texts.popitem(last=False)

    def _write(self, address: str, rows: Iterable[tuple[str, str]]) -> str:
        """Put a fold with these reports; its name."""
        shards, texts = zip(*sorted(rows), strict=True)
        table = pa.table([pa.array(shards, pa.string()), pa.array(texts, pa.string())], schema=FOLD)
        with self._lock:
            self._look(address)
            data, again = _parquet(table), 0
            # What was taken back from a fold stays so for ever: the same reports, made again to the byte, go into one of another name.
            while self._known[address].get(_digest(data)):
                again += 1
                data = _parquet(table.replace_schema_metadata({"again": str(again)}))
            fold = _digest(data)
            self._store.put(_fold_path(address, fold), data)
            self._known[address].setdefault(fold, set())
            self._keep(_fold_path(address, fold), table)
            return fold

    def _without(self, address: str, fold: str, left: set[str]) -> None:
        """Write a fold anew with only the shards of ``left``."""
        path = _fold_path(address, fold)
        gone = self._known[address][fold]
        if left:
            self._write(address, [(shard, self._report(path, shard).decode()) for shard in left])
        self._known[address].pop(fold, None)
        self._store.delete_all([path])
        self._store.delete_all([f"steps/{address}/{FOLDER}/{fold}.{shard}{GONE}" for shard in gone])

    def _get(self, address: str, shard: str) -> bytes:
        with self._lock:
            for fold in self._holding(address, shard):
                return self._report(_fold_path(address, fold), shard)
        return self._store.get(self.path(address, shard))

    def _get_or_none(self, address: str, shard: str) -> bytes | None:
        try:
            return self.get(address, shard)
        except FileNotFoundError:
            return None

    def _loose_or_none(self, address: str, shard: str) -> bytes | None:
        try:
            return self._store.get(self.path(address, shard))
        except FileNotFoundError:
            return None


def _is_report(name: str) -> bool:
    return name.endswith(".json") and name[0] != "."


def _text(shard: bytes) -> str:
    return shard.decode()


def _fold_path(address: str, fold: str) -> str:
    return f"steps/{address}/{FOLDER}/{fold}.parquet"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _readable(report: bytes | None) -> str | None:
    """The report as text, if it is one."""
    try:
        return report.decode() if report is not None and isinstance(json.loads(report), dict) else None
    except ValueError:
        return None


def _portions(rows: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """The rows in parts of about FOLD_BYTES."""
    portion: list[tuple[str, str]] = []
    held = 0
    for row in rows:
        portion.append(row)
        held += len(row[1])
        if held >= FOLD_BYTES:
            yield portion
            portion, held = [], 0
    if portion:
        yield portion


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pq.ParquetWriter(
        sink, table.schema, compression="zstd", compression_level=3, use_dictionary=False, write_statistics=["shard"]
    ) as writer:
        writer.write_table(table, row_group_size=max(1, table.num_rows))
    return sink.getvalue()

"""What a source is: a crawl, a mirror, or files, as a numbered list of files with fingerprints, and the place where they lie.

Identity (``Crawl``) and place (``Source``) are apart: the same files elsewhere are the same crawl. Getting the bytes is
tasks/transport/fetch.py, reading them tasks/read. Layout of a crawl: https://commoncrawl.org/get-started; a listing
``crawl-data/<id>/<kind>.paths.gz`` names every file of one kind, relative to the root.
"""

import hashlib
import json
import os
import re
import threading
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from io import BufferedReader
from typing import BinaryIO, Literal, cast, get_args
from urllib.parse import urlsplit, urlunsplit

from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.transport.fetch import (
    CLOCK,
    POLITE,
    Clock,
    HttpStream,
    NotFound,
    Options,
    Politeness,
    Unreachable,
    has_s3_credentials,
    join_url,
    open_seekable,
    open_stream,
    read_all,
    s3_find,
    s3_folders,
    s3_info,
    scheme,
    shown,
)
from winnow.tasks.transport.read_ahead import BLOCK_BYTES, ReadAhead

Kind = Literal["warc", "wet", "documents"]
Listing = Literal["warc", "wet", "wat", "robotstxt", "non200responses", "cc-index"]

COMMON_CRAWL = "https://data.commoncrawl.org/"
COLLINFO = ("https://index.commoncrawl.org", "collinfo.json")
IMMUTABLE_BY_NAME = ("s3://commoncrawl",)

WHOLE_BYTES = 16 << 20
SAMPLE_BYTES = 64 << 10
LISTING_BYTES = 256 << 20
HEAD_BYTES = 64 << 10
THREADS = 8

EXTENSIONS: dict[Kind, tuple[str, ...]] = {
    "wet": (".wet", ".wet.gz"),
    "warc": (".warc", ".warc.gz", ".arc", ".arc.gz"),
    "documents": (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst"),
}
READABLE = ".warc, .arc, .wet (also .gz), .parquet, .jsonl (also .gz, .zst)"

# Crawls until the end of 2025 (collinfo.json); only for naming near ids when that file cannot be reached.
KNOWN_WEEKS = {
    2013: "20 48",
    2014: "10 15 23 35 41 42 49 52",
    2015: "06 11 14 18 22 27 32 35 40 48",
    2016: "07 18 22 26 30 36 40 44 50",
    2017: "04 09 13 17 22 26 30 34 39 43 47 51",
    2018: "05 09 13 17 22 26 30 34 39 43 47 51",
    2019: "04 09 13 18 22 26 30 35 39 43 47 51",
    2020: "05 10 16 24 29 34 40 45 50",
    2021: "04 10 17 21 25 31 39 43 49",
    2022: "05 21 27 33 40 49",
    2023: "06 14 23 40 50",
    2024: "10 18 22 26 30 33 38 42 46 51",
    2025: "05 08 13 18 21 26 30 33 38 43 47 51",
}
CRAWL_ID = re.compile(r"CC-MAIN-\d{4}(-\d{2}|-\d{4})?")


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    ``number`` is its position in the whole listing, whatever was selected. ``path`` is relative to the root, '/'-separated.
    ``fingerprint`` makes a changed file another file; '' where the name alone says what the content is (files of Common Crawl).
    """

    number: int
    path: str
    fingerprint: str = ""


@dataclass(frozen=True)
class Shard:
    """Files that are worked on together. ``number`` is stable under --limit and sampling; ``key`` names the content."""

    number: int
    files: tuple[SourceFile, ...]
    kind: Kind

    @cached_property
    def key(self) -> str:
        """16 hex digits over kind, paths and fingerprints: the same files elsewhere have the same key."""
        return _digest(self.kind, self.files)[:16]


@dataclass(frozen=True)
class Crawl:
    """The selected files of one snapshot, in listing order."""

    snapshot: str
    kind: Kind
    files: tuple[SourceFile, ...]
    files_per_shard: int = 1

    @cached_property
    def shards(self) -> tuple[Shard, ...]:
        """Grouped by position in the whole listing, so a larger selection keeps the shards it shares with a smaller one."""
        groups: dict[int, list[SourceFile]] = {}
        for file in self.files:
            groups.setdefault(file.number // self.files_per_shard, []).append(file)
        return tuple(Shard(number, tuple(files), self.kind) for number, files in groups.items())

    def sample(self, shards: int, seed: int) -> "Crawl":
        """This many shards (or all there are), drawn at random: by their keys and ``seed`` only. They keep their names, so what is made of them is
        found again by a run over the whole crawl."""
        drawn = sorted(self.shards, key=lambda s: _drawn(seed, s.key))[:shards]
        chosen = {f.number for s in drawn for f in s.files}
        return replace(self, files=tuple(f for f in self.files if f.number in chosen))


@dataclass(frozen=True)
class Source:
    """Where files lie and how to get at them. Picklable; never part of any identity; never shows options, which may hold secrets."""

    root: str
    options: Options = field(default=(), repr=False)
    politeness: Politeness = field(default=POLITE, repr=False)

    def __repr__(self) -> str:
        return f"Source({shown(self.root)!r})"

    def open(self, path: str) -> BinaryIO:
        """Sequential stream of a file below the root. Raises as winnow.tasks.transport.fetch.open_stream."""
        return open_stream(self.root, path, self.options, politeness=self.politeness)

    def open_ahead(self, path: str) -> BinaryIO:
        """As ``open``; a file that is not on this machine travels while what is here of it is worked on."""
        stream = self.open(path)
        return stream if scheme(self.root) == "file" else cast(BinaryIO, BufferedReader(ReadAhead(stream), BLOCK_BYTES))

    def open_seekable(self, path: str) -> BinaryIO:
        """A stream that can seek, as Parquet needs. Raises as winnow.tasks.transport.fetch.open_stream."""
        return open_seekable(self.root, path, self.options, politeness=self.politeness)

    def size(self, path: str) -> int | None:
        """Bytes of a local file; None where asking would cost a request per file."""
        return os.path.getsize(f"{self.root}/{path}") if scheme(self.root) == "file" else None


def resolve(
    source: str,
    *,
    snapshot: str = "",
    kind: str = "warc",
    limit: int | None = None,
    sample_fraction: float | None = None,
    seed: int = 0,
    files_per_shard: int = 1,
    base_url: str = COMMON_CRAWL,
    anonymous: bool | None = None,
    options: Options = (),
    politeness: Politeness = POLITE,
    clock: Clock = CLOCK,
) -> tuple[Crawl, Source]:
    """What ``source`` names: a crawl id (looked up below ``base_url``), the root of a mirror, a folder, or one file.

    ``kind`` chooses the listing of a crawl ("warc" or "wet"); plain files say themselves what they are, and another kind than "warc" takes
    only those. ``snapshot`` chooses among the
    crawls of a mirror, or names plain files. Sampling depends on ``seed`` and path only; ``limit`` takes the first of the sample.
    ``anonymous`` None: with credentials where there are any. ``options`` go to s3fs.

    Raises:
        BadInput: no such source, several crawls, mixed kinds, listed files missing, impossible numbers; says what to do.
        Transient: throttled or unreachable while planning.
    """
    _check_choice(limit, sample_fraction, files_per_shard, kind, snapshot)
    # Planning is watched by somebody: it gives up sooner than a worker does.
    hasty = replace(politeness, attempts=min(5, politeness.attempts), unreachable_attempts=min(2, politeness.unreachable_attempts))
    finder = _Finder(snapshot, kind, anonymous, options, hasty, clock)
    try:
        found = finder.find(source, base_url)
    except Unreachable as e:
        raise BadInput(
            f"{e} Without network, give the root of a local mirror (a folder that holds crawl-data/<id>/warc.paths.gz) "
            "or a folder of WARC files."
        ) from None

    chosen = [(n, p) for n, p in enumerate(found.paths) if sample_fraction is None or _drawn(seed, p) < sample_fraction][:limit]
    if not chosen:
        raise BadInput(
            f"--sample-fraction {sample_fraction} selects none of the {len(found.paths)} files of {shown(source)}. "
            "Raise it, or change the seed."
        )
    if odd := [p for _, p in chosen if not _is_text(p)]:
        raise BadInput(
            f"{shown(source)} has file names that are not UTF-8, such as {odd[0]!r}: provenance could not name them. Rename them."
        )
    prints = finder.fingerprints(found, [p for _, p in chosen])
    files = tuple(SourceFile(n, p, f) for (n, p), f in zip(chosen, prints, strict=True))
    name = found.snapshot or snapshot or f"files-{_digest(found.kind, files)[:8]}"
    return Crawl(name, found.kind, files, files_per_shard), Source(found.root, found.options, politeness)


def listing(source: Source, snapshot: str, name: Listing) -> tuple[str, ...]:
    """Paths in another listing of the same crawl, such as "robotstxt" or "cc-index".

    Raises:
        BadInput: the crawl has no such listing, or it is damaged.
    """
    where = f"crawl-data/{snapshot}/{name}.paths.gz"
    return parse_listing(read_all(source.root, where, source.options, politeness=source.politeness), f"{shown(source.root)}/{where}")


def parse_listing(data: bytes, where: str) -> tuple[str, ...]:
    """The paths of a gzipped listing, each once, in order.

    Raises:
        BadInput: not gzip, damaged, empty, too large, or a path that leads outside the root.
    """
    advice = "Fetch the listing again, or ask whoever keeps the mirror."
    parts, size = [], 0
    while data:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            part = inflate.decompress(data, LISTING_BYTES + 1 - size)
        except zlib.error as e:
            raise BadInput(f"{where} is not a gzipped listing of paths ({e}; it begins {data[:24]!r}). {advice}") from None
        parts.append(part)
        size += len(part)
        if size > LISTING_BYTES:
            raise BadInput(f"{where} holds more than {LISTING_BYTES >> 20} MiB, which no listing of a crawl does. {advice}")
        if not inflate.eof:
            raise BadInput(f"{where} is cut off. {advice}")
        data = inflate.unused_data.lstrip(b"\0")
    lines = b"".join(parts).decode("utf-8", "surrogateescape").splitlines()
    paths = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not paths:
        raise BadInput(f"{where} lists no files. {advice}")
    for path in paths:
        if _leads_outside(path):
            raise BadInput(f"{where} lists {path[:200]!r}, which is not a plain path below the root. {advice}")
    return paths


def fingerprint(path: str) -> str:
    """Digest of size and content of a local file, 32 hex digits; of files over 16 MiB, four blocks of 64 KiB stand for the content.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb", buffering=0) as f:
        size = os.fstat(f.fileno()).st_size
        digest = hashlib.sha256(b"%d:" % size)
        if size <= WHOLE_BYTES:
            while block := f.read(1 << 20):
                digest.update(block)
        else:
            for offset in (0, (size - SAMPLE_BYTES) // 3, 2 * (size - SAMPLE_BYTES) // 3, size - SAMPLE_BYTES):
                f.seek(offset)
                digest.update(f.read(SAMPLE_BYTES))
    return digest.hexdigest()[:32]


def near_ids(wanted: str, known: Sequence[str], count: int = 3) -> list[str]:
    """The known crawl ids most like a misspelt one: by letters, and by date if it has one."""
    by_letters = get_close_matches(wanted.upper(), known, n=count, cutoff=0.6)
    if (date := re.search(r"(\d{4})-(\d{1,2})$", wanted)) is None:
        return by_letters
    weeks = int(date[1]) * 52 + int(date[2])
    dated = [(abs(int(m[1]) * 52 + int(m[2]) - weeks), k) for k in known if (m := re.fullmatch(r"CC-MAIN-(\d{4})-(\d{2})", k))]
    by_date = [k for distance, k in sorted(dated)[:2] if distance < 52]
    return list(dict.fromkeys(by_letters[:1] + by_date + by_letters))[:count]


def sniff(head: bytes) -> Kind | None:
    """What the first bytes of a file say it is; None if they say nothing. Gzip is looked into."""
    if head.startswith(b"\x1f\x8b"):
        head = _inflate_head(head)
    if head.startswith(b"PAR1"):
        return "documents"
    if head.lstrip().startswith(b"{"):
        return "documents"
    if head.startswith(b"filedesc://"):
        return "warc"
    if head.lstrip().startswith(b"WARC/"):
        types = head.lower()
        return "wet" if b"warc-type: conversion" in types and b"warc-type: response" not in types else "warc"
    return None


def _inflate_head(head: bytes) -> bytes:
    """What the members of a gzipped beginning hold, up to HEAD_BYTES or the first damage."""
    out = b""
    while head and len(out) < HEAD_BYTES:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            out += member.decompress(head, HEAD_BYTES)
        except zlib.error:
            break
        head = member.unused_data
    return out


def kind_by_name(path: str) -> Kind | None:
    """What the extension says a file is; None if it says nothing."""
    return next((kind for kind, endings in EXTENSIONS.items() if path.lower().endswith(endings)), None)


@dataclass(frozen=True)
class _Found:
    """A source before selection. ``snapshot`` is '' for plain files; ``known`` holds fingerprints that came with a listing."""

    root: str
    options: Options = field(repr=False)
    snapshot: str
    kind: Kind
    paths: Sequence[str]
    known: dict[str, str] = field(default_factory=dict)


@dataclass
class _Finder:
    """The ways to read a source string. One object per resolve, so that the helpers share its options."""

    snapshot: str
    kind: str
    anonymous: bool | None
    options: Options = field(repr=False)
    politeness: Politeness
    clock: Clock

    # ------------------------------------------------------------------ which form it is

    def find(self, source: str, base_url: str) -> _Found:
        source = source.strip()
        if not source:
            raise BadInput("No source given. Give a crawl id such as CC-MAIN-2024-22, a mirror, a folder of WARC files, or one file.")
        if source.startswith("file://"):
            source = urlsplit(source).path
        match scheme(source):
            case "file":
                local = os.path.abspath(os.path.expanduser(source))
                if os.path.exists(local):
                    return self._local(local)
                if _like_an_id(source):
                    return self._crawl(source, base_url)
                raise BadInput(
                    f"There is no {local}. Give a crawl id such as CC-MAIN-2024-22, a mirror, a folder of WARC files, or one file."
                )
            case "http" | "https":
                return self._http(source)
            case "s3":
                return self._s3("s3://" + source.partition("://")[2])
            case other:
                raise BadInput(f"{shown(source)}: {other}:// is not a place winnow reads from. Give a local path, https:// or s3://.")

    def _crawl(self, crawl_id: str, base_url: str) -> _Found:
        if self.snapshot not in ("", crawl_id):
            raise BadInput(f"The source is {crawl_id} but --snapshot says {self.snapshot}. Leave one of them out.")
        if not CRAWL_ID.fullmatch(crawl_id):
            raise self._no_such_crawl(crawl_id)
        root = base_url if scheme(base_url) != "file" else os.path.abspath(os.path.expanduser(base_url.removeprefix("file://")))
        try:
            return self._mirror(root.rstrip("/"), crawl_id, self._options_for(root))
        except Unreachable as e:
            known, _ = self._known_ids()
            doubt = (
                f" (No list names {crawl_id}; near it: {', '.join(near_ids(crawl_id, known))}.)"
                if _should_be_known(crawl_id, known)
                else ""
            )
            raise Unreachable(f"{e}{doubt}") from None
        except (NotFound, Transient) as e:
            # A bucket that may not be listed answers 403, as to too many requests, where nothing is.
            known, said_by = self._known_ids()
            if crawl_id in known and said_by and isinstance(e, NotFound):
                raise BadInput(f"{crawl_id} is a crawl, but {e} If it has no {self.kind} files, choose the other kind.") from None
            if isinstance(e, NotFound) or (said_by and crawl_id not in known):
                raise self._no_such_crawl(crawl_id, known, said_by) from None
            raise

    def _local(self, path: str) -> _Found:
        if os.path.isfile(path):
            folder, name = os.path.split(path)
            with open_stream(folder, name) as stream:
                return self._one_file(folder, name, stream.read(HEAD_BYTES))
        root, named = _split_mirror(path.replace(os.sep, "/"))
        crawls = _local_crawls(root)
        if crawls and (named in crawls or not named):
            return self._mirror(root, self._choose(named, crawls, root), ())
        return self._plain(path, (), _walk(path))

    def _http(self, source: str) -> _Found:
        parts = urlsplit(source)
        if kind_by_name(parts.path):
            folder, _, name = parts.path.rpartition("/")
            root = urlunsplit(parts._replace(path=folder))
            raw = HttpStream(join_url(root, name), self.politeness, self.clock)
            with BufferedReader(raw) as stream:
                return self._one_file(root, name, stream.read(HEAD_BYTES), fingerprint=raw.version)
        path, named = _split_mirror(parts.path.rstrip("/"))
        root = urlunsplit(parts._replace(path=path))
        if not (named or self.snapshot):
            raise BadInput(
                f"{shown(source)} cannot be listed over HTTP. Name the crawl of the mirror with --snapshot, "
                f"or give the address of one file ({READABLE})."
            )
        return self._mirror(root, self._choose(named, [], root), ())

    def _s3(self, source: str) -> _Found:
        root, named = _split_mirror(source.rstrip("/"))
        options = self._options_for(root)
        if (named or self.snapshot) and not kind_by_name(source):
            try:
                return self._mirror(root, self._choose(named, [], root), options)
            except NotFound:
                if named or root.startswith(IMMUTABLE_BY_NAME):
                    raise
        if "/" in source.removeprefix("s3://"):
            try:
                is_file, version = s3_info(source, options, politeness=self.politeness, clock=self.clock)
            except NotFound:
                is_file = False
            if is_file:
                folder, _, name = source.rpartition("/")
                with open_stream(folder, name, options, politeness=self.politeness, clock=self.clock) as stream:
                    return self._one_file(folder, name, stream.read(HEAD_BYTES), options, version)
        try:
            folders = s3_folders(f"{root}/crawl-data", options, politeness=self.politeness, clock=self.clock)
        except NotFound:
            folders = []
        if folders:
            return self._mirror(root, self._choose("", folders, root), options)
        if not (found := s3_find(source, options, politeness=self.politeness, clock=self.clock)):
            raise NotFound(f"There is no object or folder {source}. Check the name and the endpoint (AWS_ENDPOINT_URL).")
        return self._plain(source, options, sorted(p for p in found if not _hidden(p)), found)

    # ------------------------------------------------------------------ the forms

    def _mirror(self, root: str, crawl_id: str, options: Options) -> _Found:
        if self.kind not in ("warc", "wet"):
            raise BadInput(f"A crawl has WARC and WET files, not {self.kind}. Choose kind warc or wet.")
        where = f"crawl-data/{crawl_id}/{self.kind}.paths.gz"
        data = read_all(root, where, options, politeness=self.politeness, clock=self.clock)
        return _Found(root, options, crawl_id, cast(Kind, self.kind), parse_listing(data, f"{shown(root)}/{where}"))

    def _plain(self, root: str, options: Options, paths: Iterable[str], known: dict[str, str] | None = None) -> _Found:
        every = list(paths)
        kinds = {p: k for p in every if (k := kind_by_name(p))}
        if not kinds:
            what = f"holds none among {len(every)} files, such as {every[0]}" if every else "is empty"
            raise BadInput(
                f"{shown(root)} {what}: nothing to read. Expected a mirror (crawl-data/<id>/warc.paths.gz) or files named {READABLE}."
            )
        if self.kind != "warc":
            kinds = {p: k for p, k in kinds.items() if k == self.kind}
            if not kinds:
                raise BadInput(f"{shown(root)} holds no {self.kind} files. Leave the kind out: plain files say themselves what they are.")
        counts = Counter(kinds.values())
        if len(counts) > 1:
            mix = ", ".join(f"{n} {kind} (such as {next(p for p in kinds if kinds[p] == kind)})" for kind, n in sorted(counts.items()))
            raise BadInput(f"{shown(root)} mixes kinds of files: {mix}. Put each kind in its own folder, or give one of its subfolders.")
        return _Found(root, options, "", next(iter(counts)), list(kinds), known or {})

    def _one_file(self, root: str, name: str, head: bytes, options: Options = (), fingerprint: str = "") -> _Found:
        kind = sniff(head) or kind_by_name(name)
        if kind is None and re.search(r"\.(w?arc|gz|lz4|zst)\b", name.lower()):
            kind = "warc"
        if kind is None:
            raise BadInput(f"{shown(root)}/{name} is not a file winnow knows (it begins {head[:24]!r}). Expected {READABLE}.")
        if self.kind == "wet" and kind == "warc":
            kind = "wet"
        return _Found(root, options, "", kind, [name], {name: fingerprint} if scheme(root) != "file" else {})

    # ------------------------------------------------------------------ fingerprints

    def fingerprints(self, found: _Found, paths: Sequence[str]) -> list[str]:
        """One per path, after making sure that every selected file is there (over HTTP that shows when it is read)."""
        if found.known:
            return [found.known[p] for p in paths]
        match scheme(found.root):
            case "file":
                _refuse_missing(found, _missing_locally(found.root, paths))
                return _local_fingerprints(found.root, paths)
            case "s3" if not found.root.startswith(IMMUTABLE_BY_NAME):
                known = self._s3_fingerprints(found, sorted({p.rpartition("/")[0] for p in paths}))
                _refuse_missing(found, [p for p in paths if p not in known])
                return [known[p] for p in paths]
            case _:
                return [""] * len(paths)

    def _s3_fingerprints(self, found: _Found, folders: Sequence[str]) -> dict[str, str]:
        def one(folder: str) -> dict[str, str]:
            uri = f"{found.root}/{folder}".rstrip("/")
            return {
                f"{folder}/{p}".lstrip("/"): f for p, f in s3_find(uri, found.options, politeness=self.politeness, clock=self.clock).items()
            }

        with ThreadPoolExecutor(THREADS) as pool:
            return {path: f for files in pool.map(one, folders) for path, f in files.items()}

    # ------------------------------------------------------------------ small decisions

    def _options_for(self, root: str) -> Options:
        if scheme(root) != "s3":
            return ()
        given = dict(self.options)
        if self.anonymous is not None:
            given["anon"] = self.anonymous
        elif not given.keys() & {"anon", "key", "profile", "token", "session"}:
            # Decided once, here: a worker that asks again might find other credentials.
            given["anon"] = not has_s3_credentials()
        return tuple(given.items())

    def _choose(self, named: str, crawls: Sequence[str], root: str) -> str:
        wanted = named or self.snapshot
        if self.snapshot not in ("", wanted):
            raise BadInput(f"The source names {named} but --snapshot says {self.snapshot}. Leave one of them out.")
        if crawls and wanted and wanted not in crawls:
            raise BadInput(f"{shown(root)} has no crawl {wanted}. It has: {_some(crawls)}.")
        if not wanted and len(crawls) > 1:
            raise BadInput(f"{shown(root)} holds {len(crawls)} crawls: {_some(crawls)}. Choose one with --snapshot.")
        return wanted or crawls[0]

    def _known_ids(self) -> tuple[list[str], str]:
        """Crawl ids and who says so, '' for the list in this file."""
        once = replace(self.politeness, attempts=1, unreachable_attempts=1, page_attempts=1, timeout_s=min(5.0, self.politeness.timeout_s))
        try:
            ids = [str(c["id"]) for c in json.loads(read_all(*COLLINFO, politeness=once, clock=self.clock))]
            return ids, COLLINFO[0].partition("://")[2]
        except (BadInput, Transient, ValueError, TypeError, KeyError):
            return [f"CC-MAIN-{year}-{week}" for year, weeks in KNOWN_WEEKS.items() for week in weeks.split()], ""

    def _no_such_crawl(self, wanted: str, known: Sequence[str] = (), said_by: str = "") -> BadInput:
        if not known:
            known, said_by = self._known_ids()
        near = near_ids(wanted, known)
        hint = f"Near it: {', '.join(near)}." if near else f"Ids look like {known[0]}."
        source = (
            f"according to {said_by}" if said_by else "according to a list that ends with 2025, as index.commoncrawl.org cannot be reached"
        )
        return BadInput(f"There is no crawl or file {wanted}. {hint} ({source}; all ids: https://commoncrawl.org/get-started)")


def _check_choice(limit: int | None, sample_fraction: float | None, files_per_shard: int, kind: str, snapshot: str) -> None:
    if limit is not None and limit < 1:
        raise BadInput(f"--limit {limit}: give a number of files, 1 or more, or leave it out for all.")
    if sample_fraction is not None and not 0 < sample_fraction <= 1:
        raise BadInput(f"--sample-fraction {sample_fraction}: give a share above 0 and at most 1.")
    if files_per_shard < 1:
        raise BadInput(f"{files_per_shard} files per shard: give 1 or more.")
    if kind not in get_args(Kind):
        raise BadInput(f"Unknown kind {kind!r}. Choose warc or wet.")
    if snapshot and not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,99}", snapshot, re.ASCII):
        raise BadInput(f"--snapshot {snapshot!r} cannot name a folder. Use letters, digits, '.', '-' and '_'.")


def _drawn(seed: int, path: str) -> float:
    """A number in [0, 1) that depends on seed and path only."""
    drawn = hashlib.sha256(f"{seed}\0{path}".encode("utf-8", "surrogateescape")).digest()[:8]
    return int.from_bytes(drawn, "big") / 2**64


def _digest(kind: Kind, files: Iterable[SourceFile]) -> str:
    # NUL cannot occur in a path, so no two lists of files read the same.
    parts = [kind, *(part for f in files for part in (f.path, f.fingerprint))]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _like_an_id(source: str) -> bool:
    if "/" in source or os.sep in source or kind_by_name(source):
        return False
    return SequenceMatcher(None, re.sub(r"\d", "0", source.upper()), "CC-MAIN-0000-00").ratio() >= 0.7


def _leads_outside(path: str) -> bool:
    return path.startswith("/") or "\\" in path or "\0" in path or "://" in path or any(part in ("", ".", "..") for part in path.split("/"))


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _should_be_known(crawl_id: str, known: Sequence[str]) -> bool:
    """True if an id that no list names is not simply newer than the list."""
    return crawl_id not in known and crawl_id < max(known)


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _split_mirror(path: str) -> tuple[str, str]:
    """Root and crawl id of a path into a mirror, such as .../crawl-data/CC-MAIN-2024-22; the path itself and '' of any other."""
    found = re.fullmatch(r"(.*)/crawl-data(?:/([^/]+)(?:/[\w-]+\.paths\.gz)?)?", path.rstrip("/"))
    return (found[1], found[2] or "") if found else (path, "")


def _local_crawls(root: str) -> list[str]:
    """Folders of ``root``/crawl-data that hold a listing."""
    try:
        with os.scandir(f"{root}/crawl-data") as entries:
            folders = sorted(e.name for e in entries if e.is_dir())
    except OSError:
        return []
    return [f for f in folders if any(n.endswith(".paths.gz") for n in os.listdir(f"{root}/crawl-data/{f}"))]


def _walk(root: str) -> list[str]:
    """Files below a folder, relative, sorted by path. Hidden ones are skipped; links are followed, each folder once."""
    seen: set[tuple[int, int]] = set()
    found: list[str] = []

    def refuse(error: OSError) -> None:
        raise BadInput(f"{error.filename} cannot be listed: {error.strerror}. Check its permissions.") from None

    for folder, folders, names in os.walk(root, followlinks=True, onerror=refuse):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        below = os.path.relpath(folder, root).replace(os.sep, "/")
        found.extend(n if below == "." else f"{below}/{n}" for n in names if not n.startswith("."))
    return sorted(found)


def _missing_locally(root: str, paths: Sequence[str]) -> list[str]:
    # One listing per folder: a stat for each of 90,000 files takes minutes on a network disk.
    there: dict[str, set[str]] = {}
    missing = []
    for path in paths:
        folder, _, name = path.rpartition("/")
        if folder not in there:
            try:
                there[folder] = set(os.listdir(f"{root}/{folder}"))
            except OSError:
                there[folder] = set()
        if name not in there[folder]:
            missing.append(path)
    return missing


def _refuse_missing(found: _Found, missing: Sequence[str]) -> None:
    if not missing:
        return
    gap = next(n for n, p in enumerate(found.paths) if p == missing[0])
    before = f"With --limit {gap} only the files before the first gap are used" if gap else "Even the first file is missing"
    raise BadInput(
        f"{shown(found.root)} lacks {len(missing)} of the listed {found.kind} files: {_some(missing)}. {before}; "
        "or complete the mirror, or give a folder of the files that are there instead of the mirror."
    )


def _local_fingerprints(root: str, paths: Sequence[str]) -> list[str]:
    stop = threading.Event()

    def some(batch: Sequence[str]) -> list[str]:
        prints = []
        for path in batch:
            if stop.is_set():
                break
            try:
                prints.append(fingerprint(f"{root}/{path}"))
            except OSError as e:
                stop.set()
                raise BadInput(f"{root}/{path} cannot be read: {e.strerror}. Check its permissions, or leave it out.") from None
        return prints

    size = max(1, min(256, len(paths) // THREADS))
    with ThreadPoolExecutor(THREADS) as pool:
        return [f for prints in pool.map(some, [paths[i : i + size] for i in range(0, len(paths), size)]) for f in prints]


def _some(names: Sequence[str], count: int = 5) -> str:
    return ", ".join(names[:count]) + (f" and {len(names) - count} more" if len(names) > count else "")

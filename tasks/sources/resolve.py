"""From what a user writes to a crawl: find the files, choose among them, and give each a fingerprint."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from winnow.tasks.engine.crawl import Crawl, Shard, SourceFile, digest_of_files, drawn
from winnow.tasks.engine.crawl import beside as beside_of
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.base import COMMON_CRAWL, Found, Wanted, listings, reader, readers
from winnow.tasks.sources.fingerprints import THREADS, fingerprints
from winnow.tasks.sources.listings import listing as paths_of
from winnow.tasks.sources.source import Source
from winnow.tasks.transport.politeness import POLITE, NotFound, Options, Transport, Unreachable
from winnow.tasks.transport.uri import scheme, shown

PART_BYTES = 16 << 20
"""A worker holds about 1.7 GiB for 500,000 texts of 50 characters, which are 32 MiB of JSON lines: half of that is left to it."""
LOOK_FILES = 3
MOST_FILES_TO_CUT = 1000


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
    transport: Transport = POLITE,
    text_column: str = "text",
    strict: bool = False,
    part_bytes: int = PART_BYTES,
    beside: Sequence[str] = (),
) -> tuple[Crawl, Source]:
    """What ``source`` names: a crawl id (looked up below ``base_url``), the root of a mirror, a folder, or one file.

    ``kind`` chooses the listing of a crawl ("warc" or "wet"); plain files say themselves what they are, and another kind than "warc" takes
    only those. ``snapshot`` chooses among the
    crawls of a mirror, or names plain files. Sampling depends on ``seed`` and path only; ``limit`` takes the first of the sample.
    ``anonymous`` None: with credentials where there are any. ``options`` go to s3fs. Files of documents of more than ``part_bytes`` are cut in
    parts, a shard each (0: never), of which ``text_column`` holds the text. A listed file that is not there costs that file, unless ``strict``.
    ``beside`` names other listings of the crawl that the recipe reads; a source that has none of them is read without.

    Raises:
        BadInput: no such source, several crawls, mixed kinds, listed files missing, impossible numbers; says what to do.
        Transient: throttled or unreachable while planning.
    """
    _check_choice(limit, sample_fraction, files_per_shard, kind, snapshot)
    # Planning is watched by somebody: it gives up sooner than a worker does.
    patience = transport.politeness
    hasty = transport.with_politeness(attempts=min(5, patience.attempts), unreachable_attempts=min(2, patience.unreachable_attempts))
    try:
        found = _find(Wanted(source.strip(), snapshot, kind, base_url, anonymous, options, hasty))
    except Unreachable as e:
        raise BadInput(
            f"{e} Without network, give the root of a local mirror (a folder that holds crawl-data/<id>/warc.paths.gz) "
            "or a folder of WARC files."
        ) from None

    chosen = [(n, p) for n, p in enumerate(found.paths) if sample_fraction is None or drawn(seed, p) < sample_fraction][:limit]
    if not chosen:
        raise BadInput(
            f"--sample-fraction {sample_fraction} selects none of the {len(found.paths)} files of {shown(source)}. "
            "Raise it, or change the seed."
        )
    if odd := [p for _, p in chosen if not _is_text(p)]:
        raise BadInput(
            f"{shown(source)} has file names that are not UTF-8, such as {odd[0]!r}: provenance could not name them. Rename them."
        )
    if not re.fullmatch(r"\S(?:.{0,200}\S)?", text_column):
        raise BadInput(f"--text-column {text_column!r} is not the name of a column. Give the name as the table has it.")
    prints = fingerprints(found, [p for _, p in chosen], hasty, strict=strict)
    files = tuple(SourceFile(n, p, f) for (n, p), f in zip(chosen, prints, strict=True))
    name = found.snapshot or snapshot or f"files-{digest_of_files(found.kind, files)[:8]}"
    place = Source(found.root, found.options, transport, strict)
    if not found.snapshot:
        _check_first(files, found.kind, replace(place, transport=hasty), text_column)
    if part_bytes and files_per_shard == 1:
        files = _cut(files, found.kind, replace(place, transport=hasty), part_bytes)
    others = tuple(shard for listed in beside for shard in _beside(listed, found, files, replace(place, transport=hasty)))
    return Crawl(name, found.kind, files, files_per_shard, text_column, others), place


def _beside(name: str, found: Found, chosen: Sequence[SourceFile], source: Source) -> tuple[Shard, ...]:
    """The shards of another listing of the crawl; none where it has no such listing. Files of it that are not there are counted when they are read."""
    if not chosen[0].path.startswith(f"crawl-data/{found.snapshot}/"):
        return ()  # plain files, or a crawl of another layout, such as CC-NEWS
    try:
        paths = paths_of(source, found.snapshot, name)
    except NotFound:
        return ()
    near = [file for shard in beside_of(name, [SourceFile(n, p) for n, p in enumerate(paths)], chosen) for file in shard.files]
    prints = fingerprints(replace(found, kind=name, paths=paths, known={}), [f.path for f in near], source.transport, lenient=True)
    return beside_of(name, [replace(file, fingerprint=p) for file, p in zip(near, prints, strict=True)], chosen)


def _find(wanted: Wanted) -> Found:
    every = listings()
    if not wanted.spec:
        raise BadInput(f"No source given. Give {_forms(every)}.")
    for listing in every:
        if found := listing.find(wanted):
            return found
    if scheme(wanted.spec) not in ("file", "http", "https", "s3", "hf"):
        raise BadInput(
            f"{shown(wanted.spec)}: {scheme(wanted.spec)}:// is not a place winnow reads from. Give a local path, https://, s3:// or hf://."
        )
    raise BadInput(f"There is no {shown(wanted.spec)}. Give {_forms(every)}.")


def _check_first(files: Sequence[SourceFile], kind: str, source: Source, text_column: str) -> None:
    """Look into the first files, until something can be made of one."""
    first: BadInput | None = None
    for file in files[:LOOK_FILES]:
        try:
            return reader(kind).check(source, file.path, text_column)
        except BadInput as e:
            first = first or e
    if first:
        raise first


def _cut(files: tuple[SourceFile, ...], kind: str, source: Source, part_bytes: int) -> tuple[SourceFile, ...]:
    """Large files in parts, all numbered anew; the same files if none is large, or there are so many that workers need no more."""
    if len(files) > MOST_FILES_TO_CUT:
        return files
    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(lambda file: reader(kind).parts(source, file.path, part_bytes), files))
    if not any(parts):
        return files
    cut = [
        replace(file, begin=begin, end=end)
        for file, bounds in zip(files, parts, strict=True)
        for begin, end in (bounds or [(file.begin, file.end)])
    ]
    return tuple(replace(file, number=number) for number, file in enumerate(cut))


def _forms(every: Sequence[object]) -> str:
    return ", or ".join(dict.fromkeys(str(getattr(listing, "about", "")) for listing in every))


def _check_choice(limit: int | None, sample_fraction: float | None, files_per_shard: int, kind: str, snapshot: str) -> None:
    if limit is not None and limit < 1:
        raise BadInput(f"--limit {limit}: give a number of files, 1 or more, or leave it out for all.")
    if sample_fraction is not None and not 0 < sample_fraction <= 1:
        raise BadInput(f"--sample-fraction {sample_fraction}: give a share above 0 and at most 1.")
    if files_per_shard < 1:
        raise BadInput(f"{files_per_shard} files per shard: give 1 or more.")
    if kind not in {r.kind for r in readers()}:
        raise BadInput(f"Unknown kind {kind!r}. Choose warc or wet.")
    if snapshot and not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,99}", snapshot, re.ASCII):
        raise BadInput(f"--snapshot {snapshot!r} cannot name a folder. Use letters, digits, '.', '-' and '_'.")


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True

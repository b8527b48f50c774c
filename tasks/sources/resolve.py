"""From what a user writes to a crawl: find the files, choose among them, and give each a fingerprint."""

import re
from collections.abc import Sequence

from winnow.tasks.engine.crawl import Crawl, SourceFile, digest_of_files, drawn
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.base import COMMON_CRAWL, Found, Wanted, listings, readers
from winnow.tasks.sources.fingerprints import fingerprints
from winnow.tasks.sources.source import Source
from winnow.tasks.transport.politeness import POLITE, Options, Transport, Unreachable
from winnow.tasks.transport.uri import scheme, shown


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
    prints = fingerprints(found, [p for _, p in chosen], hasty)
    files = tuple(SourceFile(n, p, f) for (n, p), f in zip(chosen, prints, strict=True))
    name = found.snapshot or snapshot or f"files-{digest_of_files(found.kind, files)[:8]}"
    return Crawl(name, found.kind, files, files_per_shard), Source(found.root, found.options, transport)


def _find(wanted: Wanted) -> Found:
    every = listings()
    if not wanted.spec:
        raise BadInput(f"No source given. Give {_forms(every)}.")
    for listing in every:
        if found := listing.find(wanted):
            return found
    if scheme(wanted.spec) not in ("file", "http", "https", "s3"):
        raise BadInput(
            f"{shown(wanted.spec)}: {scheme(wanted.spec)}:// is not a place winnow reads from. Give a local path, https:// or s3://."
        )
    raise BadInput(f"There is no {shown(wanted.spec)}. Give {_forms(every)}.")


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

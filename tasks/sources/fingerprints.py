"""Fingerprints: what makes a changed file another file. Of local files a digest, of S3 objects their size and ETag."""

import hashlib
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.base import Found
from winnow.tasks.transport.politeness import Transport
from winnow.tasks.transport.s3 import s3_find
from winnow.tasks.transport.uri import scheme, shown

WHOLE_BYTES = 16 << 20
SAMPLE_BYTES = 64 << 10
THREADS = 8
MISSING = "missing"


def fingerprints(found: Found, paths: Sequence[str], transport: Transport, *, strict: bool = False, lenient: bool = False) -> list[str]:
    """One per path. Of a file that is not there (over HTTP that shows when it is read) it is ``missing``, so that it is read when it is.

    Raises:
        BadInput: a file is missing and the run is ``strict``, or more than half of them are and it is not ``lenient``; or one cannot be read.
    """
    if found.known:
        return [found.known[p] for p in paths]
    if found.named:
        return [""] * len(paths)
    match scheme(found.root):
        case "file":
            missing = _missing_locally(found.root, paths)
            _refuse_missing(found, [] if lenient else missing, paths, strict)
            there = [p for p in paths if p not in set(missing)] if missing else paths
            known = dict(zip(there, _local_fingerprints(found.root, there), strict=True))
            return [known.get(p, MISSING) for p in paths]
        case "s3":
            known = _s3_fingerprints(found, sorted({p.rpartition("/")[0] for p in paths}), transport)
            _refuse_missing(found, [] if lenient else [p for p in paths if p not in known], paths, strict)
            return [known.get(p, MISSING) for p in paths]
        case _:
            return [""] * len(paths)


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


def some(names: Sequence[str], count: int = 5) -> str:
    """The first of many names, and how many more there are."""
    return ", ".join(names[:count]) + (f" and {len(names) - count} more" if len(names) > count else "")


def _s3_fingerprints(found: Found, folders: Sequence[str], transport: Transport) -> dict[str, str]:
    def one(folder: str) -> dict[str, str]:
        uri = f"{found.root}/{folder}".rstrip("/")
        return {f"{folder}/{p}".lstrip("/"): f for p, f in s3_find(uri, found.options, transport).items()}

    with ThreadPoolExecutor(THREADS) as pool:
        return {path: f for files in pool.map(one, folders) for path, f in files.items()}


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


def _refuse_missing(found: Found, missing: Sequence[str], wanted: Sequence[str], strict: bool) -> None:
    if not missing or not (strict or 2 * len(missing) > len(wanted)):
        return
    gap = next(n for n, p in enumerate(found.paths) if p == missing[0])
    before = f"With --limit {gap} only the files before the first gap are used" if gap else "Even the first file is missing"
    raise BadInput(
        f"{shown(found.root)} lacks {len(missing)} of the listed {found.kind} files: {some(missing)}. {before}; "
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

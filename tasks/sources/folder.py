"""Plain files: a folder of them, a pattern of names, or one, on disk, over HTTP or on S3. They say themselves what kind they are of."""

import logging
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from io import BufferedReader
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from winnow.tasks.archives.diagnose import REPACK, packing_of
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.base import Found, PlaceListing, Wanted, readable
from winnow.tasks.sources.credentials import options_for
from winnow.tasks.sources.glob import is_pattern, matcher, root_of
from winnow.tasks.sources.kinds import HEAD_BYTES, kind_by_name, kinds_by_name, sniff
from winnow.tasks.sources.mirror import local_path, s3_uri
from winnow.tasks.transport.http import HttpStream
from winnow.tasks.transport.open import open_stream
from winnow.tasks.transport.politeness import NotFound, Options
from winnow.tasks.transport.s3 import s3_find, s3_info
from winnow.tasks.transport.uri import join_url, scheme, shown

logger = logging.getLogger("winnow")


class Folder(PlaceListing):
    """A folder of files that winnow can read, or one such file."""

    name: ClassVar[str] = "folder"
    about: ClassVar[str] = "a folder of WARC files, a pattern such as data/*.parquet, or one file"
    order: ClassVar[int] = 30

    def local(self, wanted: Wanted) -> Found | None:
        path = local_path(wanted.spec)
        if os.path.isfile(path):
            folder, name = os.path.split(path)
            with open_stream(folder, name) as stream:
                return _one_file(wanted, folder, name, stream.read(HEAD_BYTES))
        if os.path.exists(path):
            return plain_files(wanted, path, _walk(path))
        if is_pattern(path):
            root, pattern = root_of(path.replace(os.sep, "/"))
            fits = matcher(pattern)
            return plain_files(wanted, root, _matching(wanted, [p for p in _walk(root) if fits.match(p)]))
        return None

    def http(self, wanted: Wanted) -> Found | None:
        parts = urlsplit(wanted.spec)
        _refuse_packed(wanted.spec, parts.path, b"")
        if not kind_by_name(parts.path):
            return None
        folder, _, name = parts.path.rpartition("/")
        root = urlunsplit(parts._replace(path=folder))
        raw = HttpStream(join_url(root, name), wanted.transport)
        with BufferedReader(raw) as stream:
            return _one_file(wanted, root, name, stream.read(HEAD_BYTES), fingerprint=raw.version)

    def s3(self, wanted: Wanted) -> Found | None:
        source = s3_uri(wanted.spec)
        options = options_for(source, wanted)
        if is_pattern(source):
            root, pattern = root_of(source)
            fits = matcher(pattern)
            matching = {p: f for p, f in s3_find(root, options, wanted.transport).items() if fits.match(p)}
            return plain_files(wanted, root, _matching(wanted, sorted(matching)), options, matching)
        if "/" in source.removeprefix("s3://"):
            try:
                is_file, version = s3_info(source, options, wanted.transport)
            except NotFound:
                is_file = False
            if is_file:
                folder, _, name = source.rpartition("/")
                with open_stream(folder, name, options, wanted.transport) as stream:
                    return _one_file(wanted, folder, name, stream.read(HEAD_BYTES), options, version)
        if not (found := s3_find(source, options, wanted.transport)):
            raise NotFound(f"There is no object or folder {source}. Check the name and the endpoint (AWS_ENDPOINT_URL).")
        return plain_files(wanted, source, sorted(p for p in found if not _hidden(p)), options, found)


def plain_files(wanted: Wanted, root: str, paths: Iterable[str], options: Options = (), known: Mapping[str, str] | None = None) -> Found:
    """Those of the files that can be read; all of one kind.

    Raises:
        BadInput: none can be read, they are of several kinds, or an archive among them is packed in a way that none is read from.
    """
    every = list(paths)
    for path in every:
        _refuse_packed(f"{root}/{path}", path, b"")
    kinds = kinds_by_name(every)
    if not kinds:
        what = f"holds none among {len(every)} files, such as {every[0]}" if every else "is empty"
        raise BadInput(
            f"{shown(root)} {what}: nothing to read. Expected a mirror (crawl-data/<id>/warc.paths.gz) or files named {readable()}."
        )
    # Names such as _SUCCESS are marks of who wrote the folder.
    if left := [p for p in every if p not in kinds and not p.rpartition("/")[2].startswith("_")]:
        some = f"{len(left)} of the {len(every)} files in {shown(root)}, such as {left[0]}"
        logger.warning("Not read, as they are of no kind that is read beside %s: %s.", next(iter(kinds)), some)
    if wanted.kind != "warc":
        kinds = {p: k for p, k in kinds.items() if k == wanted.kind}
        if not kinds:
            raise BadInput(f"{shown(root)} holds no {wanted.kind} files. Leave the kind out: plain files say themselves what they are.")
    counts = Counter(kinds.values())
    if len(counts) > 1:
        mix = ", ".join(f"{n} {kind} (such as {next(p for p in kinds if kinds[p] == kind)})" for kind, n in sorted(counts.items()))
        raise BadInput(f"{shown(root)} mixes kinds of files: {mix}. Put each kind in its own folder, or give one of its subfolders.")
    return Found(root, next(iter(counts)), list(kinds), "", options, known or {})


def _one_file(wanted: Wanted, root: str, name: str, head: bytes, options: Options = (), fingerprint: str = "") -> Found:
    kind = sniff(head) or kind_by_name(name)
    if kind != "documents":
        _refuse_packed(f"{root}/{name}", name, head)
    if kind is None and re.search(r"\.(w?arc|gz)\b", name.lower()):
        kind = "warc"
    if kind is None:
        raise BadInput(f"{shown(root)}/{name} is not a file winnow knows (it begins {head[:24]!r}). Expected {readable()}.")
    if wanted.kind == "wet" and kind == "warc":
        kind = "wet"
    return Found(root, kind, [name], "", options, {name: fingerprint} if scheme(root) != "file" else {})


def _refuse_packed(where: str, name: str, head: bytes) -> None:
    """Refuse an archive that is packed, but not by gzip: it would be left out in silence, or read in vain by each worker."""
    if packing := packing_of(name, head):
        raise BadInput(f"{shown(where)} is packed ({packing}), and archives are read as they are or from gzip only. Please {REPACK}")


def _matching(wanted: Wanted, paths: list[str]) -> list[str]:
    if not paths:
        raise NotFound(
            f"No file matches {shown(wanted.spec)}. Put the pattern in quotes if the shell has one of its own; ** stands for any folders."
        )
    return paths


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


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

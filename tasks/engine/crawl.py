"""What a run works on: the files of one snapshot with their fingerprints, grouped into shards. Only names and digests, never bytes.

Where the files lie and how they are found belongs to tasks/sources: the same files elsewhere are the same crawl.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import BinaryIO, Protocol

from winnow.tasks.transport.ranges import Ranges


@dataclass(frozen=True)
class SourceFile:
    """One file of a source, or one part of it.

    ``number`` is its position in the whole listing, whatever was selected. ``path`` is relative to the root, '/'-separated.
    ``fingerprint`` makes a changed file another file; '' where the name alone says what the content is (files of Common Crawl).
    ``begin`` and ``end`` bound a part of a file that is cut, in what its reader counts (rows, bytes); both are 0 for a whole one.
    """

    number: int
    path: str
    fingerprint: str = ""
    begin: int = 0
    end: int = 0


@dataclass(frozen=True)
class Shard:
    """Files that are worked on together. ``number`` is stable under --limit and sampling; ``key`` names the content."""

    number: int
    files: tuple[SourceFile, ...]
    kind: str

    @cached_property
    def key(self) -> str:
        """16 hex digits over kind, paths and fingerprints: the same files elsewhere have the same key."""
        return digest_of_files(self.kind, self.files)[:16]


@dataclass(frozen=True)
class Crawl:
    """The selected files of one snapshot, in listing order. ``kind`` names their reader (tasks/sources/base.py); ``text_column`` is where documents
    that already are text have it. ``beside`` are shards of other files of the crawl that steps of a recipe read, such as its captures of robots.txt: each is of
    the kind of its listing."""

    snapshot: str
    kind: str
    files: tuple[SourceFile, ...]
    files_per_shard: int = 1
    text_column: str = "text"
    beside: tuple[Shard, ...] = ()

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
        chosen = {f.number for s in sorted(self.shards, key=lambda s: drawn(seed, s.key))[:shards] for f in s.files}
        files = tuple(f for f in self.files if f.number in chosen)
        kinds = dict.fromkeys(shard.kind for shard in self.beside)
        listed = {kind: [file for shard in self.beside if shard.kind == kind for file in shard.files] for kind in kinds}
        return replace(self, files=files, beside=tuple(s for kind in kinds for s in beside(kind, listed[kind], files)))


BESIDE_FILES_PER_SHARD = 16
ALL_BESIDE = 1000
"""So many files of another listing are read whatever was chosen of the crawl; of more, those of the segments that the chosen files lie in."""


def beside(kind: str, listed: Sequence[SourceFile], chosen: Iterable[SourceFile]) -> tuple[Shard, ...]:
    """Shards of the files of another listing of a crawl, of which ``chosen`` are the files that the run reads. A segment was fetched at a time, so what its
    hosts answered lies in it: a small part of a large crawl needs not all of another listing."""
    if len(listed) > ALL_BESIDE:
        segments = {_segment(file.path) for file in chosen}
        listed = [file for file in listed if _segment(file.path) in segments]
    groups: dict[int, list[SourceFile]] = {}
    for file in listed:
        groups.setdefault(file.number // BESIDE_FILES_PER_SHARD, []).append(file)
    return tuple(Shard(number, tuple(files), kind) for number, files in groups.items())


def _segment(path: str) -> str:
    """The folder of the segment of a crawl's file: ``.../segments/ID`` of ``.../segments/ID/warc/NAME``."""
    return path.rpartition("/")[0].rpartition("/")[0]


class FileSource(Protocol):
    """Where the files of a crawl lie, as a step sees it (tasks/sources/source.py). Picklable, never part of any identity."""

    @property
    def root(self) -> str:
        """A folder or URI."""

    @property
    def strict(self) -> bool:
        """Whether a listed file that is not there ends the run, instead of being counted."""

    def open(self, path: str) -> BinaryIO:
        """A sequential stream of a file."""

    def open_ahead(self, path: str) -> BinaryIO:
        """As ``open``; the file may travel while what is here of it is worked on."""

    def open_seekable(self, path: str) -> BinaryIO:
        """A stream that can seek."""

    def open_ranges(self, path: str) -> Ranges:
        """Ranges of a file's bytes, each read without the rest of it."""

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where asking is dear."""


def drawn(seed: int, name: str) -> float:
    """A number in [0, 1) that depends on seed and name only."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogateescape")).digest()[:8], "big") / 2**64


def digest_of_files(kind: str, files: Iterable[SourceFile]) -> str:
    """SHA-256 in hex over kind, paths, fingerprints and the bounds of parts."""
    # NUL cannot occur in a path, so no two lists of files read the same.
    parts = [kind, *(part for f in files for part in (f.path, f.fingerprint, *([f"{f.begin}-{f.end}"] if f.end else [])))]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

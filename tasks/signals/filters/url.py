"""What a URL alone says: blocklists of domains and pages, words, and curated sources (Penedo et al. 2023, RefinedWeb, appendix G.1).

The lists are datatrove's own, inside its package, or a folder in the layout of UT1 (one folder per category with ``domains`` and ``urls``).
All rules are evaluated. Unlike datatrove, words are looked up in lower case, and a listed domain covers every subdomain, as UT1 means it.
"""

import contextlib
import hashlib
import importlib.util
import io
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, ClassVar

import numpy as np
import xxhash

from winnow.tasks.engine.cache import cached_file
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document, Hashes
from winnow.tasks.sources.domains import parents_of

SOURCE = "Penedo et al. 2023, G.1"
NOT_ALNUM = re.compile(r"[^a-z0-9]+")
SHIPPED = "datatrove"
BLOCK_BYTES = 1 << 22


@stable("filter/url")
@dataclass(frozen=True)
class Url(Filter):
    """``blocklists`` is ``datatrove`` (the lists in its package) or a UT1 folder, whose content (not its place) enters the address.

    ``curated_domains`` are sources that a corpus gets elsewhere, in better form.

    Raises:
        BadInput: the folder is missing or holds no list.
    """

    signals: ClassVar = (
        Signal("url_blocked_domain", "bool", "yes/no", "the host or a parent domain is on a blocklist", SOURCE),
        Signal("url_blocked_page", "bool", "yes/no", "the whole URL is on a blocklist", SOURCE),
        Signal("url_hard_word_count", "int", "words", "distinct words of the URL that are on the list of banned words", SOURCE),
        Signal("url_soft_word_count", "int", "words", "distinct words of the URL that are on the list of suspicious words", SOURCE),
        Signal("url_has_banned_subword", "bool", "yes/no", "the URL without punctuation contains a banned string", SOURCE),
        Signal("url_curated_domain", "bool", "yes/no", "the host or a parent domain is a curated source of the recipe", SOURCE),
    )

    blocklists: str = field(default=SHIPPED, metadata={"identity": False})
    curated_domains: tuple[str, ...] = ()
    lists: str = ""

    def __post_init__(self) -> None:
        if not self.lists:
            object.__setattr__(self, "lists", _lists_version(self.blocklists))

    def measure(self, doc: Document) -> dict[str, Value]:
        known = _lists(self.blocklists, self.lists)
        url = doc.url
        parents = parents_of(url)
        words = set(NOT_ALNUM.split(url.lower()))
        return {
            "url_blocked_domain": any(_has(known.domains, p) for p in parents),
            "url_blocked_page": bool(url) and (_has(known.pages, url) or _has(known.pages, url.split("://", 1)[-1].rstrip("/"))),
            "url_hard_word_count": len(words & known.hard_words),
            "url_soft_word_count": len(words & known.soft_words),
            "url_has_banned_subword": bool(known.subwords.search("".join(NOT_ALNUM.split(url.lower())))),
            "url_curated_domain": any(p in self.curated_domains for p in parents),
        }


@dataclass(frozen=True)
class _Lists:
    domains: Hashes
    pages: Hashes
    hard_words: frozenset[str]
    soft_words: frozenset[str]
    subwords: re.Pattern[str]


def hash_of(entry: str) -> int:
    return int(xxhash.xxh3_64_intdigest(entry.encode("utf-8", "surrogatepass")))


def _has(hashes: Hashes, entry: str) -> bool:
    key = np.uint64(hash_of(entry))
    place = int(np.searchsorted(hashes, key))
    return place < len(hashes) and bool(hashes[place] == key)


def _assets() -> Path:
    spec = importlib.util.find_spec("datatrove")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "assets"


def _archive() -> Path:
    return max(_assets().glob("url_filterblacklists*.tar.gz"))


def _lists_version(blocklists: str) -> str:
    """Digest of the lists' content: the same lists elsewhere give the same addresses."""
    if blocklists == SHIPPED:
        return _archive().name.removesuffix(".tar.gz")
    return content_digest(tuple((path, path.stat().st_mtime_ns) for path in ut1_files(blocklists)))


@cache
def content_digest(files: tuple[tuple[Path, int], ...]) -> str:
    sha = hashlib.sha256()
    for path, _ in files:
        sha.update(f"{path.parent.name}/{path.name}\n".encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def ut1_files(folder: str) -> list[Path]:
    files = sorted(p for name in ("domains", "urls") for p in Path(folder).glob(f"*/{name}"))
    if not files:
        raise BadInput(
            f"The blocklists {folder} are not a folder in UT1's layout (CATEGORY/domains, CATEGORY/urls). Unpack UT1 there, or write `blocklists: {SHIPPED}`."
        )
    return files


@cache
def _lists(blocklists: str, lists: str) -> _Lists:
    return _Lists(
        np.load(cached_file(f"url-lists/{lists}-domains.npy", lambda: _hashed(blocklists, "domains")), mmap_mode="r"),
        np.load(cached_file(f"url-lists/{lists}-urls.npy", lambda: _hashed(blocklists, "urls")), mmap_mode="r"),
        banned_words("banned_words"),
        banned_words("soft_banned_words"),
        re.compile("|".join(map(re.escape, sorted(banned_words("banned_subwords"))))),
    )


def _hashed(blocklists: str, name: str) -> bytes:
    """The entries of one kind of list as sorted 64-bit hashes, in NumPy's file format. Reading the lists themselves takes seconds."""
    parts = [np.fromiter(map(xxhash.xxh3_64_intdigest, block), np.uint64, len(block)) for block in _entries(blocklists, name)]
    sink = io.BytesIO()
    np.save(sink, np.sort(np.concatenate([np.empty(0, np.uint64), *parts])))
    return sink.getvalue()


def _entries(blocklists: str, name: str) -> Iterator[list[bytes]]:
    """Block by block, so that millions of entries never are in memory together."""
    with contextlib.ExitStack() as stack:
        files: Iterable[IO[bytes] | None]
        if blocklists == SHIPPED:
            files = [stack.enter_context(tarfile.open(_archive())).extractfile(name)]
        else:
            files = (stack.enter_context(path.open("rb")) for path in ut1_files(blocklists) if path.name == name)
        for file in files:
            assert file is not None
            while lines := file.readlines(BLOCK_BYTES):
                yield [entry for line in lines if (entry := line.strip()) and not entry.startswith(b"#")]


@cache
def banned_words(name: str) -> frozenset[str]:
    """One of datatrove's word lists, in lower case and without punctuation: banned_words, soft_banned_words or banned_subwords."""
    lines = (_assets() / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(
        word for line in lines if line and not line.startswith("#") and (word := "".join(NOT_ALNUM.split(line.strip().lower())))
    )

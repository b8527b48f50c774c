"""RedPajama-V2's two signals that need lists: bad words (LDNOOBW) and UT1's categories of sites (Weber et al. 2024; formulas of its code).

The lists are the user's folders, and their content (not their place) enters the address. Without a folder the value is null.
"""

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import numpy as np

from winnow.tasks.engine.cache import cached_file
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.filters.redpajama import SOURCE, normalised
from winnow.tasks.signals.filters.url import content_digest, hash_of, ut1_files
from winnow.tasks.signals.text import Document, Hashes

UNSPACED = ("ja", "th", "zh")  # the published count looks for words between spaces
CATEGORIES = (
    "adult", "agressif", "agressive", "arjel", "chat", "dating", "ddos", "filehosting", "gambling", "mixed_adult", "phishing", "porn",
    "violence",
)  # fmt: skip


@stable("filter/bad-words")
@dataclass(frozen=True)
class BadWords(Filter):
    """``words`` is a folder with a list per language, named ``en`` or ``en.txt``, one entry a line. Null for a language without a list, and for
    those that put no space between words.

    Raises:
        BadInput: the folder is missing or holds no list.
    """

    signals: ClassVar = (
        Signal("rps_doc_ldnoobw_words", "int", "entries", "normalised words and runs of words that are on the list of bad words", SOURCE),
    )

    words: str = field(default="", metadata={"identity": False})
    lists: str = ""

    def __post_init__(self) -> None:
        if self.words and not self.lists:
            parts = (part for name, p in _word_lists(self.words).items() for part in (name.encode(), p.read_bytes()))
            object.__setattr__(self, "lists", hashlib.sha256(b"\0".join(parts)).hexdigest()[:16])

    def measure(self, doc: Document) -> dict[str, Value]:
        known = _bad_words(self.words, doc.language) if self.words and doc.language not in UNSPACED else None
        if known is None:
            return {"rps_doc_ldnoobw_words": None}
        entries, lengths = known
        words = normalised(doc.text).split()
        found = sum(" ".join(words[i : i + n]) in entries for n in lengths for i in range(len(words) - n + 1))
        return {"rps_doc_ldnoobw_words": found}


def _word_lists(folder: str) -> dict[str, Path]:
    files = {p.name.removesuffix(".txt"): p for p in sorted(Path(folder).glob("*")) if p.is_file() and p.suffix in ("", ".txt")}
    files = {name: p for name, p in files.items() if name.replace("-", "").isalpha() and name.islower()}
    if not files:
        raise BadInput(
            f"The bad words {folder} are not a folder with a list per language (en, de.txt ...). Get LDNOOBW, or leave `words` out."
        )
    return files


@cache
def _bad_words(folder: str, language: str) -> tuple[frozenset[str], tuple[int, ...]] | None:
    """The entries, and their lengths in words."""
    path = _word_lists(folder).get(language)
    if path is None:
        return None
    entries = frozenset(e for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if (e := line.strip()))
    return entries, tuple(sorted({1 + e.count(" ") for e in entries}))


@stable("filter/ut1-category")
@dataclass(frozen=True)
class UT1Category(Filter):
    """``blocklists`` is a folder in UT1's layout. The host is looked up as it is written, as published (url.Url looks at parent domains too).

    Raises:
        BadInput: the folder holds no list, or none of the categories.
    """

    signals: ClassVar = (
        Signal(
            "rps_doc_ut1_blacklist",
            "int",
            "number",
            "which of UT1's categories list the host: place among all combinations of the categories, by size and then by name; null if none",
            SOURCE,
        ),
    )

    blocklists: str = field(default="", metadata={"identity": False})
    categories: tuple[str, ...] = CATEGORIES
    lists: str = ""

    def __post_init__(self) -> None:
        if self.blocklists and not self.lists:
            files = [p for p in ut1_files(self.blocklists) if p.name == "domains" and p.parent.name in self.categories]
            if not files:
                raise BadInput(f"The blocklists {self.blocklists} have none of the categories {', '.join(self.categories)}.")
            object.__setattr__(self, "lists", content_digest(tuple((path, path.stat().st_mtime_ns) for path in files)))

    def measure(self, doc: Document) -> dict[str, Value]:
        found = None
        if self.blocklists and (host := _host(doc.url)):
            hashes, numbers = _listed(self.blocklists, self.categories, self.lists)
            key = np.uint64(hash_of(host))
            place = int(np.searchsorted(hashes, key))
            if place < len(hashes) and hashes[place] == key:
                found = int(numbers[place])
        return {"rps_doc_ut1_blacklist": found}


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def category_number(found: Sequence[int], total: int) -> int:
    """Place of the sorted combination ``found`` (of the numbers 0 to total - 1) among all that are not empty, by size and then in order."""
    size = len(found)
    place = sum(math.comb(total, k) for k in range(1, size))
    for i, (before, this) in enumerate(pairwise([-1, *found])):
        place += sum(math.comb(total - 1 - skipped, size - 1 - i) for skipped in range(before + 1, this))
    return place


@cache
def _listed(blocklists: str, categories: tuple[str, ...], lists: str) -> tuple[Hashes, Hashes]:
    """Sorted hashes of the domains, and the number of their combination of categories."""
    kinds = hashlib.sha256("\n".join(sorted(categories)).encode()).hexdigest()[:8]
    table = np.load(cached_file(f"url-lists/{lists}-{kinds}-categories.npy", lambda: _table(blocklists, categories)), mmap_mode="r")
    return table[0], table[1]


def _table(blocklists: str, categories: tuple[str, ...]) -> bytes:
    names = sorted(categories)
    keys, marks = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for n, name in enumerate(names):
        path = Path(blocklists) / name / "domains"
        if path.is_file():
            domains = {line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()} - {""}
            keys.append(np.fromiter(map(hash_of, domains), np.uint64, len(domains)))
            marks.append(np.full(len(domains), 1 << n, np.uint64))
    hashes, mark = np.concatenate(keys), np.concatenate(marks)
    order = np.argsort(hashes, kind="stable")
    distinct, first = np.unique(hashes[order], return_index=True)
    masks = np.bitwise_or.reduceat(mark[order], first) if len(first) else mark
    numbers = {m: category_number([n for n in range(len(names)) if m >> n & 1], len(names)) for m in set(masks.tolist())}
    sink = io.BytesIO()
    np.save(sink, np.stack([distinct, np.fromiter(map(numbers.__getitem__, masks.tolist()), np.uint64, len(masks))]))
    return sink.getvalue()

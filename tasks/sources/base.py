"""What a source is made of, and the registry of both parts: a *listing* finds the files that a user names, a *reader* makes documents of them.

A new source is one module with a subclass of ``Listing``, of ``Reader``, or of both; importing it is enough. From outside it comes through the
entry points ``winnow.sources`` or the ``plugins:`` of a recipe (docs/adding-a-source.md).
"""

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.plugins import entry_point_modules, import_shipped
from winnow.tasks.engine.step import ShardStep
from winnow.tasks.sources.source import Source
from winnow.tasks.transport.politeness import POLITE, Options, Transport
from winnow.tasks.transport.uri import scheme

GROUP = "winnow.sources"
REGISTERS = re.compile(rb"^class \w+\((\w+, )*\w*(Listing|Reader)\):", re.MULTILINE)

COMMON_CRAWL = "https://data.commoncrawl.org/"


@dataclass(frozen=True)
class Wanted:
    """What a user asks of a source. ``spec`` is what was written; ``kind`` is the listing of a crawl; ``anonymous`` None: with credentials where
    there are any."""

    spec: str
    snapshot: str = ""
    kind: str = "warc"
    base_url: str = COMMON_CRAWL
    anonymous: bool | None = None
    options: Options = field(default=(), repr=False)
    transport: Transport = POLITE


@dataclass(frozen=True)
class Found:
    """The files that a listing found, before any is selected.

    ``paths`` are relative to ``root``, in a stable order. ``snapshot`` is '' for plain files. ``known`` holds the fingerprints that came with the
    listing; paths that it lacks are asked for, unless ``named`` says that a name alone tells the content.
    """

    root: str
    kind: str
    paths: Sequence[str]
    snapshot: str = ""
    options: Options = field(default=(), repr=False)
    known: Mapping[str, str] = field(default_factory=dict)
    named: bool = False


@dataclass(frozen=True)
class Reading:
    """What a recipe and a run say about reading: the extractor of HTML, the language model, the most bytes of a record's block and header, the column of the
    text, and what filters need beside the text (tables that the reader may be able to make)."""

    extractor: Any
    language_model: Any
    max_record_bytes: int
    max_header_bytes: int
    text_column: str = "text"
    needs: tuple[str, ...] = ()


class Listing(ABC):
    """One way to name files. Subclasses are registered by their ``name`` when their module is imported.

    Listings are asked by ``order``, the lowest first; the first that answers is believed.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    """What a user writes, for messages: "a crawl id such as CC-MAIN-2024-22"."""
    order: ClassVar[int] = 50

    def __init_subclass__(cls) -> None:
        if not inspect.isabstract(cls):
            _register(_listings, cls.name, cls())

    @abstractmethod
    def find(self, wanted: Wanted) -> Found | None:
        """The files, or None if ``wanted.spec`` is not of this form.

        Raises:
            BadInput: it is of this form and cannot be used; says what to do.
            Transient: throttled or unreachable after bounded attempts.
        """


class PlaceListing(Listing):
    """A listing of places that are named alike on a disk, over HTTP and in S3."""

    def find(self, wanted: Wanted) -> Found | None:
        match scheme(wanted.spec):
            case "file":
                return self.local(wanted)
            case "http" | "https":
                return self.http(wanted)
            case "s3":
                return self.s3(wanted)
        return None

    @abstractmethod
    def local(self, wanted: Wanted) -> Found | None:
        """As ``find``, of a path on this machine."""

    @abstractmethod
    def http(self, wanted: Wanted) -> Found | None:
        """As ``find``, of an HTTP address."""

    @abstractmethod
    def s3(self, wanted: Wanted) -> Found | None:
        """As ``find``, of an S3 URI."""


class Reader(ABC):
    """What makes documents of files of one ``kind``. Subclasses are registered by it when their module is imported."""

    kind: ClassVar[str]
    endings: ClassVar[tuple[str, ...]]
    """Endings of file names, in lower case."""

    def __init_subclass__(cls) -> None:
        if not inspect.isabstract(cls):
            _register(_readers, cls.kind, cls())

    listed: ClassVar[bool] = False
    """Whether a crawl has a listing of files of this kind, ``<kind>.paths.gz``."""
    beside: ClassVar[tuple[str, ...]] = ()
    """Endings that count only where no other file can be read: notes and lists lie beside archives."""

    @abstractmethod
    def recognises(self, head: bytes) -> bool:
        """Whether the first bytes of a file (those of a gzip file inflated) say that it is of this kind."""

    @abstractmethod
    def documents(self, reading: Reading) -> ShardStep:
        """The step that makes the documents table."""

    def check(self, source: Source, path: str, text_column: str) -> None:  # noqa: B027  most kinds need no look
        """Look into the first file of a run, before anything starts. Raises BadInput if nothing could be made of it."""

    def parts(self, source: Source, path: str, part_bytes: int) -> list[tuple[int, int]]:
        """Begin and end of each part in which a file of more than ``part_bytes`` is read, so that several workers share it; none if it is read whole.
        A function of the file and of ``part_bytes`` only."""
        return []


_listings: dict[str, Listing] = {}
_readers: dict[str, Reader] = {}


def _register(registry: dict[str, Any], name: str, part: Any) -> None:
    there = registry.get(name)
    if there is not None and type(there).__module__.startswith("winnow.") and type(part).__module__ != type(there).__module__:
        raise BadInput(f"{type(part).__name__} calls itself {name!r}, as a part of winnow does already. Give it another name.")
    registry[name] = part


@cache
def load() -> None:
    """Import every module that registers a part: those of winnow, and those that installed packages name as ``winnow.sources``."""
    import_shipped(REGISTERS)
    entry_point_modules(GROUP)


def listings() -> tuple[Listing, ...]:
    """All ways to name files, in the order in which they are asked."""
    load()
    return tuple(sorted(_listings.values(), key=lambda listing: (listing.order, listing.name)))


def readers() -> tuple[Reader, ...]:
    """The readers of all kinds."""
    load()
    return tuple(_readers.values())


def reader(kind: str) -> Reader:
    """The reader of a kind. Raises BadInput, naming the kinds there are."""
    load()
    if kind not in _readers:
        raise BadInput(f"There is no reader of {kind!r}. There are readers of {', '.join(_readers)}.")
    return _readers[kind]


def readable() -> str:
    """Endings of all files that can be read, for messages."""
    return (
        ", ".join(ending for r in readers() for ending in (*r.endings, *r.beside) if not ending.endswith((".gz", ".zst")))
        + " (also .gz; of documents also .zst)"
    )

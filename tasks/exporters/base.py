"""Exporters: a finished run in the files of another project, or of a trainer. One module each; an exporter says what the files hold, this module writes them.

An exporter is found by standing in this folder, or by an entry point of the group ``winnow.exporters`` in another package. Nothing lists them.
docs/adding-an-exporter.md shows one from the first line to the command.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.whole_file import whole_file

ENTRY_POINTS = "winnow.exporters"
MARKER = "export.json"


class RunTables(Protocol):
    """What an exporter sees of a finished run (``tasks/ledger/find.py``)."""

    @property
    def id(self) -> str: ...
    @property
    def entry(self) -> dict[str, Any]:
        """The run's record: ``snapshot``, ``recipe``, ``shards`` in crawl order, ``tables`` (name -> address)."""

    @property
    def manifest(self) -> dict[str, Any]: ...
    def has(self, label: str) -> bool:
        """Whether the run has a step with this label."""

    def address(self, label: str) -> str:
        """The address of that step. Raises BadInput."""

    def read(self, address: str, shard: str, columns: Sequence[str] | None = None) -> pa.Table:
        """One shard of a step. Raises DamagedArtifact."""


@dataclass(frozen=True)
class File:
    """One file to write: its path below the folder, its bytes, and what it adds to the counts (``documents``, ``tokens``, ...)."""

    path: str
    data: bytes
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Exporter(ABC):
    """Base of every exporter. ``name`` is what ``--format`` says, ``about`` one sentence for people."""

    name: ClassVar[str]
    about: ClassVar[str]
    tokenizes: ClassVar[bool] = False
    """Whether it takes a tokenizer."""
    shuffles: ClassVar[bool] = False
    """Whether its order is a random one, and it takes a seed."""

    tokenizer: str = ""
    seed: int = 0

    @abstractmethod
    def files(self, run: RunTables) -> Iterator[File]:
        """The files of a run, the same bytes every time. They are written as they come, so that no more than one is in memory.

        Raises:
            BadInput: the run cannot be written in this format. DamagedArtifact: a table of the run is damaged.
        """

    def remarks(self, run: RunTables) -> Sequence[str]:
        """Sentences about what the format has and the run has not."""
        return ()


@dataclass(frozen=True)
class Export:
    """What was written. ``files`` are paths below the folder; ``digest`` is equal whenever their names and bytes are."""

    format: str
    run: str
    files: tuple[str, ...]
    counts: Mapping[str, int]
    digest: str
    remarks: tuple[str, ...]
    nothing_to_do: bool = False


def exporters() -> dict[str, type[Exporter]]:
    """Every exporter by its name: those of this folder and those of other packages. Raises BadInput if an entry point cannot be used."""
    found: dict[str, type[Exporter]] = {}
    package = __name__.rpartition(".")[0]
    for module in iter_modules([str(Path(__file__).parent)]):
        for value in vars(import_module(f"{package}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Exporter) and value is not Exporter:
                found[value.name] = value
    for point in entry_points(group=ENTRY_POINTS):
        try:
            value = point.load()
        except Exception as e:
            raise BadInput(
                f"The exporter {point.name} ({point.value}) cannot be loaded: {type(e).__name__}: {e}. Mend or uninstall it."
            ) from e
        if not (isinstance(value, type) and issubclass(value, Exporter)):
            raise BadInput(f"{point.value}, which another package offers as the exporter {point.name}, is not a subclass of Exporter.")
        found[value.name] = value
    return found


def exporter(name: str, tokenizer: str = "", seed: int = 0) -> Exporter:
    """The exporter of a format. Raises BadInput: no such format, or it takes no tokenizer or seed."""
    known = exporters()
    if name not in known:
        raise BadInput(f"There is no format {name!r}. Known are: {', '.join(f'{n} ({e.about})' for n, e in sorted(known.items()))}.")
    if tokenizer and not known[name].tokenizes:
        raise BadInput(f"The format {name} holds text and takes no tokenizer: leave --tokenizer out.")
    if seed and not known[name].shuffles:
        raise BadInput(f"The format {name} has an order of its own: leave --seed out.")
    return known[name](tokenizer, seed)


def export(run: RunTables, to: Exporter, out: Path) -> Export:
    """Write a run below the folder ``out``. Done before with the same run and options: nothing is written again.

    Raises:
        BadInput: ``out`` holds another export or cannot be written, or as :meth:`Exporter.files`. DamagedArtifact: a table of the run is damaged.
    """
    identity = {"format": to.name, "run": run.id, "manifest": run.manifest["digest"], "tokenizer": to.tokenizer, "seed": to.seed}
    if before := _before(out):
        if all(before.get(k, 0) == v for k, v in identity.items()):
            made = {k: before[k] for k in ("counts", "digest")}
            return Export(to.name, run.id, tuple(before["files"]), remarks=tuple(before["remarks"]), nothing_to_do=True, **made)
        raise BadInput(f"{out} holds an export of {before.get('run')}. Give another folder with --out, or delete that one.")
    digests: dict[str, str] = {}
    counts = Counter({"documents": 0, "tokens": 0})
    for file in to.files(run):
        _write(out / file.path, file.data)
        digests[file.path] = hashlib.sha256(file.data).hexdigest()
        counts.update(file.counts)
    digest = "sha256:" + hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
    found = Export(to.name, run.id, tuple(digests), dict(counts), digest, tuple(to.remarks(run)))
    written = {**identity, "documents": counts["documents"], "counts": found.counts, "digest": digest, "remarks": found.remarks}
    _write(out / MARKER, json.dumps({**written, "files": found.files}, indent=1).encode())
    return found


def _before(out: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads((out / MARKER).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as e:
        raise BadInput(f"{out / MARKER} cannot be read: {e}. Give another folder with --out, or delete that one.") from None


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    try:
        with whole_file(path) as f:
            f.write(data)
    except OSError as e:
        raise BadInput(f"{path} cannot be written: {e.strerror or e}. Give another folder with --out.") from None

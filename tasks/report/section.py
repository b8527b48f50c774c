"""Section: the seam at which a capability adds its part to the report, the dataset card and the tables in the UI.

A section is one module. It registers itself with ``@section``, says in which chapter it stands and what it needs, and turns a run's summary into
values for a fragment of HTML. The page is a loop over the registered sections; nothing else is edited to add one
(``docs/adding-a-report-section.md``).
"""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import pyarrow as pa

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import PLUGINS
from winnow.tasks.engine.plugins import entry_point_modules
from winnow.tasks.report.summary import Figure, Summary

OUTCOME, CONTENT, CHANGES, RUN = "What came out", "What is in it", "What was changed", "How it was made"
CHAPTERS = (OUTCOME, CONTENT, CHANGES, RUN)
"""The chapters of the report, in order."""
ENTRY_POINTS = "winnow.report_sections"
Z_95 = 1.959964


class Reader(Protocol):
    """``read("decisions", ["kept"])``: the table of a step, named by its label, shard by shard; with ``table``, the one of its tables that has this
    name. Nothing if the run has no such step."""

    def __call__(self, step: str, columns: Sequence[str] | None = None, *, table: str = "") -> Iterator[pa.Table]: ...


def _nothing(step: str, columns: Sequence[str] | None = None, *, table: str = "") -> Iterator[pa.Table]:
    return iter(())


@dataclass(frozen=True)
class Evidence:
    """What a section may look at: the summary, and the tables of any step of the run.

    A section that reads tables must not hold more than counts: there may be 90,000 shards.
    """

    summary: Summary
    read: Reader = _nothing


@dataclass(frozen=True)
class Content:
    """What a section has to show.

    ``values`` are for its HTML fragment. ``figures`` are its measured figures with their confidence intervals: the page draws them all in the same
    way, below the fragment, and ``--json`` holds them. ``rows`` is a small table for the UI of the server, and ``card`` is what the dataset card says,
    in Markdown.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    card: str = ""


class Section:
    """Base of every section.

    ``name`` is its anchor in the page; it stands in ``chapter`` at ``place`` (ascending, then by name). ``about`` is a sentence or two below the
    heading. ``needs`` lists what must have been counted, or the section is left out: ``step:LABEL``, ``signal:NAME``, ``dimension:NAME``.
    ``template`` is a Jinja fragment that sees ``values``, ``summary`` and the macros of ``parts.html.j2`` as ``parts``; without one, the file beside
    the module with its name and ``.html.j2`` is taken.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    chapter: ClassVar[str]
    place: ClassVar[int] = 50
    about: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    template: ClassVar[str] = ""

    def content(self, evidence: Evidence) -> Content | None:
        """What to show of this run; None leaves the section out. Pure: it writes nothing."""
        raise NotImplementedError

    def fragment(self) -> str:
        """The source of the section's template."""
        if self.template:
            return self.template
        beside = Path(inspect.getfile(type(self))).with_suffix(".html.j2")
        return beside.read_text(encoding="utf-8")


_REGISTERED: dict[str, Section] = {}
S = TypeVar("S", bound=type[Section])


def section(cls: S) -> S:
    """Register a section. It replaces one of the same name that was defined in the same place, as a module does that is imported again.

    Raises:
        BadInput: its chapter does not exist, its name is no anchor, or another section has this name.
    """
    if cls.chapter not in CHAPTERS:
        raise BadInput(f"The report section {cls.name} wants to stand in the chapter {cls.chapter!r}. Chapters are: {', '.join(CHAPTERS)}.")
    if not cls.name.isidentifier():
        raise BadInput(f"The name of the report section {cls.name!r} becomes an anchor: use letters, digits and _ only.")
    known = _REGISTERED.get(cls.name)
    if known and _place(type(known)) != _place(cls):
        raise BadInput(
            f"{cls.__module__} registers a report section {cls.name}, but {type(known).__module__} has one of that name. Rename one of the two."
        )
    _REGISTERED[cls.name] = cls()
    return cls


def _plugin(cls: type[Section]) -> str:
    """The name of the plug-in file that defines a section; empty if it is shipped or from a package. A new version of the file is another module."""
    package, _, module = cls.__module__.rpartition(".")
    return module.rpartition("_")[0] if package == PLUGINS else ""


def _place(cls: type[Section]) -> tuple[str, str]:
    return _plugin(cls) or cls.__module__, cls.__qualname__


def sections() -> tuple[Section, ...]:
    """All sections in the order of the page: the shipped ones, those of installed packages and those that were registered in this process."""
    _load()
    return tuple(sorted(_REGISTERED.values(), key=lambda s: (CHAPTERS.index(s.chapter), s.place, s.name)))


@cache
def _load() -> None:
    """Import every module of ``tasks/report/sections``, then those that installed packages name."""
    from winnow.tasks.report import sections as shipped

    for module in sorted(m.name for m in pkgutil.iter_modules(shipped.__path__)):
        importlib.import_module(f"{shipped.__name__}.{module}")
    entry_point_modules(ENTRY_POINTS)


def contents(evidence: Evidence) -> dict[Section, Content]:
    """The sections that have something to show of a run, in order, with what they show. Those of a plug-in file are for the recipes that name it."""
    found = {}
    named = {plugin["name"] for plugin in evidence.summary.recipe.get("plugins") or ()}
    for each in sections():
        if (plugin := _plugin(type(each))) and plugin not in named:
            continue
        if all(_has(evidence.summary, need) for need in each.needs) and (content := each.content(evidence)) is not None:
            found[each] = content
    return found


def _has(summary: Summary, need: str) -> bool:
    kind, _, name = need.partition(":")
    if kind == "step":
        return any(s.name == name for s in summary.steps)
    if kind == "signal":
        return name in summary.tallies.signals
    if kind == "dimension":
        return bool(summary.tallies.of(name).groups)
    raise BadInput(f"A report section needs {need!r}. Write step:LABEL, signal:NAME or dimension:NAME.")


def share_figure(label: str, part: int, whole: int, *, measured_on: str = "", source: str = "") -> Figure:
    """A share that was measured on a sample of ``whole``, with Wilson's 95 % interval (Wilson 1927), which holds for small samples and shares near 0."""
    if not whole:
        return Figure(label, math.nan, sample_size=0, measured_on=measured_on, source=source)
    p = part / whole
    middle, half = _wilson(p, whole)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Figure(label, p, min(low, p), max(high, p), "share", whole, measured_on, source)


def stratified_figure(label: str, strata: Sequence[tuple[int, int, int]], *, measured_on: str = "", source: str = "") -> Figure:
    """A share of a population that was sampled by strata: of each stratum its members, how many were looked at, and in how many it holds.

    The estimate weighs each stratum by its members. The 95 % interval is Wilson's with Kish's effective sample size (1965), which holds where no case was seen at all;
    there is none if all were looked at. A stratum of which none was looked at is left out.
    """
    looked = [(members, sample, part) for members, sample, part in strata if sample]
    whole, seen = sum(m for m, _, _ in looked), sum(n for _, n, _ in looked)
    if not whole:
        return Figure(label, math.nan, sample_size=0, measured_on=measured_on, source=source)
    share = math.fsum(m / whole * part / n for m, n, part in looked)
    if seen == whole:
        return Figure(label, share, sample_size=seen, measured_on=measured_on, source=source)
    effective = 1 / math.fsum((m / whole) ** 2 / n for m, n, _ in looked)
    middle, half = _wilson(share, effective)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Figure(label, share, min(low, share), max(high, share), "share", seen, measured_on, source)


def _wilson(p: float, n: float) -> tuple[float, float]:
    """The middle of Wilson's 95 % interval and half its width."""
    z2 = Z_95**2
    return (p + z2 / (2 * n)) / (1 + z2 / n), Z_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n**2))

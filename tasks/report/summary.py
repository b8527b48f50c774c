"""Summary: everything that a finished run tells about itself, as one typed value.

The report, the dataset card, the artifacts in the UI, the end of ``winnow run`` and its ``--json`` all read it, so that no two of them can
disagree. It is plain data: ``to_json`` and ``from_json`` are inverse, and ``summary.json`` beside a manifest holds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from winnow.tasks.corpus.tokens import estimated_tokens
from winnow.tasks.report.tallies import Tallies
from winnow.tasks.sources.crawl_index import IndexShares

SUMMARY_NAME = "summary.json"
NO_PAGE = "type:"
"""Reasons that begin so name records of an archive that hold no page by their type: requests, metadata, warcinfo, revisits."""
COPY_SIGNALS = ("url_cluster_", "text_cluster_", "minhash_cluster_", "minhash_known_")

FigureKind = Literal["share", "count", "seconds", "hours", "bytes", "number"]


@dataclass(frozen=True)
class Figure:
    """A measured figure and how sure it is.

    ``low`` and ``high`` bound its 95 % confidence interval (None: it was counted, not estimated); ``sample_size`` is how many documents it was
    measured on; ``measured_on`` names the data and ``source`` the command, model card or paper that it is from.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    kind: FigureKind = "share"
    sample_size: int | None = None
    measured_on: str = ""
    source: str = ""


@dataclass(frozen=True)
class CorpusFile:
    """One file of the corpus; ``path`` is relative to the corpus's folder."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class StepTotal:
    """One step of a run, summed over its shards.

    ``about`` is what it does and ``reasons`` what its reasons mean, as the step says.
    ``seconds`` is time on the clock and ``cpu_s`` computing time; shards run side by side, so the first may exceed the time that the run took.
    ``peak_rss_bytes`` is the most that a worker held up to then, ``stored_bytes`` what lies in the store.
    """

    name: str
    kind: str
    address: str
    shards: int
    rows_in: int
    rows_out: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    about: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    merkle: str = ""
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_rss_bytes: int = 0
    stored_bytes: int = 0
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def busy_share(self) -> float:
        """CPU time by time on the clock; above 1 where a step has several threads."""
        return self.cpu_s / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Drop:
    """Why so many pages did not stay, and which step found out."""

    step: str
    reason: str
    pages: int


@dataclass(frozen=True)
class ForecastFigure:
    """A figure that ``winnow plan`` forecast with a 95 % interval, and what happened (None: it cannot be compared)."""

    label: str
    kind: FigureKind
    value: float
    low: float
    high: float
    actual: float | None

    @property
    def is_inside(self) -> bool | None:
        return None if self.actual is None else self.low <= self.actual <= self.high


@dataclass(frozen=True)
class ForecastCheck:
    """The forecast of a run from ``sample`` of its ``shards``, for ``workers`` workers, beside what the run took and gave."""

    sample: int
    shards: int
    workers: int
    figures: tuple[ForecastFigure, ...]


@dataclass(frozen=True)
class Summary:
    """A finished run. ``home`` is the corpus's folder as an absolute path or URI; ``recipe`` has every default written out; ``figures`` are those
    of the report's sections, by section; ``taken_down`` is the list of take-downs that was applied (digest, number of entries, day of the newest) and what of it was
    met; ``columns`` are those of the corpus behind the ones that every corpus has, in their order, with what they mean, and ``text_edits`` what steps did to its texts;
    ``elapsed_s`` is how long the process took that finished the run."""

    id: str
    snapshot: str
    home: str
    recipe: Mapping[str, Any]
    digest: str
    versions: Mapping[str, str]
    files: tuple[CorpusFile, ...]
    steps: tuple[StepTotal, ...]
    tallies: Tallies = field(default_factory=Tallies)
    forecast: ForecastCheck | None = None
    index: IndexShares | None = None
    licence: Mapping[str, Any] | None = None
    taken_down: Mapping[str, Any] | None = None
    figures: Mapping[str, tuple[Figure, ...]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    text_edits: tuple[str, ...] = ()
    elapsed_s: float = 0.0

    # -------------------------------------------------------------- pages

    @property
    def counted(self) -> tuple[StepTotal, ...]:
        """The steps that may drop something, in order."""
        return tuple(s for s in self.steps if s.kind == "filter")

    @property
    def reading(self) -> StepTotal | None:
        """The step that made documents of what the source holds."""
        return next(iter(self.counted), None)

    @property
    def is_archive(self) -> bool:
        """Whether the source was an archive of pages rather than a table of texts."""
        return self.reading is None or not self.reading.name.startswith("read")

    @property
    def page_noun(self) -> str:
        """What the source consists of: ``pages``, or ``rows`` where it was a table of texts."""
        return "pages" if self.is_archive else "rows"

    @property
    def records(self) -> int:
        """Records of the archive of every type, or rows."""
        return self.reading.rows_in if self.reading else 0

    @property
    def other_records(self) -> int:
        """Records that hold no page by their type: requests, metadata, warcinfo, revisits."""
        return sum(n for reason, n in self.reading.dropped.items() if reason.startswith(NO_PAGE)) if self.reading else 0

    @property
    def pages(self) -> int:
        """Pages (responses) that the source holds, or rows; what the funnel begins with."""
        return self.records - self.other_records

    @property
    def documents(self) -> int:
        """Pages that have text."""
        return self.reading.rows_out if self.reading else 0

    @property
    def kept(self) -> int:
        """Documents in the corpus."""
        return sum(f.rows for f in self.files)

    @property
    def kept_share(self) -> float:
        """Kept documents by pages, 0 to 1."""
        return self.kept / self.pages if self.pages else 0.0

    @property
    def duplicates(self) -> int:
        """Documents that were dropped because another one stays in their place."""
        return sum(n for s in self.counted for reason, n in s.dropped.items() if is_copy(reason))

    def pages_in(self, step: StepTotal) -> int:
        """Pages that came into a step."""
        return step.rows_in - (self.other_records if step is self.reading else 0)

    def drops(self) -> list[Drop]:
        """All reasons, the most frequent first; records that hold no page by their type are left out."""
        found = [
            Drop(s.name, reason, n)
            for s in self.counted
            for reason, n in s.dropped.items()
            if n and not (s is self.reading and reason.startswith(NO_PAGE))
        ]
        return sorted(found, key=lambda d: (-d.pages, d.step, d.reason))

    # -------------------------------------------------------------- size and time

    @property
    def size_bytes(self) -> int:
        """Bytes of the corpus's files."""
        return sum(f.bytes for f in self.files)

    @cached_property
    def tokens(self) -> int:
        """Tokens of all documents, estimated from their characters by language (tasks/corpus/tokens.py)."""
        groups = self.tallies.of("language").groups
        return round(float(estimated_tokens([g.chars for g in groups], [g.name for g in groups]).sum()))

    @cached_property
    def tokens_kept(self) -> int:
        """Tokens of the corpus, estimated as ``tokens``."""
        groups = self.tallies.of("language").groups
        return round(float(estimated_tokens([g.chars_kept for g in groups], [g.name for g in groups]).sum()))

    @property
    def seconds(self) -> float:
        """Time of all steps on the clock, summed over shards that may have run side by side."""
        return sum(s.seconds for s in self.steps)

    @property
    def cpu_s(self) -> float:
        """Computing time of all steps."""
        return sum(s.cpu_s for s in self.steps)

    @property
    def documents_per_core_s(self) -> float | None:
        """Documents per second of computing time; None if no time was measured."""
        return self.documents / self.cpu_s if self.cpu_s else None

    @property
    def stored_bytes(self) -> int:
        """Bytes of all steps in the store."""
        return sum(s.stored_bytes for s in self.steps)

    def notes(self, step: str) -> Mapping[str, Any]:
        """What a step noted beside its rows, summed over shards; empty if there is no such step."""
        return next((s.notes for s in self.steps if s.name == step), {})

    def options(self, entry: str) -> Mapping[str, Any]:
        """The options of an entry of the recipe's chain of decisions, with every default; empty if there is none of that name."""
        return next((e["options"] for e in self.recipe.get("decide", ()) if e["name"] == entry), {})

    # -------------------------------------------------------------- JSON

    def headline(self) -> dict[str, Any]:
        """The figures that a person asks for first, for ``--json`` and the end of ``winnow run``. Counts are of pages or documents, ``bytes`` of the
        corpus; the five largest reasons are in ``reasons``."""
        return {
            "run_id": self.id,
            "snapshot": self.snapshot,
            "recipe": self.recipe["name"],
            "records": self.records,
            "pages": self.pages,
            "documents": self.documents,
            "kept": self.kept,
            "kept_share": round(self.kept_share, 6),
            "tokens_estimated": self.tokens_kept,
            "duplicates": self.duplicates,
            "reasons": [{"step": d.step, "reason": d.reason, "pages": d.pages} for d in self.drops()[:5]],
            "files": len(self.files),
            "bytes": self.size_bytes,
            "elapsed_s": round(self.elapsed_s, 3),
            "steps_s": round(self.seconds, 3),
            "cpu_s": round(self.cpu_s, 3),
            "documents_per_core_s": None if self.documents_per_core_s is None else round(self.documents_per_core_s, 3),
            "digest": self.digest,
            "corpus": f"{self.home}/data",
            "report": f"{self.home}/report.html",
            "manifest": f"{self.home}/manifest.json",
        }

    def to_json(self) -> bytes:
        """The whole value as JSON."""
        return bytes(_adapter().dump_json(self))

    @staticmethod
    def from_json(data: bytes) -> "Summary":
        """The value that ``to_json`` wrote. Raises ValueError if it is something else."""
        found: Summary = _adapter().validate_json(data)
        return found


def is_copy(reason: str) -> bool:
    """Whether a reason says that another document stays in this one's place."""
    return reason.startswith(COPY_SIGNALS)


def _adapter() -> Any:
    from pydantic import TypeAdapter  # not at the top: a run with nothing to do need not wait for it

    return TypeAdapter(Summary)

"""A Step is a frozen config plus one method. Its address says everything it was made from; where and how it runs is not in it.

Design, section 3. Identity by config and inputs follows Marin's fingerprints and tango's step ids; the conservation law
``rows_in == rows_out + sum(dropped)`` is checked at every commit (tasks/engine/store.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa

from winnow.tasks.engine.identity import describe, digest

if TYPE_CHECKING:
    from winnow.tasks.engine.context import ShardContext

Kind = Literal["filter", "join", "aggregate"]


@dataclass(frozen=True)
class StepResult:
    """What one shard of one step made: the table, and the account of its rows.

    ``dropped`` maps a reason to rows; ``notes`` holds further figures for people (lines edited, bytes read), never needed downstream
    of a decision; ``tables`` has further tables by name, of those that the step declares. One that is left out, or has no row, is empty.
    """

    table: pa.Table
    rows_in: int
    rows_out: int
    dropped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    row_groups: Sequence[int] | int | None = None


@dataclass(frozen=True)
class Step:
    """Base of every step. Subclasses add fields (their config and their input steps) and ``run``.

    ``version`` is bumped when an unchanged config must give other rows. ``name`` is what people read in the UI, the manifest and paths. ``tables`` are the
    tables that it makes beside its main one (links, spans, what was dropped), by name, with their schemas: each is committed, counted, verified and
    deleted with its step, and read by its name.
    """

    version: ClassVar[str] = "1"
    kind: ClassVar[Kind] = "filter"
    name: ClassVar[str] = ""
    in_a_row: ClassVar[bool] = False
    """Whether shards that follow each other read the same objects, so that one worker should make them in a row (ahead.py)."""

    def __init_subclass__(cls) -> None:
        # Before the decorator of the subclass, which would compare field by field: along every way to every input, and ways double at each step.
        cls.__eq__ = Step.__eq__  # type: ignore[method-assign]
        cls.__hash__ = Step.__hash__  # type: ignore[method-assign]

    def __eq__(self, other: object) -> bool:
        """Whether they make the same: equal steps have one address."""
        return type(self) is type(other) and self.address == getattr(other, "address", None)

    def __hash__(self) -> int:
        return hash(self.address)

    @property
    def label(self) -> str:
        return self.name

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        """The named tables that this step makes, with their schemas."""
        return {}

    @property
    def inputs(self) -> tuple["Step", ...]:
        """Its input steps: fields, members of a tuple, and what a field reads (its ``steps``)."""
        values = (getattr(self, f.name) for f in fields(self))
        parts = (part for value in values for part in (value if isinstance(value, tuple) else (value,)))
        return tuple(s for part in parts for s in ((part,) if isinstance(part, Step) else getattr(part, "steps", ())))

    @cached_property
    def address(self) -> str:
        return f"{self.label}-v{self.version}-{digest(describe(self))[:16]}"

    @property
    def title(self) -> str:
        """What people call it in the terminal and the UI, as part of the name of its stage; '' if it is done in passing. Most steps have an attribute of
        this name, as of the next two."""
        return self.label.replace("-", " ")

    @property
    def about(self) -> str:
        """What it does, for reports: "drops copies of a text"."""
        return ""

    @property
    def reasons(self) -> Mapping[str, str]:
        """What the reasons of its drops mean, for reports. A ``*`` in a reason stands for any text, and ``{}`` in its meaning for what is behind the colon."""
        return {}

    def shards(self, context: "ShardContext") -> tuple[str, ...] | None:
        """Names of the shards this step makes; None while that is not known because an input is still missing."""
        raise NotImplementedError

    def needs(self, source: "Step", shard: str, context: "ShardContext") -> tuple[str, ...]:
        """Which shards of the input ``source`` are read to make ``shard``. All of them, unless a subclass knows better."""
        return source.shards(context) or ()

    def data_path(self, shard: str) -> str:
        """Where the table lies, relative to the store's root."""
        return f"steps/{self.address}/{shard}.parquet"

    def table_path(self, shard: str, table: str) -> str:
        """Where a named table lies. One that is empty is no object."""
        return f"steps/{self.address}/{shard}.{table}.parquet"

    def run(self, shard: str, context: "ShardContext") -> StepResult:
        """Make one shard. Pure: reads only its inputs through ``context`` and the source files of its shard."""
        raise NotImplementedError

    def check(self) -> None:
        """Fail before the first shard if a model, library or option is not usable.

        Raises:
            BadInput: says what to install or change.
        """

    def lineage(self) -> Iterator["Step"]:
        """Every step this one needs, inputs first, itself last. Each is visited once: there may be very many ways from one step to another."""
        seen: set[str] = set()

        def visited(step: Step) -> Iterator[Step]:
            seen.add(step.address)
            for source in step.inputs:
                if source.address not in seen:
                    yield from visited(source)
            yield step

        yield from visited(self)


@dataclass(frozen=True)
class ShardStep(Step):
    """A step that works crawl shard by crawl shard: shard n is made from shard n of its inputs (and nothing else of the crawl).

    Its address holds no crawl, and a shard is named by a digest of its own files: with a larger ``--limit``, another sample or a
    folder that grew, what was computed stays valid.
    """

    def shards(self, context: "ShardContext") -> tuple[str, ...]:
        return context.shard_keys

    def needs(self, source: Step, shard: str, context: "ShardContext") -> tuple[str, ...]:
        return (shard,) if isinstance(source, ShardStep) else super().needs(source, shard, context)


@dataclass(frozen=True)
class WholeStep(Step):
    """A step over the whole crawl. ``crawl`` is the digest of the crawl's shards, so it is part of the address."""

    kind: ClassVar[Kind] = "aggregate"

    crawl: str

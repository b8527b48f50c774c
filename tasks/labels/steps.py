"""Judgements in a run: the column ``<head>.judged`` of each document that was judged, and what the tables of judgements hold."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import ShardStep, Step, StepResult, WholeStep
from winnow.tasks.labels import judged
from winnow.tasks.labels.agreement import agreements
from winnow.tasks.labels.heads import shipped_heads
from winnow.tasks.labels.judged import Judgement, content_sha256, read

SUFFIX = ".judged"
TABLES = pa.schema(
    [
        ("head", pa.string()),
        ("annotator", pa.string()),
        ("rows", pa.int64()),
        ("valid", pa.int64()),
        ("problem", pa.string()),
        ("problem_rows", pa.int64()),
        ("queries", pa.int64()),
        ("tokens", pa.int64()),
        ("price", pa.float64()),
        ("compared_with", pa.string()),
        ("compared", pa.int64()),
        ("observed", pa.float64()),
        ("kappa", pa.float64()),
    ]
)
"""One row per head and annotator: rows, valid ones, the most frequent problem; what asking took, where that is known; and agreement with the annotator whose
judgements are the column."""


@stable("option/judged-table")
@dataclass(frozen=True)
class JudgedTable:
    """The judgements of one head by one annotator. ``kind`` says what was judged: documents by ``label`` or ``score``, or ``lines``, of which the column is the
    share of those that are noise, if the head is a shipped one: only then is it known which label is no noise. Where the table lies does not enter any address, its content does."""

    head: str
    head_digest: str
    annotator: str
    kind: str
    sha256: str
    location: str = field(default="", metadata={"identity": False})

    @property
    def column(self) -> str:
        """The name of its signal."""
        return self.head + SUFFIX

    @property
    def of_lines(self) -> bool:
        """Whether lines were judged."""
        return self.kind == "lines"

    @property
    def clean(self) -> str:
        """The label of lines that are no noise; empty of a table of documents, and where it is not known."""
        head = shipped_heads().get(self.head)
        return head.clean if self.of_lines and head is not None and head.digest == self.head_digest else ""

    @property
    def has_column(self) -> bool:
        """Whether its judgements make a signal."""
        return not self.of_lines or bool(self.clean)


@stable("option/judged-cost")
@dataclass(frozen=True)
class Cost:
    """What asking for a table took, as its report has it."""

    queries: int
    tokens: int
    price: float


@stable("step/judged")
@dataclass(frozen=True)
class Judged(ShardStep):
    """Documents in; id, and of every table a column ``<head>.judged``, null for documents that were not judged or whose answer is not valid."""

    name: ClassVar[str] = "judged"
    about: ClassVar[str] = "puts judgements beside their documents"

    documents: Step
    judgements: tuple[JudgedTable, ...]

    def check(self) -> None:
        """Raises BadInput if a table is missing, or is no longer what it was."""
        for table in self.judgements:
            rows_of(table)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.documents, shard, ["id"])
        ids = documents["id"].to_pylist()
        columns = [documents["id"]]
        notes: dict[str, dict[str, int]] = {}
        for table in self.judgements:
            values = values_of(table)
            found = [values.get(i) for i in ids]
            columns.append(pa.array(found, pa.string() if table.kind == "label" else pa.float64()))
            shown = Counter(v if isinstance(v, str) else f"{round(v, 2):g}" for v in found if v is not None)
            notes[table.head] = dict(sorted(shown.items()))
        names = ["id", *(t.column for t in self.judgements)]
        return StepResult(pa.table(columns, names=names), len(ids), len(ids), notes=notes)


@stable("step/judgement-tables")
@dataclass(frozen=True)
class JudgementTables(WholeStep):
    """What the tables hold (TABLES), and how far other annotators agree with those whose judgements are the columns."""

    name: ClassVar[str] = "judgement-tables"
    about: ClassVar[str] = "reads the tables of judgements"

    judgements: tuple[JudgedTable, ...]
    others: tuple[JudgedTable, ...]
    costs: tuple[Cost | None, ...]

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        rows = []
        first = {table.head: table for table in self.judgements}
        for table, cost in zip((*self.judgements, *self.others), self.costs, strict=True):
            given = rows_of(table)
            problems = Counter(row.problem for row in given if row.problem)
            problem, count = min(problems.items(), key=lambda kv: (-kv[1], kv[0])) if problems else (None, 0)
            used = first[table.head]
            found = [] if table is used else agreements([_plain(used), _plain(table)])
            agreement = found[0] if found else None
            kappa = None if agreement is None or math.isnan(agreement.kappa) else agreement.kappa
            rows.append(
                {
                    "head": table.head,
                    "annotator": table.annotator,
                    "rows": len(given),
                    "valid": sum(row.valid for row in given),
                    "problem": problem,
                    "problem_rows": count,
                    "queries": cost and cost.queries,
                    "tokens": cost and cost.tokens,
                    "price": cost and cost.price,
                    "compared_with": used.annotator if agreement else None,
                    "compared": agreement.items if agreement else None,
                    "observed": agreement.observed if agreement else None,
                    "kappa": kappa,
                }
            )
        return StepResult(pa.Table.from_pylist(rows, TABLES), len(rows), len(rows))


def _plain(table: JudgedTable) -> pa.Table:
    return judged.table(rows_of(table))


@lru_cache(maxsize=32)
def rows_of(table: JudgedTable) -> tuple[Judgement, ...]:
    """The judgements of a table, checked. Raises BadInput if it is missing or another one now."""
    found = read(table.location)
    if content_sha256(found) != table.sha256:
        raise BadInput(f"The judgements {table.location} are no longer what they were when the recipe was read. Run the command again.")
    return tuple(row for row in judged.judgements(found) if (row.head, row.annotator) == (table.head, table.annotator))


@lru_cache(maxsize=32)
def values_of(table: JudgedTable) -> Mapping[str, Any]:
    """The value of each document's id: label, score, or the share of its judged lines that are noise."""
    if table.of_lines:
        noise, clean = defaultdict[str, list[bool]](list), table.clean
        for row in rows_of(table):
            if row.valid and row.line is not None:
                noise[row.id].append(row.label != clean)
        return {document: sum(lines) / len(lines) for document, lines in noise.items()}
    return {row.id: row.score if table.kind == "score" else row.label for row in rows_of(table) if row.valid}


def tables_in(location: str) -> list[JudgedTable]:
    """The tables that a file or folder holds, one for each head and annotator. ``location`` is a path from the root, or a place in a store.

    Raises:
        BadInput: it is no table of judgements, it is empty, or it holds two versions of one head.
    """
    found = read(location)
    sha256 = content_sha256(found)
    kinds: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in judged.judgements(found):
        kind = "lines" if row.line is not None else "score" if row.score is not None else "label"
        before = kinds[row.head, row.annotator]
        if row.valid or row.head_digest not in before:
            before[row.head_digest] = kind if row.valid or row.line is not None else before.get(row.head_digest, "")
    tables = []
    for (head, annotator), digests in sorted(kinds.items()):
        if len(digests) > 1:
            raise BadInput(
                f"{location} has judgements of two heads that are both called {head}: its labels or its prompt changed. Judge with one of them."
            )
        [(head_digest, kind)] = digests.items()
        tables.append(JudgedTable(head, head_digest, annotator, kind or "label", sha256, location))
    if not tables:
        raise BadInput(f"There are no judgements in {location}.")
    return tables

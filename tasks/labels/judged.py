"""The table of judgements: one row per document (or line), head and annotator. Whoever judged (an endpoint, a person with a sheet, a scripted provider in a
test), and whatever learns from it (students, recall, raters), uses this one schema.

=============  ==========================================================================================================
id             the document's id, as in the documents table
line           the number of the line in its text from 0; null for a judgement of the whole document
head           the head's name
head_digest    ``Head.digest``: rows of another digest answer another question, and are never mixed with these
annotator      who judged: the model (as the endpoint calls it), or the name of a person
label          the first label, or the code; null for scores and for invalid answers
labels         all labels in the order given, the first included: a second choice, or several at once; empty if there is none
score          the score of a head with a scale; null otherwise
valid          whether an answer could be read; rows that are not valid are counted, and never learnt from
problem        why it could not be (``answers.PROBLEMS``, ``refused`` and so on); null if it could
answer_digest  SHA-256 of the raw answer, which lies in the store under the digest of its request; of a person, of what was typed
=============  ==========================================================================================================
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.given import given_files

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("line", pa.int32()),
        ("head", pa.string()),
        ("head_digest", pa.string()),
        ("annotator", pa.string()),
        ("label", pa.string()),
        ("labels", pa.list_(pa.string())),
        ("score", pa.float64()),
        ("valid", pa.bool_()),
        ("problem", pa.string()),
        ("answer_digest", pa.string()),
    ]
)


@dataclass(frozen=True)
class Judgement:
    """One row; the fields are those of ``SCHEMA``."""

    id: str
    head: str
    head_digest: str
    annotator: str
    line: int | None = None
    labels: tuple[str, ...] = ()
    score: float | None = None
    problem: str | None = None
    answer_digest: str = ""

    @property
    def valid(self) -> bool:
        """Whether an answer could be read."""
        return self.problem is None

    @property
    def label(self) -> str | None:
        """The first label."""
        return self.labels[0] if self.labels else None


def table(judgements: Iterable[Judgement]) -> pa.Table:
    """The judgements as a table, in their order."""
    rows = list(judgements)
    return pa.table({name: pa.array([getattr(r, name) for r in rows], SCHEMA.field(name).type) for name in SCHEMA.names}, schema=SCHEMA)


def judgements(given: pa.Table) -> Iterator[Judgement]:
    """The rows of a table of judgements."""
    for row in given.to_pylist():
        yield Judgement(
            id=row["id"],
            head=row["head"],
            head_digest=row["head_digest"],
            annotator=row["annotator"],
            line=row["line"],
            labels=tuple(row["labels"] or ()),
            score=row["score"],
            problem=row["problem"],
            answer_digest=row["answer_digest"],
        )


def content_sha256(given: pa.Table) -> str:
    """SHA-256 in hex of the rows of a table, however they are spread over files."""
    found = hashlib.sha256()
    for row in given.to_pylist():
        found.update(json.dumps(row, sort_keys=True, ensure_ascii=True).encode())
    return found.hexdigest()


def read(place: str | Path) -> pa.Table:
    """A table of judgements from a Parquet file, or from a folder of them, as ``winnow annotate`` and ``winnow label`` write it: on this machine, or in a store
    (tasks/engine/given.py).

    Raises:
        BadInput: no such file, or one with other columns.
    """
    return pa.concat_tables(map(_read, given_files(place)))


def _read(path: Path) -> pa.Table:
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            found = file.read(use_threads=False)
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}. `winnow annotate` or `winnow label` writes judgements.") from None
    except (OSError, pa.ArrowInvalid) as e:
        raise BadInput(f"{path} cannot be read as Parquet ({e}).") from None
    missing = [name for name in SCHEMA.names if name not in found.column_names]
    if missing:
        raise BadInput(
            f"{path} is no table of judgements: it lacks the columns {', '.join(missing)}. `winnow annotate` or `winnow label` writes one."
        )
    try:
        return found.select(SCHEMA.names).cast(SCHEMA)
    except (pa.ArrowInvalid, ValueError) as e:
        raise BadInput(f"{path} is no table of judgements: {e}.") from None

"""Sheets: documents (or lines) for people to judge in a spreadsheet, and what they wrote read back. CSV or Parquet, by the name of the file.

The columns are ``id``, ``line`` (of heads for lines), ``url``, ``text``, and one per head: its name, and behind # the beginning of its digest, so that a sheet is not read with a head whose
labels have changed since. In it stands the name of a label, its number in the head's order from 1, or a score; several labels are separated by ``|``. An empty cell is not judged yet.
"""

import csv
import hashlib
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.whole_file import whole_file
from winnow.tasks.labels.annotation import Document
from winnow.tasks.labels.heads import Head
from winnow.tasks.labels.judged import Judgement
from winnow.tasks.labels.lines import lines_of
from winnow.tasks.labels.prompts import excerpt

SHOWN_CHARS = 32_000
"""A cell of common spreadsheets takes 32,767 characters."""
DIGEST_CHARS = 12
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With one of these at its beginning a cell may be run as a formula; an apostrophe before it makes it text."""
SEPARATOR = "|"
CSV, PARQUET = ".csv", ".parquet"


class Item(NamedTuple):
    """What a person judges at a time: a document, or a line of it (``before`` and ``after`` are the lines around it)."""

    id: str
    line: int | None
    url: str
    text: str
    before: str = ""
    after: str = ""


def items(head: Head, documents: Iterable[Document], *, seed: int = 0, around: int = 3) -> Iterator[Item]:
    """The items of documents. Those without text are left out."""
    for document in documents:
        if not document.text.strip():
            continue
        if not head.of_lines:
            yield Item(document.id, None, document.url, excerpt(document.text, head, seed)[:SHOWN_CHARS])
            continue
        lines = lines_of(document.text)
        for n, line in enumerate(lines):
            if line.strip():
                before, after = lines[max(0, n - around) : n], lines[n + 1 : n + 1 + around]
                yield Item(document.id, n, document.url, line[:SHOWN_CHARS], "\n".join(before)[-2000:], "\n".join(after)[:2000])


def column(head: Head) -> str:
    """The heading of a head's column."""
    return f"{head.name}#{head.digest[:DIGEST_CHARS]}"


def write_sheet(path: Path, heads: Sequence[Head], given: Iterable[Item]) -> int:
    """Write a sheet; how many rows it has. What people wrote is never overwritten.

    Raises:
        BadInput: the file is there already, cannot be written, or is neither CSV nor Parquet; or heads for lines and for documents are mixed.
    """
    if len({head.of_lines for head in heads}) > 1:
        raise BadInput("A sheet has documents or lines in its rows, not both. Write one for each kind of head.")
    if path.suffix not in (CSV, PARQUET):
        raise BadInput(f"The sheet {path} must end in {CSV} or {PARQUET}.")
    if path.exists():
        raise BadInput(f"{path} is there already, and may hold the work of people. Choose another name, or delete it.")
    if not path.parent.is_dir():
        raise BadInput(f"The sheet {path} cannot be written: there is no folder {path.parent}. Choose another place.")
    names = ["id", *(["line"] if heads[0].of_lines else []), "url", "text", *map(column, heads)]
    rows = [{"id": i.id, "line": i.line, "url": i.url, "text": i.text} | {column(h): "" for h in heads} for i in given]
    try:
        with whole_file(path) as file:  # half a sheet would be taken for all that is to be judged
            if path.suffix == PARQUET:
                types = {"line": pa.int32()}
                pq.write_table(pa.table({n: pa.array([r[n] for r in rows], types.get(n, pa.string())) for n in names}), file)
            else:
                file.write(as_csv(names, ([row[n] for n in names] for row in rows)))
    except OSError as e:
        raise BadInput(f"The sheet {path} cannot be written: {e.strerror or e}. Choose another place.") from None
    return len(rows)


def as_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A sheet for a spreadsheet: nothing in it is run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")  # with its mark, without which Excel takes another encoding


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).encode("utf-8", "replace").decode().replace("\0", "")
    return f"'{text}" if text.startswith(FORMULA) else text


@dataclass
class SheetRead:
    """What was read of a sheet: judgements per head, and how many cells are still empty."""

    judgements: list[Judgement] = field(default_factory=list)
    rows: int = 0
    empty: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)


def read_sheet(path: Path, heads: Sequence[Head], person: str) -> SheetRead:
    """The judgements in a sheet. A cell that is no label of its head is a judgement that is not valid. Of rows with the same id the last that is filled counts.

    Raises:
        BadInput: it cannot be read, or has no column for a head, or one for an older form of it.
    """
    names, rows = _parquet(path) if path.suffix == PARQUET else from_csv(path)
    places = {}
    for head in heads:
        if column(head) not in names:
            older = [n for n in names if n.partition("#")[0] == head.name]
            why = (
                f"was made for another form of the head {head.name}: its labels or its prompt have changed"
                if older
                else f"has no column {column(head)}"
            )
            raise BadInput(f"The sheet {path} {why}. Write a new one with --write.")
        places[head.name] = column(head)
    missing = {"id", *(["line"] if heads[0].of_lines else [])} - set(names)
    if missing:
        raise BadInput(f"The sheet {path} has no column {', '.join(sorted(missing))}. Write a new one with --write.")
    found = SheetRead()
    last: dict[tuple[str, str, int | None], Judgement] = {}
    for row in rows:
        found.rows += 1
        line = _line(row.get("line")) if heads[0].of_lines else None
        identity = str(row["id"] or "").removeprefix("'")
        for head in heads:
            said = str(row[places[head.name]] or "").strip()
            if not said:
                found.empty[head.name] += 1
                continue
            last[head.name, identity, line] = judgement(head, identity, line, said, person)
    found.judgements = list(last.values())
    found.problems.update(j.problem for j in found.judgements if j.problem)
    return found


def judgement(head: Head, identity: str, line: int | None, said: str, person: str) -> Judgement:
    """What a person said of a document or line, checked against the head."""
    labels, score, problem = _said(head, said)
    sha256 = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
    return Judgement(identity, head.name, head.digest, person, line=line, labels=labels, score=score, problem=problem, answer_digest=sha256)


def _said(head: Head, said: str) -> tuple[tuple[str, ...], float | None, str | None]:
    if head.scale is not None:
        try:
            score = float(said.replace(",", "."))
        except ValueError:
            return (), None, "unreadable"
        return ((), score, None) if head.scale.low <= score <= head.scale.high and score.is_integer() else ((), None, "off_scale")
    if head.form == "code":
        return ((said,), None, None) if re.fullmatch(head.pattern, said) else ((), None, "off_list")
    by_name = {name.casefold(): name for name in head.names}
    labels: list[str] = []
    for part in (p.strip().removeprefix("'").casefold() for p in said.split(SEPARATOR)):
        number = int(part) - 1 if part.isascii() and part.isdigit() and len(part) < 5 else -1
        name = by_name.get(part) or (head.names[number] if 0 <= number < len(head.names) else None)
        if name is None:
            return (), None, "off_list"
        if name not in labels:
            labels.append(name)
    if len(labels) > 1 and head.form in ("choice", "lines"):
        return (), None, "contradictory"
    return tuple(labels), None, None


def _line(value: Any) -> int | None:
    text = str(value if value is not None else "").strip().removesuffix(".0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def from_csv(path: Path) -> tuple[list[str], Iterator[dict[str, Any]]]:
    """The columns and rows of a sheet that a spreadsheet saved, with whatever stands between its cells. Raises BadInput, also while rows are read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise BadInput(f"The sheet {path} cannot be read ({e}). Save it as CSV in UTF-8.") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(min(sys.maxsize, 1 << 30))
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    return names, _rows(reader, path)


def _rows(reader: "csv.DictReader[str]", path: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from reader
    except csv.Error as e:
        raise BadInput(f"The sheet {path} is broken in line {reader.line_num}: {e}. Save it as CSV in UTF-8.") from None


def _parquet(path: Path) -> tuple[list[str], Iterator[dict[str, Any]]]:
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            found = file.read(use_threads=False)
    except (OSError, pa.ArrowInvalid) as e:
        raise BadInput(f"The sheet {path} cannot be read as Parquet ({e}).") from None
    return found.column_names, iter(found.to_pylist())

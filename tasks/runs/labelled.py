"""Where the labelled documents of a student come from: files with a text and a label in each row, or judgements (tasks/labels/judged.py) of the documents of a run."""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.given import given_files
from winnow.tasks.engine.parsing import parsed
from winnow.tasks.extract.language_codes import which
from winnow.tasks.ledger.find import open_run
from winnow.tasks.models.classify.labelled import LONGEST_LABEL, Question, Row, label_values
from winnow.tasks.models.files import file_sha256
from winnow.tasks.models.texts import Text

LANGUAGES = ("language", "lang")
JUDGED = {"id", "head", "head_digest", "annotator", "labels", "score", "valid"}


@dataclass(frozen=True)
class LabelFiles:
    """``files`` are JSONL, CSV or Parquet, compressed or not, with ``text`` and ``url`` (or only ``id``, of documents of ``run``) and a column of labels: ``column``, or what
    it is called after (the head, ``label`` or ``labels``). A table of judgements may be a folder, and all may lie in a store (tasks/engine/given.py). ``languages``: only documents of these.

    Raises:
        BadInput: no file.
    """

    files: tuple[str, ...]
    column: str = ""
    run: str = ""
    store: str = "winnow-store"
    languages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.files:
            raise BadInput(
                "A student learns from labelled documents: give --labels FILE, JSONL, CSV or Parquet with text, url and a label."
            )

    def described(self) -> dict[str, Any]:
        """Everything that the examples depend on, by content. Raises BadInput if a file or the run is missing."""
        found: dict[str, Any] = {"files": self.described_files()}
        found |= {"column": self.column, "languages": list(self.languages)}
        if self.run:
            run = open_run(self.store, self.run)
            found["run"] = {"id": run.id, "documents": run.entry["tables"]["documents"], "shards": run.entry["shards"]}
        return found

    def described_files(self) -> list[dict[str, str]]:
        """The files by name and content. Raises BadInput if one is missing."""
        found = []
        for path in self._paths():
            if not path.is_file():
                raise BadInput(f"There is no file {path}. --labels takes JSONL, CSV or Parquet with text, url and a label in each row.")
            found.append({"name": path.name, "sha256": file_sha256(path)})
        return found

    def rows(self, question: Question) -> Iterator[Row]:
        """The documents with their labels.

        Raises:
            BadInput: a file that cannot be read, has no text or no label, or something that is no label, or was judged for another head.
        """
        by_id: list[tuple[str, tuple[str, ...], str]] = []
        for path in self._paths():
            placed = list(records(path))
            read = [record for _, record in placed]
            if not read:
                raise BadInput(f"{path} holds no rows: there is nothing to learn from.")
            if set(read[0]) >= JUDGED:
                by_id += [(identity, labels, "") for identity, labels in _judged(read, question, path)]
                continue
            column = self._column(read, question, path)
            for place, record in placed:
                labels = labels_in(record, column, path, place, several=question.kind == "multi")
                language = str(next((record[k] for k in LANGUAGES if record.get(k)), "") or "")
                if self.languages and not which(language, self.languages):
                    continue
                text, url, identity = record.get("text"), record.get("url"), record.get("id")
                if isinstance(text, str) or (url and identity is None):
                    yield Row(Text(text if isinstance(text, str) else "", str(url or "")), labels, language)
                else:
                    by_id.append((str(identity or ""), labels, language))
        if by_id:
            yield from self._joined(by_id)

    def _paths(self) -> list[Path]:
        return [path for name in self.files for path in given_files(name)]

    def _column(self, read: list[Mapping[str, Any]], question: Question, path: Path) -> str:
        names = {name for record in read[:100] for name in record}
        candidates = [self.column] if self.column else [question.name, "label", "labels"]
        for name in candidates:
            if name in names:
                return name
        raise BadInput(
            f"{path} has no column {' or '.join(candidates)}; it has {', '.join(sorted(names))}. Say with --label-column which one holds the labels."
        )

    def _joined(self, wanted: list[tuple[str, tuple[str, ...], str]]) -> Iterator[Row]:
        """Documents of the run by id."""
        if not self.run:
            raise BadInput("The labels name documents by id and have no text: name the run that has these documents with --run.")
        labels: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for identity, names, language in wanted:
            labels.setdefault(identity, []).append((names, language))
        found = 0
        for table in open_run(self.store, self.run).shards("documents", ["id", "url", "language", "text"]):
            mine = table.filter(pa.array([i in labels for i in table["id"].to_pylist()], pa.bool_()))
            for record in mine.to_pylist():
                for names, _ in labels[record["id"]]:
                    found += 1
                    if not self.languages or which(record["language"], self.languages):
                        yield Row(Text(record["text"] or "", record["url"] or ""), names, record["language"] or "")
        if not found:
            raise BadInput(
                f"None of the {len(labels)} labelled ids is a document of the run {self.run}. Name the run that they were taken from."
            )


def _judged(read: list[Mapping[str, Any]], question: Question, path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """One row per document of a table of judgements: what most annotators said; where two answers have as many votes, both."""
    mine = [r for r in read if r["head"] == question.name and r.get("line") is None]
    if not mine:
        heads = ", ".join(sorted({str(r["head"]) for r in read}))
        raise BadInput(f"{path} has no judgements of documents for the head {question.name}; it has {heads}.")
    if question.head and (others := {r["head_digest"] for r in mine} - {question.head}):
        raise BadInput(
            f"{path} was judged for another head {question.name} (digest {min(others)[:12]}, now {question.head[:12]}): its labels or its prompt have changed since. Judge the "
            "documents again, or use the head's file of then."
        )
    votes: dict[str, Counter[tuple[str, ...]]] = {}
    for r in mine:
        names: tuple[str, ...] = ()
        if r["valid"]:
            names = (str(round(r["score"])),) if r["score"] is not None else tuple(r["labels"] or ())
        if names and question.kind != "multi":
            names = names[:1]
        votes.setdefault(r["id"], Counter())[names] += 1
    for identity, counted in sorted(votes.items()):
        said = [(names, n) for names, n in counted.items() if names]
        most = max((n for _, n in said), default=0)
        for names in sorted(names for names, n in said if n == most) or [()]:
            yield identity, names


def labels_in(record: Mapping[str, Any], column: str, path: Path, place: str, *, several: bool) -> tuple[str, ...]:
    """The labels of a row of ``records``. Raises BadInput, with the place of the row, if the column holds something else there."""
    try:
        return label_values(record.get(column), several=several)
    except ValueError as e:
        raise BadInput(
            f"{path}, {place}: the label in {column} is {e}. A label is a text of at most {LONGEST_LABEL} characters, a number, or a list of them. Correct the file, or say with "
            "--label-column which column holds the labels."
        ) from None


def records(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The rows of a file, each with its place: the line on which it ends, or the number of the row in Parquet. Raises BadInput if it cannot be read as what its name says."""
    name = path.name.removesuffix(".gz")
    try:
        if name.endswith(".parquet"):
            with pq.ParquetFile(path) as file:
                rows = (row for batch in file.iter_batches() for row in batch.to_pylist())
                yield from ((f"row {number}", row) for number, row in enumerate(rows, start=1))
            return
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as lines:
            if name.endswith(".csv"):
                csv.field_size_limit(1 << 30)
                table = csv.DictReader(io.StringIO(lines.read()))
                yield from ((f"line {table.line_num}", row) for row in table)
                return
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    row = parsed(line)
                    if not isinstance(row, dict):
                        raise ValueError(f"line {number} is not a JSON object")
                    yield f"line {number}", row
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}. --labels takes JSONL, CSV or Parquet.") from None
    except (OSError, EOFError, ValueError, csv.Error, pa.ArrowException) as e:
        raise BadInput(
            f"{path} cannot be read: {' '.join(str(e).split())[:200]}. Give JSONL, CSV or Parquet with a row per document."
        ) from None

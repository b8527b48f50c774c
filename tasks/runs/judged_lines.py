"""Pages for a model of lines: from files, or from what `winnow annotate` and `winnow label` wrote of the lines of a run's documents, joined with their texts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.given import given_files
from winnow.tasks.labels.judged import judgements, read
from winnow.tasks.labels.lines import lines_of
from winnow.tasks.labels.steps import tables_in
from winnow.tasks.ledger.find import open_run
from winnow.tasks.models.classify.line_pages import Page, pages
from winnow.tasks.models.texts import listed


@dataclass(frozen=True)
class LineLabels:
    """Where judged lines come from: ``files`` are JSONL of pages, and Parquet tables of judged lines of the documents of ``run``, or folders of them, on this machine or in a store
    (tasks/engine/given.py).

    Raises:
        BadInput: no file.
    """

    files: tuple[str, ...]
    run: str = ""
    store: str = "winnow-store"

    def __post_init__(self) -> None:
        if not self.files:
            raise BadInput(
                "A model of lines learns from judged lines: name files of them, JSONL with text, labels and lang, or tables of judgements."
            )

    def described(self) -> dict[str, Any]:
        """Everything that the pages and texts depend on, by content. Raises BadInput if a file or the run is missing."""
        found: dict[str, Any] = {"files": [{k: v for k, v in each.items() if k != "name"} for each in self.sources()]}
        if self.run:
            run = open_run(self.store, self.run)
            found["run"] = {"documents": run.entry["tables"]["documents"], "shards": run.entry["shards"]}
        return found

    def sources(self) -> list[dict[str, Any]]:
        """Name, sha256 and size of each file. Raises BadInput if one is missing."""
        return listed(self._paths())

    def pages(self) -> Iterator[Page]:
        """The pages. Raises BadInput as ``judged_pages`` and ``line_pages.pages`` do."""
        for path in self._paths():
            yield from judged_pages(path, self.run, self.store) if path.suffix == ".parquet" else pages(path)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Language and text of each document of the run that has both; nothing without a run. Raises BadInput: no such run."""
        if self.run:
            for documents in open_run(self.store, self.run).shards("documents", ["language", "text"]):
                for document in documents.to_pylist():
                    if document["language"] and document["text"]:
                        yield document["language"], document["text"]

    def _paths(self) -> list[Path]:
        return [path for name in self.files for path in given_files(name)]


def judged_pages(path: Path, run: str, store: str) -> Iterator[Page]:
    """The documents of a run whose lines a table judges. Lines that were not judged, or whose answer is not valid, have no label.

    Raises:
        BadInput: no such table or run, a table without judgements of lines of a shipped head, several annotators in it, or documents of another run or with other texts.
    """
    if not run:
        raise BadInput(f"{path} names documents by id and has no text: name the run that has these documents with --run.")
    found = [table for table in tables_in(str(path)) if table.clean]
    if len(found) != 1:
        raise BadInput(
            f"{path} has {len(found)} tables of judged lines; one annotator's judgements by a shipped head of lines (line_quality) are needed. Give such a table."
        )
    [table] = found
    clean = table.clean
    said: dict[str, dict[int, bool]] = {}
    for row in judgements(read(path)):
        if row.valid and row.line is not None and (row.head, row.annotator) == (table.head, table.annotator):
            said.setdefault(row.id, {})[row.line] = row.label == clean
    joined = 0
    for documents in open_run(store, run).shards("documents", ["id", "language", "text"]):
        for document in documents.to_pylist():
            if (labels := said.get(document["id"])) is not None:
                joined += 1
                lines = lines_of(document["text"] or "")
                if gone := [n for n in labels if n >= len(lines) or not lines[n].strip()]:
                    raise BadInput(
                        f"The text of the document {document['id']} in the run {run} is not the one that was judged: its line {min(gone)} is blank or not there. "
                        f"Name the run that the lines of {path} were taken from."
                    )
                yield Page(tuple(lines), tuple(labels.get(n) for n in range(len(lines))), document["language"] or "")
    if not joined:
        raise BadInput(f"None of the {len(said)} judged documents of {path} is in the run {run}. Name the run that they were taken from.")

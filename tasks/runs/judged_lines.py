"""Pages for a model of lines: from files, or from what `winnow annotate` and `winnow label` wrote of the lines of a run's documents, joined with their texts."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.judged import judgements, read
from winnow.tasks.labels.lines import lines_of
from winnow.tasks.labels.steps import tables_in
from winnow.tasks.ledger.find import open_run
from winnow.tasks.models.classify.line_pages import Page, pages


def labelled_pages(files: Sequence[str], run: str, store: str) -> Iterator[Page]:
    """The pages of these files: Parquet tables of judged lines of a run's documents, and JSONL of pages.

    Raises:
        BadInput: as ``judged_pages`` and ``line_pages.pages`` do.
    """
    for name in files:
        yield from judged_pages(Path(name), run, store) if name.endswith(".parquet") else pages(Path(name))


def texts_of(run: str, store: str) -> Iterator[tuple[str, str]]:
    """Language and text of each document of a run that has both; nothing without a run.

    Raises:
        BadInput: no such run.
    """
    if run:
        for documents in open_run(store, run).shards("documents", ["language", "text"]):
            for document in documents.to_pylist():
                if document["language"] and document["text"]:
                    yield document["language"], document["text"]


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

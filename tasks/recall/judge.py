"""Who says whether a document is of the topic: labels that are known, or a person with a sheet. An answer is asked for once and kept by the round."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recall.pool import Pooled

YES, NO = {"yes", "y", "1", "true"}, {"no", "n", "0", "false"}
EXCERPT_CHARS = 1500


class Waiting(Exception):
    """A person has to answer first; ``path`` is the sheet."""

    def __init__(self, path: Path, questions: int) -> None:
        super().__init__(str(path))
        self.path, self.questions = path, questions


class Judge(Protocol):
    """``described`` says by content who it is."""

    @property
    def described(self) -> dict[str, Any]: ...

    def answers(self, asked: Sequence[Pooled], number: int) -> dict[str, bool]:
        """By id, for the documents of round ``number``; those that nobody can judge are left out. Raises Waiting."""


@dataclass(frozen=True)
class LabelJudge:
    """Labels by id or by URL: yes if the topic is one of them."""

    by_name: Mapping[str, tuple[str, ...]]
    topic: str
    described: dict[str, Any]

    def answers(self, asked: Sequence[Pooled], number: int) -> dict[str, bool]:
        found = {}
        for each in asked:
            labels = self.by_name.get(each.id, self.by_name.get(each.document.url))
            if labels:
                found[each.id] = any(is_yes(label, self.topic) for label in labels)
        return found


@dataclass(frozen=True)
class SheetJudge:
    """A person, who writes yes or no into the column ``answer`` of a CSV file, one for each round."""

    folder: Path
    topic: str
    described: dict[str, Any]

    def answers(self, asked: Sequence[Pooled], number: int) -> dict[str, bool]:
        path = self.folder / f"judge-{number}.csv"
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(sheet(asked, self.topic), encoding="utf-8")
            raise Waiting(path, len(asked))
        found, wanted = {}, {each.id for each in asked}
        for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))):
            said = str(row.get("answer") or "").strip().casefold()
            if said and said not in YES | NO:
                raise BadInput(
                    f"{path}: the answer of {row.get('id')} is {said!r}; write yes or no, or leave it empty if it cannot be told."
                )
            if said and row.get("id") in wanted:
                found[str(row["id"])] = said in YES
        if not found:
            raise Waiting(path, len(asked))
        return found


def sheet(asked: Sequence[Pooled], topic: str) -> str:
    """The sheet of a round, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "answer", "url", f"is it about {topic}?"])
    for each in asked:
        writer.writerow([each.id, "", each.document.url, " ".join(each.document.text[: 2 * EXCERPT_CHARS].split())[:EXCERPT_CHARS]])
    return out.getvalue()


def is_yes(label: str, topic: str) -> bool:
    """Whether a label says that a document is of the topic: the topic's name, or yes."""
    said = label.strip().casefold()
    return said == topic.casefold() or said in YES

"""Who says whether a document is of the topic: labels that are known, or a person with a sheet. An answer is asked for once and kept by the round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.whole_file import whole_file
from winnow.tasks.labels.sheet import as_csv, from_csv
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
            try:
                with whole_file(path) as f:  # half a sheet would be taken for all that is asked
                    f.write(sheet(asked, self.topic))
            except OSError as e:
                raise BadInput(f"The sheet {path} cannot be written: {e.strerror or e}. Choose another folder with --sheets.") from None
            raise Waiting(path, len(asked))
        found, wanted = {}, {each.id for each in asked}
        names, rows = from_csv(path)
        if lost := {"id", "answer"} - set(names):
            raise BadInput(
                f"The sheet {path} has no column {', '.join(sorted(lost))}. Delete it for a new one, and give the same command again."
            )
        for row in rows:
            said = str(row.get("answer") or "").strip().casefold()
            if said and said not in YES | NO:
                raise BadInput(
                    f"{path}: the answer of {row.get('id')} is {said!r}; write yes or no, or leave it empty if it cannot be told."
                )
            if said and (identity := str(row["id"]).removeprefix("'")) in wanted:
                found[identity] = said in YES
        if not found:
            raise Waiting(path, len(asked))
        return found


def sheet(asked: Sequence[Pooled], topic: str) -> bytes:
    """The sheet of a round, as CSV."""
    rows = ([e.id, "", e.document.url, " ".join(e.document.text[: 2 * EXCERPT_CHARS].split())[:EXCERPT_CHARS]] for e in asked)
    return as_csv(["id", "answer", "url", f"is it about {topic}?"], rows)


def is_yes(label: str, topic: str) -> bool:
    """Whether a label says that a document is of the topic: the topic's name, or yes."""
    said = label.strip().casefold()
    return said == topic.casefold() or said in YES

"""People as annotators: their answers are kept one by one, and are a table of judgements like those of a model, with their name as the annotator.

``labelled/<head's digest>/<person>/<digest of the item>.json`` of the store holds an answer as soon as it is given; so a page that is closed has lost nothing. ``judged/<address>/``
holds the table of one head and one person, whatever sample or sheet the answers came from.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.engine.parquet import to_parquet
from winnow.tasks.engine.store import Store
from winnow.tasks.labels.annotation import Figures
from winnow.tasks.labels.heads import Head
from winnow.tasks.labels.judged import Judgement, table
from winnow.tasks.labels.sheet import Item
from winnow.tasks.runs.annotating import FOLDER

LABELLED = "labelled"
PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True)
class Labelling:
    """The answers of one person to one head.

    Raises:
        BadInput: on construction, a name that can be no folder.
    """

    store: Store
    head: Head
    person: str

    def __post_init__(self) -> None:
        if not PERSON.fullmatch(self.person):
            raise BadInput(f"The person {self.person!r} becomes a folder and a column: use letters, digits, dots, @, - and _ only.")

    @property
    def _answers(self) -> str:
        return f"{LABELLED}/{self.head.digest}/{self.person}"

    @property
    def home(self) -> str:
        """The folder of the table."""
        return f"{FOLDER}/{digest({'head': self.head.digest, 'person': self.person})}"

    def known(self) -> set[str]:
        """Digests of the items that were judged."""
        return {name.removesuffix(".json") for name in self.store.names(self._answers)}

    def keep(self, given: Judgement) -> None:
        """Keep one answer; a later one to the same item replaces it."""
        plain = {
            "id": given.id,
            "line": given.line,
            "labels": list(given.labels),
            "score": given.score,
            "problem": given.problem,
            "answer_digest": given.answer_digest,
        }
        self.store.put(f"{self._answers}/{item_digest(given.id, given.line)}.json", json.dumps(plain, ensure_ascii=True).encode())

    def forget(self, identity: str, line: int | None) -> None:
        """Take an answer back."""
        self.store.delete(f"{self._answers}/{item_digest(identity, line)}.json")

    def judgements(self) -> list[Judgement]:
        """Every answer, by id and line."""
        found = []
        for name in sorted(self.store.names(self._answers)):
            plain = json.loads(self.store.get(f"{self._answers}/{name}"))
            found.append(
                Judgement(
                    plain["id"],
                    self.head.name,
                    self.head.digest,
                    self.person,
                    line=plain["line"],
                    labels=tuple(plain["labels"]),
                    score=plain["score"],
                    problem=plain["problem"],
                    answer_digest=plain["answer_digest"],
                )
            )
        return sorted(found, key=lambda j: (j.id, -1 if j.line is None else j.line))

    def answer(self, item: Item) -> Judgement | None:
        """What was said of an item."""
        try:
            plain = json.loads(self.store.get(f"{self._answers}/{item_digest(item.id, item.line)}.json"))
        except FileNotFoundError:
            return None
        return Judgement(
            item.id, self.head.name, self.head.digest, self.person, line=item.line, labels=tuple(plain["labels"]), score=plain["score"]
        )

    def finish(self) -> dict[str, Any]:
        """Write the table and what it holds; the report.

        Raises:
            BadInput: nothing was judged.
        """
        rows = self.judgements()
        if not rows:
            raise BadInput(f"{self.person} has judged nothing for the head {self.head.name} yet.")
        figures = Figures(documents=len({row.id for row in rows}))
        for row in rows:
            figures.add(row)
        self.store.delete(f"{self.home}/report.json")
        self.store.put(f"{self.home}/part-00000.parquet", to_parquet(table(rows)))
        report = {
            "head": self.head.name,
            "head_digest": self.head.digest,
            "form": self.head.form,
            "annotator": self.person,
            "files": ["part-00000.parquet"],
            **figures.described(),
            "price": 0.0,
        }
        self.store.put(f"{self.home}/report.json", json.dumps(report, indent=1, ensure_ascii=True).encode())
        return report | {"judged": self.store.uri(self.home)}


def item_digest(identity: str, line: int | None) -> str:
    """The name of an item's answer."""
    return hashlib.sha256(f"{identity}\n{'' if line is None else line}".encode("utf-8", "replace")).hexdigest()


def left(labelling: Labelling, given: Iterable[Item]) -> tuple[int, int]:
    """How many items there are, and how many of them are still to be judged."""
    known = labelling.known()
    count = done = 0
    for item in given:
        count += 1
        done += item_digest(item.id, item.line) in known
    return count, count - done

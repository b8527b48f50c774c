"""Labelled examples for a model of two kinds of text: files, and documents of finished runs chosen by an SQL condition or a list of sites."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.find import open_run
from winnow.tasks.models.classify.domains import Listed, read_list
from winnow.tasks.models.files import file_sha256
from winnow.tasks.models.texts import Text, listed, texts
from winnow.tasks.signals.condition import Condition


class Taker(Protocol):
    """What takes examples of one kind and says how many there were."""

    def add(self, positive: bool, texts: Iterable[Text], /) -> int: ...


@dataclass(frozen=True)
class Choice:
    """Which texts are of one kind: those of ``files``, and of a run those for which ``where`` holds or whose URL the list ``domains`` has.
    ``where`` may name signals, url, host, kept and reason."""

    files: tuple[str, ...] = ()
    where: str = ""
    domains: str = ""

    @property
    def of_run(self) -> bool:
        return bool(self.where or self.domains)


@dataclass(frozen=True)
class Sources:
    """Where the examples come from. Without a choice for the negative ones of a run they are all its other documents. A document that both
    choices take is positive.

    Raises:
        BadInput: nothing to take one kind from, a run without a choice or a choice without a run, a condition that cannot be read.
    """

    positive: Choice
    negative: Choice
    run: str = ""
    store: str = "winnow-store"
    languages: tuple[str, ...] = ()
    _conditions: dict[bool, Condition] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        chosen = self.positive.of_run or self.negative.of_run
        if not self.run and chosen:
            raise BadInput("Conditions and lists of sites choose among the documents of a run: name it with --run.")
        if self.run and not chosen:
            raise BadInput("Say which documents of the run are positive: --positive-where SQL or --positive-domains FILE.")
        for name, choice, rest in (("positive", self.positive, False), ("negative", self.negative, bool(self.run))):
            if not (choice.files or choice.of_run or rest):
                raise BadInput(f"There are no {name} examples. Give --{name} FILE, or --run with --{name}-where or --{name}-domains.")
        wheres = {True: self.positive.where, False: self.negative.where}
        object.__setattr__(self, "_conditions", {kind: Condition(sql) for kind, sql in wheres.items() if sql})

    @classmethod
    def of(
        cls,
        positive: Sequence[str],
        negative: Sequence[str],
        run: str,
        store: str,
        positive_where: str,
        negative_where: str,
        positive_domains: str,
        negative_domains: str,
        languages: Sequence[str],
    ) -> "Sources":
        """As the flows and the command line ask for them. Raises BadInput as the class does."""
        chosen = Choice(tuple(positive), positive_where, positive_domains), Choice(tuple(negative), negative_where, negative_domains)
        return cls(*chosen, run, store, tuple(languages))

    @cached_property
    def _lists(self) -> dict[bool, Listed]:
        return {kind: read_list(Path(c.domains)) for kind, c in ((True, self.positive), (False, self.negative)) if c.domains}

    def described(self) -> dict[str, Any]:
        """Everything that the examples depend on, by content: for the card and its digest. Raises BadInput if a file or the run is missing."""
        found: dict[str, Any] = {}
        for name, choice in (("positive", self.positive), ("negative", self.negative)):
            parts: dict[str, Any] = {"files": listed([Path(f) for f in choice.files])} if choice.files else {}
            if choice.where:
                parts["where"] = choice.where
            if choice.domains:
                read_list(Path(choice.domains))
                parts["domains"] = {"name": Path(choice.domains).name, "sha256": file_sha256(Path(choice.domains))}
            found[name] = parts or {"rest": True}
        if self.run:
            run = open_run(self.store, self.run)
            found["run"] = {
                "id": run.id,
                "tables": {name: run.entry["tables"][name] for name in ("documents", "signals", "decisions")},
                "shards": run.entry["shards"],
            }
        if self.languages:
            found["languages"] = list(self.languages)
        return found

    def gather(self, examples: Taker) -> None:
        """Put all of them into ``examples``.

        Raises:
            BadInput: a file cannot be read, or a condition does not fit the run's tables. DamagedArtifact: a table of the run is damaged.
        """
        for positive, choice in ((True, self.positive), (False, self.negative)):
            for path in choice.files:
                if not examples.add(positive, texts(Path(path))):
                    raise BadInput(f"There is no text in {path}: nothing to learn from. Give another file.")
        if self.run:
            for positive, found in self._of_run():
                examples.add(positive, found)

    def _of_run(self) -> Iterator[tuple[bool, list[Text]]]:
        run = open_run(self.store, self.run)
        for shard in run.entry["shards"]:
            documents = run.read(run.entry["tables"]["documents"], shard, ["url", "text"])
            table = run.condition_table(shard)
            urls = documents["url"].to_pylist()
            taken = {kind: self._taken(kind, table, urls) for kind in (True, False)}
            if not self.negative.of_run:
                taken[False] = np.ones(len(urls), bool)
            taken[False] &= ~taken[True]
            spoken = np.array([not self.languages or x in self.languages for x in table["language"].to_pylist()], bool)
            for kind, rows in taken.items():
                rows &= spoken
                chosen = documents.filter(pa.array(rows))
                yield kind, [Text(t, u or "") for t, u in zip(chosen["text"].to_pylist(), chosen["url"].to_pylist(), strict=True)]

    def _taken(self, kind: bool, table: pa.Table, urls: list[str | None]) -> Any:
        found = np.zeros(len(urls), bool)
        if condition := self._conditions.get(kind):
            condition.check(table.schema)
            found |= condition.holds(table.select(list(condition.columns)))
        if sites := self._lists.get(kind):
            found |= np.fromiter((sites.has(u or "") for u in urls), bool, len(urls))
        return found

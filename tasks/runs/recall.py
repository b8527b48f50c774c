"""A recall as users ask for it: a run's documents, files of seeds and of labels, sheets for a person, and the store that keeps every round."""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.given import elsewhere, given, given_files
from winnow.tasks.engine.identity import digest
from winnow.tasks.engine.places import store_at
from winnow.tasks.ledger.find import open_run
from winnow.tasks.models.files import file_sha256, versions
from winnow.tasks.models.texts import texts
from winnow.tasks.recall.domains import read_decisions, table
from winnow.tasks.recall.judge import Judge, LabelJudge, SheetJudge, Waiting, is_yes
from winnow.tasks.recall.options import RecallOptions
from winnow.tasks.recall.pool import Pooled, pool_of_run
from winnow.tasks.recall.rounds import Recall, Round, digest_of
from winnow.tasks.runs.labelled import labels_in, records
from winnow.tasks.runs.recall_judge import EndpointJudge, endpoint_judge

TOPIC = re.compile(r"[\w][\w -]*")


@dataclass(frozen=True)
class LabelsThenSheet:
    """Labels that are known, and a person for what they say nothing of."""

    labels: LabelJudge
    sheet: SheetJudge
    described: dict[str, Any]

    def answers(self, asked: Sequence[Pooled], number: int) -> dict[str, bool]:
        found = self.labels.answers(asked, number)
        rest = [each for each in asked if each.id not in found]
        return found | (self.sheet.answers(rest, number) if rest else {})


@dataclass(frozen=True)
class RecallRequest:
    """``seeds`` are files with a text, and perhaps a URL, in each row; ``labels`` files with an id or URL and a label; ``sheets`` a folder for a person; ``endpoint`` with
    ``head`` a model. ``domains`` is a table of domains with decisions.

    Raises:
        BadInput: a topic without a name, no seed file, or nobody to judge.
    """

    topic: str
    seeds: tuple[str, ...]
    run: str = ""
    store: str = "winnow-store"
    labels: tuple[str, ...] = ()
    label_column: str = ""
    sheets: str = ""
    domains: str = ""
    endpoint: str = ""
    endpoint_options: dict[str, Any] = field(default_factory=dict)
    head: str = ""
    least: float | None = None
    options: RecallOptions = field(default_factory=RecallOptions)

    def __post_init__(self) -> None:
        if not TOPIC.fullmatch(self.topic):
            raise BadInput(f"The topic {self.topic!r} names a folder: use letters, digits, _, - and spaces.")
        if not self.seeds:
            raise BadInput("Give --seed FILE: .txt, .jsonl or .parquet with documents of the topic, some fifty of them.")
        for name in (*self.seeds, *self.labels, *((self.domains,) if self.domains else ())):
            if not elsewhere(name) and not Path(name).exists():
                raise BadInput(f"There is no file {name}.")

    @cached_property
    def recall(self) -> Recall:
        """Raises BadInput if a file or the run cannot be read."""
        pool = pool_of_run(open_run(self.store, self.run))
        seeds = tuple(t for name in self.seeds for t in texts(given(name)) if any(c.isalnum() for c in t.text))
        if len(seeds) < 2:
            raise BadInput(f"There are {len(seeds)} seeds with a text in {', '.join(self.seeds)}. Give some fifty, of several sites.")
        decisions = read_decisions(given(self.domains)) if self.domains else {}
        return Recall(self.topic, seeds, pool, self._judge(), self.options, decisions)

    def _judge(self) -> Judge:
        if self.endpoint:
            if self.labels or self.sheets:
                raise BadInput("Labels, sheets and an endpoint cannot judge at once. Leave --endpoint out, or the others.")
            return endpoint_judge(self.endpoint, self.endpoint_options, self.head, self.topic, self.store, self.least)
        sheet = SheetJudge(Path(self.sheets or f"recall-{self.topic}"), self.topic, {"sheets": True})
        if not self.labels:
            return sheet
        by_name: dict[str, tuple[str, ...]] = {}
        contradicted: set[str] = set()
        for name in self.labels:
            read = [(path, place, row) for path in given_files(name) for place, row in records(path)]
            columns = {c for _, _, row in read[:100] for c in row}
            known = [
                c
                for c in ([self.label_column] if self.label_column else [self.topic, "topic", "label", "labels", "answer"])
                if c in columns
            ]
            if not known or not columns & {"id", "url"}:
                raise BadInput(
                    f"{name} cannot judge: it needs a column id or url, and one of labels ({self.label_column or 'topic, label or answer'}); it has {', '.join(sorted(columns))}."
                )
            for path, place, row in read:
                labels = labels_in(row, known[0], path, place, several=True)
                says = any(is_yes(label, self.topic) for label in labels)
                for key in {str(key) for key in (row.get("id"), row.get("url")) if key and labels}:
                    if key in by_name and any(is_yes(label, self.topic) for label in by_name[key]) != says:
                        contradicted.add(key)
                    by_name.setdefault(key, labels)
        described: dict[str, Any] = {
            "labels": [file_sha256(path) for name in self.labels for path in given_files(name)],
            "column": self.label_column,
        }
        judge = LabelJudge({key: labels for key, labels in by_name.items() if key not in contradicted}, self.topic, described)
        return LabelsThenSheet(judge, sheet, described | {"sheets": True}) if self.sheets else judge

    @cached_property
    def home(self) -> str:
        """Its folder in the store: the same for the same seeds, pool, judge and options, whatever the number of rounds."""
        parts = self.recall.described() | versions("numpy")
        return f"recall/{self.topic.replace(' ', '-')}-{digest(parts)[:12]}"

    def load(self, number: int) -> dict[str, Any] | None:
        """A round that is done."""
        try:
            return dict(json.loads(store_at(self.store).get(f"{self.home}/round-{number}.json")))
        except FileNotFoundError:
            return None

    def save(self, number: int, found: dict[str, Any], made: Round) -> None:
        """Keep a round; its JSON comes last, and says that it is done."""
        store, pool = store_at(self.store), self.recall.pool
        sink = io.BytesIO()
        columns = {"id": pool.ids, "url": pool.urls, "score": made.scores, "chance": np.round(made.chance, 6), "collected": made.collected}
        pq.write_table(pa.table(columns), sink, compression="zstd")
        store.put(f"{self.home}/round-{number}.parquet", sink.getvalue())
        store.put(f"{self.home}/domains-{number}.csv", table(pool.urls, made.collected, self.recall.decisions).encode())
        store.put(f"{self.home}/round-{number}.json", json.dumps(found, ensure_ascii=False, indent=1).encode())

    def done(self) -> list[dict[str, Any]]:
        """The rounds that are there, in order, as far as they are asked for."""
        rounds: list[dict[str, Any]] = []
        for number in range(1, self.options.rounds + 1):
            found = self.load(number)
            if found is None:
                break
            rounds.append(found)
            if found["stops"]:
                break
        return rounds

    def forecast(self) -> dict[str, Any]:
        """What would be asked: at most a sample for each round that is left."""
        rounds = self.done()
        left = 0 if rounds and rounds[-1]["stops"] else self.options.rounds - len(rounds)
        questions, judge = min(left * self.options.sample, len(self.recall.pool.ids)), self.recall.judge
        first = list(islice(self.recall.pool.read(), self.options.sample)) if isinstance(judge, EndpointJudge) else []
        cost = judge.price_most(first) * questions / max(1, len(first)) if isinstance(judge, EndpointJudge) else 0.0
        return {
            "topic": self.topic, "status": "dry-run", "documents": len(self.recall.pool.ids), "seeds": len(self.recall.seeds), "rounds_done": len(rounds),
            "rounds_left_at_most": left, "questions_at_most": questions, "cost": round(cost, 6),
        }  # fmt: skip

    def result(self, waiting: Waiting | None = None) -> dict[str, Any]:
        """What the command says at its end."""
        rounds, store = self.done(), store_at(self.store)
        found: dict[str, Any] = {"topic": self.topic, "status": "waiting" if waiting else "done", "rounds": [_short(r) for r in rounds]}
        if waiting:
            found |= {"sheet": str(waiting.path.absolute()), "questions": waiting.questions}
        if rounds:
            last, n = rounds[-1], len(rounds)
            found |= {
                "collected": len(last["collected"]),
                "precision": last["cut"]["precision"],
                "precision_low": last["cut"]["low"],
                "precision_high": last["cut"]["high"],
                "recall": last["cut"]["recall"],
                "judged": len(last["known"]),
                "stopped": last["stops"] or f"{n} rounds",
                "documents": store.uri(f"{self.home}/round-{n}.parquet"),
                "domains": store.uri(f"{self.home}/domains-{n}.csv"),
                "digest": digest_of(rounds),
            }
        return found


def _short(found: dict[str, Any]) -> dict[str, Any]:
    return {"round": found["round"], **found["figures"], **{f"cut_{k}": v for k, v in found["cut"].items()}, "stops": found["stops"]}

"""Annotating a sample of a run: what is asked of whom, in which parts, and the tables of judgements that come of it.

``judged/<address>/`` of the store holds ``part-00000.parquet`` and on (schema: tasks/labels/judged.py), and last ``report.json``. The address is a digest of the sample,
the head, the annotator and the seed; so a head whose labels changed, or another model, is another table. A part is done when its own report is there. Everything
is made of answers that are kept (tasks/endpoint/answers.py): a run that is killed asks only what is missing, and a part made again has the same bytes.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winnow.tasks.endpoint.answers import PROBLEMS, Answers
from winnow.tasks.endpoint.batch import Read, read_batch, write_batch
from winnow.tasks.endpoint.client import Tally, ask
from winnow.tasks.endpoint.cost import Forecast, forecast
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.endpoint.queries import Chat
from winnow.tasks.engine.identity import digest
from winnow.tasks.engine.parquet import to_parquet
from winnow.tasks.engine.store import Store
from winnow.tasks.labels.agreement import Agreement, agreements, mutual_information
from winnow.tasks.labels.annotation import NOT_ASKED, Annotation, Figures
from winnow.tasks.labels.heads import heads
from winnow.tasks.labels.judged import read, table
from winnow.tasks.ledger.find import open_run
from winnow.tasks.runs.asking import AskingRequest, part_size
from winnow.tasks.runs.sampling import Draw, Sample

FOLDER = "judged"
VERSION = "2"
PART_DOCUMENTS = 500
"""Documents per part, unless there would be too many parts."""


@dataclass(frozen=True)
class AnnotationRequest(AskingRequest):
    """Of which head's labels, and of which documents of a run."""

    head: str
    sample: int
    where: str = ""
    seed: int = 0
    answer_tokens: int = 0

    def prepared(self) -> "Annotating":
        """With everything that it names found.

        Raises:
            BadInput: no such run, head or endpoint, or a condition that does not fit. DamagedArtifact: a table of the run is damaged.
        """
        chosen = heads(self.head)
        place = self.place()
        draw = Draw(self.sample, self.where, self.seed)
        run = open_run(self.store, self.run)
        return Annotating(
            self,
            tuple(Annotation(head, place, self.seed, self.answer_tokens, self.parameters) for head in chosen),
            draw.of(run),
            draw.address(run),
        )


@dataclass(frozen=True)
class Annotating:
    """A request with its heads, endpoint and sample."""

    request: AnnotationRequest
    annotations: tuple[Annotation, ...]
    sample: Sample
    drawn: str

    @property
    def store(self) -> Store:
        """The run's store, which also keeps answers and judgements."""
        return self.sample.run.store

    @property
    def endpoint(self) -> Endpoint:
        """Who is asked."""
        return self.annotations[0].endpoint

    def answers(self) -> Answers:
        """The answers that the store keeps."""
        return Answers(self.store)

    @property
    def part_documents(self) -> int:
        """Documents per part."""
        return part_size(len(self.sample), PART_DOCUMENTS)

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return -(-len(self.sample) // self.part_documents)

    def home(self, annotation: Annotation) -> str:
        """The folder of a head's judgements in the store."""
        identity = {
            "version": VERSION,
            "sample": self.drawn,
            "head": annotation.head.digest,
            "model": self.endpoint.model,
            "revision": self.endpoint.revision,
            "seed": annotation.seed,
            "answer_tokens": annotation.answer_tokens,
            **({"parameters": dict(annotation.parameters)} if annotation.parameters else {}),
        }
        return f"{FOLDER}/{digest(identity)}"

    def queries(self) -> Iterator[Chat]:
        """Everything that is asked, head by head."""
        for annotation in self.annotations:
            yield from annotation.queries(self.sample.documents())

    def forecast(self) -> Forecast:
        """What it would take to ask what is not known."""
        return forecast(self.queries(), self.endpoint, self.answers(), again=self.request.again)

    def write_batch(self, folder: Path) -> list[Path]:
        """What is not known, as batch files. Raises BadInput."""
        return write_batch(self.queries(), self.endpoint, self.answers(), folder)

    def read_batch(self, files: Sequence[Path]) -> Read:
        """Keep the answers in the output of batch files. Raises BadInput."""
        return read_batch(files, self.queries(), self.endpoint, self.answers())

    def missing(self) -> list[tuple[Annotation, int]]:
        """Heads and parts that are not judged yet; with ``again`` also those in which a query is in quarantine."""
        found = []
        for annotation in self.annotations:
            home = self.home(annotation)
            names = self.store.names(home)
            for part in range(self.parts):
                done = f"part-{part:05d}.json" in names
                if not done or (self.request.again and _quarantined(self._figures(annotation, part))):
                    found.append((annotation, part))
        return found

    def judge(self, annotation: Annotation, part: int, told: Callable[[], None] = lambda: None) -> Tally:
        """Ask what is not known about the documents of a part, and write its judgements.

        Raises:
            BadInput, Transient: as the client does (tasks/endpoint/client.py); what was answered is kept.
        """
        begin = part * self.part_documents
        end = begin + self.part_documents
        answers = self.answers()
        tally = ask(self.endpoint, answers, annotation.queries(self.sample.documents(begin, end)), again=self.request.again, told=told)
        figures = Figures()
        rows = table(annotation.judged(self.sample.documents(begin, end), answers, figures))
        assert not figures.problems[NOT_ASKED], "a query was neither answered nor put into quarantine"
        home = self.home(annotation)
        self.store.delete(f"{home}/report.json")
        self.store.put(f"{home}/part-{part:05d}.parquet", to_parquet(rows))
        self.store.put(f"{home}/part-{part:05d}.json", json.dumps(figures.described()).encode())
        return tally

    def finish(self) -> list[dict[str, Any]]:
        """Write what each table holds, once all of its parts are there; the reports."""
        return [self._report(annotation) for annotation in self.annotations]

    def _figures(self, annotation: Annotation, part: int) -> Figures:
        return Figures.of(json.loads(self.store.get(f"{self.home(annotation)}/part-{part:05d}.json")))

    def _report(self, annotation: Annotation) -> dict[str, Any]:
        home = self.home(annotation)
        figures = sum((self._figures(annotation, part) for part in range(self.parts)), Figures())
        report = {
            "head": annotation.head.name,
            "head_digest": annotation.head.digest,
            "form": annotation.head.form,
            "annotator": annotation.annotator,
            "run": self.sample.run.id,
            "candidates": self.sample.candidates,
            "where": self.request.where,
            "seed": annotation.seed,
            "files": [f"part-{part:05d}.parquet" for part in range(self.parts)],
            **figures.described(),
            "price": figures.price(self.endpoint),
        }
        path, data = f"{home}/report.json", json.dumps(report, indent=1, ensure_ascii=True).encode()
        if not self.store.exists(path) or self.store.get(path) != data:
            self.store.put(path, data)
        return report | {"judged": self.store.uri(home)}


def _quarantined(figures: Figures) -> bool:
    return any(problem in PROBLEMS for problem in figures.problems)


def reports(store: Store) -> dict[str, dict[str, Any]]:
    """The finished tables of judgements in a store: folder -> report."""
    found = {f"{FOLDER}/{name}": f"{FOLDER}/{name}/report.json" for name in store.folders(FOLDER)}
    return {home: json.loads(store.get(path)) for home, path in sorted(found.items()) if store.exists(path)}


def compared(files: Sequence[str | Path]) -> tuple[list[Agreement], dict[str, dict[str, dict[str, float]]]]:
    """The agreement of annotators, and the mutual information of heads, over tables of judgements. Raises BadInput."""
    tables = [read(path) for path in files]
    return agreements(tables), mutual_information(tables)

"""A student that gets better with every snapshot (Vadlapati 2024, AutoPureData): of each finished run of a recipe a sample near the cut is judged, and when enough is
judged the student is trained anew, so that the next run is decided by it.

What was done is kept in the store, below ``purify/<student>/<head's digest>/``:

=======================  ===========================================================================================================
rounds/<run>.json        a run whose sample is judged, with figures; written last, so a run is judged once
labelled/<run>.parquet   what was judged of it, with the texts, so that a student learns from many runs at once
trained.json             the student now, from which rounds it was trained, and those before it
=======================  ===========================================================================================================

Who starts runs, asks and trains, is up to ``flows/purify.py``. A look that finds nothing new changes nothing.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from winnow.tasks.endpoint.endpoint import endpoint
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.parquet import to_parquet
from winnow.tasks.engine.places import PREFIX, store_at
from winnow.tasks.engine.store import Store
from winnow.tasks.labels.annotation import Document
from winnow.tasks.labels.heads import Head, head
from winnow.tasks.labels.judged import Judgement, judgements, read
from winnow.tasks.labels.sheet import items, read_sheet, write_sheet
from winnow.tasks.ledger.find import Finished, open_run
from winnow.tasks.models.classify.labelled import Question
from winnow.tasks.models.classify.train_student import StudentOptions, training_digest
from winnow.tasks.models.files import NAME, Card, registered, versions_named
from winnow.tasks.recipes import build as recipes
from winnow.tasks.recipes.recipe import Recipe
from winnow.tasks.runs.annotating import Annotating, AnnotationRequest
from winnow.tasks.runs.housekeeping import records
from winnow.tasks.runs.labelled import LabelFiles
from winnow.tasks.runs.labelling import Labelling
from winnow.tasks.runs.questions import question
from winnow.tasks.runs.sampling import Draw, NoDocument
from winnow.tasks.safety.matrix import Safety
from winnow.tasks.signals.limit import Limit

FOLDER = "purify"
NEAR_SHARE = 0.75
"""Of a sample: from near the cut. The rest is drawn from everything, so that the student does not forget what is far from it, and what it never saw is found."""
NEAR = 0.1
"""How near: this share of the range of the signal, on both sides."""
UNSURE = 0.75
"""Without a number to cut at: a student that is less sure than this."""
COLUMNS = ("id", "url", "language", "text")


class WaitingForPerson(Exception):
    """A sheet has to be filled in first: ``path`` and how many of its cells are empty."""

    def __init__(self, path: Path, left: int) -> None:
        super().__init__(f"{left} documents in {path} are not judged yet")
        self.path, self.left = path, left


@dataclass(frozen=True)
class Purification:
    """``student`` is the registered model that ``recipe`` names, and that learns ``head``; ``labels`` are files that it learns from before anything is judged. An
    ``endpoint`` judges, or a ``person`` with sheets in the folder ``sheets``. ``at_least`` new judgements make a new student.

    Raises:
        BadInput: on construction, a name that is none, nobody to judge or two, or a number out of its range.
    """

    student: str
    recipe: str
    head: str = "safety"
    labels: tuple[str, ...] = ()
    endpoint: str = ""
    endpoint_options: dict[str, Any] = field(default_factory=dict)
    sheets: str = ""
    person: str = "person"
    sample: int = 200
    at_least: int = 200
    store: str = "winnow-store"

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.student):
            raise BadInput(f"The student {self.student!r} is a registered name: use letters, digits, dots, - and _.")
        if bool(self.endpoint) == bool(self.sheets):
            raise BadInput("Give an endpoint that judges, or a folder for the sheets of a person; one of the two.")
        for name in ("sample", "at_least"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}; it must be at least 1.")

    @cached_property
    def asked(self) -> Head:
        """Raises BadInput for a head that there is not."""
        return head(self.head)

    @cached_property
    def question(self) -> Question:
        """What the student learns. Raises BadInput for a head that no student of documents can learn."""
        return question(self.head)

    @cached_property
    def _recipe(self) -> Recipe:
        return recipes.load(self.recipe)

    @cached_property
    def _store(self) -> Store:
        return store_at(self.store)

    @property
    def home(self) -> str:
        """Its folder in the store. What was judged for a head whose labels or prompt have changed since is another head's, and teaches this one nothing."""
        return f"{FOLDER}/{self.student}/{self.asked.digest[:12]}"

    # -------------------------------------------------------------- judging

    def to_judge(self) -> Iterator[Finished]:
        """Finished runs of the recipe of which no sample is judged: the newest of each snapshot, the oldest first. Raises BadInput if the recipe does not ask the student."""
        done = {name.removesuffix(".json") for name in self._store.names(f"{self.home}/rounds")}
        newest: dict[str, dict[str, Any]] = {}
        for entry in sorted(records(self._store), key=lambda e: (e.get("started", ""), e["id"])):
            if entry["recipe"] == self._recipe.name and self._store.exists(f"{entry['home']}/manifest.json"):
                newest[entry["snapshot"]] = entry
        for entry in newest.values():
            if entry["id"] not in done:
                run = open_run(self.store, entry["id"])
                if not any(name.startswith(f"{self.asked.name}.") for name in run.measured):
                    raise BadInput(
                        f"The run {run.id} has no signal of the head {self.asked.name}. Let the recipe {self._recipe.name} ask the student: "
                        f"measure: {{{self.asked.name}: [{{student.Student: {{model: {self.student}}}}}]}}."
                    )
                yield run

    def draws(self, run: Finished) -> list[Draw]:
        """The sample of a run: three quarters near the cut, the rest from everything. A run with nothing near the cut has the rest alone."""
        near = round(self.sample * NEAR_SHARE)
        found = [Draw(near, self._near(run)), Draw(max(1, self.sample - near))]
        try:
            found[0].of(run)
        except NoDocument:
            return found[1:]
        return found

    def _near(self, run: Finished) -> str:
        """SQL for documents near a number at which the recipe decides; without one, those of which the student is unsure."""
        wide = NEAR * (self.asked.scale.high - self.asked.scale.low if self.asked.scale else 1)
        parts = [
            f'"{signal}" BETWEEN {least - wide if signal.endswith(".grade") else least - NEAR:g} AND {least + wide if signal.endswith(".grade") else least + NEAR:g}'
            for signal, least in self.cuts
            if signal in run.measured
        ]
        return " OR ".join(parts) or f'"{self.asked.name}.score" < {UNSURE}'

    @cached_property
    def cuts(self) -> list[tuple[str, float]]:
        """Signals of the head, and the numbers at which the recipe decides about them."""
        found = set()
        for entry in self._recipe.decide:
            if isinstance(entry.options, Safety):
                found |= {(row.signal, least) for row in entry.options.rows for least, _ in row.steps}
            for limit in entry.options if isinstance(entry.options, tuple) else ():
                if isinstance(limit, Limit):
                    sides = [(limit.low, limit.high), *((low, high) for _, low, high in limit.by_language or ())]
                    found |= {(limit.signal, float(side)) for pair in sides for side in pair if side is not None}
        return sorted(each for each in found if each[0].startswith(f"{self.asked.name}."))

    def annotatings(self, run: Finished) -> list[Annotating]:
        """What an endpoint is asked about a run. Raises BadInput."""
        endpoint(self.endpoint, **self.endpoint_options)
        requests = (
            AnnotationRequest(
                self.head,
                draw.size,
                draw.where,
                draw.seed,
                endpoint=self.endpoint,
                run=run.id,
                store=self.store,
                options=self.endpoint_options,
            )
            for draw in self.draws(run)
        )
        return [request.prepared() for request in requests]

    def by_person(self, run: Finished) -> list[Judgement]:
        """What a person wrote into the sheet of a run, which is written where it is not there yet; kept as the table of that person, too.

        Raises:
            WaitingForPerson: not every document is judged. BadInput: the sheet cannot be read or written.
        """
        path = Path(self.sheets) / f"{run.id}.csv"
        if not path.is_file():
            documents: dict[str, Document] = {d.id: d for draw in self.draws(run) for d in draw.of(run).documents()}
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as e:
                raise BadInput(f"The folder {path.parent} cannot be made: {e.strerror}. Name another one for the sheets.") from None
            rows = write_sheet(path, [self.asked], items(self.asked, documents.values()))
            raise WaitingForPerson(path, rows)
        found = read_sheet(path, [self.asked], self.person)
        if found.empty[self.asked.name]:
            raise WaitingForPerson(path, found.empty[self.asked.name])
        labelling = Labelling(self._store, self.asked, self.person)
        for each in found.judgements:
            labelling.keep(each)
        if found.judgements:
            labelling.finish()
        return found.judgements

    def judged_by_endpoint(self, reports: Sequence[dict[str, Any]]) -> list[Judgement]:
        """The rows of finished tables. A document that both draws hold was asked about once, and counts once."""
        places = [self._place(report["judged"]) for report in reports]
        return list({row.id: row for place in places for row in judgements(read(place))}.values())

    def _place(self, uri: str) -> str:
        """A folder of the store, named so that it is found with the keys of a block."""
        return f"{self.store}/{uri.removeprefix(self._store.uri('')).lstrip('/')}" if self.store.startswith(PREFIX) else uri

    def close(self, run: Finished, judged: Sequence[Judgement]) -> dict[str, Any]:
        """Keep what was judged of a run, with its texts, and what was done to how many; the round."""
        said = {row.id: row for row in judged if row.valid}
        rows, alike = [], Counter[str]()
        actions: Counter[str] = Counter()
        column = self._column(run)
        for shard in run.entry["shards"]:
            documents = run.read(run.entry["tables"]["documents"], shard, list(COLUMNS))
            values = run.read(run.entry["tables"]["signals"], shard, [column])[column].to_pylist()
            decided = run.read(run.entry["tables"]["decisions"], shard)
            actions.update(_actions(decided))
            for number, identity in enumerate(documents["id"].to_pylist()):
                if (row := said.get(identity)) is None:
                    continue
                label = row.label if row.score is None else f"{row.score:g}"
                rows.append({name: documents[name][number].as_py() for name in COLUMNS} | {self.asked.name: label})
                alike[self._alike(column, values[number], row)] += 1
        schema = pa.schema([*((name, pa.string()) for name in COLUMNS), (self.asked.name, pa.string())])
        self._store.put(f"{self.home}/labelled/{run.id}.parquet", to_parquet(pa.Table.from_pylist(rows, schema)))
        known = alike["alike"] + alike["different"]
        with versions_named(run.entry.get("models", {})):  # it may have been trained anew since this run was begun
            decided_by = self._current()
        made = {
            "run": run.id,
            "snapshot": run.entry["snapshot"],
            "student": str(decided_by.card["version"]) if decided_by else "",
            "documents": sum(actions.values()),
            "actions": dict(sorted(actions.items())),
            "asked": len(judged),
            "judged": len(rows),
            "problems": dict(sorted(Counter(row.problem for row in judged if row.problem).items())),
            "student_agrees": round(alike["alike"] / known, 4) if known else None,
        }
        self._store.put(f"{self.home}/rounds/{run.id}.json", json.dumps(made, indent=1).encode())
        return made

    def _column(self, run: Finished) -> str:
        name = self.asked.name
        return next(c for c in (f"{name}.grade", f"{name}.label", f"{name}.score") if c in run.measured)

    def _alike(self, column: str, value: Any, row: Judgement) -> str:
        """Whether the student and the judge are on the same side of every cut; of a head with labels, whether they name the same one."""
        if value is None:
            return "unknown"
        if row.score is None:
            return ("alike" if value == row.label else "different") if column.endswith(".label") else "unknown"
        cuts = [least for signal, least in self.cuts if signal == column]
        return "alike" if all((value >= least) == (row.score >= least) for least in cuts) else "different"

    # -------------------------------------------------------------- training

    def rounds(self) -> list[dict[str, Any]]:
        """Every round so far, by run."""
        return [json.loads(self._store.get(f"{self.home}/rounds/{name}")) for name in sorted(self._store.names(f"{self.home}/rounds"))]

    def trained(self) -> dict[str, Any]:
        """What the student was trained from; without any round before the first."""
        try:
            return dict(json.loads(self._store.get(f"{self.home}/trained.json")))
        except FileNotFoundError:
            return {"rounds": [], "students": []}

    def _current(self) -> Card | None:
        try:
            return registered(self.student)
        except BadInput:
            return None

    def card(self) -> dict[str, Any]:
        """The card of the student. Raises BadInput if there is none."""
        return dict(registered(self.student).card)

    @property
    def exists(self) -> bool:
        """Whether there is a student: without one the recipe cannot be run."""
        return self._current() is not None

    def new_judgements(self) -> int:
        """How many documents are judged that the student has not learnt from."""
        learnt = set(self.trained()["rounds"])
        return sum(each["judged"] for each in self.rounds() if each["run"] not in learnt)

    def due(self) -> bool:
        """Whether the student is to be trained: there is none, or enough is new."""
        return not self.exists or self.new_judgements() >= self.at_least

    def sources(self) -> LabelFiles:
        """What the next student learns from.

        Raises:
            BadInput: nothing at all.
        """
        made = [self._place(self._store.uri(f"{self.home}/labelled/{each['run']}.parquet")) for each in self.rounds() if each["judged"]]
        if not made and not self.labels:
            raise BadInput(
                f"There is no model {self.student}, and nothing to train a first one from: give labels, or train it with `winnow train classifier --head {self.head}`."
            )
        return LabelFiles((*self.labels, *made))

    def digest(self) -> str:
        """Digest of the next student. Raises BadInput."""
        return training_digest(self.sources().described(), self.question, StudentOptions())

    def note_trained(self, card: dict[str, Any]) -> dict[str, Any]:
        """Note that the student was trained from every round; what is kept."""
        before = self.trained()
        held = card["figures"]["held_out"]
        made = {
            "version": card["version"],
            "documents": card["figures"]["examples"]["learnt_from"],
            "held_out": {name: held[name] for name in ("documents", "accuracy", "macro_f1", "calibration_error")},
        }
        students = [each for each in before["students"] if each["version"] != made["version"]] + [made]
        found = {"rounds": [each["run"] for each in self.rounds()], "students": students}
        if found != before:
            self._store.put(f"{self.home}/trained.json", json.dumps(found, indent=1).encode())
        return found


def _actions(decided: pa.Table) -> Iterator[str]:
    """What was done with each document: the action of the matrix for those that were kept so far, ``harmful`` for those that it dropped, ``dropped`` for the others."""
    kept = decided["kept"].to_pylist()
    reasons = decided["reason"].to_pylist()
    asked = decided["safety_action"].to_pylist() if "safety_action" in decided.column_names else [""] * len(kept)
    for is_kept, reason, action in zip(kept, reasons, asked, strict=True):
        if is_kept:
            yield "tagged" if action == "tag" else "kept"
        else:
            yield "dropped as harmful" if (reason or "").startswith("harmful:") else "dropped otherwise"

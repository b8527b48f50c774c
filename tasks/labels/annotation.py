"""Annotation: documents in, questions to one annotator out, and its answers as judgements. Which documents, and when, is up to those who call
(``tasks/runs/annotating.py``). The same documents, head, endpoint and answers give the same rows in the same order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from winnow.tasks.endpoint.answers import Answers
from winnow.tasks.endpoint.cost import price
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.endpoint.queries import Chat, query_digest
from winnow.tasks.labels.heads import Head
from winnow.tasks.labels.judged import Judgement
from winnow.tasks.labels.prompts import Asked, asked
from winnow.tasks.labels.readings import readings

NO_TEXT = "no_text"
NOT_ASKED = "not_asked"
"""Problems of documents that were not asked about: those without text; those whose answer is not there yet, which no finished table has."""


class Document(NamedTuple):
    """What an annotator is told of a document."""

    id: str
    url: str
    text: str


@dataclass
class Figures:
    """What a table of judgements holds: documents, rows, rows that are valid, the others by problem, labels and scores; queries and tokens behind them, how many of
    the counts of tokens are the server's, and the price."""

    documents: int = 0
    rows: int = 0
    valid: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    queries: int = 0
    counted: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0

    def add(self, judgement: Judgement) -> None:
        """Count one row."""
        self.rows += 1
        self.valid += judgement.valid
        if judgement.problem is not None:
            self.problems[judgement.problem] += 1
        else:
            self.labels[judgement.label if judgement.score is None else f"{judgement.score:g}"] += 1  # type: ignore[index]

    def described(self) -> dict[str, Any]:
        """For JSON."""
        return {k: dict(sorted(v.items())) if isinstance(v, Counter) else v for k, v in self.__dict__.items()}

    @classmethod
    def of(cls, described: dict[str, Any]) -> "Figures":
        """From JSON."""
        values: dict[str, Any] = {k: Counter(v) if isinstance(v, dict) else v for k, v in described.items()}
        return cls(**values)

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{name: value + getattr(other, name) for name, value in self.__dict__.items()})

    def price(self, endpoint: Endpoint) -> float:
        """What it cost."""
        return price(endpoint, self.prompt_tokens, self.answer_tokens)


@dataclass(frozen=True)
class Annotation:
    """One head, asked of one annotator. ``answer_tokens`` of 0 are the head's; ``parameters`` of sampling go before the usual ones."""

    head: Head
    endpoint: Endpoint
    seed: int = 0
    answer_tokens: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def annotator(self) -> str:
        """The model and its revision."""
        return f"{self.endpoint.model}@{self.endpoint.revision}" if self.endpoint.revision else self.endpoint.model

    def queries(self, documents: Iterable[Document]) -> Iterator[Chat]:
        """What is asked about these documents."""
        for document in documents:
            for question in self._asked(document):
                yield question.chat

    def judged(self, documents: Iterable[Document], answers: Answers, figures: Figures) -> Iterator[Judgement]:
        """The judgements of these documents, from answers that are there."""
        for document in documents:
            figures.documents += 1
            questions = self._asked(document)
            if not questions and not self.head.of_lines:
                yield self._row(document, figures, problem=NO_TEXT)
            for question in questions:
                figures.queries += 1
                answer = answers.get(query_digest(question.chat, self.endpoint))
                if answer is None:
                    for line in question.lines or (None,):
                        yield self._row(document, figures, line=line, problem=NOT_ASKED)
                    continue
                figures.counted += answer.counted
                figures.prompt_tokens += answer.prompt_tokens
                figures.answer_tokens += answer.answer_tokens
                for line, reading in zip(question.lines or (None,), readings(self.head, question, answer), strict=True):
                    yield self._row(
                        document,
                        figures,
                        line=line,
                        labels=reading.labels,
                        score=reading.score,
                        problem=reading.problem,
                        answer_digest=answer.digest,
                    )

    def _asked(self, document: Document) -> list[Asked]:
        return asked(self.head, document.url, document.text, seed=self.seed, answer_tokens=self.answer_tokens, parameters=self.parameters)

    def _row(self, document: Document, figures: Figures, **more: Any) -> Judgement:
        judgement = Judgement(document.id, self.head.name, self.head.digest, self.annotator, **more)
        figures.add(judgement)
        return judgement

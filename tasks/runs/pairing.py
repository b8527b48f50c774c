"""Rating with a judge: which pairs of a run's (or a file's) documents a model is asked about, and the weights of raters that its preferences give.

Answers are kept by content (tasks/endpoint/answers.py), so a rating that was killed asks only what is missing, and more pairs ask only about the new ones. What was
preferred is kept as ``pairs/<address>.jsonl`` of the store, in the form that ``--judged`` reads.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from winnow.tasks.endpoint.answers import Answers
from winnow.tasks.endpoint.client import Tally, ask
from winnow.tasks.endpoint.cost import forecast, price
from winnow.tasks.endpoint.queries import Chat, query_digest
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.engine.places import store_at
from winnow.tasks.engine.store import Store
from winnow.tasks.labels.pairs import QUESTION, Pair, PairQuestion, Preferences, Side
from winnow.tasks.ledger.rating import Asked, Rated, of_file, of_run, rows_in
from winnow.tasks.rating.judged import judged_of
from winnow.tasks.rating.pairs import drawn
from winnow.tasks.runs.asking import AskingRequest, part_size

FOLDER = "pairs"
PART_PAIRS = 250
MOST_PAIRS = 100_000


@dataclass(frozen=True)
class PairRequest(AskingRequest):
    """Of which pairs of documents. ``raters``, ``judged`` and ``out`` as in tasks/ledger/rating.py; ``file`` has documents with a text, without one the
    ``run`` is read.

    Raises:
        BadInput: on construction, no pair, or more than ``MOST_PAIRS``.
    """

    raters: str
    pairs: int
    question: str = ""
    file: str = ""
    judged: str = ""
    out: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.pairs <= MOST_PAIRS:
            raise BadInput(f"pairs is {self.pairs}; it must be from 1 to {MOST_PAIRS:,}. Each is asked in both orders.")

    def prepared(self) -> "Pairing":
        """With everything that it names found.

        Raises:
            BadInput: no such file, run, rater or endpoint, or no two documents of one language and similar length.
        """
        place = self.place()
        asked = Asked(self.raters, self.judged, Path(self.out) if self.out else None)
        rated = of_file(Path(self.file), asked) if self.file else of_run(self.store, self.run, asked)
        question = PairQuestion(place, self.question.strip() or QUESTION, parameters=self.parameters)
        question.head  # noqa: B018  raises
        ids = drawn(rated.sample, self.pairs)
        wanted = {i for pair in ids for i in pair}
        texts = {i: question.shown(text) for i, text in rated.texts(wanted) if text.strip()}
        pairs = tuple((Side(a, texts[a]), Side(b, texts[b])) for a, b in ids if a in texts and b in texts)
        if not pairs:
            raise BadInput(
                "There are no two documents with a text, of one language and of similar length, to be asked about. Give a file with the column text, or a larger run."
            )
        return Pairing(self, rated, question, pairs)


@dataclass(frozen=True)
class Pairing:
    """A request with its documents, its question, and the pairs that are asked about."""

    request: PairRequest
    rated: Rated
    question: PairQuestion
    pairs: tuple[Pair, ...]

    @cached_property
    def store(self) -> Store:
        """Where answers and preferences are kept."""
        return store_at(self.request.store)

    @property
    def part_pairs(self) -> int:
        """Pairs per part."""
        return part_size(len(self.pairs), PART_PAIRS)

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return -(-len(self.pairs) // self.part_pairs)

    def queries(self, part: int | None = None) -> Iterator[Chat]:
        """What is asked, of a part or of all."""
        begin = (part or 0) * self.part_pairs
        return self.question.queries(self.pairs if part is None else self.pairs[begin : begin + self.part_pairs])

    def missing(self) -> list[int]:
        """Parts in which a query is not answered; with ``again`` also those in which one is in quarantine."""
        answers = Answers(self.store)

        def open_(query: Chat) -> bool:
            answer = answers.get(query_digest(query, self.question.endpoint))
            return answer is None or bool(self.request.again and answer.problem)

        return [part for part in range(self.parts) if any(map(open_, self.queries(part)))]

    def judge(self, part: int, told: Callable[[], None] = lambda: None) -> Tally:
        """Ask what is not known about the pairs of a part. Raises BadInput and Transient as the client does; what was answered is kept."""
        return ask(self.question.endpoint, Answers(self.store), self.queries(part), again=self.request.again, told=told)

    def forecast(self) -> dict[str, Any]:
        """What would be asked, and what it would cost."""
        found = forecast(self.queries(), self.question.endpoint, Answers(self.store), again=self.request.again).described()
        plain = self.rated.forecast() | {"model": self.question.endpoint.model, "pairs": len(self.pairs)}
        return plain | {"requests": found["to_ask"], "cost": found["price"]} | found

    def learned(self) -> dict[str, Any]:
        """Keep what was preferred, and learn the weights from it and from what was judged before; the figures.

        Raises:
            BadInput: no pair was preferred, or what ``Rated.learned`` raises.
        """
        figures = Preferences()
        rows = list(self.question.preferred(self.pairs, Answers(self.store), figures))
        said = figures.described()
        if not figures.agreed and not self.rated.judged:
            raise BadInput(
                f"Of {figures.pairs} pairs the model preferred none in both orders: {figures.ties} are ties, {figures.contradicted} were judged by their order, "
                f"{figures.unread} have an answer that cannot be read{_listed(figures)}. Ask about more pairs, or another model."
            )
        place = f"{FOLDER}/{self._address()}.jsonl"
        self.store.put(place, "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows).encode())
        before = rows_in(self.request.judged) if self.request.judged else iter(())
        self.rated.judged = judged_of(chain(before, rows), self.request.judged)
        paid = price(self.question.endpoint, figures.prompt_tokens, figures.answer_tokens)
        asked = said | {"model": self.question.endpoint.model, "price": paid, "kept": self.store.uri(place)}
        return self.rated.learned() | {"asked": asked}

    def _address(self) -> str:
        place = self.question.endpoint
        asked = {"pairs": [[a.id, b.id] for a, b in self.pairs], "model": place.model, "revision": place.revision}
        return digest(asked | {"questions": digest([query_digest(query, place) for query in self.queries()])})


def _listed(figures: Preferences) -> str:
    found = ", ".join(f"{name} {n}" for name, n in sorted(figures.problems.items()))
    return f" ({found})" if found else ""

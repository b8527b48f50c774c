"""Cost: what a set of queries would take, before anybody is asked. Tokens of prompts are estimated from their bytes, and corrected by what the server
has counted for like queries that are already answered; of an answer it is known only how long it may be, and how long those already there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from winnow.tasks.endpoint.answers import Answers
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.endpoint.queries import Query, query_digest

MILLION = 1_000_000
SENT_TEXTS, SENT_TOKENS = "texts_sent", "tokens_sent"
"""Notes of a step that sends every document to an endpoint; its property ``asks`` says which one. `winnow plan` makes a price of them."""
SAMPLE = 200
"""So many answers are read to correct the estimate."""


@dataclass(frozen=True)
class Forecast:
    """``queries`` in all and ``known`` of them; of those still to be asked: tokens, the greatest number of tokens of their answers and the expected one, the price, and
    the least minutes that the limits allow. ``price_most`` is the price if every answer is as long as it may be."""

    queries: int
    known: int
    to_ask: int
    prompt_tokens: int
    answer_tokens: int
    answer_tokens_most: int
    price: float
    price_most: float
    minutes_least: float

    def described(self) -> dict[str, Any]:
        """For JSON."""
        return dict(self.__dict__)


def forecast(queries: Iterable[Query], endpoint: Endpoint, answers: Answers, *, again: bool = False) -> Forecast:
    """What it would take to answer those queries that are not known."""
    count = known = prompt = most = 0
    sampled: list[tuple[int, int, int]] = []
    seen: set[str] = set()
    for query in queries:
        count += 1
        digest = query_digest(query, endpoint)
        if digest in seen:
            known += 1
            continue
        seen.add(digest)
        if answers.has(digest):
            answer = answers.get(digest) if again or len(sampled) < SAMPLE else None
            if answer and answer.counted and not answer.problem and len(sampled) < SAMPLE:
                sampled.append((query.prompt_tokens, answer.prompt_tokens, answer.answer_tokens))
            if not (again and answer and answer.problem):
                known += 1
                continue
        prompt += query.prompt_tokens
        most += query.most_answer_tokens
    asked = count - known
    expected = most
    if sampled:
        prompt = round(prompt * sum(s[1] for s in sampled) / max(1, sum(s[0] for s in sampled)))
        expected = min(most, round(asked * sum(s[2] for s in sampled) / len(sampled))) if most else 0

    def price(answer_tokens: int) -> float:
        return round((prompt * endpoint.price_prompt + answer_tokens * endpoint.price_answer) / MILLION, 6)

    minutes = 0.0
    if endpoint.requests_per_minute:
        minutes = asked / endpoint.requests_per_minute
    if endpoint.tokens_per_minute:
        minutes = max(minutes, (prompt + expected) / endpoint.tokens_per_minute)
    return Forecast(count, known, asked, prompt, expected, most, price(expected), price(most), round(minutes, 3))


def price(endpoint: Endpoint, prompt_tokens: int, answer_tokens: int) -> float:
    """What tokens cost."""
    return round((prompt_tokens * endpoint.price_prompt + answer_tokens * endpoint.price_answer) / MILLION, 6)

"""The client: many queries to one endpoint at a time, each asked once, with patience for a server that is busy and none for one that refuses.

What is known is not asked. A query that fails at every attempt goes into quarantine, so that one poisonous text does not stop the others; but only if the
server has answered something else, because a server that answers nothing is away, and the query is as good as any. The key is added to a request by
the transport and is taken out of everything that the server says.
"""

import asyncio
import contextlib
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from winnow.tasks.endpoint.answers import Answer, Answers, MalformedError, read_answer
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.endpoint.pace import Pace, Time
from winnow.tasks.endpoint.queries import Query, query_digest
from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.transport.http import retry_after_s

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
MAX_RESPONSE_BYTES = 64 << 20
MAX_DETAIL_CHARS = 300
BASE_S, CAP_S = 1.0, 60.0
BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
REFUSED_QUERY = frozenset({400, 413, 422})
UNREACHABLE_ATTEMPTS = 4
HIDDEN = "***"


@dataclass
class Tally:
    """What one call did: queries in all, found answered, asked now, in quarantine by problem; requests that were sent, and why some had to be sent again;
    tokens of what was asked now, and how many counts of the server could not be true."""

    queries: int = 0
    known: int = 0
    asked: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    again: Counter[str] = field(default_factory=Counter)
    prompt_tokens: int = 0
    answer_tokens: int = 0
    uncounted: int = 0

    def described(self) -> dict[str, Any]:
        """For a report."""
        return {**self.__dict__, "problems": dict(sorted(self.problems.items())), "again": dict(sorted(self.again.items()))}

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: value + getattr(other, name) for name, value in self.__dict__.items()})


class _AgainError(Exception):
    """This attempt failed; the next may not. ``asked_s`` is what the server asked to wait; ``busy`` says that it was the server, not this query."""

    def __init__(self, problem: str, detail: str, *, asked_s: float = 0.0, busy: bool = False, away: bool = False) -> None:
        super().__init__(detail)
        self.problem, self.detail, self.asked_s, self.busy, self.away = problem, detail, asked_s, busy, away


class Client:
    """``transport`` is what httpx sends with: the network, or an offline provider (offline.py)."""

    def __init__(
        self, endpoint: Endpoint, answers: Answers, *, clock: Time | None = None, transport: "httpx.AsyncBaseTransport | None" = None
    ) -> None:
        self.endpoint, self.answers, self.clock = endpoint, answers, clock or Time()
        self._transport = transport
        self._secrets = endpoint.secrets()
        self._pace = Pace(endpoint.requests_per_minute, endpoint.tokens_per_minute, self.clock)
        self.tally = Tally()
        self._under_way: set[str] = set()
        self._doubtful: list[tuple[str, Answer]] = []
        self._in_a_row = 0
        self._answered = False

    async def ask(self, queries: Iterable[Query], *, again: bool = False, told: Callable[[], None] = lambda: None) -> Tally:
        """Ask what is not known. With ``again`` also what is in quarantine. ``told`` is called after each query. The iterable is read no faster than it is asked.

        Raises:
            BadInput: the server wants another key, knows no such model or address, or refuses everything. Transient: it is away or throttles for too long.
        """
        waiting = iter(queries)
        async with contextlib.AsyncExitStack() as opened:
            clients = [await opened.enter_async_context(http) for http in self._clients()]
            tasks = [asyncio.create_task(self._work(http, waiting, again, told)) for http in clients]
            try:
                for task in asyncio.as_completed(tasks):
                    await task
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        self._settle()
        return self.tally

    def _clients(self) -> "Iterator[httpx.AsyncClient]":
        """One for each request at a time. In one client for all, every request looks at every connection (httpcore 1): 32 of them took half of the time."""
        import httpx

        trusted = httpx.create_ssl_context()
        transport = self._transport
        if transport is None and self.endpoint.offline:
            from winnow.tasks.endpoint.offline import provider

            transport = provider(self.endpoint)
        for _ in range(self.endpoint.concurrency):
            yield httpx.AsyncClient(
                transport=transport,
                verify=trusted,
                timeout=self.endpoint.timeout_s,
                follow_redirects=False,  # a key must not follow to another host
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                trust_env=not self.endpoint.offline,
            )

    async def _work(self, http: "httpx.AsyncClient", waiting: Iterator[Query], again: bool, told: Callable[[], None]) -> None:
        for query in waiting:
            digest = query_digest(query, self.endpoint)
            self.tally.queries += 1
            known = self.answers.get(digest)
            if digest in self._under_way:
                self.tally.known += 1
            elif known is not None and not (again and known.problem):
                self.tally.known += 1
                self._count(known)
            else:
                self._under_way.add(digest)
                await self._ask(http, query, digest)
            told()
            await asyncio.sleep(0)

    def _count(self, answer: Answer) -> None:
        if answer.problem:
            self.tally.problems[answer.problem] += 1

    async def _ask(self, http: "httpx.AsyncClient", query: Query, digest: str) -> None:
        """One query, until it is answered or in quarantine."""
        tries = away = 0
        busy_s = 0.0
        guess = query.prompt_tokens + query.most_answer_tokens
        while True:
            await self._pace.take(guess)
            self.tally.requests += 1
            try:
                answer = await self._send(http, query)
            except _AgainError as e:
                self.tally.again[e.detail if e.detail.startswith("HTTP ") else e.problem] += 1
                self._in_a_row += 1
                tries, away = tries + 1, away + 1 if e.away else 0
                wait_s = max(e.asked_s, BASE_S) + self.clock.uniform(0.0, min(CAP_S, BASE_S * 2.0**tries))
                busy_s += wait_s
                self._check_patience(e, away, busy_s)
                if e.busy:
                    if e.asked_s:
                        self._pace.pause(e.asked_s)
                    tries = min(tries, self.endpoint.attempts - 1)  # a throttled query is no worse than others
                elif tries >= self.endpoint.attempts:
                    self._set_aside(digest, Answer(problem=e.problem, detail=e.detail))
                    return
                await self.clock.sleep(wait_s)
            else:
                self._pace.used(guess, answer.prompt_tokens + answer.answer_tokens)
                if answer.problem == "rejected":
                    self._in_a_row += 1
                    self._set_aside(digest, answer)
                    self._check_refusals(answer)
                else:
                    self._in_a_row = 0
                    self._answered = True
                    self.tally.asked += 1
                    self._take(answer)
                    await asyncio.to_thread(self.answers.put, digest, answer)
                return

    def _take(self, answer: Answer) -> None:
        self._count(answer)
        self.tally.prompt_tokens += answer.prompt_tokens
        self.tally.answer_tokens += answer.answer_tokens
        self.tally.uncounted += not answer.counted

    def _set_aside(self, digest: str, answer: Answer) -> None:
        self._doubtful.append((digest, answer))

    def _settle(self) -> None:
        """Put what failed into quarantine, if the server has answered anything else.

        Raises:
            BadInput: it refused every query. Transient: it answered none.
        """
        if self._doubtful and not (self._answered or self.tally.known):
            digest, answer = self._doubtful[0]
            self._in_a_row = 0
            if answer.problem == "rejected":
                raise BadInput(
                    f"The endpoint {self.endpoint.url} refused every query: {answer.detail}. Check the model's name and the head's options."
                )
            raise Transient(f"The endpoint {self.endpoint.url} answered none of {len(self._doubtful)} queries: {answer.detail}.")
        for digest, answer in self._doubtful:
            self.tally.asked += 1
            self._count(answer)
            self.answers.put(digest, answer)
        self._doubtful = []

    def _check_patience(self, e: _AgainError, away: int, busy_s: float) -> None:
        """Raises Transient if the server is away, or asks for more patience than there is."""
        where = self.endpoint.url
        if e.away and away >= UNREACHABLE_ATTEMPTS:
            raise Transient(f"The endpoint {where} cannot be reached: {e.detail}. Start its server, or correct the address.")
        if e.asked_s > self.endpoint.patience_s or (e.busy and busy_s > self.endpoint.patience_s):
            raise Transient(f"The endpoint {where} is busy ({e.detail}) for longer than {self.endpoint.patience_s:g} s.")
        if self._in_a_row >= self.endpoint.attempts * max(4, self.endpoint.concurrency) and not e.busy:
            raise Transient(f"The endpoint {where} has failed {self._in_a_row} times in a row: {e.detail}.")

    def _check_refusals(self, answer: Answer) -> None:
        if self._in_a_row >= 4 * max(4, self.endpoint.concurrency) and not self._answered:
            raise BadInput(
                f"The endpoint {self.endpoint.url} refused {self._in_a_row} queries in a row: {answer.detail}. Check the model's name and the head's options."
            )

    async def _send(self, http: "httpx.AsyncClient", query: Query) -> Answer:
        """One attempt."""
        import httpx

        url = f"{self.endpoint.url.rstrip('/')}/{query.path}" if not self.endpoint.offline else f"http://offline/{query.path}"
        headers = {"Authorization": f"Bearer {self._secrets[0]}"} if self._secrets else {}
        body = json.dumps(query.body(self.endpoint.model), ensure_ascii=True).encode()
        try:
            async with asyncio.timeout(self.endpoint.timeout_s), http.stream("POST", url, content=body, headers=headers) as response:
                data = await self._bounded(response)
                status, asked = response.status_code, response.headers.get("retry-after")
        except TimeoutError:
            raise _AgainError("unanswered", f"nothing came within {self.endpoint.timeout_s:g} s") from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as e:
            raise _AgainError("unanswered", self._said(str(e) or type(e).__name__), away=True) from None
        except httpx.TimeoutException:
            raise _AgainError("unanswered", f"nothing came within {self.endpoint.timeout_s:g} s") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError) as e:
            raise BadInput(
                f"The endpoint {self.endpoint.url} cannot be asked ({type(e).__name__}). Check its address, and {self.endpoint.key_place}."
            ) from None
        except httpx.HTTPError as e:
            raise _AgainError("unanswered", f"the connection broke ({type(e).__name__})") from None
        if status == 200:
            if data is None:
                return Answer(problem="too_large", detail=f"more than {MAX_RESPONSE_BYTES >> 20} MiB")
            return self._read(data, query)
        return self._not_ok(status, data or b"", retry_after_s(asked, self.clock.today()))

    async def _bounded(self, response: "httpx.Response") -> bytes | None:
        """The whole body; None if it is larger than any answer may be."""
        found = bytearray()
        async for chunk in response.aiter_bytes():
            found += chunk
            if len(found) > MAX_RESPONSE_BYTES:
                return None
        return bytes(found)

    def _read(self, data: bytes, query: Query) -> Answer:
        try:
            return read_answer(json.loads(self._without_key(data.decode("utf-8", "replace"))), query)
        except (ValueError, RecursionError):
            raise _AgainError("malformed", "the response is no whole JSON") from None
        except MalformedError as e:
            raise _AgainError(e.problem, e.detail) from None

    def _not_ok(self, status: int, data: bytes, asked_s: float) -> Answer:
        """An answer for a query that is refused for good; otherwise raises."""
        said = self._said(_message(data))
        where = self.endpoint.url
        if "insufficient_quota" in said or status == 402:
            raise BadInput(f"The endpoint {where} says that its credit is used up: {said}. What was answered is kept.")
        if status in BUSY:
            raise _AgainError("unanswered", f"HTTP {status}", asked_s=asked_s, busy=status in (429, 503, 529))
        if status in REFUSED_QUERY:
            return Answer(problem="rejected", detail=f"HTTP {status}: {said}")
        if status in (401, 403):
            raise BadInput(f"The endpoint {where} refuses the key in {self.endpoint.key_place} (HTTP {status}): {said}")
        if status in (404, 405):
            raise BadInput(
                f"The endpoint {where} knows no such address or model (HTTP {status}): {said} The address ends in /v1 on most servers."
            )
        if 300 <= status < 400:
            raise BadInput(f"The endpoint {where} redirects elsewhere (HTTP {status}). Give the address that it redirects to.")
        raise _AgainError("unanswered", f"HTTP {status}", asked_s=asked_s)

    def _without_key(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def _said(self, text: str) -> str:
        """What a server says, short and without the key."""
        return " ".join(self._without_key(text).split())[:MAX_DETAIL_CHARS]


def _message(data: bytes) -> str:
    """The message of an error, in the forms that servers have for it."""
    text = data[:10_000].decode("utf-8", "replace")
    try:
        found = json.loads(text)
        error = found.get("error", found)
        if isinstance(error, dict):
            return f"{error.get('message') or error.get('detail') or ''} {error.get('code') or ''}".strip()
        return str(error)
    except (ValueError, AttributeError):
        return text


def ask(
    endpoint: Endpoint,
    answers: Answers,
    queries: Iterable[Query],
    *,
    again: bool = False,
    told: Callable[[], None] = lambda: None,
    clock: Time | None = None,
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> Tally:
    """Ask from code that is not asynchronous. Raises as ``Client.ask``."""
    return awaited(Client(endpoint, answers, clock=clock, transport=transport).ask(queries, again=again, told=told))


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """The result of asynchronous work, also where this thread already runs a loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    result: list[T] = []
    error: list[BaseException] = []

    def run() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as e:
            error.append(e)

    thread = threading.Thread(target=run, name=f"endpoint-{os.getpid()}")
    thread.start()
    thread.join()
    if error:
        raise error[0]
    return result[0]

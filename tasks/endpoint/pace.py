"""Pace: when the next request may start, so that no more of them, and no more tokens, go out per minute than allowed, and so that everybody waits when
the server asks for it. Requests start in the order in which they asked; nothing here changes what is asked or answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from winnow.tasks.transport.politeness import uniform

MINUTE_S = 60.0


@dataclass(frozen=True)
class Time:
    """Time and chance, given from outside so that tests neither sleep nor vary. ``now`` runs evenly, ``today`` is the date for a Retry-After."""

    now: Callable[[], float] = time.monotonic
    today: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Callable[[float, float], float] = uniform


class Pace:
    """A bucket for requests and one for tokens, each without a stock: what was not used in one minute is not owed in the next."""

    def __init__(self, requests_per_minute: float, tokens_per_minute: float, clock: Time) -> None:
        self.clock = clock
        self._request_s = MINUTE_S / requests_per_minute if requests_per_minute else 0.0
        self._token_s = MINUTE_S / tokens_per_minute if tokens_per_minute else 0.0
        self._next_request = self._next_token = self._paused_until = 0.0

    async def take(self, tokens: int) -> None:
        """Wait for the turn of a request with so many tokens."""
        now = self.clock.now()
        start = max(now, self._next_request, self._next_token, self._paused_until)
        self._next_request = start + self._request_s
        self._next_token = start + tokens * self._token_s
        while (start := max(start, self._paused_until)) > (now := self.clock.now()):
            await self.clock.sleep(start - now)

    def used(self, guessed: int, tokens: int) -> None:
        """Correct the guess that a request started with."""
        self._next_token += (tokens - guessed) * self._token_s

    def pause(self, seconds: float) -> None:
        """Nobody starts for so long."""
        self._paused_until = max(self._paused_until, self.clock.now() + seconds)

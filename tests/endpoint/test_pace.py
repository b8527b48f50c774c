"""Limits per minute, on a clock that only sleeping moves."""

import asyncio

import pytest

from tests.endpoint.test_client import Instant
from winnow.tasks.endpoint.pace import Pace


def started(requests_per_minute, tokens_per_minute, costs, pauses=()):
    clock = Instant()
    pace = Pace(requests_per_minute, tokens_per_minute, clock.time)
    found = []

    async def one(number, tokens):
        await pace.take(tokens)
        found.append((number, clock.t))
        if number in dict(pauses):
            pace.pause(dict(pauses)[number])

    async def run():
        for number, tokens in enumerate(costs):
            await one(number, tokens)

    asyncio.run(run())
    return [t for _, t in found]


def test_no_limit_is_no_wait():
    assert started(0, 0, [1000] * 5) == [0.0] * 5


def test_requests_per_minute():
    assert started(60, 0, [1] * 4) == pytest.approx([0, 1, 2, 3])


def test_tokens_per_minute():
    assert started(0, 6000, [100, 300, 100]) == pytest.approx([0, 1, 4])


def test_the_stricter_limit_counts():
    assert started(60, 6000, [300, 10, 10]) == pytest.approx([0, 3, 4])


def test_a_pause_holds_everybody():
    assert started(60, 0, [1] * 3, pauses=[(0, 30)]) == pytest.approx([0, 30, 31])


def test_a_guess_is_corrected():
    clock = Instant()
    pace = Pace(0, 600, clock.time)

    async def run():
        await pace.take(100)
        pace.used(100, 10)
        await pace.take(100)

    asyncio.run(run())
    assert clock.t == pytest.approx(1.0)


def test_those_who_wait_start_in_their_order():
    clock = Instant()
    pace = Pace(60, 0, clock.time)
    order = []

    async def one(number):
        await pace.take(1)
        order.append(number)

    async def run():
        await asyncio.gather(*(one(n) for n in range(5)))

    asyncio.run(run())
    assert order == list(range(5))

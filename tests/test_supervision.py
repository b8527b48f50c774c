"""What `winnow serve` keeps running is started again, with growing pauses, and is not kept for ever when it cannot run."""

import io
import sys

import pytest

from winnow import supervision
from winnow.flows.serve import automations_off
from winnow.supervision import LOCKED_ONCE, PAUSES_S, STEADY_S, Service, pass_on
from winnow.tasks.engine.errors import WinnowError


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


def service(code, clock):
    return Service("worker", [sys.executable, "-c", code], {}, clock=clock)


@pytest.mark.slow
def test_a_process_that_ends_is_started_again_after_its_pause_and_given_up_after_the_last(monkeypatch):
    said = []
    monkeypatch.setattr(supervision, "say", said.append)
    clock = Clock()
    child = service("raise SystemExit(3)", clock)
    for pause_s in PAUSES_S:
        first = child.process
        first.wait()
        child.look()
        assert f"status 3. It is started again in {pause_s:.0f} s" in said[-1]
        clock.now_s += pause_s - 0.01
        child.look()
        assert child.process is first, "not before its pause is over"
        clock.now_s += 0.02
        child.look()
        assert child.process is not first
    child.process.wait()
    with pytest.raises(WinnowError, match=f"ended {len(PAUSES_S) + 1} times in a row, last with status 3"):
        child.look()
    assert len(said) == len(PAUSES_S)


@pytest.mark.slow
def test_one_that_ran_well_for_a_while_begins_with_the_shortest_pause_again(monkeypatch):
    said = []
    monkeypatch.setattr(supervision, "say", said.append)
    clock = Clock()
    child = service("", clock)
    for _ in PAUSES_S * 2:
        child.process.wait()
        clock.now_s += STEADY_S
        child.look()
        clock.now_s += PAUSES_S[0]
        child.look()
    assert len(said) == 2 * len(PAUSES_S)
    assert all("again in 1 s" in line for line in said)


def test_a_process_that_runs_is_left_alone():
    clock = Clock()
    child = service("import time; time.sleep(60)", clock)
    try:
        first = child.process
        clock.now_s += STEADY_S
        child.look()
        assert child.process is first
    finally:
        child.process.kill()


TRACEBACK = b"""12:01:02.123 | ERROR   | prefect.server.events - Error writing batch
Traceback (most recent call last):
  File "aiosqlite/core.py", line 1
sqlite3.OperationalError: database is locked

The above exception was the direct cause of the following exception:
"""


def test_locked_databases_are_said_once_in_words_and_everything_else_passes():
    other = b"12:01:03.123 | ERROR   | prefect.server - something else\nTraceback (most recent call last):\nKeyError: 'x'\n"
    out, said = io.BytesIO(), []
    pass_on(io.BytesIO(b"plain words\n" + TRACEBACK + other + TRACEBACK + b"INFO: the end\n"), out, said.append)
    assert out.getvalue() == b"plain words\n" + other + b"INFO: the end\n"
    assert said == [LOCKED_ONCE]


def test_what_keeps_automations_from_firing_is_named():
    assert automations_off({"PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "False", "PREFECT_API_URL": "x"}) == [
        "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED"
    ]
    assert automations_off({"PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "true"}) == []

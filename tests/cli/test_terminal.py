"""What a log without a terminal gets of a run that goes on: a line now and then, and one when a stage is done."""

import pytest

from winnow.cli import terminal
from winnow.cli.terminal import LINE_EVERY_S, Progress


@pytest.fixture
def told(monkeypatch, capsys):
    """Lines after each call, and a clock that is moved by hand."""
    now = [1000.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    progress = Progress()

    def tell(done, after_s=0.0):
        now[0] += after_s
        progress.tell("Extract", done, 4, {})
        return capsys.readouterr().err.splitlines()

    return tell


def test_a_stage_that_is_done_is_said_once(told):
    assert told(0) == []
    assert told(4) == ["Extract: 4 of 4"]
    assert told(4) == []
    assert told(4, LINE_EVERY_S * 2) == []


def test_one_that_is_made_again_is_said_again(told):
    told(4)
    assert told(1) == []
    assert told(2, LINE_EVERY_S + 1) == ["Extract: 2 of 4, about 31 s left"]
    assert told(4) == ["Extract: 4 of 4"]

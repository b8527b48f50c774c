"""Workers of several runs share one machine: who is counted, and who has to go."""

import os
import subprocess
import sys

import pytest

from tests.engine.test_pool import Deadly, lives, made, pool_of
from tests.engine.toys import context
from tests.shared import ROOT
from winnow.tasks.engine.runners import machine
from winnow.tasks.engine.runners.machine import Others, Registry, largest_over_share
from winnow.tasks.runs.account import Account

pytestmark = pytest.mark.slow

GIB = 1 << 30


@pytest.fixture
def small(monkeypatch):
    """A machine of 10 GiB, 9 of them for workers, on which processes hold what the test says."""
    held = {}
    monkeypatch.setattr(machine, "machine_bytes", lambda: 10 * GIB)
    monkeypatch.setattr(machine, "rss_bytes", lambda pid: held.get(pid, 0))
    return held


def test_a_worker_over_its_share_is_left_alone_while_the_others_leave_room(small):
    mine = Others(3, (1, 2, 3))  # 3 GiB each
    assert largest_over_share({1: 7 * GIB, 2: GIB, 3: GIB}, [mine]) is None
    assert largest_over_share({1: 7 * GIB, 2: GIB, 3: GIB + GIB // 2}, [mine]) == 1


def test_the_workers_of_another_run_take_their_part(small):
    small[9] = 4 * GIB
    mine, other = Others(1, (1,)), Others(1, (9,))
    assert largest_over_share({1: 4 * GIB}, [mine, other]) is None
    assert largest_over_share({1: 6 * GIB}, [mine]) is None
    assert largest_over_share({1: 6 * GIB}, [mine, other]) == 1
    small[9] = 7 * GIB  # theirs is the one over its share; they end it, not we
    assert largest_over_share({1: 3 * GIB}, [mine, other]) is None


def test_no_process_is_no_question(small):
    assert largest_over_share({}, [Others(2, ())]) is None


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(machine.tempfile, "gettempdir", lambda: str(tmp_path))
    return tmp_path / f"winnow-{os.getuid()}" / "pools"


def test_pools_see_each_other_until_they_close(folder):
    first, second = Registry(2), Registry(3)
    second.tell((7, 8, 9))
    assert first.pools() == [Others(2, ()), Others(3, (7, 8, 9))]
    second.tell((7,))
    assert first.pools()[1] == Others(3, (7,))
    second.close()
    assert first.pools() == [Others(2, ())]
    first.close()
    assert not list(folder.iterdir())


def test_a_pool_may_be_closed_twice_at_once(folder, monkeypatch):
    mine = Registry(1)
    unlink = machine.Path.unlink

    def closed_by_another_meanwhile(path):
        unlink(path)
        mine.close()
        mine.tell((os.getpid(),))

    monkeypatch.setattr(machine.Path, "unlink", closed_by_another_meanwhile)
    mine.close()
    assert not list(mine._folder.iterdir())


def test_a_killed_run_counts_for_nothing(folder, tmp_path):
    code = (
        "import os, sys, tempfile\nsys.path.insert(0, sys.argv[1])\ntempfile.gettempdir = lambda: sys.argv[2]\n"
        "from winnow.tasks.engine.runners.machine import Registry\nkept = Registry(4)\nkept.tell((1,))\nos.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(ROOT), str(tmp_path)], check=False).returncode == -9
    assert len(list(folder.iterdir())) == 1
    mine = Registry(1)
    assert mine.pools() == [Others(1, ())]
    assert len(list(folder.iterdir())) == 1, "what it left is removed"
    mine.close()


def test_a_folder_that_cannot_be_written_leaves_a_pool_alone(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(machine.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    alone = Registry(2)
    alone.tell((1, 2))
    assert alone.pools() == [Others(2, (1, 2))]
    alone.close()


def test_the_death_of_a_worker_leaves_a_line_and_a_count(tmp_path, capfd):
    b, step = context(tmp_path / "store", (3, 5)), Deadly(str(tmp_path), kills=(5,))
    lives(tmp_path, 5, 2)
    with pool_of(b, step, 1) as pool:
        outcomes = made(pool, step, b)
    assert [outcomes[key].deaths for key in b.shard_keys] == [0, 2]
    assert capfd.readouterr().err.count(f"A worker process was killed at shard {b.shard_keys[1]}") == 2
    account = Account(work=None, shards=2)
    for outcome in outcomes.values():
        account.add(outcome)
    assert account.deaths == 2

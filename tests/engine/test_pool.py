"""Worker processes: one that dies costs its shard only, one that always dies is named, and none outlives its parent."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest

from tests.engine.toys import context
from tests.shared import ROOT
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput, ShardKilled
from winnow.tasks.engine.runners.local import Pool
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.worker import Job

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Deadly(ShardStep):
    """Shards of a size in ``kills`` kill their worker, as often as there are files named for it in ``lives``; a size in ``bad`` is refused."""

    name: ClassVar[str] = "deadly"

    lives: str
    kills: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()
    hungry: tuple[int, ...] = ()

    def run(self, shard: str, context: ShardContext) -> StepResult:
        size = int(context.shard(shard).files[0].fingerprint)
        if size in self.bad:
            raise BadInput(f"size {size} is bad")
        if size in self.kills:
            left = sorted(Path(self.lives).glob(f"{size}-*"))
            if left:
                left[0].unlink()
                os.kill(os.getpid(), signal.SIGKILL)
        if size in self.hungry:
            with open(Path(self.lives) / "eaten", "a") as f:
                f.write(f"hungry-{size} ")
            eaten = []
            while sum(map(len, eaten)) < 4 << 30:
                eaten.append(b"\1" * (16 << 20))
        return StepResult(pa.table({"n": [size]}), 1, 1)


def made(pool, step, b):
    return {o.shard: o for o in pool.run([step], dict.fromkeys(b.shard_keys, (step.address,)))}


def lives(folder, size, count):
    for n in range(count):
        (folder / f"{size}-{n}").touch()


@contextlib.contextmanager
def pool_of(b, step, workers, memory_bytes=0):
    b.store.open_for_writing()
    pool = Pool(Job(b, (step,)), workers, memory_bytes)
    try:
        yield pool
    finally:
        pool.close()


def test_a_killed_worker_costs_its_shard_only(tmp_path):
    b, step = context(tmp_path / "store", (3, 5, 7, 9)), Deadly(str(tmp_path), kills=(5,))
    lives(tmp_path, 5, 2)
    with pool_of(b, step, 2) as pool:
        outcomes = made(pool, step, b)
    assert not [o.error for o in outcomes.values() if o.error]
    assert b.store.done(step, b.shard_keys) == set(b.shard_keys)


def test_a_shard_that_always_kills_is_named_and_the_others_are_made(tmp_path):
    b, step = context(tmp_path / "store", (3, 5, 7)), Deadly(str(tmp_path), kills=(5,))
    lives(tmp_path, 5, 99)
    with pool_of(b, step, 2) as pool:
        outcomes = made(pool, step, b)
    guilty = outcomes.pop(b.shard_keys[1])
    assert isinstance(guilty.error, ShardKilled)
    assert re.search(rf"killed 4 times at shard {b.shard_keys[1]}.*--workers", str(guilty.error))
    assert all(o.reports for o in outcomes.values())


def test_a_shard_that_takes_too_much_memory_is_ended_and_named(tmp_path):
    b, step = context(tmp_path / "store", (3, 5, 7)), Deadly(str(tmp_path), hungry=(5,))
    with pool_of(b, step, 1, memory_bytes=400 << 20) as pool:
        outcomes = made(pool, step, b)
    guilty = outcomes.pop(b.shard_keys[1])
    assert isinstance(guilty.error, ShardKilled)
    assert re.search(r"needed more than 0\.\d GiB.*twice; the bound is 0\.4 GiB.*--worker-memory-gib", str(guilty.error))
    assert all(o.reports for o in outcomes.values())
    assert "hungry-5" in (tmp_path / "eaten").read_text().split()


def test_what_a_step_raises_comes_back(tmp_path):
    b, step = context(tmp_path / "store", (3, 5)), Deadly(str(tmp_path), bad=(5,))
    with pool_of(b, step, 1) as pool:
        outcomes = made(pool, step, b)
    assert isinstance(outcomes[b.shard_keys[1]].error, BadInput)
    assert outcomes[b.shard_keys[0]].reports


def test_closing_the_iterator_drops_what_has_not_begun(tmp_path):
    b, step = context(tmp_path / "store", range(1, 40)), Deadly(str(tmp_path))
    with pool_of(b, step, 1) as pool:
        outcomes = pool.run([step], dict.fromkeys(b.shard_keys, (step.address,)))
        next(outcomes)
        outcomes.close()
    assert 1 <= len(b.store.done(step, b.shard_keys)) < 39


def test_workers_do_not_outlive_their_parent(tmp_path):
    code = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from tests.engine.toys import context, chain
from winnow.tasks.engine.runners.local import Pool
from winnow.tasks.engine.worker import Job
if __name__ == "__main__":
    b = context({str(tmp_path)!r}); b.store.open_for_writing()
    count = chain()[0]
    pool = Pool(Job(b, (count,)), 2)
    list(pool.run([count], {{key: (count.address,) for key in b.shard_keys}}))
    print(*(pid for slot in pool._all for pid in slot.pids), flush=True)
    import time; time.sleep(60)
"""
    script = tmp_path / "parent.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        assert workers
        assert all(Path(f"/proc/{pid}").exists() for pid in workers)
        parent.kill()
    deadline = time.monotonic() + 100  # they look once a second, on a busy machine later
    while time.monotonic() < deadline and any(alive(pid) for pid in workers):
        time.sleep(0.1)
    assert not any(alive(pid) for pid in workers)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Row(Deadly):
    """Notes who makes it, and what it is told to come next."""

    name: ClassVar[str] = "row"
    in_a_row: ClassVar[bool] = True

    def run(self, shard: str, context: ShardContext) -> StepResult:
        with open(Path(self.lives) / "made", "a") as f:
            f.write(f"{os.getpid()} {shard} {' '.join(context.ahead)}\n")
        return super().run(shard, context)


def test_shards_in_a_row_are_made_by_one_worker_that_knows_what_comes_next(tmp_path):
    b = context(tmp_path / "store", (1, 2, 3))
    step = Row(str(tmp_path))
    with pool_of(b, step, 2) as pool:
        found = made(pool, step, b)
    assert all(o.error is None for o in found.values())
    lines = [line.split() for line in (tmp_path / "made").read_text().splitlines()]
    assert len({pid for pid, *_ in lines}) == 1
    assert [rest for _, *rest in lines] == [list(b.shard_keys[n:]) for n in range(3)]


def test_one_shard_after_another_is_made_by_the_worker_that_has_begun(tmp_path):
    b = context(tmp_path / "store", (1, 2, 3))
    step = Row(str(tmp_path))
    with pool_of(b, step, 2) as pool:
        for key in b.shard_keys:
            assert [o.error for o in pool.run([step], {key: (step.address,)})] == [None]
        assert len([pid for slot in pool._all for pid in slot.pids]) == 1
    assert len({line.split()[0] for line in (tmp_path / "made").read_text().splitlines()}) == 1


def test_a_death_in_a_row_costs_its_shard_only(tmp_path):
    b = context(tmp_path / "store", (1, 2, 3, 4))
    lives(tmp_path, 2, 1)
    step = Row(str(tmp_path), kills=(2,), bad=(3,))
    with pool_of(b, step, 2) as pool:
        found = made(pool, step, b)
    assert [type(found[key].error) for key in b.shard_keys] == [type(None), type(None), BadInput, type(None)]
    lines = [line.split()[1:] for line in (tmp_path / "made").read_text().splitlines()]
    assert lines == [list(b.shard_keys), list(b.shard_keys[1:]), [b.shard_keys[1]], list(b.shard_keys[2:]), [b.shard_keys[3]]]


def test_a_pool_that_is_closed_leaves_nobody_waiting_for_a_row(tmp_path):
    b = context(tmp_path / "store", (1, 2, 3))
    step = Row(str(tmp_path))
    with pool_of(b, step, 1) as pool:
        slot = pool._free.get()  # so that the first row begins, and the second does not
        runs = [pool.run([step], dict.fromkeys(b.shard_keys, (step.address,))) for _ in range(2)]
        ended = []

        def wait(run):
            try:
                ended.append([o.error for o in run])
            except CancelledError as e:
                ended.append([e])

        threads = [threading.Thread(target=wait, args=(run,), daemon=True) for run in runs]
        for thread in threads:
            thread.start()
        while pool._threads._work_queue.qsize() < 1:
            time.sleep(0.01)
        closing = threading.Thread(target=pool.close, daemon=True)
        closing.start()
        pool._closed.wait()
        pool._free.put(slot)
        for thread in threads:
            thread.join(60)
    assert len(ended) == 2
    assert all(isinstance(error, CancelledError) for errors in ended for error in errors)

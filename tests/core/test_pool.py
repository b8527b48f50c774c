"""Worker processes: one that dies costs its shard only, one that always dies is named, and none outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest

from tasks.core.bench import Bench
from tasks.core.errors import BadInput, WinnowError
from tasks.core.pool import Pool
from tasks.core.step import Made, ShardStep
from tests.core.toys import bench


@dataclass(frozen=True)
class Deadly(ShardStep):
    """Shards of a size in ``kills`` kill their worker, as often as there are files named for it in ``lives``; a size in ``bad`` is refused."""

    name: ClassVar[str] = "deadly"

    lives: str
    kills: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()

    def run(self, shard: str, bench: Bench) -> Made:
        size = int(bench.shard(shard).files[0].fingerprint)
        if size in self.bad:
            raise BadInput(f"size {size} is bad")
        if size in self.kills:
            left = sorted(Path(self.lives).glob(f"{size}-*"))
            if left:
                left[0].unlink()
                os.kill(os.getpid(), signal.SIGKILL)
        return Made(pa.table({"n": [size]}), 1, 1)


def made(pool, step, b):
    return dict(pool.run([step], dict.fromkeys(b.shard_keys, (step.address,))))


def lives(folder, size, count):
    for n in range(count):
        (folder / f"{size}-{n}").touch()


def test_a_killed_worker_costs_its_shard_only(tmp_path):
    b = bench(tmp_path / "store", (3, 5, 7, 9))
    b.store.open_for_writing()
    lives(tmp_path, 5, 2)
    pool = Pool(b, 2)
    try:
        step = Deadly(str(tmp_path), kills=(5,))
        assert set(made(pool, step, b)) == set(b.shard_keys)
        assert b.store.done(step, b.shard_keys) == set(b.shard_keys)
    finally:
        pool.close()


def test_a_shard_that_always_kills_is_named(tmp_path):
    b = bench(tmp_path / "store", (3, 5))
    b.store.open_for_writing()
    lives(tmp_path, 5, 99)
    pool = Pool(b, 2)
    try:
        with pytest.raises(WinnowError, match=rf"killed \d times at shard {b.shard_keys[1]}.*--workers"):
            made(pool, Deadly(str(tmp_path), kills=(5,)), b)
    finally:
        pool.close()


def test_what_a_step_raises_comes_back(tmp_path):
    b = bench(tmp_path / "store", (3, 5))
    b.store.open_for_writing()
    pool = Pool(b, 1)
    try:
        with pytest.raises(BadInput, match="size 5 is bad"):
            made(pool, Deadly(str(tmp_path), bad=(5,)), b)
    finally:
        pool.close()


def test_workers_do_not_outlive_their_parent(tmp_path):
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.core.toys import bench, chain
from tasks.core.pool import Pool
if __name__ == "__main__":
    b = bench({str(tmp_path)!r}); b.store.open_for_writing()
    pool = Pool(b, 2)
    count = chain()[0]
    list(pool.run([count], {{key: (count.address,) for key in b.shard_keys}}))
    print(*pool._executor._processes, flush=True)
    import time; time.sleep(60)
"""
    script = tmp_path / "parent.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        assert workers
        assert all(Path(f"/proc/{pid}").exists() for pid in workers)
        parent.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(alive(pid) for pid in workers):
        time.sleep(0.1)
    assert not any(alive(pid) for pid in workers)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False
